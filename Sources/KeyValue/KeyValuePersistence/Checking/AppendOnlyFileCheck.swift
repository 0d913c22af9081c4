import Bytes
import Glibc
package import RESP

/// Goes through the requests of one file of an append-only file without executing them, and tells up to where it is
/// whole.
package struct AppendOnlyFileCheck: ~Copyable {
    /// What was found.
    package struct Report: Sendable {
        /// Up to where the file holds whole requests and whole transactions, bytes.
        package var wholeByteCount: Int64
        /// The line that begins there, from 1: each length and each word is one.
        package var wholeLineNumber: Int64 = 1
        package var requestCount = 0
        /// The first and the last time that an annotation tells, seconds since 1970.
        package var times: (first: Int64, last: Int64)?
        /// Where what is later than the time asked for begins: the walk ends there.
        package var laterOffset: Int64?
        package var damage: Damage?
        /// Requests that are whole and that a server would not execute, and the first of them.
        package var refusedCount = 0
        package var refusal: Damage?

        /// Whether a server loads the file.
        package var isLoadable: Bool { damage == nil && refusal == nil }
    }

    /// What is wrong, and where.
    package struct Damage: Sendable, Equatable {
        /// In words.
        package let text: String
        /// Bytes before it.
        package let offset: Int64
        /// Whether nothing is wrong with what is before `wholeByteCount`, so that cutting the file off there mends it.
        package let isCurable: Bool
    }

    private var reader: AppendOnlyReader
    private var arguments = ArgumentVector()
    private let untilSeconds: Int64?
    private let refusal: (Arguments) -> String?
    private var report: Report
    /// Where the transaction under way begins.
    private var transaction: (offset: Int64, lineNumber: Int64)?
    private var lineNumber: Int64 = 1

    /// - Parameters:
    ///   - descriptor: of the file; the caller closes it.
    ///   - offset: where the requests begin: behind a snapshot.
    ///   - byteCount: length of the file.
    ///   - untilSeconds: seconds since 1970: what an annotation says to be later is looked for.
    ///   - refusal: why a server would not execute a request, or nil.
    package init(
        descriptor: Int32, from offset: Int64, byteCount: Int64, untilSeconds: Int64? = nil,
        refusal: @escaping (Arguments) -> String? = { _ in nil }
    ) {
        lseek(descriptor, Int(offset), SEEK_SET)
        reader = AppendOnlyReader(
            descriptor: descriptor, offset: offset, byteCount: byteCount, returnsAnnotations: true)
        self.untilSeconds = untilSeconds
        self.refusal = refusal
        report = Report(wholeByteCount: offset)
    }

    /// Goes through the file, up to where it is damaged or too late.
    package consuming func run() -> Report {
        while takeNext() {}
        return report
    }

    /// - Returns: false at the end of the walk.
    private mutating func takeNext() -> Bool {
        let offset = reader.offset
        switch reader.next(into: &arguments) {
        case .request: return takeRequest(at: offset)
        case .annotation: return takeAnnotation(at: offset)
        case .needsBytes:
            guard case .failed(let code)? = reader.read() else { return true }
            return stop(at: offset, "reading failed: \(String(cString: strerror(code)))", isCurable: false)
        case .end:
            guard let transaction else { return false }
            return stop(at: transaction.offset, "the file ends before the EXEC of this MULTI")
        case .truncated:
            let missing = reader.missingByteCount
            let lack = missing > 0 ? ", \(missing) bytes of an argument are missing" : ""
            return stop(at: reader.faultOffset, "the file ends within a request\(lack)")
        case .malformed(let reason): return stop(at: reader.faultOffset, reason)
        case .failed(let code):
            return stop(at: offset, "reading failed: \(String(cString: strerror(code)))", isCurable: false)
        }
    }

    private mutating func stop(at offset: Int64, _ text: String, isCurable: Bool = true) -> Bool {
        report.damage = Damage(text: text, offset: offset, isCurable: isCurable)
        return false
    }

    // MARK: - Requests

    private mutating func takeRequest(at offset: Int64) -> Bool {
        let arguments = arguments.arguments
        if let place = Self.missingLineEnd(reader.content, arguments) {
            return stop(at: offset + Int64(place), "expected the end of a line (\\r\\n)")
        }
        let name = arguments[0]
        if name.equalsIgnoringCase("multi") {
            guard transaction == nil else { return stop(at: offset, "MULTI within a transaction") }
            transaction = (offset, lineNumber)
        } else if name.equalsIgnoringCase("exec") {
            guard transaction != nil else { return stop(at: offset, "EXEC without MULTI") }
            transaction = nil
        }
        if let reason = refusal(arguments) {
            report.refusedCount += 1
            if report.refusal == nil {
                report.refusal = Damage(text: reason, offset: offset, isCurable: false)
            }
        }
        report.requestCount += 1
        // The request's count, and two for each word.
        lineNumber += 1 + 2 * Int64(arguments.count)
        noteWhole()
        return true
    }

    private mutating func noteWhole() {
        guard transaction == nil else { return }
        report.wholeByteCount = reader.offset
        report.wholeLineNumber = lineNumber
    }

    /// What loads a file takes lengths at their word and skips two bytes for each line's end, whatever they are: a length
    /// that is wrong shows only here.
    /// - Returns: the offset in the request of what should end a line and does not.
    private static func missingLineEnd(_ request: ByteSlice, _ arguments: Arguments) -> Int? {
        func isLineEnd(_ offset: Int) -> Bool {
            request.byte(at: offset) == 0x0D && request.byte(at: offset + 1) == 0x0A
        }
        let base = request.baseAddress.unsafelyUnwrapped
        let head = request.firstIndex(of: 0x0D) ?? 0
        guard isLineEnd(head) else { return head }
        for index in 0..<arguments.count {
            let argument = arguments[index]
            let start = argument.baseAddress.unsafelyUnwrapped - base
            guard isLineEnd(start - 2) else { return start - 2 }
            guard isLineEnd(start + argument.count) else { return start + argument.count }
        }
        return nil
    }

    // MARK: - Annotations

    private mutating func takeAnnotation(at offset: Int64) -> Bool {
        if let seconds = Self.seconds(reader.content) {
            report.times = (report.times?.first ?? seconds, seconds)
            if let untilSeconds, seconds > untilSeconds {
                report.laterOffset = transaction?.offset ?? offset
                return false
            }
        }
        noteWhole()
        return true
    }

    /// The time in a line `#TS:<seconds>\r\n`; nil for any other annotation.
    private static func seconds(_ line: ByteSlice) -> Int64? {
        let prefix: StaticString = "#TS:"
        let start = prefix.utf8CodeUnitCount
        guard line.count > start, line.slice(0, start).equals(prefix) else { return nil }
        let end = line.lastIndex { $0 != 0x0D && $0 != 0x0A }.map { $0 + 1 } ?? 0
        guard end > start else { return nil }
        return Decimal.parse(line.slice(start, end))
    }
}

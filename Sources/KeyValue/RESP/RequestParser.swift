// From bytes to requests: arrays of bulk strings, or inline lines. Pure: no socket, no clock.

package import Bytes
import CMemory
import Glibc

/// Limits of what a client may send.
package struct RequestLimits: Sendable {
    /// proto-max-bulk-len, bytes.
    package var bulkByteCountMax = 512 << 20
    /// Arguments of a request.
    package var argumentCountMax = 1 << 20
    /// An inline request, and a line of a header, bytes.
    package static let lineByteCountMax = 64 << 10
    /// The same for clients that have not authenticated.
    package static let argumentCountMaxBeforeAuthentication = 10
    package static let bulkByteCountMaxBeforeAuthentication = 16 << 10

    package init() {}
}

/// What the parser made of the bytes.
package enum ParseResult {
    /// A request is in the vector; it took that many bytes.
    case request(byteCount: Int)
    /// An empty request, to be skipped; it took that many bytes.
    case nothing(byteCount: Int)
    /// More bytes are needed.
    case incomplete
    /// The connection cannot go on. The text is to be sent as an error, then the connection closed.
    case failure(ProtocolFailure)
}

/// What was wrong with a request.
package enum ProtocolFailure: Error, Equatable {
    case bigInlineRequest, unbalancedQuotes, bigMultibulkCount, invalidMultibulkLength, unauthenticatedMultibulk
    case bigBulkCount, expectedDollar(UInt8), invalidBulkLength, unauthenticatedBulk

    /// The error as Redis words it, without the dash in front.
    package var text: String { "ERR Protocol error: \(reason)" }

    /// What is wrong.
    package var reason: String {
        switch self {
        case .bigInlineRequest: "too big inline request"
        case .unbalancedQuotes: "unbalanced quotes in request"
        case .bigMultibulkCount: "too big mbulk count string"
        case .invalidMultibulkLength: "invalid multibulk length"
        case .unauthenticatedMultibulk: "unauthenticated multibulk length"
        case .bigBulkCount: "too big bulk count string"
        case .expectedDollar(let byte): "expected '$', got '\(Character(UnicodeScalar(byte)))'"
        case .invalidBulkLength: "invalid bulk length"
        case .unauthenticatedBulk: "unauthenticated bulk length"
        }
    }
}

/// The parser of one connection. It is given the bytes of a request from its first one on, and more of them each time
/// that it says `incomplete`; what it has understood it does not look at again.
package struct RequestParser: ~Copyable {
    /// Arguments that the request has; 0 between requests.
    private var argumentCount = 0
    /// Offset, in a request that has begun, of the first byte not understood yet.
    package private(set) var position = 0
    /// Length of the bulk string at `position`, once its header is read; -1 before.
    private var bulkByteCount = -1
    /// Extents of the arguments of a request that arrives in pieces: two words each.
    private var extents: UnsafeMutablePointer<Int>?
    private var extentCount = 0
    private var extentCapacity = 0

    package init() {}

    deinit {
        if let extents { atoll_memory_give(extents) }
    }

    /// Whether a request has begun and is not complete.
    package var isInRequest: Bool { argumentCount > 0 }

    /// Bytes from the start of the request that are needed at least to go on; 0 when that is not known.
    package var wantedByteCount: Int { bulkByteCount >= 0 ? position + bulkByteCount + 2 : 0 }

    /// What stands before a long bulk string that is being received; 0 when there is none. Redis gives those bytes back
    /// then, and does not show them as buffered.
    package var byteCountBeforeLongBulk: Int { bulkByteCount >= 32 << 10 ? position : 0 }

    /// Bytes held for a request that arrives in pieces.
    package var reservedByteCount: Int { extentCapacity * 2 * MemoryLayout<Int>.stride }

    /// Reads one request from the start of the bytes.
    /// - Parameter arguments: emptied, then filled with slices of `bytes` (inline requests: of its scratch space).
    /// - Complexity: O(bytes) over all calls for a request together.
    package mutating func parse(
        _ bytes: ByteSlice, into arguments: inout ArgumentVector, limits: borrowing RequestLimits,
        isAuthenticated: Bool
    ) -> ParseResult {
        arguments.removeAll()
        if argumentCount == 0 {
            guard bytes.count > 0 else { return .incomplete }
            guard bytes.byte(at: 0) == 0x2A else { return InlineRequest.parse(bytes, into: &arguments) }
            if let line = Line.readShort(bytes, from: 1), line.number > 0,
                isAuthenticated || line.number <= RequestLimits.argumentCountMaxBeforeAuthentication
            {
                begin(argumentCount: line.number, at: line.next)
            } else {
                switch readCount(bytes, limits: limits, isAuthenticated: isAuthenticated) {
                case .request: break
                case let other: return other
                }
            }
        }
        return readArguments(bytes, into: &arguments, limits: limits, isAuthenticated: isAuthenticated)
    }

    /// Reads the header `*count`; `.request` says that arguments follow.
    private mutating func readCount(
        _ bytes: ByteSlice, limits: borrowing RequestLimits, isAuthenticated: Bool
    ) -> ParseResult {
        guard let line = Line.read(bytes, from: 1) else {
            return bytes.count > RequestLimits.lineByteCountMax ? .failure(.bigMultibulkCount) : .incomplete
        }
        guard let count = Decimal.parse(bytes.slice(1, line.end)), count <= limits.argumentCountMax else {
            return .failure(.invalidMultibulkLength)
        }
        if !isAuthenticated, count > RequestLimits.argumentCountMaxBeforeAuthentication {
            return .failure(.unauthenticatedMultibulk)
        }
        guard count > 0 else { return .nothing(byteCount: line.next) }
        begin(argumentCount: Int(count), at: line.next)
        return .request(byteCount: 0)
    }

    @inline(__always)
    private mutating func begin(argumentCount: Int, at position: Int) {
        self.argumentCount = argumentCount
        self.position = position
        bulkByteCount = -1
    }

    @inline(__always)
    private mutating func readArguments(
        _ bytes: ByteSlice, into arguments: inout ArgumentVector, limits: borrowing RequestLimits,
        isAuthenticated: Bool
    ) -> ParseResult {
        let isResumed = extentCount > 0
        while arguments.count + extentCount < argumentCount {
            if bulkByteCount < 0 {
                if let stop = readBulkHeader(bytes, limits: limits, isAuthenticated: isAuthenticated) {
                    return suspend(stop, bytes, &arguments)
                }
            }
            let end = position + bulkByteCount
            guard end + 2 <= bytes.count else { return suspend(.incomplete, bytes, &arguments) }
            if isResumed {
                save(offset: position, count: bulkByteCount)
            } else {
                arguments.append(bytes.slice(position, end))
            }
            position = end + 2
            bulkByteCount = -1
        }
        if isResumed {
            for index in 0..<extentCount {
                let offset = extents.unsafelyUnwrapped[index * 2]
                arguments.append(bytes.slice(offset, offset + extents.unsafelyUnwrapped[index * 2 + 1]))
            }
        }
        let byteCount = position
        reset()
        return .request(byteCount: byteCount)
    }

    /// Reads `$length`; a result says why that was not possible.
    @inline(__always)
    private mutating func readBulkHeader(
        _ bytes: ByteSlice, limits: borrowing RequestLimits, isAuthenticated: Bool
    ) -> ParseResult? {
        guard position < bytes.count else { return .incomplete }
        let marker = bytes.byte(at: position)
        guard marker == 0x24 else { return .failure(.expectedDollar(marker)) }
        if let line = Line.readShort(bytes, from: position + 1) {
            bulkByteCount = line.number
            position = line.next
            return nil
        }
        guard let line = Line.read(bytes, from: position + 1) else {
            return bytes.count - position > RequestLimits.lineByteCountMax ? .failure(.bigBulkCount) : .incomplete
        }
        guard let count = Decimal.parse(bytes.slice(position + 1, line.end)), count >= 0,
            count <= limits.bulkByteCountMax
        else { return .failure(.invalidBulkLength) }
        if !isAuthenticated, count > RequestLimits.bulkByteCountMaxBeforeAuthentication {
            return .failure(.unauthenticatedBulk)
        }
        bulkByteCount = Int(count)
        position = line.next
        return nil
    }

    /// Remembers the arguments that were read by their offsets, since the bytes may move before the next call.
    private mutating func suspend(
        _ result: ParseResult, _ bytes: ByteSlice, _ arguments: inout ArgumentVector
    ) -> ParseResult {
        guard case .incomplete = result, let start = bytes.baseAddress else { return result }
        let parsed = arguments.arguments
        for index in 0..<parsed.count {
            let offset = parsed[index].baseAddress.map { $0 - start } ?? 0
            save(offset: offset, count: parsed[index].count)
        }
        arguments.removeAll()
        return result
    }

    private mutating func save(offset: Int, count: Int) {
        if extentCount == extentCapacity {
            extentCapacity = max(extentCapacity * 2, 16)
            let byteCount = extentCapacity * 2 * MemoryLayout<Int>.stride
            let moved = extents.map { atoll_memory_resize($0, byteCount) } ?? atoll_memory_take(byteCount)
            extents = moved.unsafelyUnwrapped.assumingMemoryBound(to: Int.self)
        }
        extents.unsafelyUnwrapped[extentCount * 2] = offset
        extents.unsafelyUnwrapped[extentCount * 2 + 1] = count
        extentCount += 1
    }

    /// Forgets a request that has begun: its bytes will be given again from its first one on.
    package mutating func restart() { reset() }

    private mutating func reset() {
        argumentCount = 0
        position = 0
        bulkByteCount = -1
        extentCount = 0
        if let extents {
            atoll_memory_give(extents)
            self.extents = nil
            extentCapacity = 0
        }
    }
}

/// A line of a header.
enum Line {
    /// The number in a line of one or two digits, as nearly all are, and where the next line begins; nil for any other
    /// line, and for one that is not complete. What it allows is below every limit but those of the argument count.
    @inline(__always)
    static func readShort(_ bytes: ByteSlice, from start: Int) -> (number: Int, next: Int)? {
        guard start + 3 <= bytes.count else { return nil }
        let first = Int(bytes.byte(at: start)) - 0x30
        let second = bytes.byte(at: start + 1)
        guard first >= 0, first < 10 else { return nil }
        if second == 0x0D { return (first, start + 3) }
        let digit = Int(second) - 0x30
        guard first > 0, digit >= 0, digit < 10, start + 4 <= bytes.count, bytes.byte(at: start + 2) == 0x0D
        else { return nil }
        return (first * 10 + digit, start + 4)
    }

    /// The end of the line's text and where the next line begins; nil when the line is not complete.
    @inline(__always)
    static func read(_ bytes: ByteSlice, from start: Int) -> (end: Int, next: Int)? {
        var index = start
        let last = bytes.count - 1
        // Lengths are short: a loop beats a call of memchr.
        while index < last {
            if bytes.byte(at: index) == 0x0D { return (index, index + 2) }
            index += 1
        }
        return nil
    }
}

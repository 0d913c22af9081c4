package import Bytes
import Glibc
package import RESP

/// Reads the requests of an append-only file, a part of the file at a time. One owner; the descriptor is the caller's.
package struct AppendOnlyReader: ~Copyable {
    /// What came next.
    package enum Event: Equatable {
        /// A request is in the vector; its slices are valid until bytes are read again (`needsBytes`).
        case request
        /// An annotation (`#…`), if they are wanted; `content` is its line.
        case annotation
        /// What was read is used up: `read` brings more.
        case needsBytes
        /// The file is over, and nothing was begun.
        case end
        /// The file ends within a request.
        case truncated
        /// What is there is no request, and why.
        case malformed(String)
        /// The file could not be read; the errno.
        case failed(Int32)
    }

    private let descriptor: Int32
    private let byteCount: Int64
    private let returnsAnnotations: Bool
    private var buffer = OutputBuffer()
    private var parser = RequestParser()
    private var limits = RequestLimits()
    /// Bytes of `buffer` that have been understood.
    private var usedByteCount = 0
    /// Offset in the file of the first byte of `buffer`.
    private var bufferOffset: Int64
    private var hasEnded = false
    /// Bytes of the request or annotation that was returned last; they end at `usedByteCount`.
    private var contentByteCount = 0

    private static let chunkByteCount = 1 << 20

    /// - Parameters:
    ///   - offset: where in the file the descriptor stands.
    ///   - byteCount: length of the file: a request that claims to go on behind its end is not waited for.
    package init(descriptor: Int32, offset: Int64, byteCount: Int64, returnsAnnotations: Bool = false) {
        self.descriptor = descriptor
        self.byteCount = byteCount
        self.returnsAnnotations = returnsAnnotations
        bufferOffset = offset
        // What the file holds was accepted once: only what is there limits it.
        limits.argumentCountMax = Int(Int32.max)
        limits.bulkByteCountMax = 1 << 40
    }

    /// Offset in the file behind the last request that was returned.
    package var offset: Int64 { bufferOffset + Int64(usedByteCount) }

    /// The last request or annotation as it stands in the file. Valid until bytes are read again.
    package var content: ByteSlice { buffer.readable.slice(usedByteCount - contentByteCount, usedByteCount) }

    /// Offset in the file of what is malformed or not whole: of the part of a request that could not be read.
    package var faultOffset: Int64 { offset + Int64(parser.isInRequest ? parser.position : 0) }

    /// Bytes that the file lacks at least for the argument that it ends in; 0 when that is not known.
    package var missingByteCount: Int64 {
        max(parser.wantedByteCount > 0 ? offset + Int64(parser.wantedByteCount) - byteCount : 0, 0)
    }

    /// Reads more of the file; slices that were returned become invalid.
    /// - Returns: nil, or the event that reading comes to.
    package mutating func read() -> Event? {
        bufferOffset += Int64(usedByteCount)
        buffer.consume(usedByteCount)
        usedByteCount = 0
        contentByteCount = 0
        let missing = parser.wantedByteCount - buffer.count
        let room = max(missing, Self.chunkByteCount)
        while true {
            // Long arguments are not believed: memory is taken as their bytes come.
            let portion = min(room, max(Self.chunkByteCount, buffer.count))
            let count = Glibc.read(descriptor, buffer.reserve(portion), portion)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return .failed(errno) }
            buffer.advance(count)
            if count == 0 { hasEnded = true }
            return nil
        }
    }

    /// Reads one request from what has been read of the file. Annotations are passed over unless they are wanted.
    package mutating func next(into arguments: inout ArgumentVector) -> Event {
        while true {
            let all = buffer.readable
            let rest = all.slice(usedByteCount, all.count)
            guard rest.count > 0 else { return hasEnded ? .end : .needsBytes }
            let first = rest.byte(at: 0)
            if first == 0x23 {
                guard let newline = memchr(rest.baseAddress.unsafelyUnwrapped, 0x0A, rest.count) else {
                    return hasEnded ? .truncated : .needsBytes
                }
                take(UnsafeRawPointer(newline) - rest.baseAddress.unsafelyUnwrapped + 1)
                if returnsAnnotations { return .annotation }
                continue
            }
            guard first == 0x2A else { return .malformed("expected '*', got \(Self.shown(first))") }
            switch parser.parse(rest, into: &arguments, limits: limits, isAuthenticated: true) {
            case .request(let byteCount):
                take(byteCount)
                return .request
            case .nothing: return .malformed("a request without words")
            case .failure(let failure): return .malformed(Self.text(of: failure))
            case .incomplete: return hasEnded || missingByteCount > 0 ? .truncated : .needsBytes
            }
        }
    }

    private mutating func take(_ byteCount: Int) {
        usedByteCount += byteCount
        contentByteCount = byteCount
    }

    private static func text(of failure: ProtocolFailure) -> String {
        if case .expectedDollar(let byte) = failure { return "expected '$', got \(shown(byte))" }
        return failure.reason
    }

    private static func shown(_ byte: UInt8) -> String {
        (0x20...0x7E).contains(byte) ? "'\(Character(UnicodeScalar(byte)))'" : "byte 0x\(String(byte, radix: 16))"
    }
}

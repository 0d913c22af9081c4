import Bytes
import Glibc
package import RESP

/// Reads the requests of an append-only file, a part of the file at a time. One owner; the descriptor is the caller's.
package struct AppendOnlyReader: ~Copyable {
    /// What came next.
    package enum Event: Equatable {
        /// A request is in the vector; its slices are valid until bytes are read again (`needsBytes`).
        case request
        /// What was read is used up: `read` brings more.
        case needsBytes
        /// The file is over, and nothing was begun.
        case end
        /// The file ends within a request.
        case truncated
        /// What is there is no request.
        case malformed
        /// The file could not be read; the errno.
        case failed(Int32)
    }

    private let descriptor: Int32
    private var buffer = OutputBuffer()
    private var parser = RequestParser()
    private var limits = RequestLimits()
    /// Bytes of `buffer` that have been understood.
    private var usedByteCount = 0
    /// Offset in the file of the first byte of `buffer`.
    private var bufferOffset: Int64
    private var hasEnded = false

    private static let chunkByteCount = 1 << 20

    /// - Parameter offset: where in the file the descriptor stands.
    package init(descriptor: Int32, offset: Int64) {
        self.descriptor = descriptor
        bufferOffset = offset
        // What the file holds was accepted once: only what is there limits it.
        limits.argumentCountMax = Int(Int32.max)
        limits.bulkByteCountMax = 1 << 40
    }

    /// Offset in the file behind the last request that was returned.
    package var offset: Int64 { bufferOffset + Int64(usedByteCount) }

    /// Reads more of the file; slices that were returned become invalid.
    /// - Returns: nil, or the event that reading comes to.
    package mutating func read() -> Event? {
        bufferOffset += Int64(usedByteCount)
        buffer.consume(usedByteCount)
        usedByteCount = 0
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

    /// Reads one request from what has been read of the file. Annotations (`#…`) are passed over.
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
                usedByteCount += UnsafeRawPointer(newline) - rest.baseAddress.unsafelyUnwrapped + 1
                continue
            }
            guard first == 0x2A else { return .malformed }
            switch parser.parse(rest, into: &arguments, limits: limits, isAuthenticated: true) {
            case .request(let byteCount):
                usedByteCount += byteCount
                return .request
            case .nothing, .failure: return .malformed
            case .incomplete: return hasEnded ? .truncated : .needsBytes
            }
        }
    }
}

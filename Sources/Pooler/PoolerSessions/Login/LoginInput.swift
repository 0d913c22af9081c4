import Bytes
import Glibc
import PostgresWire

/// What a peer has sent and nobody has read yet. What was read is overwritten: it may have been a password.
struct LoginInput: Sendable {
    private var bytes: [UInt8] = []
    /// Bytes at the front that have been read, and are zero.
    private var readByteCount = 0

    var count: Int { bytes.count - readByteCount }

    /// What waits.
    var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes.span.extracting(readByteCount..<bytes.count) }
    }

    mutating func append(_ more: ByteSlice) {
        bytes.append(contentsOf: more)
    }

    /// Overwrites the next bytes and moves behind them. An empty buffer keeps no memory.
    mutating func consume(_ byteCount: Int) {
        let range = readByteCount..<(readByteCount + byteCount)
        bytes.withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress { explicit_bzero(base + range.lowerBound, range.count) }
        }
        readByteCount = range.upperBound
        if readByteCount == bytes.count {
            bytes = []
            readByteCount = 0
        }
    }

    /// Takes everything that waits away.
    mutating func takeAll() -> [UInt8] {
        defer { consume(count) }
        return Array(wire: span)
    }
}

extension OutputBuffer {
    /// Appends the messages that `write` writes; overwrites its own copy of them. Nothing is written if it throws.
    mutating func appendMessages(_ write: (inout MessageWriter) throws(WireError) -> Void) throws(WireError) {
        var writer = MessageWriter()
        try write(&writer)
        var messages = writer.take()
        messages.withUnsafeMutableBytes { bytes in
            append(ByteSlice(bytes))
            if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
        }
    }
}

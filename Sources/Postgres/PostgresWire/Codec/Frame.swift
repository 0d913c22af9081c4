/// The five bytes in front of every message after the startup phase.
///
///     offset 0  type, one byte
///     offset 1  length, Int32: itself and the body, not the type
///     offset 5  body
///
/// PostgreSQL documentation, "Message Formats".
package struct FrameHeader: Hashable, Sendable {
    /// Length of the header itself.
    @inlinable package static var byteCount: Int { 5 }

    /// Type byte; its meaning depends on the direction.
    package let type: UInt8
    /// Length of the body in bytes, 0 ... the limit it was read with.
    package let bodyByteCount: Int

    /// Length of the message as a whole, in bytes.
    @inlinable package var frameByteCount: Int { FrameHeader.byteCount &+ bodyByteCount }

    /// A header; `bodyByteCount` must be at least 0.
    @inlinable
    package init(type: UInt8, bodyByteCount: Int) {
        self.type = type
        self.bodyByteCount = bodyByteCount
    }
}

/// What stands at a place in a stream of messages.
package enum FrameScan: Hashable, Sendable {
    /// The whole message is there.
    case complete(FrameHeader)
    /// The header is there, `missing` bytes of the body (at least 1) are not.
    case partialBody(FrameHeader, missing: Int)
    /// Not even the header is there: `missing` more bytes (1 ... 5) are needed to tell.
    case partialHeader(missing: Int)
    /// Not a message. The stream cannot be resynchronised.
    case malformed(WireError)
}

extension FrameScan {
    /// Looks at the message that begins at `offset`. O(1), allocates nothing.
    ///
    /// - Parameters:
    ///   - offset: 0 ... bytes.count.
    ///   - bodyByteCountMax: limit to apply; a header that exceeds it is malformed before its body has arrived.
    @inlinable
    package static func scan(
        _ bytes: Span<UInt8>, at offset: Int = 0, bodyByteCountMax: Int = WireLimits.bodyByteCountMax
    ) -> FrameScan {
        let available = bytes.count - offset
        guard available >= FrameHeader.byteCount else {
            return .partialHeader(missing: FrameHeader.byteCount - available)
        }
        var reader = WireReader(bytes.extracting(offset..<(offset + FrameHeader.byteCount)))
        guard let type = try? reader.readUInt8(), let length = try? reader.readInt32() else {
            return .malformed(.truncated)
        }
        // The length counts its own four bytes. Int has 64 bits: no sum below can overflow.
        guard length >= 4 else { return .malformed(.lengthOutOfRange(Int(length))) }
        let bodyByteCount = Int(length) - 4
        guard bodyByteCount <= bodyByteCountMax else {
            return .malformed(.tooLong(byteCount: bodyByteCount, limit: bodyByteCountMax))
        }
        let header = FrameHeader(type: type, bodyByteCount: bodyByteCount)
        let missing = header.frameByteCount - available
        return missing > 0 ? .partialBody(header, missing: missing) : .complete(header)
    }
}

/// One whole message: type and body; a view.
package struct Frame: ~Escapable {
    /// Type byte; its meaning depends on the direction.
    package let type: UInt8
    /// Everything after the length word.
    package let body: Span<UInt8>

    /// A message of the given type over `body`.
    @inlinable
    @_lifetime(copy body)
    package init(type: UInt8, body: Span<UInt8>) {
        self.type = type
        self.body = body
    }
}

/// Takes whole messages off the front of a buffer, one by one, without copying.
package struct FrameReader: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    @usableFromInline let bodyByteCountMax: Int
    @usableFromInline var offset: Int

    /// Length of the messages taken so far, in bytes: the caller may drop that many from its buffer.
    @inlinable package var consumedByteCount: Int { offset }

    /// Starts at the first byte of `bytes`; `bodyByteCountMax` as in `FrameScan.scan`.
    @inlinable
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>, bodyByteCountMax: Int = WireLimits.bodyByteCountMax) {
        self.bytes = bytes
        self.bodyByteCountMax = bodyByteCountMax
        self.offset = 0
    }

    /// The next message, nil when no whole one is left. O(1). Throws what makes the stream malformed.
    @inlinable
    @_lifetime(copy self)
    package mutating func next() throws(WireError) -> Frame? {
        switch FrameScan.scan(bytes, at: offset, bodyByteCountMax: bodyByteCountMax) {
        case .complete(let header):
            let start = offset + FrameHeader.byteCount
            offset = start + header.bodyByteCount
            return Frame(type: header.type, body: bytes.extracting(start..<offset))
        case .partialBody, .partialHeader:
            return nil
        case .malformed(let error):
            throw error
        }
    }
}

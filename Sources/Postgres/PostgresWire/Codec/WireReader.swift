/// A cursor over the body of one message.
///
/// Reads big-endian words and zero-terminated strings; never reads outside the span. Every method is O(1) but
/// `readText`, which looks for the zero byte. After an error the position is unspecified but still inside the span.
/// PostgreSQL documentation, "Message Data Types".
package struct WireReader: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    /// Index of the next byte; 0 ... bytes.count.
    @usableFromInline var offset: Int

    /// Starts at the first byte of `bytes`.
    @inlinable
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
        self.offset = 0
    }

    /// Bytes not read yet.
    @inlinable package var remainingByteCount: Int { bytes.count &- offset }

    /// Everything not read yet, without reading it.
    @inlinable package var rest: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(offset..<bytes.count) }
    }

    /// One byte. Throws `truncated`.
    @inlinable
    package mutating func readUInt8() throws(WireError) -> UInt8 {
        guard remainingByteCount >= 1 else { throw .truncated }
        defer { offset &+= 1 }
        return bytes[offset]
    }

    /// An unsigned 16-bit word, the type of all counts: PostgreSQL takes up to 65,535 parameters. Throws `truncated`.
    @inlinable
    package mutating func readUInt16() throws(WireError) -> UInt16 {
        guard remainingByteCount >= 2 else { throw .truncated }
        // Unsafe in name only: the load is bounds-checked and every bit pattern is a UInt16.
        let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)
        offset &+= 2
        return UInt16(bigEndian: word)
    }

    /// An unsigned 32-bit word. Throws `truncated`.
    @inlinable
    package mutating func readUInt32() throws(WireError) -> UInt32 {
        guard remainingByteCount >= 4 else { throw .truncated }
        // As above.
        let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
        offset &+= 4
        return UInt32(bigEndian: word)
    }

    /// A signed 16-bit word. Throws `truncated`.
    @inlinable
    package mutating func readInt16() throws(WireError) -> Int16 { Int16(bitPattern: try readUInt16()) }

    /// A signed 32-bit word. Throws `truncated`.
    @inlinable
    package mutating func readInt32() throws(WireError) -> Int32 { Int32(bitPattern: try readUInt32()) }

    /// The next `count` bytes. Throws `lengthOutOfRange` for a negative count, `truncated` when fewer are left.
    @inlinable
    @_lifetime(copy self)
    package mutating func readBytes(_ count: Int) throws(WireError) -> Span<UInt8> {
        guard count >= 0 else { throw .lengthOutOfRange(count) }
        guard remainingByteCount >= count else { throw .truncated }
        let start = offset
        offset &+= count
        return bytes.extracting(start..<offset)
    }

    /// A string up to its zero byte, which is read but not returned. O(length). Throws `unterminatedString`.
    @inlinable
    @_lifetime(copy self)
    package mutating func readText() throws(WireError) -> WireText {
        let start = offset
        var end = start
        while end < bytes.count {
            if bytes[end] == 0 {
                offset = end &+ 1
                return WireText(bytes.extracting(start..<end))
            }
            end &+= 1
        }
        throw .unterminatedString
    }

    /// A value with a 32-bit length in front, -1 for NULL. Throws `truncated`, `lengthOutOfRange` below -1.
    @inlinable
    @_lifetime(copy self)
    package mutating func readValue() throws(WireError) -> WireValue {
        let byteCount = try readInt32()
        guard byteCount != -1 else { return .null }
        return .bytes(try readBytes(Int(byteCount)))
    }

    /// Checks that the message ends here. Throws `trailingBytes`.
    @inlinable
    package func finish() throws(WireError) {
        guard remainingByteCount == 0 else { throw .trailingBytes(remainingByteCount) }
    }
}

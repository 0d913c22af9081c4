public import Glibc

/// Borrowed bytes: valid only as long as what they were taken from is neither changed nor freed.
@usableFromInline package typealias ByteSlice = UnsafeRawBufferPointer

extension UnsafeRawBufferPointer {
    /// The bytes from one offset up to another; both must lie within.
    @inlinable @inline(__always)
    package func slice(_ from: Int, _ to: Int) -> ByteSlice {
        ByteSlice(start: baseAddress.map { $0 + from }, count: to - from)
    }

    /// The byte at an offset, without a check in release builds.
    @inlinable @inline(__always)
    package func byte(at offset: Int) -> UInt8 {
        assert(offset >= 0 && offset < count)
        return baseAddress.unsafelyUnwrapped.load(fromByteOffset: offset, as: UInt8.self)
    }

    /// Whether both hold the same bytes.
    @inlinable
    package func equals(_ other: ByteSlice) -> Bool {
        count == other.count
            && (count == 0 || memcmp(baseAddress.unsafelyUnwrapped, other.baseAddress.unsafelyUnwrapped, count) == 0)
    }

    /// Whether these are the ASCII characters of the literal.
    @inlinable
    package func equals(_ literal: StaticString) -> Bool {
        count == literal.utf8CodeUnitCount
            && (count == 0 || memcmp(baseAddress.unsafelyUnwrapped, literal.utf8Start, count) == 0)
    }

    /// Whether these are the characters of the literal, which is in lower case, in any case.
    @inlinable
    package func equalsIgnoringCase(_ lowercaseLiteral: StaticString) -> Bool {
        guard count == lowercaseLiteral.utf8CodeUnitCount else { return false }
        for index in 0..<count where ASCIICase.lowered(byte(at: index)) != lowercaseLiteral.utf8Start[index] {
            return false
        }
        return true
    }

    /// Byte-wise order, a prefix before what it begins: below 0, 0, above 0, as memcmp.
    @inlinable
    package func compare(_ other: ByteSlice) -> Int {
        let common = Swift.min(count, other.count)
        if common > 0 {
            let order = memcmp(baseAddress.unsafelyUnwrapped, other.baseAddress.unsafelyUnwrapped, common)
            if order != 0 { return Int(order) }
        }
        return count - other.count
    }

    /// The bytes as text, invalid UTF-8 repaired: for messages, never for data.
    package var text: String { String(decoding: self, as: UTF8.self) }

    /// The text up to the first zero byte, as C prints it: for errors that repeat what a client has sent.
    package var printed: String {
        var end = 0
        while end < count, byte(at: end) != 0 { end += 1 }
        return slice(0, end).text
    }

    /// A copy.
    package var array: [UInt8] { [UInt8](self) }
}

extension StaticString {
    /// The literal's bytes, valid for ever.
    @inlinable
    package var bytes: ByteSlice { ByteSlice(start: utf8Start, count: utf8CodeUnitCount) }
}

/// ASCII letters, without regard to locale.
@usableFromInline
package enum ASCIICase {
    @inlinable @inline(__always)
    package static func lowered(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }
}

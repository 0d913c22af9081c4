public import Bytes
public import Glibc

/// An element about to be written to a listpack: text, or the integer that the text is the canonical form of.
///
/// Layout of an element (Redis's listpack specification):
///
///     encoding and length | data | length of both, readable backwards
///
///     0xxxxxxx                 integer 0...127
///     10xxxxxx                 text of up to 63 bytes
///     110xxxxx x               integer of 13 bits, two's complement, high bits first
///     1110xxxx x               text of up to 4095 bytes, high bits first
///     11110000 and 4 bytes     text of up to 2^32 - 1 bytes
///     11110001 ... 11110100    integer of 2, 3, 4 or 8 bytes, low byte first
///     11111111                 end of the listpack
@usableFromInline
package struct ListPackElement {
    /// The text; empty for integers.
    @usableFromInline package let text: ByteSlice
    @usableFromInline package let integer: Int64
    @usableFromInline package let isInteger: Bool
    /// Bytes of encoding and data, without the length behind them.
    @usableFromInline package let payloadByteCount: Int

    @inlinable @inline(__always)
    init(text: ByteSlice, integer: Int64, isInteger: Bool, payloadByteCount: Int) {
        self.text = text
        self.integer = integer
        self.isInteger = isInteger
        self.payloadByteCount = payloadByteCount
    }

    /// Text is stored as an integer where it is one's canonical form.
    @inlinable @inline(__always)
    package init(_ bytes: ByteSlice) {
        if let integer = Decimal.parse(bytes) {
            self.init(integer)
        } else {
            self.init(plainText: bytes)
        }
    }

    /// An integer.
    @inlinable @inline(__always)
    package init(_ integer: Int64) {
        self.init(
            text: ByteSlice(start: nil, count: 0), integer: integer, isInteger: true,
            payloadByteCount: ListPackElement.payloadByteCount(of: integer))
    }

    /// An element that is known not to be an integer's canonical form.
    @inlinable @inline(__always)
    package init(plainText bytes: ByteSlice) {
        let prefix = bytes.count < 64 ? 1 : bytes.count < 4096 ? 2 : 5
        self.init(text: bytes, integer: 0, isInteger: false, payloadByteCount: prefix + bytes.count)
    }

    /// Bytes that the element takes in a listpack.
    @inlinable @inline(__always)
    package var byteCount: Int { payloadByteCount + ListPackElement.trailerByteCount(payloadByteCount) }

    @inlinable
    static func payloadByteCount(of integer: Int64) -> Int {
        if integer >= 0 && integer <= 127 { return 1 }
        if integer >= -4096 && integer <= 4095 { return 2 }
        if integer >= -32_768 && integer <= 32_767 { return 3 }
        if integer >= -8_388_608 && integer <= 8_388_607 { return 4 }
        return integer >= Int64(Int32.min) && integer <= Int64(Int32.max) ? 5 : 9
    }

    /// Bytes of the length behind an element: 7 bits each. Redis's limits leave each form's largest number to the next.
    @inlinable @inline(__always)
    static func trailerByteCount(_ payloadByteCount: Int) -> Int {
        if payloadByteCount <= 127 { return 1 }
        if payloadByteCount < 16_383 { return 2 }
        if payloadByteCount < 2_097_151 { return 3 }
        return payloadByteCount < 268_435_455 ? 4 : 5
    }

    /// Writes the element; there must be room for `byteCount` bytes.
    @inlinable @inline(__always)
    package func write(to target: UnsafeMutableRawPointer) {
        if isInteger {
            writeInteger(to: target)
        } else {
            writeText(to: target)
        }
        ListPackElement.writeTrailer(payloadByteCount, to: target + payloadByteCount)
    }

    @inlinable @inline(__always)
    func writeText(to target: UnsafeMutableRawPointer) {
        let count = text.count
        var data = target + 1
        if count < 64 {
            target.storeBytes(of: 0x80 | UInt8(truncatingIfNeeded: count), as: UInt8.self)
        } else if count < 4096 {
            target.storeBytes(of: 0xE0 | UInt8(truncatingIfNeeded: count >> 8), as: UInt8.self)
            target.storeBytes(of: UInt8(truncatingIfNeeded: count), toByteOffset: 1, as: UInt8.self)
            data = target + 2
        } else {
            target.storeBytes(of: 0xF0, as: UInt8.self)
            target.storeBytes(of: UInt32(truncatingIfNeeded: count), toByteOffset: 1, as: UInt32.self)
            data = target + 5
        }
        if count > 0 { memcpy(data, text.baseAddress.unsafelyUnwrapped, count) }
    }

    @usableFromInline
    func writeInteger(to target: UnsafeMutableRawPointer) {
        let bits = UInt64(bitPattern: integer)
        switch payloadByteCount {
        case 1:
            target.storeBytes(of: UInt8(truncatingIfNeeded: bits), as: UInt8.self)
        case 2:
            target.storeBytes(of: 0xC0 | UInt8(truncatingIfNeeded: (bits >> 8) & 0x1F), as: UInt8.self)
            target.storeBytes(of: UInt8(truncatingIfNeeded: bits), toByteOffset: 1, as: UInt8.self)
        case 3:
            target.storeBytes(of: 0xF1, as: UInt8.self)
            target.storeBytes(of: UInt16(truncatingIfNeeded: bits), toByteOffset: 1, as: UInt16.self)
        case 4:
            target.storeBytes(of: 0xF2, as: UInt8.self)
            target.storeBytes(of: UInt16(truncatingIfNeeded: bits), toByteOffset: 1, as: UInt16.self)
            target.storeBytes(of: UInt8(truncatingIfNeeded: bits >> 16), toByteOffset: 3, as: UInt8.self)
        case 5:
            target.storeBytes(of: 0xF3, as: UInt8.self)
            target.storeBytes(of: UInt32(truncatingIfNeeded: bits), toByteOffset: 1, as: UInt32.self)
        default:
            target.storeBytes(of: 0xF4, as: UInt8.self)
            target.storeBytes(of: bits, toByteOffset: 1, as: UInt64.self)
        }
    }

    /// The length is read backwards: the low 7 bits are in the last byte, and the top bit says that more stand before.
    @inlinable @inline(__always)
    static func writeTrailer(_ length: Int, to target: UnsafeMutableRawPointer) {
        if length <= 127 {
            target.storeBytes(of: UInt8(truncatingIfNeeded: length), as: UInt8.self)
            return
        }
        writeLongTrailer(length, to: target)
    }

    @usableFromInline
    static func writeLongTrailer(_ length: Int, to target: UnsafeMutableRawPointer) {
        let count = trailerByteCount(length)
        var rest = length
        var offset = count - 1
        while offset >= 0 {
            let more: UInt8 = offset > 0 ? 0x80 : 0
            target.storeBytes(of: UInt8(truncatingIfNeeded: rest & 0x7F) | more, toByteOffset: offset, as: UInt8.self)
            rest >>= 7
            offset -= 1
        }
    }
}

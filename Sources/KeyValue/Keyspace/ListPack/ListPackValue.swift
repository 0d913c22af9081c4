public import Bytes
public import Glibc

/// An element of a listpack as it is read: an integer, or text that lies in the listpack.
@usableFromInline
package struct ListPackValue {
    @usableFromInline let start: UnsafeRawPointer?
    /// The integer, or the length of the text.
    @usableFromInline let number: Int64

    @inlinable @inline(__always)
    init(start: UnsafeRawPointer?, number: Int64) {
        self.start = start
        self.number = number
    }

    /// Room that the decimal form of an integer may need: what `bytes(scratch:)` asks for.
    @usableFromInline package static let scratchByteCount = 21

    /// The integer, or nil for text.
    @inlinable @inline(__always)
    package var integer: Int64? { start == nil ? number : nil }

    /// The text, or nil for an integer. Valid until the listpack changes.
    @inlinable @inline(__always)
    package var text: ByteSlice? { start.map { ByteSlice(start: $0, count: Int(number)) } }

    /// The bytes that a client sees; an integer's are written to the scratch room of `scratchByteCount` bytes.
    @inlinable @inline(__always)
    package func bytes(scratch: UnsafeMutableRawPointer) -> ByteSlice {
        if let start { return ByteSlice(start: start, count: Int(number)) }
        return ByteSlice(start: scratch, count: Decimal.write(number, to: scratch))
    }

    /// Length of the bytes that a client sees.
    @inlinable
    package var byteCount: Int { start == nil ? Decimal.length(number) : Int(number) }

    /// At least the length of the bytes that a client sees, without counting an integer's digits.
    @inlinable @inline(__always)
    package var byteCountMax: Int { start == nil ? Decimal.lengthMax : Int(number) }

    /// Whether this is what a prepared element would be read as.
    @inlinable @inline(__always)
    package func equals(_ element: ListPackElement) -> Bool {
        guard let start else { return element.isInteger && element.integer == number }
        return !element.isInteger && element.text.count == Int(number)
            && (number == 0 || memcmp(start, element.text.baseAddress.unsafelyUnwrapped, Int(number)) == 0)
    }

    /// Whether a client sees these bytes.
    @inlinable
    package func equals(_ bytes: ByteSlice) -> Bool {
        guard let start else { return Decimal.parse(bytes) == number }
        return bytes.count == Int(number)
            && (number == 0 || memcmp(start, bytes.baseAddress.unsafelyUnwrapped, bytes.count) == 0)
    }

    /// The element that writes this value again.
    @inlinable
    package var element: ListPackElement {
        guard let start else { return ListPackElement(number) }
        return ListPackElement(plainText: ByteSlice(start: start, count: Int(number)))
    }
}

/// Doubles as text: the shortest decimal form that reads back to the same number, without a needless ".0".
@usableFromInline
package enum DoubleText {
    /// Bytes that a double can take.
    @usableFromInline
    package static let lengthMax = 40

    /// Writes the text and returns its length; there must be room for `lengthMax` bytes.
    package static func write(_ value: Double, to target: UnsafeMutableRawPointer) -> Int {
        if value == value.rounded(.towardZero), abs(value) < 0x1p53 {
            if value == 0, value.sign == .minus {
                target.copyMemory(from: ("-0" as StaticString).utf8Start, byteCount: 2)
                return 2
            }
            return Decimal.write(Int64(value), to: target)
        }
        var text = value.isNaN ? "nan" : value.isInfinite ? (value < 0 ? "-inf" : "inf") : value.description
        return text.withUTF8 { utf8 in
            target.copyMemory(from: utf8.baseAddress.unsafelyUnwrapped, byteCount: utf8.count)
            return utf8.count
        }
    }
}

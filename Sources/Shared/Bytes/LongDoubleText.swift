import CNumberText

/// Numbers as text in plain decimal form, with 17 decimals and no zeros at their end, calculated in long doubles: what
/// INCRBYFLOAT and HINCRBYFLOAT store and GEOPOS answers.
package enum LongDoubleText {
    /// Bytes that a long double in this form can take.
    package static let lengthMax = Int(ATOLL_LONG_DOUBLE_ROOM)

    /// What a text is as a number.
    package enum Classification { case invalid, finite, infinite }

    /// Whether the whole text is a long double.
    package static func classify(_ text: ByteSlice) -> Classification {
        guard let start = text.baseAddress else { return .invalid }
        return switch atoll_classify_long_double(start.assumingMemoryBound(to: CChar.self), text.count) {
        case atoll_number_finite: .finite
        case atoll_number_infinite: .infinite
        default: .invalid
        }
    }

    /// Writes the sum of two numbers, there must be room for `lengthMax` bytes, and returns its length; nil if a text is
    /// no number or the sum is not finite.
    package static func writeSum(
        _ first: ByteSlice, _ second: ByteSlice, to target: UnsafeMutableRawPointer
    ) -> Int? {
        guard let left = first.baseAddress, let right = second.baseAddress else { return nil }
        let length = atoll_sum_long_doubles(
            left.assumingMemoryBound(to: CChar.self), first.count, right.assumingMemoryBound(to: CChar.self),
            second.count, target.assumingMemoryBound(to: CChar.self))
        return length > 0 ? Int(length) : nil
    }

    /// Writes a double, and returns its length; there must be room for `lengthMax` bytes.
    package static func write(_ value: Double, to target: UnsafeMutableRawPointer) -> Int {
        Int(atoll_write_plain_double(value, target.assumingMemoryBound(to: CChar.self)))
    }
}

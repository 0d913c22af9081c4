import CNumberText
import Glibc

extension DoubleText {
    /// The number that the whole text stands for: as strtod reads it (exponents, hexadecimal and infinities included),
    /// but no spaces, no NaN and nothing that does not fit a double.
    package static func parse(_ text: ByteSlice) -> Double? {
        if let value = parsePlain(text) { return value }
        guard text.count > 0 else { return nil }
        return withTerminatedCopy(text) { copy in
            var isValid = false
            let value = atoll_parse_double(copy, text.count, &isValid)
            return isValid ? value : nil
        }
    }

    /// The same by the lax rules of the bounds in ZRANGEBYSCORE and its kin: spaces in front are skipped, an empty text
    /// is 0, what is too large is infinite, and a zero byte ends the text.
    package static func parseLoosely(_ text: ByteSlice) -> Double? {
        if let value = parsePlain(text) { return value }
        return withTerminatedCopy(text) { copy in
            var isValid = false
            let value = atoll_parse_double_loosely(copy, &isValid)
            return isValid ? value : nil
        }
    }

    /// Numbers of up to 15 digits without an exponent: these and powers of ten up to 22 are exact, so that one division
    /// rounds correctly (Clinger, "How to Read Floating Point Numbers Accurately", 1990).
    @inline(__always)
    private static func parsePlain(_ text: ByteSlice) -> Double? {
        let count = text.count
        guard count > 0, count <= 17 else { return nil }
        let isNegative = text.byte(at: 0) == 0x2D
        var index = isNegative ? 1 : 0
        var digits: Int64 = 0
        var digitCount = 0
        var pointIndex = -1
        while index < count {
            let byte = text.byte(at: index)
            let digit = byte &- 0x30
            if digit < 10 {
                digits = digits &* 10 &+ Int64(digit)
                digitCount += 1
            } else if byte == 0x2E, pointIndex < 0 {
                pointIndex = index
            } else {
                return nil
            }
            index += 1
        }
        guard digitCount > 0, digitCount <= 15 else { return nil }
        let magnitude =
            pointIndex < 0
            ? Double(digits)
            : Double(digits) / atoll_exact_power_of_ten(Int32(truncatingIfNeeded: count - pointIndex - 1))
        return isNegative ? -magnitude : magnitude
    }

    private static func withTerminatedCopy(_ text: ByteSlice, _ body: (UnsafePointer<CChar>) -> Double?) -> Double? {
        withUnsafeTemporaryAllocation(byteCount: text.count + 1, alignment: 1) { copy in
            let start = copy.baseAddress.unsafelyUnwrapped
            if let source = text.baseAddress { memcpy(start, source, text.count) }
            start.storeBytes(of: 0, toByteOffset: text.count, as: UInt8.self)
            return body(start.assumingMemoryBound(to: CChar.self))
        }
    }
}

/// Integers as decimal text, by the rules that Redis has for them: no leading zeros, no plus sign, no spaces.
@usableFromInline
package enum Decimal {
    /// Characters that an Int64 can take: a sign and 19 digits.
    @usableFromInline
    package static let lengthMax = 20

    /// The integer that the text is the canonical form of, or nil.
    @inlinable @inline(__always)
    package static func parse(_ text: ByteSlice) -> Int64? {
        let count = text.count
        // Most texts that are no numbers begin with a letter.
        guard count > 0, count <= lengthMax, text.byte(at: 0) <= 0x39 else { return nil }
        return parseDigits(text)
    }

    /// The same for text of a possible length.
    @usableFromInline
    static func parseDigits(_ text: ByteSlice) -> Int64? {
        let count = text.count
        var index = 0
        let negative = text.byte(at: 0) == 0x2D
        if negative {
            index = 1
            guard count > 1 else { return nil }
        }
        let first = text.byte(at: index)
        if first == 0x30 { return count == 1 ? 0 : nil }
        var magnitude: UInt64 = 0
        // Eighteen digits cannot overflow.
        let safeEnd = min(count, index + 18)
        while index < safeEnd {
            let digit = text.byte(at: index) &- 0x30
            guard digit < 10 else { return nil }
            magnitude = magnitude &* 10 &+ UInt64(digit)
            index += 1
        }
        while index < count {
            let digit = text.byte(at: index) &- 0x30
            guard digit < 10 else { return nil }
            let (tens, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            magnitude = sum
            index += 1
        }
        if negative {
            return magnitude <= UInt64(Int64.max) + 1 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
        }
        return magnitude <= UInt64(Int64.max) ? Int64(magnitude) : nil
    }

    /// Digits of the decimal form, the sign included.
    @inlinable
    package static func length(_ value: Int64) -> Int {
        var magnitude = value.magnitude
        var digits = value < 0 ? 1 : 0
        while magnitude >= 10_000 {
            magnitude /= 10_000
            digits += 4
        }
        return digits + (magnitude < 100 ? (magnitude < 10 ? 1 : 2) : (magnitude < 1000 ? 3 : 4))
    }

    /// The numbers from 00 to 99, two digits each: half as many divisions.
    @inlinable @inline(__always)
    static var pairs: StaticString {
        """
        0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
        5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
        """
    }

    /// Writes the decimal form and returns its length; there must be room for `lengthMax` bytes.
    @inlinable
    package static func write(_ value: Int64, to target: UnsafeMutableRawPointer) -> Int {
        if value >= 0 && value < 10 {
            target.storeBytes(of: UInt8(truncatingIfNeeded: value) &+ 0x30, as: UInt8.self)
            return 1
        }
        let count = length(value)
        var magnitude = value.magnitude
        var position = count
        while magnitude >= 10 {
            let (quotient, pair) = magnitude.quotientAndRemainder(dividingBy: 100)
            position -= 2
            let digits = UnsafeRawPointer(pairs.utf8Start).loadUnaligned(
                fromByteOffset: Int(truncatingIfNeeded: pair) << 1, as: UInt16.self)
            target.storeBytes(of: digits, toByteOffset: position, as: UInt16.self)
            magnitude = quotient
        }
        if magnitude > 0 {
            let lead = UInt8(truncatingIfNeeded: magnitude) &+ 0x30
            target.storeBytes(of: lead, toByteOffset: position - 1, as: UInt8.self)
        }
        if value < 0 { target.storeBytes(of: 0x2D, as: UInt8.self) }
        return count
    }
}

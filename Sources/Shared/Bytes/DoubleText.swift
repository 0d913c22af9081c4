import CNumberText

/// Doubles as text, as Redis 7.2 writes them: integers up to 2^62 plainly, everything else in the fewest digits that
/// read back to the same number, with an exponent where that is much shorter.
///
/// The digits come from Grisu2 (Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers", 2010),
/// which in one case of a thousand finds one digit more than needed: Redis takes the same algorithm, and scores must
/// come out byte for byte as there.
@usableFromInline
package enum DoubleText {
    /// Bytes that a double can take.
    @usableFromInline
    package static let lengthMax = 40

    /// Writes the text and returns its length; there must be room for `lengthMax` bytes.
    package static func write(_ value: Double, to target: UnsafeMutableRawPointer) -> Int {
        if abs(value) <= 0x1p62 {
            let integer = Int64(value)
            if Double(integer) == value, integer != 0 || value.sign == .plus {
                return Decimal.write(integer, to: target)
            }
            if integer == 0, value == 0 { return write("-0", to: target) }
        }
        guard value.isFinite else { return write(value.isNaN ? "nan" : value < 0 ? "-inf" : "inf", to: target) }
        guard value.sign == .minus else { return writeDigits(of: value, isNegative: false, to: target) }
        target.storeBytes(of: 0x2D, as: UInt8.self)
        return 1 + writeDigits(of: -value, isNegative: true, to: target + 1)
    }

    private static func write(_ literal: StaticString, to target: UnsafeMutableRawPointer) -> Int {
        target.copyMemory(from: literal.utf8Start, byteCount: literal.utf8CodeUnitCount)
        return literal.utf8CodeUnitCount
    }

    /// Writes 17 significant digits at most, as printf does with `%.17g`: the form of scores in ZSCAN.
    package static func writeGeneral(_ value: Double, to target: UnsafeMutableRawPointer) -> Int {
        Int(atoll_write_general_double(value, target.assumingMemoryBound(to: CChar.self)))
    }

    /// Writes a number of magnitude below 10^14 with exactly four decimals, rounded half to even.
    package static func writeFourDecimals(_ value: Double, to target: UnsafeMutableRawPointer) -> Int {
        let scaled = (value * 10_000).rounded(.toNearestOrEven)
        guard abs(scaled) < 0x1p62 else { return write(value, to: target) }
        var length = 0
        if scaled < 0 {
            target.storeBytes(of: 0x2D, as: UInt8.self)
            length = 1
        }
        let (whole, fraction) = Int64(abs(scaled)).quotientAndRemainder(dividingBy: 10_000)
        length += Decimal.write(whole, to: target + length)
        target.storeBytes(of: 0x2E, toByteOffset: length, as: UInt8.self)
        var rest = fraction
        for place in stride(from: 4, to: 0, by: -1) {
            target.storeBytes(of: 0x30 + UInt8(rest % 10), toByteOffset: length + place, as: UInt8.self)
            rest /= 10
        }
        return length + 5
    }

    /// Writes a finite number above zero that is no integer, or too large to be written as one.
    private static func writeDigits(of value: Double, isNegative: Bool, to target: UnsafeMutableRawPointer) -> Int {
        withUnsafeTemporaryAllocation(byteCount: 24, alignment: 8) { scratch in
            let digits = scratch.baseAddress.unsafelyUnwrapped
            let (count, power) = Grisu.digits(of: value, to: digits)
            return layOut(digits, count, power, isNegative: isNegative, to: target)
        }
    }

    /// Writes digits times a power of ten in the shortest of three forms.
    private static func layOut(
        _ digits: UnsafeMutableRawPointer, _ count: Int, _ power: Int, isNegative: Bool,
        to target: UnsafeMutableRawPointer
    ) -> Int {
        let exponent = abs(power + count - 1)
        if power >= 0, exponent < count + 7 {
            target.copyMemory(from: digits, byteCount: count)
            fillZeros(target + count, power)
            return count + power
        }
        if power < 0, power > -7 || exponent < 4 {
            let wholeCount = count + power
            guard wholeCount <= 0 else {
                target.copyMemory(from: digits, byteCount: wholeCount)
                target.storeBytes(of: 0x2E, toByteOffset: wholeCount, as: UInt8.self)
                (target + wholeCount + 1).copyMemory(from: digits + wholeCount, byteCount: count - wholeCount)
                return count + 1
            }
            target.copyMemory(from: ("0." as StaticString).utf8Start, byteCount: 2)
            fillZeros(target + 2, -wholeCount)
            (target + 2 - wholeCount).copyMemory(from: digits, byteCount: count)
            return count + 2 - wholeCount
        }
        // Redis's buffer holds 18 digits, the sign counted.
        let shown = min(count, isNegative ? 17 : 18)
        target.copyMemory(from: digits, byteCount: 1)
        var length = 1
        if shown > 1 {
            target.storeBytes(of: 0x2E, toByteOffset: 1, as: UInt8.self)
            (target + 2).copyMemory(from: digits + 1, byteCount: shown - 1)
            length = shown + 1
        }
        target.storeBytes(of: 0x65, toByteOffset: length, as: UInt8.self)
        target.storeBytes(of: power + count - 1 < 0 ? 0x2D : 0x2B, toByteOffset: length + 1, as: UInt8.self)
        return length + 2 + Decimal.write(Int64(exponent), to: target + length + 2)
    }

    private static func fillZeros(_ target: UnsafeMutableRawPointer, _ count: Int) {
        target.initializeMemory(as: UInt8.self, repeating: 0x30, count: count)
    }
}

/// A number as a 64-bit significand times a power of two.
private struct WideFloat {
    var significand: UInt64
    var exponent: Int

    /// The upper half of the product, rounded.
    static func * (left: WideFloat, right: WideFloat) -> WideFloat {
        let product = left.significand.multipliedFullWidth(by: right.significand)
        return WideFloat(
            significand: product.high &+ product.low >> 63, exponent: left.exponent + right.exponent + 64)
    }

    var normalized: WideFloat {
        let shift = significand.leadingZeroBitCount
        return WideFloat(significand: significand << UInt64(shift), exponent: exponent - shift)
    }
}

/// Grisu2: the digits of a double, by 64-bit integers only.
private enum Grisu {
    /// Writes the digits, 18 at most, of a finite number above zero.
    /// - Returns: how many, and the power of ten that they are to be multiplied with.
    static func digits(of value: Double, to target: UnsafeMutableRawPointer) -> (count: Int, power: Int) {
        let fraction = value.significandBitPattern
        let biased = Int(value.exponentBitPattern)
        let hidden: UInt64 = 1 << 52
        let exact =
            biased == 0
            ? WideFloat(significand: fraction, exponent: -1074)
            : WideFloat(significand: fraction | hidden, exponent: biased - 1075)

        // Half way to the neighbours: what lies between reads back to the value.
        var upper = WideFloat(significand: exact.significand << 1 + 1, exponent: exact.exponent - 1).normalized
        let shift = exact.significand == hidden ? 2 : 1
        var lower = WideFloat(significand: exact.significand << UInt64(shift) - 1, exponent: exact.exponent - shift)
        lower = WideFloat(
            significand: lower.significand << UInt64(lower.exponent - upper.exponent), exponent: upper.exponent)

        let (scale, power) = scale(forExponent: upper.exponent)
        let scaled = exact.normalized * scale
        upper = upper * scale
        lower = lower * scale
        // One unit inwards on both sides makes up for the rounding of the products.
        return generate(
            exponent: upper.exponent, upper: upper.significand - 1,
            width: upper.significand - 1 - (lower.significand + 1),
            distance: upper.significand - 1 - scaled.significand, power: -power, to: target)
    }

    /// A power of ten that brings a number with this binary exponent to one between -60 and -32.
    private static func scale(forExponent exponent: Int) -> (WideFloat, power: Int) {
        // The first guess is Redis's: where two powers would do, it decides which.
        var index = (Int(Double(-(exponent + 87)) * 0.30102999566398114) + 348) / 8
        while true {
            let power = 8 * index - 348
            // floor(power * log2(10)) - 63
            let binary = (power * 1_741_647) >> 19 - 63
            let sum = exponent + binary + 64
            if sum >= -60, sum <= -32 {
                let significand = atoll_power_of_ten_significand(Int32(truncatingIfNeeded: index))
                return (WideFloat(significand: significand, exponent: binary), power)
            }
            index += sum < -60 ? 1 : -1
        }
    }

    /// Writes digits of the upper bound until what is left is within the width, then steps down towards the value.
    private static func generate(
        exponent: Int, upper: UInt64, width: UInt64, distance: UInt64, power: Int, to target: UnsafeMutableRawPointer
    ) -> (count: Int, power: Int) {
        let shift = UInt64(-exponent)
        let one: UInt64 = 1 << shift
        var whole = upper >> shift
        var fraction = upper & (one - 1)
        var count = 0
        var divisor: UInt64 = 1_000_000_000
        var places = 10
        while places > 0 {
            let digit = whole / divisor
            if digit != 0 || count != 0 {
                target.storeBytes(of: 0x30 &+ UInt8(truncatingIfNeeded: digit), toByteOffset: count, as: UInt8.self)
                count += 1
            }
            whole -= digit * divisor
            places -= 1
            let rest = whole << shift &+ fraction
            if rest <= width {
                round(target + count - 1, width, rest, divisor << shift, distance)
                return (count, power + places)
            }
            divisor /= 10
        }
        var width = width
        var unit: UInt64 = 1
        while true {
            fraction = fraction &* 10
            width = width &* 10
            unit = unit &* 10
            places -= 1
            let digit = fraction >> shift
            if digit != 0 || count != 0 {
                target.storeBytes(of: 0x30 &+ UInt8(truncatingIfNeeded: digit), toByteOffset: count, as: UInt8.self)
                count += 1
            }
            fraction &= one - 1
            if fraction < width {
                round(target + count - 1, width, fraction, one, distance &* unit)
                return (count, power + places)
            }
        }
    }

    /// Lowers the last digit as long as that comes nearer to the value.
    @inline(__always)
    private static func round(
        _ digit: UnsafeMutableRawPointer, _ width: UInt64, _ rest: UInt64, _ step: UInt64, _ distance: UInt64
    ) {
        var rest = rest
        while rest < distance, width &- rest >= step,
            rest &+ step < distance || distance &- rest > rest &+ step &- distance
        {
            digit.storeBytes(of: digit.load(as: UInt8.self) &- 1, as: UInt8.self)
            rest = rest &+ step
        }
    }
}

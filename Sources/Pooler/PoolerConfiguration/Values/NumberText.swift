/// Numbers as PgBouncer's files write them.
enum NumberText {
    /// How digits are meant.
    enum Notation {
        /// Hexadecimal behind 0x, octal behind 0, as `strtol` with base 0: in section [pgbouncer].
        case prefixed
        /// As `atoi`, though never half a word: in connection strings.
        case decimal
    }

    static func integer(
        _ text: String, in range: ClosedRange<Int>, _ notation: Notation
    ) throws(ValueProblem) -> Int {
        guard let magnitude = Magnitude(text, notation) else { throw ValueProblem("not a whole number") }
        guard let number = magnitude.number, range.contains(number) else {
            throw ValueProblem("must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A well-formed whole number; `number` is nil when it is too wide.
    private struct Magnitude {
        let number: Int?

        init?(_ text: String, _ notation: Notation) {
            var digits = text.utf8[...]
            let isNegative = digits.first == UInt8(ascii: "-")
            if isNegative || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
            var radix = 10
            if notation == .prefixed, digits.first == UInt8(ascii: "0"), digits.count > 1 {
                digits.removeFirst()
                radix = 8
                if digits.first == UInt8(ascii: "x") || digits.first == UInt8(ascii: "X") {
                    digits.removeFirst()
                    radix = 16
                }
            }
            guard !digits.isEmpty else { return nil }
            var sum: Int? = 0
            for byte in digits {
                guard let digit = Self.digit(byte), digit < radix else { return nil }
                let (product, overflow) = (sum ?? .max).multipliedReportingOverflow(by: radix)
                let (next, carry) = product.addingReportingOverflow(digit)
                sum = sum == nil || overflow || carry ? nil : next
            }
            number = sum.map { isNegative ? -$0 : $0 }
        }

        private static func digit(_ byte: UInt8) -> Int? {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
            default: nil
            }
        }
    }

    /// Seconds, with or without fraction and exponent, as whole microseconds; what is finer is cut off.
    ///
    /// Reckoned in decimal: a double would lose microseconds of what is longer than some months.
    static func microseconds(_ text: String) throws(ValueProblem) -> Int64 {
        guard let decimal = Decimal(text) else { throw ValueProblem("not a number of seconds") }
        guard let microseconds = decimal.shifted(by: 6),
            (0...ConfigurationLimits.secondsMax * 1_000_000).contains(microseconds)
        else {
            throw ValueProblem("must be from 0 to \(ConfigurationLimits.secondsMax) seconds")
        }
        return microseconds
    }

    /// A number such as `-12.5e-3`, taken apart.
    private struct Decimal {
        private let isNegative: Bool
        /// Of the whole part and the fraction, without the point.
        private let digits: [UInt8]
        /// How many of the digits stand before the point; more than there are when zeros follow, negative when zeros
        /// go before.
        private let pointPosition: Int

        init?(_ text: String) {
            var scanner = ByteScanner(Array(text.utf8))
            isNegative = scanner.skip("-")
            if !isNegative { _ = scanner.skip("+") }
            let whole = scanner.take(while: ASCII.isDigit)
            let fraction = scanner.skip(".") ? scanner.take(while: ASCII.isDigit) : []
            digits = Array(whole) + fraction
            guard !digits.isEmpty else { return nil }
            var exponent = 0
            if scanner.skip("e") || scanner.skip("E") {
                let isDown = scanner.skip("-")
                if !isDown { _ = scanner.skip("+") }
                let places = scanner.take(while: ASCII.isDigit)
                guard !places.isEmpty else { return nil }
                // No exponent with more than four digits gives other than nothing or too much.
                exponent = (Int(String(decoding: places, as: UTF8.self)).map { min($0, 9999) } ?? 9999)
                if isDown { exponent = -exponent }
            }
            guard scanner.isAtEnd else { return nil }
            pointPosition = whole.count + exponent
        }

        /// The whole part of the number with the point moved to the right; nil if it is too wide.
        func shifted(by places: Int) -> Int64? {
            var number: Int64 = 0
            for index in 0..<max(0, pointPosition + places) {
                let digit = index < digits.count ? Int64(digits[index] - UInt8(ascii: "0")) : 0
                let (product, overflow) = number.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(digit)
                guard !overflow, !carry else { return nil }
                number = sum
            }
            return isNegative ? -number : number
        }
    }

    /// Microseconds as seconds, without digits that say nothing.
    static func seconds(_ microseconds: Int64) -> String {
        let (whole, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        guard fraction != 0 else { return String(whole) }
        let digits = String(fraction.magnitude)
        var padded = String(repeating: "0", count: 6 - digits.count) + digits
        while padded.hasSuffix("0") { padded.removeLast() }
        return "\(microseconds < 0 && whole == 0 ? "-" : "")\(whole).\(padded)"
    }
}

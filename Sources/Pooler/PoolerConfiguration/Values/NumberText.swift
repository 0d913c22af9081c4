/// Numbers as PgBouncer's files write them.
enum NumberText {
    /// A whole number: decimal, hexadecimal behind 0x, octal behind 0; as `strtol` with base 0.
    static func integer(_ text: String, in range: ClosedRange<Int>) throws(ValueProblem) -> Int {
        guard let magnitude = Magnitude(text) else { throw ValueProblem("not a whole number") }
        guard let number = magnitude.number, range.contains(number) else {
            throw ValueProblem("must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A well-formed whole number; `number` is nil when it is too wide.
    private struct Magnitude {
        let number: Int?

        init?(_ text: String) {
            var digits = text.utf8[...]
            let isNegative = digits.first == UInt8(ascii: "-")
            if isNegative || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
            var radix = 10
            if digits.first == UInt8(ascii: "0"), digits.count > 1 {
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
    static func microseconds(_ text: String) throws(ValueProblem) -> Int64 {
        // Double reads more than PgBouncer's documents allow: words, hexadecimal.
        let isPlain = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
        }
        guard isPlain, let seconds = Double(text) else { throw ValueProblem("not a number of seconds") }
        guard seconds >= 0, seconds <= ConfigurationLimits.secondsMax else {
            throw ValueProblem("must be from 0 to \(Int64(ConfigurationLimits.secondsMax)) seconds")
        }
        // A fraction such as 0.3 is a little less than its name in binary: half a nanosecond on top keeps it.
        return Int64((seconds * 1_000_000 + 0.0005).rounded(.down))
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

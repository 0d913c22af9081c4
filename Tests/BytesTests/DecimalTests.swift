import Bytes
import Testing

@Suite("Decimal")
struct DecimalTests {
    private func parse(_ text: String) -> Int64? {
        var text = text
        return text.withUTF8 { Decimal.parse(ByteSlice($0)) }
    }

    @Test(
        "Canonical integers parse, anything else does not",
        arguments: [
            ("0", 0), ("7", 7), ("-1", -1), ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
            ("", nil), ("-", nil), ("+1", nil), ("01", nil), ("-0", nil), (" 1", nil), ("1 ", nil), ("1a", nil),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("99999999999999999999", nil),
            ("184467440737095516160", nil),
        ] as [(String, Int64?)])
    func parsing(text: String, expected: Int64?) {
        #expect(parse(text) == expected)
    }

    @Test(
        "What is written reads back",
        arguments: [
            0, 9, 10, -1, -9, -10, 99, 100, 12_345_678_901, Int64.max, Int64.min,
        ] as [Int64])
    func writing(value: Int64) {
        var buffer = OutputBuffer()
        buffer.append(decimal: value)
        #expect(buffer.readable.text == String(value))
        #expect(Decimal.parse(buffer.readable) == value)
        #expect(Decimal.length(value) == buffer.count)
    }

    @Test("Numbers of every length are written")
    func lengths() {
        for exponent in 0..<19 {
            let power = (0..<exponent).reduce(Int64(1)) { product, _ in product * 10 }
            for value in [power - 1, power, power + 1, power * 7 &+ power / 3] {
                writing(value: value)
                writing(value: -value)
            }
        }
    }
}

import Bytes
import SeededRandom
import Testing

/// Text as the functions under test take and give it.
private func withBytes<Result>(_ text: String, _ body: (ByteSlice) -> Result) -> Result {
    var text = text
    return text.withUTF8 { body(ByteSlice($0)) }
}

private func written(_ body: (UnsafeMutableRawPointer) -> Int) -> String {
    withUnsafeTemporaryAllocation(byteCount: LongDoubleText.lengthMax, alignment: 8) { room in
        let start = room.baseAddress.unsafelyUnwrapped
        return ByteSlice(start: start, count: body(start)).text
    }
}

@Suite("Doubles as text")
struct DoubleTextTests {
    @Test(
        "Doubles are written in the form that Redis gives them",
        arguments: [
            (0, "0"), (-0.0, "-0"), (1, "1"), (-17, "-17"), (0x1p62, "4611686018427387904"),
            (0x1p63, "9223372036854776000"),
            (1e19, "1e+19"), (1.5e19, "1.5e+19"), (1e20, "1e+20"), (1.25e300, "1.25e+300"),
            (0.1, "0.1"), (3.14, "3.14"), (-2.5, "-2.5"), (1.1, "1.1"), (0.000001, "0.000001"), (1e-7, "1e-7"),
            (1.5e-7, "1.5e-7"), (0.00012345, "1.2345e-4"), (0.0012345, "0.0012345"), (1.0 / 3, "0.3333333333333333"),
            (.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
            (-Double.greatestFiniteMagnitude, "-1.7976931348623157e+308"),
            (2.2250738585072014e-308, "2.2250738585072014e-308"),
            (.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan"), (123_456_789.125, "123456789.125"),
        ] as [(Double, String)])
    func writing(value: Double, expected: String) {
        #expect(written { DoubleText.write(value, to: $0) } == expected)
    }

    @Test("What is written reads back, whatever the bits")
    func roundTrip() {
        var generator = SeededGenerator(seed: 20)
        for _ in 0..<100_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            let text = written { DoubleText.write(value, to: $0) }
            #expect(withBytes(text) { DoubleText.parse($0) } == value, "\(value) became \(text)")
        }
    }

    @Test(
        "Numbers are read as strtod reads them, and nothing else is",
        arguments: [
            ("0", 0), ("-0", -0.0), ("1", 1), ("+1", 1), ("1.5", 1.5), (".5", 0.5), ("5.", 5), ("-.25", -0.25),
            ("1e3", 1000), ("1E-3", 0.001), ("0x10", 16), ("inf", .infinity), ("-INF", -.infinity),
            ("Infinity", .infinity), ("123456789012345678", 123_456_789_012_345_680),
            ("0.1234567890123456789", 0.1234567890123456789),
            ("5e-324", .leastNonzeroMagnitude), ("", nil), (" 1", nil), ("1 ", nil), ("1x", nil), ("nan", nil),
            ("1e400", nil),
            ("-1e400", nil), ("1e-400", nil), (".", nil), ("-", nil), ("1.2.3", nil), ("1\u{0}", nil), ("--1", nil),
        ] as [(String, Double?)])
    func parsing(text: String, expected: Double?) {
        #expect(withBytes(text) { DoubleText.parse($0) } == expected)
    }

    @Test(
        "Bounds of ranges are read loosely",
        arguments: [
            ("", 0), (" 7", 7), ("1e400", .infinity), ("nan", nil), ("1x", nil), ("2.5", 2.5), ("1\u{0}x", 1),
        ] as [(String, Double?)])
    func parsingLoosely(text: String, expected: Double?) {
        #expect(withBytes(text) { DoubleText.parseLoosely($0) } == expected)
    }

    @Test(
        "Four decimals are rounded half to even",
        arguments: [
            (0, "0.0000"), (166_274.1516, "166274.1516"), (0.00004, "0.0000"), (0.7750, "0.7750"),
            (-1.5, "-1.5000"), (0.00025, "0.0002"), (1e300, "1e+300"),
        ] as [(Double, String)])
    func fourDecimals(value: Double, expected: String) {
        #expect(written { DoubleText.writeFourDecimals(value, to: $0) } == expected)
    }

    @Test(
        "Seventeen digits, as printf gives them",
        arguments: [(0.1, "0.10000000000000001"), (3, "3"), (1e20, "1e+20")] as [(Double, String)])
    func general(value: Double, expected: String) {
        #expect(written { DoubleText.writeGeneral(value, to: $0) } == expected)
    }
}

@Suite("Long doubles as text")
struct LongDoubleTextTests {
    private func sum(_ first: String, _ second: String) -> String? {
        var isNumber = true
        let text = withBytes(first) { first in
            withBytes(second) { second in
                written { target in
                    let length = LongDoubleText.writeSum(first, second, to: target)
                    isNumber = length != nil
                    return length ?? 0
                }
            }
        }
        return isNumber ? text : nil
    }

    @Test(
        "Sums have up to 17 decimals and no zeros at their end",
        arguments: [
            ("1", "0.25", "1.25"), ("3.0e3", "200", "3200"), ("10.50", "0.1", "10.6"), ("5.0e3", "-5000", "0"),
            ("1", "1", "2"), ("-0.5", "0.5", "0"), ("9223372036854775807", "1", "9223372036854775808"),
            ("1e25", "0", "10000000000000000000000000"), ("abc", "1", nil), ("1", "", nil), ("inf", "1", nil),
            ("1", "nan", nil), (" 1", "1", nil),
        ] as [(String, String, String?)])
    func sums(first: String, second: String, expected: String?) {
        #expect(sum(first, second) == expected)
    }

    @Test(
        "A text is finite, infinite or no number",
        arguments: [
            ("1.5", .finite), ("1e4000", .finite), ("inf", .infinite), ("-infinity", .infinite), ("", .invalid),
            ("x", .invalid), ("1e5000", .invalid), (" 1", .invalid), ("1 ", .invalid),
            (String(repeating: "1", count: 5120), .invalid),
        ] as [(String, LongDoubleText.Classification)])
    func classification(text: String, expected: LongDoubleText.Classification) {
        #expect(withBytes(text) { LongDoubleText.classify($0) } == expected)
    }

    @Test(
        "Doubles in plain form",
        arguments: [
            (13.361389338970184, "13.36138933897018433"), (0, "0"), (-0.0, "0"), (1e20, "100000000000000000000"),
            (.infinity, "inf"),
        ] as [(Double, String)])
    func doubles(value: Double, expected: String) {
        #expect(written { LongDoubleText.write(value, to: $0) } == expected)
    }
}

@Suite("CRC64")
struct CRC64Tests {
    @Test("The check value of the polynomial, whole and in pieces")
    func checkValue() {
        var whole = CRC64()
        withBytes("123456789") { whole.update($0) }
        #expect(whole.value == 0xe9c6_d914_c4b8_d9ca)
        let text = String(repeating: "The quick brown fox. ", count: 10)
        var pieces = CRC64()
        var atOnce = CRC64()
        withBytes(text) { bytes in
            atOnce.update(bytes)
            pieces.update(bytes.slice(0, 3))
            pieces.update(bytes.slice(3, 3))
            pieces.update(bytes.slice(3, bytes.count))
        }
        #expect(pieces.value == atOnce.value)
    }
}

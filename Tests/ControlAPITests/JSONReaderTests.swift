import ControlModel
import Foundation
import SeededRandom
import Testing

@testable import ControlAPI

struct JSONReaderTests {
    @Test(arguments: [
        (
            #"{"a":[1,-2,0,2.5,1e2,true,false,null]}"#,
            JSONValue.object([
                "a": .array([
                    .integer(1), .integer(-2), .integer(0), .number(2.5), .number(100), .boolean(true),
                    .boolean(false), .null,
                ])
            ])
        ),
        (" \t\r\n[ ] ", .array([])), ("{}", .object([:])), (#""\u0041\n\"\\\/""#, .string("A\n\"\\/")),
        (#""\ud83d\ude00é""#, .string("😀é")), (#"{"a":1,"a":2}"#, .object(["a": .integer(2)])),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)), (#""\u0000""#, .string("\0")),
    ])
    func reads(text: String, expected: JSONValue) throws {
        #expect(try JSONReader.read(Array(text.utf8), depthMax: 8) == expected)
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{,}", #"{"a"}"#, #"{"a":}"#, #"{a:1}"#, "01", "1.", ".5", "+1", "1e", "-", "nul",
        "truex", #""\x""#, #""\ud800""#, #""\ud800\u0041""#, #""\udc00""#, "\"\u{1}\"", "\"", "1 2",
        "[[[[[[[[[[1]]]]]]]]]]",
        "NaN", "Infinity", "'a'", "\u{FEFF}{}", "[1 2]", #"{"a":1 "b":2}"#, #""\u12""#,
    ])
    func refuses(text: String) {
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read(Array(text.utf8), depthMax: 8) }
    }

    @Test func refusesWhatIsNotUTF8() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xFE]] {
            #expect(throws: JSONReader.Failure.self) { try JSONReader.read(bytes, depthMax: 8) }
        }
    }

    @Test func aNumberThatFitsNothingIsOutOfRange() {
        #expect(throws: JSONReader.Failure.numberOutOfRange(offset: 1)) {
            try JSONReader.read(Array("[1e999]".utf8), depthMax: 8)
        }
    }

    @Test func hostileNestingAtTheLargestBoundIsAnError() {
        let text = String(repeating: #"{"a":["#, count: 100_000)
        #expect(throws: JSONReader.Failure.self) { try JSONReader.read(Array(text.utf8), depthMax: 512) }
    }

    /// Mutated texts: whatever ours accepts, Foundation's reader accepts too, with the same value.
    @Test func neverAcceptsWhatFoundationRefuses() throws {
        let seed = #"{"name":"dé\u00e9b","n":[1,-2.5e3,true,null,{"x":"y\n"}],"big":123456789012}"#
        var random = SeededGenerator(seed: 42)
        for _ in 0..<2000 {
            var bytes = Array(seed.utf8)
            for _ in 0..<(1 + random.next() % 3) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let value = try? JSONReader.read(bytes, depthMax: 16) else { continue }
            let theirs = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
            #expect(theirs.keys == value.keys, "\(String(decoding: bytes, as: UTF8.self))")
        }
    }
}

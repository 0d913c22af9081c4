import Testing

@testable import SessionStatements

@Suite("Names and constants in SQL")
struct LiteralTextTests {
    private func bytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        [UInt8](text.utf8).withUnsafeBytes(body)
    }

    @Test(
        "Names are folded, unquoted and cut",
        arguments: [
            ("Abc", "abc"), ("\"A\"\"b\"", "A\"b"), ("a . \"B\" /* x */ . C", "a.B.c"),
            ("U&\"d\\0061t\\+000061\"", "data"),
            (String(repeating: "x", count: 70), String(repeating: "x", count: 63)),
            ("\"" + String(repeating: "x", count: 62) + "é\"", String(repeating: "x", count: 62)), ("É", "É"),
        ])
    func names(text: String, name: String) {
        #expect(bytes(text) { LiteralText.name($0) } == name)
    }

    @Test("What is no name", arguments: ["", "'a'", "a b", "a.", "1", "\"a", "U&\"a\" UESCAPE '!'"])
    func noNames(text: String) {
        #expect(bytes(text) { LiteralText.name($0) } == nil)
    }

    @Test(
        "Strings in every form",
        arguments: [
            ("'a''b'", "a'b"), ("'a\\'", "a\\"), ("E'a\\'b\\n\\x41\\101\\u00e9\\U0001F600\\q'", "a'b\nAAé😀q"),
            ("N'x'", "x"), ("U&'\\00e9\\\\'", "é\\"), ("$$a'b$$", "a'b"), ("$t$a$$b$t$", "a$$b"),
            ("'a'\n -- '\n 'b'", "ab"),
            ("e'a'\n'\\''", "a'"), ("''", ""),
        ])
    func strings(text: String, value: String) {
        #expect(bytes(text) { LiteralText.string($0, standardConformingStrings: true) } == Array(value.utf8))
    }

    @Test("What is no string", arguments: ["", "a", "B'1'", "X'00'", "'a' 'b'", "'a", "U&'\\00'"])
    func noStrings(text: String) {
        #expect(bytes(text) { LiteralText.string($0, standardConformingStrings: true) } == nil)
    }

    @Test("Backslashes escape in plain strings of old")
    func oldStrings() {
        #expect(bytes("'a\\'b'") { LiteralText.string($0, standardConformingStrings: false) } == Array("a'b".utf8))
    }

    @Test(
        "Values of settings",
        arguments: [
            ("1", SettingText.values(["1"])), ("007", .values(["7"])), ("- 1.50", .values(["-1.50"])),
            ("+3", .values(["3"])),
            ("On", .values(["on"])), ("'A'", .values(["A"])),
            ("\"$user\", Public, 'x y'", .values(["$user", "public", "x y"])),
            ("DEFAULT", .defaults), ("local", .defaults), ("INTERVAL '1' HOUR TO MINUTE", .interval), ("a b", .other),
            ("a, ", .other), ("", .other), ("f(1)", .other), ("1e3 -- x", .values(["1e3"])), ("$1", .other),
            ("$$", .other), ("$a$", .other), ("$$$", .other), ("'a", .other), ("\"a", .other), ("E'\\", .other),
        ])
    func settings(text: String, value: SettingText) {
        #expect(bytes(text) { SettingText($0, standardConformingStrings: true) } == value)
    }

    @Test("Calls of set_config, and when they are certain")
    func setConfig() {
        func read(_ text: String) -> (calls: [SetConfigCall], areCertain: Bool) {
            bytes(text) { SetConfigCall.read($0, standardConformingStrings: true) }
        }
        func call(_ name: String?, _ value: String?, _ isLocal: Bool?) -> SetConfigCall {
            var call = SetConfigCall()
            (call.name, call.value, call.isLocal) = (name, value, isLocal)
            return call
        }
        let one = read("SELECT pg_catalog.set_config ('A.b', 'it''s', FALSE)")
        #expect(one.calls == [call("a.b", "it's", false)] && one.areCertain)
        let two = read("select set_config('a', 'b', true), \"set_config\"('c', 'd', false)")
        #expect(two.calls == [call("a", "b", true), call("c", "d", false)] && two.areCertain)
        let bound = read("SELECT set_config('a', $1, false)")
        #expect(bound.calls == [call("a", nil, false)] && !bound.areCertain)
        let computed = read("SELECT set_config('a' || x, (f(1, 2)), false) FROM t")
        #expect(computed.calls == [call(nil, nil, false)] && !computed.areCertain)
        #expect(!read("SELECT set_config('a', 'b', false) WHERE false").areCertain)
        #expect(!read("SELECT CASE WHEN x THEN set_config('a', 'b', false) END").areCertain)
        #expect(!read("SELECT set_config('a', 'b', false),").areCertain)
    }
}

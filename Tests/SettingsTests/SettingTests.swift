import Testing

@testable import Settings

struct SettingTests {
    static let accepted: [(SettingKind, SettingValue, SettingValue)] = [
        (.boolean, .boolean(true), .boolean(true)),
        (.integer(1...20), .integer(1), .integer(1)),
        (.integer(1...20), .integer(20), .integer(20)),
        (.number(0...1), .integer(1), .number(1)),
        (.number(0...1), .number(0.25), .number(0.25)),
        (.choice(["on", "off"]), .string("off"), .string("off")),
        (.text(maximumBytes: 64, rule: .timeZone), .string("Etc/GMT+3"), .string("Etc/GMT+3")),
        (.text(maximumBytes: 4, rule: .identifier), .string("a-.b"), .string("a-.b")),
        (.choices(["a", "b"], maximumCount: 2), .strings(["b"]), .strings(["b"])),
        (.choices(["a", "b"], maximumCount: 2), .strings([]), .strings([])),
        (.text(maximumBytes: 9, rule: .keyspaceEvents), .string(""), .string("")),
        (.text(maximumBytes: 9, rule: .keyspaceEvents), .string("AKE"), .string("AKE")),
        (.text(maximumBytes: 9, rule: .savePoints), .string(""), .string("")),
        (.text(maximumBytes: 99, rule: .savePoints), .string("900 1 60 0"), .string("900 1 60 0")),
        (.text(maximumBytes: 9, rule: .dumpFileName), .string("a-b_1.rdb"), .string("a-b_1.rdb")),
    ]

    static let refused: [(SettingKind, SettingValue)] = [
        (.boolean, .integer(1)), (.boolean, .string("true")),
        (.integer(1...20), .integer(0)), (.integer(1...20), .integer(21)), (.integer(1...20), .number(3)),
        (.integer(1...20), .string("3")), (.number(0...1), .number(1.01)), (.number(0...1), .number(.nan)),
        (.choice(["on", "off"]), .string("ON")), (.choice(["on", "off"]), .boolean(true)),
        (.text(maximumBytes: 64, rule: .timeZone), .string("../etc/passwd")),
        (.text(maximumBytes: 64, rule: .timeZone), .string("/etc/passwd")),
        (.text(maximumBytes: 64, rule: .timeZone), .string("UTC'\n")),
        (.text(maximumBytes: 64, rule: .timeZone), .string("")),
        (.text(maximumBytes: 4, rule: .identifier), .string("abcde")),
        (.text(maximumBytes: 4, rule: .identifier), .string(".a")),
        (.choices(["a", "b"], maximumCount: 1), .strings(["a", "b"])),
        (.text(maximumBytes: 9, rule: .keyspaceEvents), .string("g")),
        (.text(maximumBytes: 9, rule: .keyspaceEvents), .string("K\n")),
        (.text(maximumBytes: 99, rule: .savePoints), .string("900")),
        (.text(maximumBytes: 99, rule: .savePoints), .string("900 -1")),
        (.text(maximumBytes: 99, rule: .savePoints), .string("900 99999999999999999999")),
        (.text(maximumBytes: 99, rule: .dumpFileName), .string("-a.rdb")),
        (.text(maximumBytes: 99, rule: .dumpFileName), .string("a/b.rdb")),
        (.text(maximumBytes: 99, rule: .dumpFileName), .string("a\".rdb")),
        (.text(maximumBytes: 99, rule: .dumpFileName), .string("kv.pid")),
        (.choices(["a", "b"], maximumCount: 2), .strings(["c"])),
    ]

    @Test(arguments: accepted)
    func acceptsAndNormalises(kind: SettingKind, value: SettingValue, expected: SettingValue) throws {
        #expect(try kind.validate(value, name: "x") == expected)
    }

    @Test(arguments: refused)
    func refusesWithTheRuleInWords(kind: SettingKind, value: SettingValue) {
        #expect(throws: SettingError("x must be \(kind.summary)")) { try kind.validate(value, name: "x") }
    }
}

import Testing

@testable import KeyValueCommands

/// Arguments as text, and the notation they are read from.
@Suite struct CommandSynopsisTests {
    @Test(arguments: [
        ("get", "<key>"),
        (
            "set",
            "<key> <value> [NX | XX] [GET] [EX <seconds> | PX <milliseconds> | "
                + "EXAT <unix-time-seconds> | PXAT <unix-time-milliseconds> | KEEPTTL]"
        ),
        ("mset", "<key> <value> [<key> <value> ...]"),
        (
            "sort_ro",
            "<key> [BY <pattern>] [LIMIT <offset> <count>] [GET <pattern> [GET <pattern> ...]] [ASC | DESC] [ALPHA]"
        ),
        ("config|get", "<parameter> [<parameter> ...]"),
        ("client|pause", "<timeout> [WRITE | ALL]"),
    ])
    func synopsis(_ name: String, _ expected: String) throws {
        let row = try #require(CommandTable.row(named: name))
        #expect(CommandSynopsis.text(of: try CommandSyntax.arguments(row.syntax)) == expected)
    }

    @Test(arguments: ["[key", "a(b c", "a(b)", "a(b c|d)", "a|b", "'X", "a:nosuch", "a@", "a ", "[a]]"])
    func refusesWhatIsNoSyntax(_ text: String) {
        #expect(throws: CommandSyntax.Failure.self) { try CommandSyntax.arguments(text) }
    }

    @Test func readsEverySuffix() throws {
        let arguments = try CommandSyntax.arguments("A! [B b:key1/shown...+@1.2.3@-4.5.6] ['~' c:token] d:pattern#2")
        #expect(arguments.count == 4)
        #expect(arguments[0] == CommandArgument(name: "a", kind: .pureToken, token: "A"))
        #expect(
            arguments[1]
                == CommandArgument(
                    name: "b", kind: .key, display: "shown", keySpecIndex: 1, token: "B", since: "1.2.3",
                    deprecatedSince: "4.5.6", isOptional: true, isMultiple: true, repeatsToken: true))
        #expect(arguments[2] == CommandArgument(name: "c", kind: .pureToken, token: "~", isOptional: true))
        #expect(arguments[3] == CommandArgument(name: "d", kind: .pattern, keySpecIndex: 2))
    }
}

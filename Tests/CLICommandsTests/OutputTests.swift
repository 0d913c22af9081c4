import CLICommands
import ControlModel
import Testing

@Suite("Output")
struct OutputTests {
    @Test func tableAlignsColumnsWithoutBlanksAtTheEnd() {
        let table = Table(["name", "status", "id"], [["shop", "online", "1"], ["a-much-longer-name", "", "22"]])
        #expect(
            table.rendered() == """
                NAME                STATUS  ID
                shop                online  1
                a-much-longer-name  -       22
                """)
    }

    @Test func emptyTableIsItsHeader() {
        #expect(Table(["name", "id"], []).rendered() == "NAME  ID")
    }

    @Test func controlCharactersDoNotReachTheTerminal() {
        #expect(Table(["name"], [["a\u{1B}[2Jb\nc\u{9B}d"]]).rendered() == "NAME\na [2Jb c d")
    }

    @Test(arguments: [
        (JSONValue.object([:]), "{}"),
        (.array([]), "[]"),
        (.null, "null"),
        (.number(0.2), "0.2"),
        (.string("a\"\\\n\u{1}\u{7F}é/"), #""a\"\\\n\u0001\u007fé/""#),
        (
            .object(["b": .array([.integer(1), .boolean(true)]), "a": .object(["x": .null])]),
            """
            {
              "a": {
                "x": null
              },
              "b": [
                1,
                true
              ]
            }
            """
        ),
    ])
    func prettyJSON(_ value: JSONValue, _ expected: String) {
        #expect(value.jsonText(pretty: true) == expected)
    }

    @Test func compactJSON() {
        let value = JSONValue.object(["b": .array([.integer(1), .integer(2)]), "a": .string("x")])
        #expect(value.jsonText(pretty: false) == #"{"a":"x","b":[1,2]}"#)
    }
}

@Suite("Progress")
struct ProgressLineTests {
    @Test func terminalHasOneLineThatIsWrittenOver() {
        var line = ProgressLine(isTerminal: true)
        #expect(line.update("shop: creating", elapsed: .milliseconds(999)) == nil)
        #expect(line.update("shop: creating", elapsed: .seconds(1)) == "\r\u{1B}[Kshop: creating (1 s)")
        #expect(line.update("shop: creating", elapsed: .seconds(2)) == "\r\u{1B}[Kshop: creating (2 s)")
        #expect(line.end() == "\r\u{1B}[K")
        #expect(line.update("late", elapsed: .seconds(3)) == nil)
    }

    @Test func elsewhereAChangeOfStateIsALine() {
        var line = ProgressLine(isTerminal: false)
        #expect(line.update("shop: creating", elapsed: .milliseconds(500)) == nil)
        #expect(line.update("shop: creating", elapsed: .seconds(1)) == "shop: creating\n")
        #expect(line.update("shop: creating", elapsed: .seconds(2)) == nil)
        #expect(line.update("shop: offline", elapsed: .seconds(3)) == "shop: offline\n")
        #expect(line.end() == nil)
    }

    @Test func whatWasQuickLeavesNoTrace() {
        var line = ProgressLine(isTerminal: true)
        #expect(line.update("quick", elapsed: .zero) == nil)
        #expect(line.end() == nil)
    }

    @Test func longStatesStayOnOneLine() {
        var line = ProgressLine(isTerminal: true)
        let text = line.update(String(repeating: "x", count: 500), elapsed: .seconds(1))
        #expect(text?.count == "\r\u{1B}[K".count + 79)
    }
}

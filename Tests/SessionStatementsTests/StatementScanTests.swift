// Tables of texts with what is to be found in them.

import Testing

@testable import SessionStatements

@Suite("Statements that touch the session")
struct StatementScanTests {
    @Test("Transactions", arguments: StatementExamples.transactions)
    func transactions(example: StatementExamples.Example) { check(example) }

    @Test("Settings", arguments: StatementExamples.settings)
    func settings(example: StatementExamples.Example) { check(example) }

    @Test("Settings changed through their view", arguments: StatementExamples.settingsView)
    func settingsView(example: StatementExamples.Example) { check(example) }

    @Test(
        "Statements whose defaults and triggers may advance a sequence",
        arguments: [
            ("INSERT INTO t VALUES (1)", true), ("UPDATE t SET a = DEFAULT", true), ("DELETE FROM t", true),
            ("MERGE INTO t USING s ON true WHEN MATCHED THEN DO NOTHING", true), ("COPY t FROM STDIN", true),
            ("WITH a AS (INSERT INTO t VALUES (1) RETURNING b) SELECT * FROM a", true), ("SELECT nextval('s')", true),
            ("SELECT f()", true), ("EXECUTE p", true), ("CREATE TABLE t AS SELECT nextval('s')", true),
            ("SELECT 1", false), ("BEGIN", false), ("COMMIT", false), ("SET a = 1", false), ("SHOW a", false),
            ("VALUES (1)", false), ("SELECT lastval()", false), ("FETCH c", false),
        ])
    func advancing(text: String, isAdvancing: Bool) {
        let effects = [UInt8](text.utf8).withUnsafeBytes { StatementScan.effects(of: $0) }
        #expect(!effects.isDisjoint(with: .advancing) == isAdvancing)
    }

    @Test("Statements prepared by SQL", arguments: StatementExamples.preparedStatements)
    func preparedStatements(example: StatementExamples.Example) { check(example) }

    @Test("Channels, cursors, temporary objects, locks, sequences", arguments: StatementExamples.otherState)
    func otherState(example: StatementExamples.Example) { check(example) }

    @Test("Calls of functions", arguments: StatementExamples.calls)
    func calls(example: StatementExamples.Example) { check(example) }

    @Test("Where statements end", arguments: StatementExamples.splitting)
    func splitting(example: StatementExamples.Example) { check(example) }

    private func check(_ example: StatementExamples.Example) {
        let expected = example.statements.filter { !$0.isEmpty }
        #expect(StatementDescription.statements(example.text) == expected)
        // White space and comments in front and behind, and a second statement, change nothing.
        let wrapped = " \t-- ;\n/* ' */ " + example.text
        #expect(StatementDescription.statements(wrapped) == expected)
    }

    @Test("Backslashes escape in plain strings when standard_conforming_strings is off")
    func nonconformingStrings() {
        let old = LexicalRules(standardConformingStrings: false)
        #expect(StatementDescription.statements("SELECT 'a\\'; SET a=1", old) == ["other: unterminated"])
        #expect(StatementDescription.statements("SELECT 'a\\''; SET a=1", old).count == 2)
        #expect(StatementDescription.statements("SELECT N'a\\''; SET a=1", old).count == 2)
        #expect(StatementDescription.statements("SELECT B'\\'; SET a=1", old).count == 2)
        #expect(StatementDescription.statements("SELECT 'a\\'; SET a=1").count == 2)
    }

    @Test("Characters that end in a byte of ASCII hide nothing")
    func doubleByteEncodings() {
        // 0x95 0x5C is one character in Shift-JIS, whose second byte is a backslash in ASCII.
        let bytes: [UInt8] =
            Array("SELECT E'".utf8) + [0x95, 0x5C] + Array("'; SET a=1; SELECT '".utf8) + [0xB1, 0x27]
        let count = { (family: EncodingFamily) in
            bytes.withUnsafeBytes { StatementScan.statements(of: $0, LexicalRules(encoding: family)).count }
        }
        #expect(count(.shiftJIS) == 3)
        #expect(count(.asciiSafe) == 1)
        #expect(EncodingFamily(clientEncoding: "Shift_JIS_2004") == .shiftJIS)
        #expect(EncodingFamily(clientEncoding: "SJIS") == .shiftJIS)
        #expect(EncodingFamily(clientEncoding: "GB18030") == .pairs)
        #expect(EncodingFamily(clientEncoding: "UTF8") == .asciiSafe)
        #expect(EncodingFamily(clientEncoding: "LATIN1") == .asciiSafe)
    }

    @Test("Effects of a text are those of its statements, and whether there are several")
    func union() {
        #expect(StatementDescription.effects("SET a=1; LISTEN b; SELECT f()") == "set listen opaque several")
        #expect(StatementDescription.effects("; SELECT 1;;") == "")
    }

    @Test("A range goes from the first word to the last byte that is no space")
    func ranges() {
        let text = " /* a */ SELECT 1 ; \n SET b = 2 \n"
        let found = [UInt8](text.utf8).withUnsafeBytes { bytes in
            StatementScan.statements(of: bytes).map { String(decoding: $0.range.bytes(of: bytes), as: UTF8.self) }
        }
        #expect(found == ["SELECT 1", "SET b = 2"])
    }
}

import PostgresWire
import Testing

@Suite struct QuotingTests {
    @Test(arguments: [
        ("a", "\"a\""), ("A b", "\"A b\""), ("a\"b", "\"a\"\"b\""), ("\"\u{301}", "\"\"\"\u{301}\""),
        ("a\\", "\"a\\\""),
    ])
    func identifier(_ name: String, _ expected: String) throws {
        #expect(try Array(SQLQuoting.identifier(name).utf8) == Array(expected.utf8))
    }

    @Test(arguments: [
        ("", "''"), ("a", "'a'"), ("it's", "'it''s'"), ("a\\", "E'a\\\\'"), ("\\'", "E'\\\\'''"),
        ("'\u{301}", "'''\u{301}'"), ("é", "'é'"),
    ])
    func literal(_ text: String, _ expected: String) throws {
        #expect(try Array(SQLQuoting.literal(text).utf8) == Array(expected.utf8))
    }

    @Test func whatCannotBeQuotedIsRefused() {
        #expect(throws: QuotingError.zeroByte) { try SQLQuoting.identifier("a\0") }
        #expect(throws: QuotingError.zeroByte) { try SQLQuoting.literal("a\0") }
        #expect(throws: QuotingError.emptyIdentifier) { try SQLQuoting.identifier("") }
        #expect(throws: QuotingError.identifierTooLong(byteCount: 64)) {
            try SQLQuoting.identifier(String(repeating: "é", count: 32))
        }
    }
}

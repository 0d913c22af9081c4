import PostgresWire
import Testing

@Suite struct ServerErrorTests {
    @Test(arguments: ["", "1234", "123456", "28p01", "28P0 ", "28P0é"])
    func malformedStateIsNil(_ text: String) {
        #expect(SQLState(rawValue: text) == nil)
    }

    @Test func stateHasAClass() throws {
        #expect(try #require(SQLState(rawValue: "28P01")) == .invalidPassword)
        #expect(SQLState.tooManyConnections.classCode == "53")
    }

    @Test func missingCodeIsTolerated() {
        let error = PostgresServerError(fields: [.init(.localizedSeverity, "FATAL"), .init(.message, "gone")])
        #expect(error.code == nil)
        #expect(error.endsSession)
        #expect(error.description == "FATAL ?????: gone")
    }

    @Test func accessorsFindTheFields() {
        let error = PostgresServerError(
            severity: .error, code: .duplicateDatabase, message: "m", detail: "d", hint: "h")
        #expect(error.severity == .error)
        #expect(error.code == .duplicateDatabase)
        #expect(error.detail == "d")
        #expect(error.hint == "h")
        #expect(!error.endsSession)
        #expect(error.description == "ERROR 42P04: m (d) Hint: h")
    }
}

import PoolerConfiguration
import Testing

@testable import PoolerSessions

/// With `max_prepared_statements` 0 statements of the protocol are the server's own.
@Suite("Statements that are not mapped")
struct UnmappedStatementTests {
    private let pooler = ScriptedPooler { snapshot in
        snapshot.settings.defaultPoolSize = 1
        snapshot.settings.preparedStatementsMax = 0
    }

    /// Whether the session is asked what it holds before another client has the server, behind these messages.
    private func isAsked(_ messages: [UInt8], answer: [UInt8]) throws -> Bool {
        let client = pooler.client()
        let server = try #require(pooler.serve())
        pooler.send(client, messages + WireBytes.sync)
        server.received = []
        pooler.send(server, answer + WireBytes.ready)
        return server.takeTypes() == "Q"
    }

    private static let done = WireBytes.message("C", WireBytes.text("X"))

    @Test(
        arguments: [
            ("SELECT set_config('work_mem', '7MB', false)", true), ("SET work_mem = '7MB'", true), ("LISTEN a", true),
            ("SELECT 1", false), ("INSERT INTO t VALUES (1)", false),
        ])
    func whatIsPreparedIsRead(_ text: String, _ isAsked: Bool) throws {
        let messages = WireBytes.parse("", text) + WireBytes.bind("", []) + WireBytes.execute()
        #expect(
            try self.isAsked(messages, answer: WireBytes.message("1") + WireBytes.message("2") + Self.done) == isAsked)
    }

    @Test(arguments: ["", "prepared_before"])
    func whatWasPreparedBeforeMayBeAnything(_ name: String) throws {
        let messages = WireBytes.bind(name, []) + WireBytes.execute()
        #expect(try isAsked(messages, answer: WireBytes.message("2") + Self.done))
    }
}

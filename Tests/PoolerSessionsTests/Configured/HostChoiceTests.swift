import Testing

@testable import PoolerSessions

@Suite("Which of several hosts")
struct HostChoiceTests {
    private func pooler(_ balancing: String) throws -> ConfiguredPooler {
        try ConfiguredPooler(
            "auth_type = any\npool_mode = transaction\nserver_login_retry = 1",
            databases: "db = host=bad,good user=u load_balance_hosts=\(balancing)")
    }

    private func hosts(_ pooler: ConfiguredPooler) -> [String] {
        pooler.wanted.map { "\($0.pointee.details.place.host)" }
    }

    /// Attempts side by side would all meet the same host.
    @Test func oneAttemptFindsTheHostThatTakesConnections() throws {
        let pooler = try pooler("disable")
        for _ in 0..<3 { _ = pooler.connect(user: "x") }
        let bad = hosts(pooler)
        #expect(bad.count == 1)
        pooler.failServer()
        pooler.pass(milliseconds: 200)
        let good = hosts(pooler)
        #expect(good.count == 1 && good != bad)
        let server = try #require(pooler.logInServer())
        // The others are at the same host, and all at once.
        for client in pooler.clients { client.send(WireBytes.query("select")) }
        #expect(hosts(pooler) == [good[0], good[0]])
        #expect(!server.isClosed)
        // Several that fail together lead away from it once.
        for _ in 0..<2 { pooler.failServer() }
        pooler.pass(milliseconds: 2_000)
        #expect(hosts(pooler) == bad)
    }

    @Test func hostsInTurnAreTriedSideBySide() throws {
        let pooler = try pooler("round-robin")
        for _ in 0..<2 { _ = pooler.connect(user: "x") }
        #expect(Set(hosts(pooler)).count == 2)
    }
}

import Testing

@testable import PoolerSessions

@Suite("Names of databases that somebody tries")
struct TriedNamesTests {
    private static let databases = "* = host=h user=u"

    @Test("Nothing is kept of those that no server knows")
    func namesAreForgotten() throws {
        let pooler = try ConfiguredPooler(
            "auth_type = any\npool_mode = transaction\nserver_login_retry = 1", databases: Self.databases)
        for round in 0..<5 {
            for number in 0..<1000 {
                let client = pooler.connect(user: "x", database: "tried_\(round)_\(number)")
                try #require(pooler.connectServer()).send(WireBytes.error("FATAL", "3D000", "no such database"))
                #expect(client.isClosed)
            }
            pooler.pass(milliseconds: 2_000)
            #expect(pooler.pooler.pools.isEmpty)
        }
        #expect(pooler.pooler.directory.limits.nameCount < 4 * LimitRegistry.unusedNamesMax)
    }

    @Test("Those in use keep their counts")
    func usedNamesStay() throws {
        let pooler = try ConfiguredPooler(
            "auth_type = any\npool_mode = transaction\nmax_db_client_connections = 1", databases: Self.databases)
        let client = pooler.connect(user: "x", database: "used")
        _ = try #require(pooler.logInServer())
        let limits = pooler.pooler.directory.limits
        for number in 0..<5000 { _ = limits.databaseClients("tried_\(number)") }
        #expect(pooler.connect(user: "x", database: "used").isClosed)
        client.end()
        #expect(!pooler.connect(user: "x", database: "used").isClosed)
    }
}

import PoolerConfiguration
import Testing

@testable import PoolerSessions

@Suite("Servers for a pool's smallest size")
struct SmallestSizeTests {
    private static let settings = "auth_type = any\npool_mode = transaction\n"

    /// A database with one user for all clients needs none of them to know how to log in.
    @Test func poolsOfForcedUsersAreReadyBeforeAnybodyComes() throws {
        let databases = """
            forced = host=h user=u min_pool_size=3
            open = host=h min_pool_size=3
            none = host=h user=u
            * = host=h user=u min_pool_size=3
            """
        let pooler = try ConfiguredPooler(Self.settings, databases: databases)
        pooler.pass(milliseconds: 1)
        #expect(pooler.pooler.pools.keys.map(\.database) == ["forced"])
        #expect(pooler.wanted.count == 3)
        let servers = (0..<3).compactMap { _ in pooler.logInServer() }
        pooler.pass(milliseconds: 1_000)
        #expect(pooler.wanted.isEmpty)
        servers.first?.end()
        #expect(pooler.wanted.count == 1)
    }

    @Test func reloadMakesThemAndGivesThemUp() throws {
        let pooler = try ConfiguredPooler(Self.settings, databases: "db = host=h user=u")
        pooler.pass(milliseconds: 1)
        #expect(pooler.wanted.isEmpty)
        try pooler.reload(Self.settings, databases: "db = host=h user=u min_pool_size=2")
        #expect(pooler.wanted.count == 2)
        let servers = (0..<2).compactMap { _ in pooler.logInServer() }
        try pooler.reload(Self.settings, databases: "db = host=h user=u min_pool_size=0")
        servers.first?.end()
        #expect(pooler.wanted.isEmpty)
    }

    @Test(arguments: ["server that cannot be reached", "server that refuses"])
    func failuresAreTriedAgain(_ kind: String) throws {
        let pooler = try ConfiguredPooler(Self.settings, databases: "db = host=h user=u min_pool_size=1")
        for _ in 0..<3 {
            pooler.pass(milliseconds: 20_000)
            if kind.hasSuffix("reached") {
                pooler.failServer()
            } else {
                try #require(pooler.connectServer()).send(WireBytes.error("FATAL", "3D000", "no"))
            }
            #expect(pooler.wanted.isEmpty)
        }
        pooler.pass(milliseconds: 20_000)
        #expect(pooler.wanted.count == 1)
    }

    @Test("Nobody is closed to make room for it", arguments: ["max_user_connections", "max_db_connections"])
    func nobodyIsClosedForIt(_ limit: String) throws {
        let pooler = try ConfiguredPooler(
            Self.settings + "min_pool_size = 5\n\(limit) = 2", databases: "db = host=h user=u")
        let client = pooler.connect(user: "x")
        let servers = (0..<2).compactMap { _ in pooler.logInServer() }
        client.send(WireBytes.query("select"))
        pooler.pass(milliseconds: 1_000)
        #expect(servers.count == 2)
        #expect(pooler.wanted.isEmpty)
        #expect(!servers.contains { $0.isClosed })
    }
}

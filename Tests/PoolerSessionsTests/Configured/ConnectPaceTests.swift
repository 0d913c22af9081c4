import Testing

@testable import PoolerSessions

@Suite("How many servers are attempted side by side")
struct ConnectPaceTests {
    private static let noSlot = WireBytes.error("FATAL", "53300", "remaining connection slots are reserved")

    @Test func aServerWithoutSlotsIsNotAskedByMany() throws {
        let pooler = try ConfiguredPooler(
            "auth_type = any\npool_mode = session\ndefault_pool_size = 90\nmax_client_conn = 200",
            databases: "db = host=h user=u")
        let clients = (0..<90).map { _ in pooler.connect(user: "x") }
        for client in clients { client.send(WireBytes.query("SELECT 1")) }
        pooler.endTurn()
        #expect(pooler.wanted.count == ConnectPace.most)
        // Each that succeeds makes room for the next.
        for _ in 0..<60 { _ = try #require(pooler.logInServer()) }
        #expect(pooler.wanted.count == ConnectPace.most)
        // There is no slot left: those that are under way find out, and after a while one more tries.
        while !pooler.wanted.isEmpty { try #require(pooler.connectServer()).send(Self.noSlot) }
        for _ in 0..<3 {
            pooler.pass(milliseconds: 20_000)
            #expect(pooler.wanted.count == 1)
            try #require(pooler.connectServer()).send(Self.noSlot)
        }
        pooler.pass(milliseconds: 20_000)
        // As they succeed again, there are more again.
        var counts: [Int] = []
        for _ in 0..<4 {
            counts.append(pooler.wanted.count)
            for _ in 0..<pooler.wanted.count { _ = try #require(pooler.logInServer()) }
        }
        #expect(counts[0] == 1 && counts == counts.sorted() && counts[3] > 4, "\(counts)")
        while !pooler.wanted.isEmpty { _ = try #require(pooler.logInServer()) }
        // Some were told that they wait, too.
        for client in clients { #expect(client.takeTypes().contains("Z")) }
    }
}

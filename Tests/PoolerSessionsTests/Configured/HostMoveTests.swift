import PoolerConfiguration
import Testing

@testable import PoolerSessions

@Suite("A host whose name stands for other addresses")
struct HostMoveTests {
    @Test func serversAtAddressesThatAreGoneAreUsedNoMore() throws {
        let pooler = try ConfiguredPooler("auth_type = any\npool_mode = transaction", databases: "db = host=h user=u")
        func serve(_ address: String) throws -> ConfiguredEnd {
            let client = pooler.connect(user: "x")
            // The first waits to be let in, the others for their requests.
            client.send(WireBytes.query("begin"))
            pooler.wanted.first?.pointee.details.address = address
            return try #require(pooler.logInServer())
        }
        let (busy, gone, staying) = (try serve("a"), try serve("a"), try serve("b"))
        for server in [gone, staying] { server.send(ConfiguredPooler.commandComplete + ConfiguredPooler.ready()) }
        pooler.pooler.hostMoved("other", to: ["z"])
        pooler.pooler.hostMoved("h", to: ["b", "c"])
        pooler.endTurn()
        #expect([busy, gone, staying].map(\.isClosed) == [false, true, false])
        busy.send(ConfiguredPooler.commandComplete + ConfiguredPooler.ready())
        #expect(busy.isClosed)
    }
}

import PoolerConfiguration
import Testing

@testable import PoolerSessions

@Suite("Connections that end early")
struct EndsTests {
    @Test("A server that has taken too long to connect is given up by the shell")
    func connectTimeout() {
        let pooler = ScriptedPooler()
        _ = pooler.client()
        #expect(pooler.connecting.count == 1)
        pooler.wait(seconds: 16)
        #expect(pooler.connecting.isEmpty)
        #expect(pooler.hasLogged("connect timeout"))
    }

    @Test("Requests to cancel what a server did end with it", arguments: [false, true])
    func cancelledServerEnds(isConnected: Bool) throws {
        let pooler = ScriptedPooler()
        let client = pooler.client()
        let server = try #require(pooler.serve())
        let key = try #require(client.take().first { $0.type == "K" }).body
        pooler.send(client, WireBytes.query("SELECT 1"))
        let asking = pooler.connect()
        pooler.send(asking, WireBytes.cancel(key))
        let carrier = isConnected ? pooler.accept() : nil
        pooler.hangUp(server)
        #expect(asking.isClosed)
        #expect(carrier?.isClosed ?? true)
        #expect(pooler.pool()?.pointee.cancels.count == 0)
        #expect(pooler.connecting.isEmpty)
    }

    @Test(
        "An idle server that says of itself that something is open goes to nobody",
        arguments: [WireBytes.message("Z", Array("T".utf8)), WireBytes.message("G", [0, 0, 0])])
    func dirtyIdleServer(unasked: [UInt8]) throws {
        let pooler = ScriptedPooler()
        let client = pooler.client()
        let server = try #require(pooler.serve())
        pooler.send(server, unasked)
        #expect(server.isClosed)
        pooler.send(client, WireBytes.query("SELECT 1"))
        let other = try #require(pooler.serve())
        #expect(other.takeTypes() == "Q")
    }

    @Test("A server that is evicted for another pool is not replaced, also below min_pool_size")
    func eviction() throws {
        let pooler = ScriptedPooler { snapshot in
            snapshot.settings.minPoolSize = 1
            snapshot.settings.userConnectionsMax = 1
            var other = DatabaseEntry(name: "other")
            other.forcedUser = "user"
            snapshot.databases["other"] = other
        }
        _ = pooler.client()
        let first = try #require(pooler.serve())
        let second = pooler.client(database: "other")
        #expect(first.isClosed)
        #expect(pooler.connecting.count == 1)
        _ = try #require(pooler.serve())
        #expect(second.takeTypes() == "RSKZ")
        #expect(pooler.pooler.directory.limits.userServers("user").count == 1)
        pooler.wait(seconds: 2)
        #expect(pooler.connecting.isEmpty)
    }
}

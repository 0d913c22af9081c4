import PoolerConfiguration
import Testing

@testable import PoolerSessions

@Suite("Cancel requests, own and peers'")
struct CancelTests {
    /// A client with a server that works for it, and its key.
    private func work(_ pooler: ScriptedPooler, key: Int) throws -> (ScriptedClient, ScriptedServer, [UInt8]) {
        let client = pooler.client()
        let server = try #require(pooler.serve(key: key))
        let key = try #require(client.take().first { $0.type == "K" }).body
        pooler.send(client, WireBytes.query("SELECT pg_sleep(9)"))
        server.received = []
        return (client, server, key)
    }

    private func ask(_ pooler: ScriptedPooler, _ key: [UInt8]) -> ScriptedClient {
        let asking = pooler.connect()
        pooler.send(asking, WireBytes.cancel(key))
        return asking
    }

    @Test("A request goes to the client's server, which nobody else gets before it has arrived")
    func own() throws {
        let pooler = ScriptedPooler()
        let (client, server, key) = try work(pooler, key: 5)
        let asking = ask(pooler, key)
        let carrier = try #require(pooler.accept())
        #expect(carrier.received == WireBytes.cancel(WireBytes.word(5) + WireBytes.word(5)))
        pooler.send(server, WireBytes.completed)
        #expect(client.takeTypes() == "CZ")
        pooler.send(client, WireBytes.query("SELECT 2"))
        #expect(server.received.isEmpty)
        #expect(!asking.isClosed)
        pooler.hangUp(carrier)
        #expect(asking.isClosed)
        #expect(server.takeTypes() == "Q")
    }

    @Test(
        "A client without a request has nothing to cancel, and a wrong key cancels nothing", arguments: [false, true])
    func nothing(isWrong: Bool) throws {
        let pooler = ScriptedPooler()
        var (_, server, key) = try work(pooler, key: 5)
        if isWrong { key[5] ^= 1 } else { pooler.send(server, WireBytes.completed) }
        let asking = ask(pooler, key)
        #expect(asking.isClosed)
        #expect(pooler.connecting.isEmpty)
    }

    @Test("As many requests are under way as the pool may have servers; the others wait, and do nothing late")
    func queue() throws {
        let pooler = ScriptedPooler { $0.settings.defaultPoolSize = 1 }
        let (client, server, key) = try work(pooler, key: 5)
        let asking = (0..<3).map { _ in ask(pooler, key) }
        #expect(pooler.connecting.count == 1)
        let carrier = try #require(pooler.accept())
        pooler.send(server, WireBytes.completed)
        client.received = []
        pooler.hangUp(carrier)
        // By now there is nothing to cancel any more.
        #expect(pooler.connecting.isEmpty)
        let areClosed = asking.allSatisfy(\.isClosed)
        #expect(areClosed)
    }

    @Test("Requests that do not get through end after cancel_wait_timeout")
    func timeout() throws {
        let pooler = ScriptedPooler { $0.settings.defaultPoolSize = 1 }
        let (_, _, key) = try work(pooler, key: 5)
        let asking = (0..<2).map { _ in ask(pooler, key) }
        #expect(pooler.connecting.count == 1)
        pooler.wait(seconds: 11)
        #expect(pooler.connecting.isEmpty)
        let areClosed = asking.allSatisfy(\.isClosed)
        #expect(areClosed)
        #expect(pooler.pool()?.pointee.cancels.count == 0)
    }

    @Test("A client that asks and leaves does not take its request with it once that is under way")
    func askingLeaves() throws {
        let pooler = ScriptedPooler { $0.settings.defaultPoolSize = 1 }
        let (_, _, key) = try work(pooler, key: 5)
        let asking = (0..<2).map { _ in ask(pooler, key) }
        asking.forEach { pooler.hangUp($0) }
        let carrier = try #require(pooler.accept())
        #expect(carrier.received == WireBytes.cancel(WireBytes.word(5) + WireBytes.word(5)))
        pooler.hangUp(carrier)
        #expect(pooler.connecting.isEmpty)
    }

    // MARK: - Peers

    private func peer(_ number: Int, _ others: [Int], size: Int? = nil) -> ScriptedPooler {
        ScriptedPooler { snapshot in
            snapshot.settings.peerNumber = number
            for other in others {
                var entry = PeerEntry(number: other)
                entry.hostList = try? HostList("/tmp/peer\(other)")
                entry.poolSize = size
                snapshot.peers[other] = entry
            }
        }
    }

    @Test("A request with a peer's key is handed on, and cancels there")
    func handedOn() throws {
        let (first, second) = (peer(1, [2]), peer(2, [1]))
        let (_, _, key) = try work(first, key: 5)
        let asking = ask(second, key)
        let carrier = try #require(second.accept())
        #expect(carrier.pointer.pointee.details.place.host == .socketDirectory("/tmp/peer1"))
        // One hop fewer: the lowest two bits of the last byte.
        #expect(carrier.received.last.map { $0 & 3 } == 2)
        let handed = first.connect()
        first.send(handed, carrier.received)
        let last = try #require(first.accept())
        #expect(last.received == WireBytes.cancel(WireBytes.word(5) + WireBytes.word(5)))
        #expect(!asking.isClosed)
        second.hangUp(carrier)
        #expect(asking.isClosed)
    }

    @Test("A request that goes round ends after three hops")
    func rounds() throws {
        let (first, second, third) = (peer(1, []), peer(2, [1]), peer(3, [1]))
        let (client, _, key) = try work(first, key: 5)
        first.hangUp(client)
        var request = WireBytes.cancel(key)
        for pooler in [second, third, second] {
            let asking = pooler.connect()
            pooler.send(asking, request)
            request = try #require(pooler.accept()).received
        }
        let asking = third.connect()
        third.send(asking, request)
        #expect(asking.isClosed)
        #expect(third.connecting.isEmpty)
        #expect(third.hasLogged("too many peers"))
    }

    @Test("pool_size of a peer bounds what is handed on at once")
    func peerPoolSize() throws {
        let (first, second) = (peer(1, [2]), peer(2, [1], size: 2))
        let (_, _, key) = try work(first, key: 5)
        let asking = (0..<5).map { _ in ask(second, key) }
        #expect(second.connecting.count == 2)
        let pool = try #require(second.pooler.peerPools[1])
        #expect(pool.pointee.cancelsActive.count == 2)
        #expect(pool.pointee.cancelsWaiting.count == 3)
        second.refuse()
        #expect(asking.count { $0.isClosed } == 1)
        #expect(second.connecting.count == 2)
        second.wait(seconds: 11)
        let areClosed = asking.allSatisfy(\.isClosed)
        #expect(areClosed)
        #expect(pool.pointee.cancels.count == 0)
    }

    @Test("A request for a pooler that is no peer ends, as does any without peer_id", arguments: [0, 2])
    func noPeer(number: Int) throws {
        let (first, second) = (peer(1, []), peer(number, []))
        let (_, _, key) = try work(first, key: 5)
        let asking = ask(second, key)
        #expect(asking.isClosed)
        #expect(second.hasLogged("not configured") == (number != 0))
    }
}

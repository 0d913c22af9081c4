// Several loops with scripted clients and servers: who is served where, and what they say to one another.

import PoolerConfiguration
import Testing

@testable import PoolerSessions

/// The loops of a process, whose clients go to and fro as soon as they want to.
private final class ScriptedGroup {
    let loops: [ScriptedPooler]
    let directory: PoolerDirectory

    init(loopCount: Int, databases: [String], _ change: (inout ConfigurationSnapshot) -> Void = { _ in }) {
        var snapshot = ConfigurationSnapshot()
        snapshot.settings.authenticationType = .any
        snapshot.settings.poolMode = .transaction
        for name in databases {
            var entry = DatabaseEntry(name: name)
            entry.forcedUser = "user"
            snapshot.databases[name] = entry
        }
        change(&snapshot)
        let directory = PoolerDirectory(snapshot)
        let group = LoopGroup(loopCount: loopCount)
        self.directory = directory
        loops = (0..<loopCount).map { ScriptedPooler(directory, group, number: $0) }
    }

    /// A client that comes in on the first loop, and has gone where it belongs.
    func client(_ database: String) -> ScriptedClient {
        let client = loops[0].client(database: database)
        settle()
        return client
    }

    /// Has everybody go where he belongs, and all letters read.
    func settle() {
        for _ in 0..<10 {
            for loop in loops {
                for (client, moving, number) in loop.takeMoving() { loops[number].arrive(client, moving) }
                loop.readMail()
            }
        }
    }

    func pool(_ database: String) -> (loop: Int, pool: PoolPointer)? {
        for (index, loop) in loops.enumerated() {
            if let pool = loop.pool(database: database) { return (index, pool) }
        }
        return nil
    }
}

@Suite("Several loops, scripted")
struct LoopGroupTests {
    @Test func clientsOfAPoolAreServedOnItsLoop() throws {
        let group = ScriptedGroup(loopCount: 3, databases: ["a", "b", "c"])
        var clients: [ScriptedClient] = []
        for name in ["a", "b", "c", "b", "b"] { clients.append(group.client(name)) }
        #expect(["a", "b", "c"].compactMap { group.pool($0)?.loop } == [0, 1, 2])
        let server = try #require(group.loops[1].serve())
        #expect(clients[1].takeTypes().hasSuffix("KZ"))
        #expect(clients[3].takeTypes().hasSuffix("KZ"))
        #expect(clients[0].takeTypes() == "")
        group.loops[1].send(clients[1], WireBytes.query("select 1"))
        #expect(server.take().map(\.type) == ["Q"])
        #expect(group.loops.map { $0.pooler.clientCount } == [1, 3, 1])
        for client in [clients[1], clients[3], clients[4]] { group.loops[1].hangUp(client) }
        #expect(group.loops[1].pooler.clientCount == 0)
        #expect(group.directory.limits.clients.count == 2)
    }

    @Test func whatAClientHasSentComesAlong() throws {
        let group = ScriptedGroup(loopCount: 2, databases: ["a", "b"])
        _ = group.client("a")
        let client = group.loops[0].connect()
        let body = WireBytes.word(196_608) + ["user", "user", "database", "b"].flatMap { WireBytes.text($0) } + [0]
        // The first request is right behind the startup packet, and half of the next one.
        group.loops[0].send(client, WireBytes.word(body.count + 4) + body + WireBytes.query("select 1") + [0x51, 0])
        group.settle()
        let server = try #require(group.loops[1].serve())
        #expect(server.take().map(\.type) == ["Q"])
    }

    @Test func whoIsRefusedAnywayDoesNotMove() {
        let group = ScriptedGroup(loopCount: 2, databases: ["a"])
        _ = group.client("a")
        let client = group.loops[0].client(database: "missing")
        #expect(client.isClosed)
        #expect(group.loops[0].takeMoving().isEmpty)
    }

    @Test func aClientThatEndsOnItsWayLeavesNothing() throws {
        let group = ScriptedGroup(loopCount: 2, databases: ["a", "b"])
        _ = group.client("a")
        let client = group.loops[0].client(database: "b")
        #expect(client.isPaused)
        #expect(group.loops[0].pooler.hasMoves)
        group.loops[0].hangUp(client)
        #expect(!group.loops[0].pooler.hasMoves)
        #expect(group.loops[0].pooler.group.homes.loop(of: PoolKey(database: "b", user: "user")) == nil)
        // And one that is lost between the loops.
        let other = group.loops[0].client(database: "b")
        let (_, moving, _) = try #require(group.loops[0].takeMoving().first)
        _ = other
        group.loops[1].pooler.lost(moving)
        #expect(group.loops[0].pooler.group.homes.count == 1)
        #expect(group.directory.limits.clients.count == 1)
    }

    @Test func aCancelRequestGoesToTheLoopOfTheClient() throws {
        let group = ScriptedGroup(loopCount: 2, databases: ["a", "b"])
        _ = group.client("a")
        let client = group.client("b")
        let server = try #require(group.loops[1].serve(key: 9))
        let key = try #require(client.take().first { $0.type == "K" }?.body)
        group.loops[1].send(client, WireBytes.query("select pg_sleep(9)"))
        server.received = []
        let asking = group.loops[0].connect()
        group.loops[0].send(asking, WireBytes.cancel(key))
        group.settle()
        let carrier = try #require(group.loops[1].accept())
        #expect(carrier.received == WireBytes.cancel(WireBytes.word(9) + WireBytes.word(9)))
        group.loops[1].hangUp(carrier)
        #expect(asking.isClosed)
        // One with nobody's key ends where it came in.
        let stranger = group.loops[0].connect()
        group.loops[0].send(stranger, WireBytes.cancel(WireBytes.word(1) + WireBytes.word(1)))
        #expect(stranger.isClosed)
    }

    @Test func aPlaceThatComesFreeOnOneLoopGoesToWhoWaitsOnAnother() throws {
        // Three pools of one user, on three loops.
        let group = ScriptedGroup(loopCount: 3, databases: ["a", "b", "c"]) { $0.settings.userConnectionsMax = 1 }
        let limit = group.directory.limits.userServers("user")
        _ = group.client("a")
        let server = try #require(group.loops[0].serve())
        let user = group.client("a")
        _ = user.take()
        group.loops[0].send(user, WireBytes.query("select 1"))
        let (second, third) = (group.client("b"), group.client("c"))
        #expect(group.loops[1].connecting.isEmpty)
        #expect(limit.count == 1)
        #expect(limit.waitingCount == 2)
        group.loops[0].hangUp(server)
        group.settle()
        // First come first served.
        #expect(group.loops[1].connecting.count == 1)
        #expect(group.loops[2].connecting.isEmpty)
        #expect(limit.count == 1)
        group.loops[1].hangUp(second)
        let next = try #require(group.loops[1].serve())
        group.loops[1].hangUp(next)
        group.settle()
        #expect(group.loops[2].connecting.count == 1)
        #expect(limit.count == 1)
        _ = third
    }

    @Test func anIdleServerElsewhereMakesRoom() throws {
        let group = ScriptedGroup(loopCount: 3, databases: ["a", "b", "c"]) { $0.settings.userConnectionsMax = 1 }
        let limit = group.directory.limits.userServers("user")
        for name in ["a", "b", "c"] { _ = group.client(name) }
        let first = try #require(group.loops[0].serve())
        // Its server is idle: it is given up for the client that waits on the second loop, when that one's pool asks.
        group.loops[1].wait(seconds: 1.1)
        group.settle()
        #expect(first.isClosed)
        #expect(group.loops[1].connecting.count == 1)
        #expect(group.loops[2].connecting.isEmpty)
        let second = try #require(group.loops[1].serve())
        group.loops[2].wait(seconds: 1.1)
        group.settle()
        #expect(second.isClosed)
        let third = try #require(group.loops[2].serve())
        group.settle()
        #expect(!third.isClosed)
        #expect(limit.count == 1)
        #expect(limit.waitingCount == 0)
        #expect(!limit.beginHunt())
    }

    @Test func nobodyIsTurnedOutWhoWorksOrIsWaitedFor() throws {
        let group = ScriptedGroup(loopCount: 2, databases: ["a", "b"]) { $0.settings.userConnectionsMax = 1 }
        let client = group.client("a")
        let server = try #require(group.loops[0].serve())
        _ = client.take()
        group.loops[0].send(client, WireBytes.query("select 1"))
        _ = group.client("b")
        group.settle()
        #expect(!server.isClosed)
        // The hunt has ended, so that another may begin when the pool asks again.
        group.loops[0].send(server, WireBytes.completed)
        group.loops[1].wait(seconds: 1.1)
        group.settle()
        #expect(server.isClosed)
        #expect(group.loops[1].connecting.count == 1)
    }

    @Test func limitsOfClientsCountOverAllLoops() {
        let group = ScriptedGroup(loopCount: 3, databases: ["a", "b", "c"]) { $0.settings.clientConnectionsMax = 2 }
        let clients = ["a", "b", "c"].map { group.client($0) }
        #expect(clients.map(\.isClosed) == [false, false, true])
        #expect(clients[2].takeError()?["M"] == "no more connections allowed (max_client_conn)")
    }
}

import PoolerConfiguration
import PostgresWire
import SeededRandom
import Testing

@testable import PoolerSessions

@Suite("Clients go from one process to the next")
struct HandoverTests {
    private func client(_ pooler: ScriptedPooler) throws -> (ScriptedClient, ScriptedServer, [UInt8]) {
        let client = pooler.client(["application_name": "abc"])
        let server = try #require(pooler.serve())
        let key = try #require(client.take().first { $0.type == "K" }).body
        server.received = []
        return (client, server, key)
    }

    private func texts(_ server: ScriptedServer) -> [String] {
        server.take().map { message in
            let text = message.body.map { $0 == 0 ? UInt8(ascii: "|") : $0 }
            return "\(message.type) " + String(decoding: text, as: UTF8.self)
        }
    }

    /// The answer to a Parse and a Sync.
    private let parsed = WireBytes.message("1") + WireBytes.ready

    @Test("Its settings, prepared statements, cancel key and unread requests go along")
    func session() throws {
        let (old, new) = (ScriptedPooler(), ScriptedPooler())
        let (client, server, key) = try client(old)
        old.send(client, WireBytes.query("SET work_mem = '7MB'"))
        // The first statement is in front of it: the client's own application_name.
        old.send(server, WireBytes.message("C", WireBytes.text("SET")) + WireBytes.ready)
        old.send(server, WireBytes.message("C", WireBytes.text("SET")) + WireBytes.ready)
        old.send(client, WireBytes.parse("s", "SELECT 1") + WireBytes.sync)
        old.send(server, parsed)
        old.send(client, WireBytes.parse("", "SELECT 2") + WireBytes.sync)
        old.send(server, parsed)
        let unread = WireBytes.bind("", []) + WireBytes.execute() + WireBytes.sync
        let handover = try #require(old.handOver(client, received: unread))
        #expect(old.pooler.clientCount == 0)
        #expect(!client.isClosed)
        let read = try ClientHandover(bytes: handover.bytes)
        #expect(read == handover)

        let moved = new.adopt(handover)
        // Nobody is told anything: the client has not noticed.
        #expect(moved.received.isEmpty)
        let other = try #require(new.serve(key: 9))
        // No server of this process has accepted the client's settings yet: its request waits until one has.
        let settings = texts(other)
        #expect(settings.count == 1)
        #expect(settings.allSatisfy { $0.contains("work_mem") && $0.contains("7MB") && $0.contains("abc") })
        new.send(other, WireBytes.message("C", WireBytes.text("SET")) + WireBytes.ready)
        #expect(texts(other).first.map { $0.hasPrefix("P ") && $0.contains("SELECT 2") } == true)
        new.send(other, WireBytes.message("1") + WireBytes.message("2") + WireBytes.completed)
        #expect(moved.takeTypes().hasSuffix("2CZ"))
        new.send(moved, WireBytes.bind("s", []) + WireBytes.execute() + WireBytes.sync)
        #expect(texts(other).first.map { $0.hasPrefix("P PGBOUNCER_") && $0.contains("SELECT 1") } == true)
        let asking = new.connect()
        new.send(asking, WireBytes.cancel(key))
        let carrier = try #require(new.accept())
        #expect(carrier.received == WireBytes.cancel(WireBytes.word(9) + WireBytes.word(9)))
    }

    @Test("Who waits for a server goes with its request")
    func waiting() throws {
        let (old, new) = (ScriptedPooler { $0.settings.defaultPoolSize = 1 }, ScriptedPooler())
        let (first, _, _) = try client(old)
        old.send(first, WireBytes.query("SELECT 1"))
        let second = old.client()
        old.send(second, WireBytes.query("SELECT 2"))
        let id = try #require(second.pointer).pointee.id
        #expect(old.pooler.clientsAtRest(atMost: 10) == [id])
        #expect(old.pooler.clientsAtRest(atMost: 0).isEmpty)
        let handover = try #require(old.handOver(second))
        _ = new.adopt(handover)
        let server = try #require(new.serve())
        #expect(texts(server).last == "Q SELECT 2|")
    }

    @Test("Who has a server, or half a request that is streaming, stays")
    func busy() throws {
        let old = ScriptedPooler()
        let (client, server, _) = try client(old)
        old.send(client, WireBytes.query("BEGIN"))
        #expect(old.handOver(client) == nil)
        old.send(server, WireBytes.message("C", WireBytes.text("BEGIN")) + WireBytes.message("Z", Array("T".utf8)))
        #expect(old.handOver(client) == nil)
        #expect(old.pooler.clientsAtRest(atMost: 10).isEmpty)
    }

    @Test("It keeps its place where there is none left")
    func limits() throws {
        let (old, new) = (ScriptedPooler(), ScriptedPooler { $0.settings.clientConnectionsMax = 1 })
        _ = try client(new)
        let (client, _, _) = try client(old)
        let moved = new.adopt(try #require(old.handOver(client)))
        #expect(!moved.isClosed)
        #expect(new.pooler.directory.limits.clients.count == 2)
        new.hangUp(moved)
        #expect(new.pooler.directory.limits.clients.count == 1)
        #expect(old.pooler.directory.limits.clients.count == 0)
    }

    @Test("A database that the new process does not have ends it with an error")
    func unknownDatabase() throws {
        let (old, new) = (ScriptedPooler(), ScriptedPooler { $0.databases = NamedEntries() })
        let (client, _, _) = try client(old)
        let moved = new.adopt(try #require(old.handOver(client)))
        #expect(moved.takeError()?["C"] == "3D000")
        #expect(moved.isClosed)
        #expect(new.pooler.clientCount == 0)
    }

    @Test("A cancel request for a client of the old process goes there")
    func predecessor() throws {
        let (old, new) = (ScriptedPooler(), ScriptedPooler())
        let (client, _, key) = try client(old)
        old.send(client, WireBytes.query("SELECT pg_sleep(9)"))
        let early = new.connect()
        new.send(early, WireBytes.cancel(key))
        #expect(early.isClosed)
        new.pooler.hasPredecessor = true
        let asking = new.connect()
        new.send(asking, WireBytes.cancel(key))
        #expect(new.connecting.first?.pointee.isForPredecessor == true)
        let carrier = try #require(new.accept())
        #expect(carrier.received == WireBytes.cancel(key))
        #expect(!asking.isClosed)
        new.hangUp(carrier)
        #expect(asking.isClosed)
    }

    @Test("Servers go as their clients go, and none is kept ready for new ones")
    func spareServers() throws {
        let old = ScriptedPooler { $0.settings.minPoolSize = 1 }
        let (client, server, _) = try client(old)
        old.pooler.isRetired = true
        old.closeSpareServers()
        #expect(!server.isClosed)
        let other = old.client()
        #expect(other.takeTypes() == "RSKZ")
        _ = try #require(old.handOver(client))
        _ = try #require(old.handOver(other))
        old.closeSpareServers()
        #expect(server.isClosed)
        old.wait(seconds: 5)
        #expect(old.pooler.serverCount == 0)
    }

    // MARK: - On the wire

    private var messages: [TakeoverMessage] {
        var client = ClientHandover()
        client.user = "u"
        client.credential = .scramKeys(ScramKeys(clientKey: [1, 2], serverKey: [3]))
        client.settings = [
            SettingList.Entry(name: "a", value: .list(["x", ""])),
            SettingList.Entry(name: "timezone", value: .timeZoneInterval("INTERVAL '1'")),
        ]
        client.statements = [ClientHandover.Statement(name: [65], body: [66, 0, 0, 0])]
        client.unnamed = []
        return [
            .listeners(version: TakeoverMessage.version, endpoints: ["127.0.0.1:6432", "/tmp/x"]), .refused, .taken,
            .client(7, client), .adopted(7), .cancelConnection,
        ]
    }

    @Test("Messages are read as they were written, cut anywhere")
    func messagesRoundTrip() throws {
        let all = messages.flatMap(\.bytes)
        for size in [1, 3, 7, all.count] {
            var buffer: [UInt8] = []
            var read: [TakeoverMessage] = []
            for start in stride(from: 0, to: all.count, by: size) {
                buffer += all[start..<min(start + size, all.count)]
                while let message = try TakeoverMessage.take(&buffer) { read.append(message) }
            }
            #expect(read == messages)
        }
    }

    @Test("The listeners of another version are not read")
    func otherVersion() throws {
        var bytes = TakeoverMessage.listeners(version: 99, endpoints: ["x"]).bytes
        let message = try TakeoverMessage.take(&bytes)
        #expect(message == .listeners(version: 99, endpoints: []))
    }

    @Test("Damaged messages are refused and take no more memory than they have bytes", arguments: 0..<200)
    func damage(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var bytes = messages.flatMap(\.bytes)
        for _ in 0..<(1 + random.below(4)) {
            bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
        }
        do throws(HandoverFailure) {
            while try TakeoverMessage.take(&bytes) != nil {}
        } catch {}
    }
}

import PoolerConfiguration
import Testing

@testable import PoolerSessions

@Suite("Connections for replication")
struct ReplicationTests {
    private func pooler(size: Int = 20, _ change: (inout ConfigurationSnapshot) -> Void = { _ in }) -> ScriptedPooler {
        ScriptedPooler { snapshot in
            snapshot.settings.defaultPoolSize = size
            change(&snapshot)
        }
    }

    @Test("The client's own server gets its mode, its settings and its options", arguments: ["yes", "database"])
    func startup(mode: String) throws {
        let pooler = pooler()
        let client = pooler.client([
            "replication": mode, "application_name": "abc", "options": "-c enable_seqscan=off",
        ])
        let server = try #require(pooler.accept())
        let startup = server.takeStartup()
        #expect(startup["replication"] == mode)
        #expect(startup["application_name"] == "abc")
        #expect(startup["options"] == "-c enable_seqscan=off")
        #expect(client.received.isEmpty)
        pooler.logIn(server)
        #expect(client.takeTypes() == "RSKZ")
    }

    @Test("connect_query runs where SQL does", arguments: [("yes", false), ("database", true)])
    func connectQuery(mode: String, isRun: Bool) throws {
        let pooler = pooler { $0.databases["db"]?.connectQuery = "SELECT 1" }
        _ = pooler.client(["replication": mode])
        let server = try #require(pooler.serve())
        #expect((server.takeTypes() == "Q") == isRun)
    }

    @Test("Bytes pass as they are, in both directions and cut anywhere")
    func relay() throws {
        let pooler = pooler()
        let client = pooler.client(["replication": "yes"])
        // What comes before the server is there waits for it.
        pooler.send(client, [1, 2])
        let server = try #require(pooler.serve())
        client.received = []
        #expect(server.received == [1, 2])
        pooler.send(client, [3])
        pooler.send(server, [UInt8(ascii: "W"), 0, 0])
        pooler.send(server, [9, 9, 9])
        #expect(server.received == [1, 2, 3])
        #expect(client.received == [UInt8(ascii: "W"), 0, 0, 9, 9, 9])
    }

    @Test("A slow end stops the other one")
    func flow() throws {
        var limits = RelayLimits()
        limits.outputByteCountMax = 10
        limits.outputByteCountResume = 5
        let pooler = ScriptedPooler(limits: limits)
        let client = pooler.client(["replication": "yes"])
        let server = try #require(pooler.serve())
        // What is not taken at once stays in the buffer that the pooler writes to, and it says when that is too much.
        pooler.send(server, [UInt8](repeating: 1, count: 11))
        #expect(server.isPaused)
        pooler.send(client, [UInt8](repeating: 1, count: 11))
        #expect(client.isPaused)
        pooler.wait(seconds: 0)
        #expect(!server.isPaused)
        #expect(!client.isPaused)
    }

    @Test("The server is closed with its client, and never pooled")
    func clientLeaves() throws {
        let pooler = pooler()
        let client = pooler.client(["replication": "yes"])
        let server = try #require(pooler.serve())
        pooler.hangUp(client)
        #expect(server.isClosed)
        #expect(pooler.pool()?.pointee.serverCount == 0)
        #expect(pooler.pooler.serverCount == 0)
    }

    @Test("A client that leaves while its server connects leaves nothing behind")
    func clientLeavesEarly() {
        let pooler = pooler()
        let client = pooler.client(["replication": "yes"])
        #expect(pooler.connecting.count == 1)
        pooler.hangUp(client)
        #expect(pooler.connecting.isEmpty)
        #expect(pooler.pooler.serverCount == 0)
    }

    @Test("The client is closed with its server, without a message of the pooler's among the server's")
    func serverLeaves() throws {
        let pooler = pooler()
        let client = pooler.client(["replication": "yes"])
        let server = try #require(pooler.serve())
        client.received = []
        pooler.send(server, [UInt8(ascii: "d"), 0, 0])
        pooler.hangUp(server)
        #expect(client.isClosed)
        #expect(client.received == [UInt8(ascii: "d"), 0, 0])
    }

    @Test("A login that fails is that client's affair only")
    func loginFails() throws {
        let pooler = pooler()
        let other = pooler.client()
        let client = pooler.client(["replication": "yes"])
        let ordinary = try #require(pooler.accept())
        let own = try #require(pooler.accept())
        let text = "must be superuser or replication role to start walsender"
        pooler.send(own, WireBytes.error("FATAL", "42501", text))
        let error = try #require(client.takeError())
        #expect(error["C"] == "42501")
        #expect(error["M"] == "server login failed: \(text)")
        #expect(client.isClosed)
        #expect(pooler.lines.count { $0.contains("closing because: login failed (age") } == 2)
        pooler.logIn(ordinary)
        #expect(other.takeTypes() == "RSKZ")
    }

    @Test("No slot at the server means wait, and others are not held up")
    func noSlot() throws {
        let pooler = pooler()
        let client = pooler.client(["replication": "yes"])
        let own = try #require(pooler.accept())
        pooler.send(own, WireBytes.error("FATAL", "53300", "number of requested standby connections exceeds"))
        #expect(!client.isClosed)
        #expect(pooler.connecting.isEmpty)
        _ = pooler.client()
        #expect(pooler.connecting.count == 1)
        _ = pooler.serve()
        pooler.wait(seconds: 1)
        _ = try #require(pooler.serve())
        #expect(client.takeTypes() == "RSKZ")
    }

    @Test("Clients wait while the pool is full, at most query_wait_timeout")
    func poolSize() throws {
        let pooler = pooler(size: 2) { $0.settings.queryWaitTimeoutMicroseconds = 10_000_000 }
        let clients = (0..<4).map { _ in pooler.client(["replication": "database"]) }
        #expect(pooler.connecting.count == 2)
        _ = try #require(pooler.serve())
        _ = try #require(pooler.serve())
        #expect(pooler.connecting.isEmpty)
        pooler.hangUp(clients[0])
        _ = try #require(pooler.serve())
        #expect(clients[2].takeTypes() == "RSKZ")
        pooler.wait(seconds: 11)
        #expect(clients[3].takeError()?["M"] == "query_wait_timeout")
        #expect(!clients[2].isClosed)
    }

    @Test("An idle server of the same pool makes room")
    func eviction() throws {
        let pooler = pooler(size: 1)
        _ = pooler.client()
        let ordinary = try #require(pooler.serve())
        _ = pooler.client(["replication": "database"])
        #expect(ordinary.isClosed)
        #expect(pooler.hasLogged("closing because: evicted"))
        _ = try #require(pooler.serve())
        #expect(pooler.pool()?.pointee.serverCount == 1)
    }

    @Test("A server that comes back makes room, for whoever came first")
    func turns() throws {
        let pooler = pooler(size: 1)
        let first = pooler.client()
        let ordinary = try #require(pooler.serve())
        pooler.send(first, WireBytes.query("SELECT 1"))
        pooler.wait(seconds: 0.1)
        let replica = pooler.client(["replication": "database"])
        pooler.wait(seconds: 0.1)
        let second = pooler.client()
        pooler.send(second, WireBytes.query("SELECT 2"))
        #expect(pooler.connecting.isEmpty)
        pooler.send(ordinary, WireBytes.completed)
        #expect(ordinary.isClosed)
        _ = try #require(pooler.serve())
        #expect(replica.takeTypes() == "RSKZ")
        pooler.hangUp(replica)
        let fresh = try #require(pooler.serve())
        #expect(fresh.takeTypes() == "Q")
    }

    @Test("max_db_connections holds for them too")
    func databaseLimit() throws {
        let pooler = pooler { $0.settings.databaseConnectionsMax = 1 }
        let first = pooler.client(["replication": "yes"])
        _ = try #require(pooler.serve())
        _ = pooler.client(["replication": "yes"])
        #expect(pooler.connecting.isEmpty)
        pooler.hangUp(first)
        #expect(pooler.connecting.count == 1)
    }

    @Test("RECONNECT closes them: they never come back to be replaced")
    func reconnect() throws {
        let pooler = pooler()
        let client = pooler.client(["replication": "yes"])
        _ = try #require(pooler.serve())
        pooler.pooler.perform(.reconnect(database: nil))
        pooler.wait(seconds: 0)
        #expect(client.isClosed)
    }

    @Test("A cancel request goes to the client's own server")
    func cancel() throws {
        let pooler = pooler()
        let client = pooler.client(["replication": "yes"])
        _ = try #require(pooler.serve(key: 5))
        let key = try #require(client.take().first { $0.type == "K" }).body
        let asking = pooler.connect()
        pooler.send(asking, WireBytes.cancel(key))
        let carrier = try #require(pooler.accept())
        #expect(carrier.received == WireBytes.cancel(WireBytes.word(5) + WireBytes.word(5)))
    }

    @Test("disable_pqexec leaves replication no commands: refused at login")
    func disabledSimpleQueries() {
        let pooler = pooler { $0.settings.refusesSimpleQuery = true }
        let client = pooler.client(["replication": "yes"])
        #expect(client.takeError()?["M"] == "PQexec disallowed")
    }

    @Test("SUSPEND stops both directions, and is done when all that was read is sent")
    func suspend() throws {
        let pooler = pooler()
        let client = pooler.client(["replication": "yes"])
        let server = try #require(pooler.serve())
        var switches = PoolerSwitches()
        switches.mode = .suspended
        pooler.pooler.perform(.follow(switches))
        pooler.wait(seconds: 0)
        #expect(client.isPaused && server.isPaused)
        #expect(pooler.pooler.holds(.suspended))
        switches.mode = .active
        pooler.pooler.perform(.follow(switches))
        pooler.wait(seconds: 0)
        #expect(!client.isPaused && !server.isPaused)
        pooler.send(server, [1, 2, 3])
        #expect(client.received.suffix(3) == [1, 2, 3])
    }

    @Test("SUSPEND waits for one that is being connected, as long as suspend_timeout says")
    func suspendAmidConnecting() {
        let pooler = pooler { $0.settings.suspendTimeoutMicroseconds = 2_000_000 }
        let client = pooler.client(["replication": "yes"])
        var switches = PoolerSwitches()
        switches.mode = .suspended
        pooler.pooler.perform(.follow(switches))
        pooler.wait(seconds: 1)
        #expect(!pooler.pooler.holds(.suspended))
        pooler.wait(seconds: 1.1)
        #expect(client.isClosed)
        #expect(pooler.pooler.holds(.suspended))
    }
}

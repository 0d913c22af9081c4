// MIGRATE between two engines in one process: every turn, every byte and every failure of the connection between them is
// the test's to decide.

import Bytes
import Testing

@testable import KeyValueCommands

/// The program around the source engine, whose only other server is an engine too: bytes go from one to the other when
/// the test says so.
private final class PeerHost: EngineHost {
    let target: EngineReference
    unowned let source: EnginePair
    /// What the other server does.
    enum Behaviour { case serves, hangs, refuses }
    var behaviour = Behaviour.serves
    /// Bytes after which the connection breaks; nil: never.
    var byteCountUntilBreak: Int?
    private(set) var openCount = 0
    private var lines: [Line] = []
    private var closed: [Line] = []

    private final class Line {
        let link: ServerLink
        let client: ClientReference
        let outward = UnsafeMutablePointer<OutputBuffer>.allocate(capacity: 1)
        let inward = UnsafeMutablePointer<OutputBuffer>.allocate(capacity: 1)
        var isConnected = false

        init(_ link: ServerLink, _ engine: EngineReference) {
            self.link = link
            outward.initialize(to: OutputBuffer())
            inward.initialize(to: OutputBuffer())
            client = engine.makeClient(output: inward)
        }
    }

    init(target: EngineReference, source: EnginePair) {
        self.target = target
        self.source = source
    }

    func open(_ link: ServerLink) -> Bool {
        openCount += 1
        let line = Line(link, target)
        line.client.pointee.details.peerAddress = "10.0.0.1:\(openCount)"
        link.localAddress = line.client.pointee.details.peerAddress
        lines.append(line)
        return true
    }

    func output(of link: ServerLink) -> UnsafeMutablePointer<OutputBuffer>? {
        lines.first { $0.link === link }?.outward
    }

    func send(_ link: ServerLink) {}
    func pendingByteCount(of link: ServerLink) -> Int { output(of: link)?.pointee.count ?? 0 }

    func close(_ link: ServerLink) {
        guard let index = lines.firstIndex(where: { $0.link === link }) else { return }
        closed.append(lines.remove(at: index))
    }

    /// Not before: a client may be closed by its own request.
    private func freeClosed() {
        for line in closed { target.freeClient(line.client) }
        closed = []
    }

    /// Loses all connections.
    func breakAll() {
        for line in lines {
            close(line.link)
            source.engine.linkEnded(line.link, hasUnsent: line.outward.pointee.count > 0)
        }
    }

    /// Moves bytes one step in both directions.
    func pump() {
        defer { freeClosed() }
        if behaviour == .refuses { return breakAll() }
        guard behaviour == .serves else { return }
        for line in lines {
            if !line.isConnected {
                line.isConnected = true
                source.engine.linkConnected(line.link)
                continue
            }
            var count = min(line.outward.pointee.count, 64 << 10)
            if let left = byteCountUntilBreak {
                count = min(count, left)
                byteCountUntilBreak = left - count
            }
            if count > 0 {
                target.receive(line.client, line.outward.pointee.readable.slice(0, count))
                line.outward.pointee.consume(count)
            }
            if byteCountUntilBreak == 0 { return breakAll() }
            let reply = line.inward.pointee.readable.array
            line.inward.pointee.removeAll()
            if !reply.isEmpty { reply.withUnsafeBytes { source.engine.linkReceived(line.link, $0) } }
        }
        target.resumeClients()
        target.takePendingClose { client in
            guard let line = lines.first(where: { $0.client == client }) else { return }
            close(line.link)
            source.engine.linkEnded(line.link, hasUnsent: false)
        }
    }

    func configurationChanged(_ names: Set<String>, _ configuration: Configuration) {}
    func log(_ level: LogLevel, _ message: String) {}
    func shutDown() {}
    func abortShutdown() -> Bool { false }
    func information(_ section: String) -> [(name: String, value: String)] { [] }
    func outputState(_ client: ClientReference) -> OutputState? { nil }
    func resetStatistics() {}
}

/// Two servers, or one that is both.
private final class EnginePair {
    let engine: EngineReference
    let target: EngineReference
    let client: Conversation
    let other: Conversation
    let there: Conversation
    private(set) var host: PeerHost?
    private var now: Int64 = 1_700_000_000_000

    init(isOne: Bool = false) {
        engine = Engine.make(seed: 1, usesThreads: false)
        target = isOne ? engine : Engine.make(seed: 2, usesThreads: false)
        client = Conversation(with: engine)
        other = Conversation(with: engine)
        there = Conversation(with: target)
        let host = PeerHost(target: target, source: self)
        self.host = host
        engine.pointee.host = host
        for engine in [engine, target] {
            engine.setTime(milliseconds: now)
            engine.pointee.settings.debugCommand = .yes
        }
    }

    deinit { engine.pointee.host = nil }

    var network: PeerHost {
        guard let host else { preconditionFailure("made by the initialiser") }
        return host
    }

    func pass(milliseconds: Int64) {
        now += milliseconds
        engine.setTime(milliseconds: now)
        target.setTime(milliseconds: now)
    }

    /// One turn.
    func turn() {
        engine.stepMigrations()
        network.pump()
        engine.stepMigrations()
        engine.resumeClients()
    }

    /// The reply to a MIGRATE, after as many turns as it takes.
    func migrate(_ line: String) -> String { migrate(line.split(separator: " ").map { $0 == "''" ? "" : String($0) }) }

    func migrate(_ words: [String]) -> String {
        var reply = client.ask(["MIGRATE"] + words)
        for _ in 0..<20_000 where reply.isEmpty {
            turn()
            reply = client.take()
        }
        return reply
    }

    /// - Parameter padding: bytes that every element is longer.
    func fill(_ key: String, _ kind: String, count: Int, padding: Int = 0) {
        let tail = String(repeating: "x", count: padding)
        for index in 0..<count {
            let element = "element:\(index)" + tail
            switch kind {
            case "list": _ = client.ask(["RPUSH", key, element])
            case "set": _ = client.ask(["SADD", key, element])
            case "hash": _ = client.ask(["HSET", key, element, "v\(index)"])
            case "zset": _ = client.ask(["ZADD", key, "\(Double(index) / 3)", element])
            case "stream": _ = client.ask(["XADD", key, "\(index + 1)-1", "field", element])
            default: _ = client.ask(["APPEND", key, element])
            }
        }
    }
}

@Suite("MIGRATE")
struct MigrationTests {
    @Test("A key with its lifetime goes, and is gone here")
    func oneKey() {
        let pair = EnginePair()
        _ = pair.client.ask("SET k value PX 5000")
        #expect(pair.migrate("host 6379 k 7 8000") == "+OK")
        #expect(pair.client.ask("EXISTS k") == ":0")
        _ = pair.there.ask("SELECT 7")
        #expect(pair.there.ask("GET k") == "$5|value")
        #expect(pair.there.ask("PTTL k") == ":5000")
        #expect(pair.engine.pointee.blockedClientCount == 0)
    }

    @Test("Nothing to migrate, mistakes, and a transaction")
    func refusals() {
        let pair = EnginePair()
        _ = pair.client.ask("SET k v")
        #expect(pair.migrate("host 6379 missing 0 1000") == "+NOKEY")
        #expect(pair.migrate("host 6379 '' 0 1000 KEYS a b") == "+NOKEY")
        #expect(pair.migrate("host 6379 k 0 1000 BAD") == "-ERR syntax error")
        #expect(pair.migrate("host 6379 k 0 1000 AUTH") == "-ERR syntax error")
        #expect(pair.migrate("host 6379 k 0 1000 AUTH2 name") == "-ERR syntax error")
        #expect(pair.migrate("host 6379 k x 1000") == "-ERR value is not an integer or out of range")
        #expect(
            pair.migrate("host 6379 k 0 1000 KEYS k")
                == "-ERR When using MIGRATE KEYS option, the key argument must be set to the empty string")
        #expect(
            pair.migrate("host 6379 k 99 1000")
                == "-ERR Target instance replied with error: ERR DB index is out of range")
        _ = pair.client.ask("MULTI")
        _ = pair.client.ask("MIGRATE host 6379 k 0 1000")
        #expect(pair.client.ask("EXEC").contains("cannot wait inside a transaction"))
        #expect(pair.client.ask("EXISTS k") == ":1")
        #expect(pair.network.openCount == 1)
    }

    @Test("COPY keeps it, REPLACE overwrites it, without it the target's refusal is told")
    func options() {
        let pair = EnginePair()
        _ = pair.client.ask("SET k new")
        _ = pair.there.ask("SET k old")
        #expect(
            pair.migrate("host 6379 k 0 1000")
                == "-ERR Target instance replied with error: BUSYKEY Target key name already exists.")
        #expect(pair.client.ask("GET k") == "$3|new")
        #expect(pair.migrate("host 6379 k 0 1000 COPY REPLACE") == "+OK")
        #expect(pair.client.ask("GET k") == "$3|new")
        #expect(pair.there.ask("GET k") == "$3|new")
        #expect(pair.network.openCount == 1)
    }

    @Test("A password is needed, wrong, right")
    func passwords() {
        let pair = EnginePair()
        pair.target.pointee.settings.password = "pw"
        _ = pair.client.ask("SET k v")
        #expect(
            pair.migrate("host 6379 k 0 1000")
                == "-ERR Target instance replied with error: NOAUTH Authentication required.")
        #expect(
            pair.migrate("host 6379 k 0 1000 AUTH no").hasPrefix("-ERR Target instance replied with error: WRONGPASS"))
        #expect(pair.client.ask("EXISTS k") == ":1")
        #expect(pair.migrate("host 6379 k 0 1000 AUTH2 default pw") == "+OK")
    }

    @Test("Names and patterns after KEYS; a key whose name looks like a pattern is that key")
    func patterns() {
        let pair = EnginePair()
        for key in ["user:1", "user:2", "other", "literal*", "literal1"] { _ = pair.client.ask("SET \(key) \(key)") }
        #expect(pair.migrate("host 6379 '' 0 1000 KEYS user:* literal* missing user:1") == "+OK")
        #expect(pair.client.ask("DBSIZE") == ":2")
        #expect(pair.client.ask("EXISTS other literal1") == ":2")
        #expect(pair.there.ask("DBSIZE") == ":3")
        #expect(pair.migrate("host 6379 '' 0 1000 KEYS nobody*") == "+NOKEY")
    }

    @Test("Keys acknowledged are journalled as one DEL in their database")
    func journal() {
        let pair = EnginePair()
        _ = pair.client.ask("SELECT 3")
        _ = pair.client.ask("MSET a 1 b 2 c 3")
        _ = pair.there.ask("SET b busy")
        pair.engine.pointee.journal.enable()
        #expect(pair.migrate("host 6379 '' 0 1000 KEYS a b c").hasPrefix("-ERR Target instance"))
        var log = OutputBuffer()
        pair.engine.pointee.journal.take(into: &log)
        let expected = "*2|$6|SELECT|$1|3|*3|$3|DEL|$1|a|$1|c|"
        #expect(log.readable.text.replacing("\r\n", with: "|") == expected)
        #expect(pair.client.ask("KEYS *") == "*1|$1|b")
    }

    @Test(
        "Large values go in pieces and are the same there",
        arguments: ["string", "list", "set", "hash", "zset", "stream"], [true, false])
    func largeValues(kind: String, replaces: Bool) {
        let pair = EnginePair()
        let isTable = ["set", "hash", "zset"].contains(kind)
        pair.fill("big", kind, count: isTable ? 5000 : 3000, padding: isTable ? 0 : 200)
        if kind == "stream" {
            _ = pair.client.ask("XGROUP CREATE big readers 5-1")
            _ = pair.client.ask("XREADGROUP GROUP readers me COUNT 100 STREAMS big >")
            _ = pair.client.ask("XGROUP CREATECONSUMER big readers idle")
            _ = pair.client.ask("XDEL big 2000-1")
        }
        _ = pair.client.ask("PEXPIRE big 900000")
        if replaces { _ = pair.there.ask("SET big old") }
        let digest = pair.client.ask("DEBUG DIGEST-VALUE big")
        let groups =
            kind == "stream" ? pair.client.ask("XINFO GROUPS big") + pair.client.ask("XPENDING big readers") : ""
        #expect(pair.migrate("host 6379 big 0 1000" + (replaces ? " REPLACE" : "")) == "+OK")
        #expect(pair.there.ask("DEBUG DIGEST-VALUE big") == digest)
        if kind == "stream" {
            #expect(pair.there.ask("XINFO GROUPS big") + pair.there.ask("XPENDING big readers") == groups)
        }
        #expect(pair.there.ask("PTTL big") == ":900000")
        #expect(pair.there.ask("DBSIZE") == ":1")
        #expect(pair.client.ask("DBSIZE") == ":0")
    }

    @Test("Writers of a key under way wait, readers and others go on", arguments: [true, false])
    func writersWait(isLarge: Bool) {
        let pair = EnginePair()
        pair.fill("k", "set", count: isLarge ? 20_000 : 3)
        _ = pair.client.ask("SET free 1")
        _ = pair.client.ask("MIGRATE host 6379 k 0 1000")
        for _ in 0..<4 {
            pair.engine.stepMigrations()
            pair.network.pump()
            if pair.engine.pointee.pause.heldKeyCount > 0 { break }
        }
        #expect(pair.engine.pointee.pause.heldKeyCount == 1)
        #expect(pair.other.ask("SISMEMBER k element:1") == ":1")
        #expect(pair.other.ask("INCR free") == ":2")
        #expect(pair.other.ask("MULTI") == "+OK")
        #expect(pair.other.ask("SADD k late") == "+QUEUED")
        #expect(pair.other.ask("EXEC") == "")
        let flusher = Conversation(with: pair.engine)
        #expect(flusher.ask("FLUSHALL") == "")
        var reply = ""
        for _ in 0..<2000 where reply.isEmpty {
            pair.turn()
            reply = pair.client.take()
        }
        #expect(reply == "+OK")
        #expect(pair.other.take() == "*1|:1")
        #expect(flusher.take() == "+OK")
        #expect(pair.there.ask("SISMEMBER k late") == ":0")
    }

    @Test("A client that waits for a key is not served with one that is under way")
    func blockedMove() {
        let pair = EnginePair()
        pair.fill("destination", "list", count: 4000, padding: 200)
        let mover = Conversation(with: pair.engine)
        #expect(mover.ask("BLMOVE source destination LEFT RIGHT 0") == "")
        _ = pair.client.ask("MIGRATE host 6379 destination 0 1000")
        for _ in 0..<4 {
            pair.engine.stepMigrations()
            pair.network.pump()
        }
        #expect(pair.other.ask("RPUSH source element") == ":1")
        #expect(mover.take() == "")
        var reply = ""
        for _ in 0..<2000 where reply.isEmpty {
            pair.turn()
            reply = pair.client.take()
        }
        #expect(reply == "+OK")
        #expect(mover.take() == "$7|element")
        #expect(pair.client.ask("LLEN destination") == ":1")
    }

    @Test("A target that hangs is given up after the idle time; what was there stays")
    func hanging() {
        let pair = EnginePair()
        _ = pair.client.ask("SET k v")
        pair.network.behaviour = .hangs
        _ = pair.client.ask("MIGRATE host 6379 k 0 1000")
        pair.turn()
        pair.pass(milliseconds: 999)
        pair.turn()
        #expect(pair.client.take() == "")
        pair.pass(milliseconds: 1)
        pair.turn()
        #expect(pair.client.take() == "-IOERR error or timeout connecting to the client")
        pair.network.behaviour = .serves
        _ = pair.client.ask("MIGRATE host 6379 k 0 1000")
        pair.engine.stepMigrations()
        pair.network.pump()
        pair.network.behaviour = .hangs
        pair.turn()
        pair.pass(milliseconds: 1000)
        pair.turn()
        #expect(pair.client.take() == "-IOERR error or timeout writing to target instance")
        #expect(pair.client.ask("GET k") == "$1|v")
        #expect(pair.engine.pointee.pause.heldKeyCount == 0)
    }

    @Test("A target that refuses, and a target that goes half way")
    func brokenConnections() {
        let pair = EnginePair()
        pair.fill("big", "set", count: 20_000)
        pair.network.behaviour = .refuses
        #expect(pair.migrate("host 6379 big 0 1000") == "-IOERR error or timeout connecting to the client")
        pair.network.behaviour = .serves
        for count in [10, 1000, 100_000, 300_000] {
            pair.network.byteCountUntilBreak = count
            #expect(pair.migrate("host 6379 big 0 1000").hasPrefix("-IOERR error or timeout "))
            pair.network.byteCountUntilBreak = nil
            #expect(pair.client.ask("SCARD big") == ":20000")
            #expect(pair.there.ask("EXISTS big") == ":0")
            // What was begun goes by itself.
            pair.pass(milliseconds: 60_000)
            #expect(pair.there.ask("KEYS *") == "*0")
        }
        #expect(pair.migrate("host 6379 big 0 1000") == "+OK")
    }

    @Test("An idle connection that the other end has closed is replaced once, silently")
    func staleConnection() {
        let pair = EnginePair()
        _ = pair.client.ask("MSET a 1 b 2 c 3")
        #expect(pair.migrate("host 6379 a 0 1000") == "+OK")
        #expect(pair.client.ask("INFO stats").contains("migrate_cached_sockets:1"))
        pair.network.byteCountUntilBreak = 0
        _ = pair.client.ask("MIGRATE host 6379 b 0 1000")
        pair.engine.stepMigrations()
        pair.network.pump()
        pair.network.byteCountUntilBreak = nil
        var reply = ""
        for _ in 0..<10 where reply.isEmpty {
            pair.turn()
            reply = pair.client.take()
        }
        #expect(reply == "+OK")
        #expect(pair.network.openCount == 2)
        // And one that is not used any more is closed.
        pair.pass(milliseconds: 10_001)
        pair.engine.keepHouse()
        #expect(pair.client.ask("INFO stats").contains("migrate_cached_sockets:0"))
    }

    @Test("To another database of the same server it works; to the same key it is refused at once")
    func itself() {
        let pair = EnginePair(isOne: true)
        _ = pair.client.ask("MSET k v other w")
        #expect(pair.migrate("host 6379 k 5 1000") == "+OK")
        #expect(pair.client.ask("EXISTS k") == ":0")
        _ = pair.there.ask("SELECT 5")
        #expect(pair.there.ask("GET k") == "$1|v")
        #expect(pair.migrate("host 6379 other 0 1000 REPLACE") == "-ERR source and destination objects are the same")
        #expect(pair.client.ask("GET other") == "$1|w")
    }

    @Test("A client that goes while its migration is under way leaves it to its end")
    func clientGoes() {
        let pair = EnginePair()
        pair.fill("k", "set", count: 5000)
        do {
            let leaving = Conversation(with: pair.engine)
            _ = leaving.ask("MIGRATE host 6379 k 0 1000")
            pair.turn()
        }
        for _ in 0..<2000 where pair.engine.pointee.migrationCount > 0 { pair.turn() }
        #expect(pair.there.ask("SCARD k") == ":5000")
        #expect(pair.client.ask("EXISTS k") == ":0")
        #expect(pair.engine.pointee.blockedClientCount == 0)
    }

    @Test("Passwords are in neither MONITOR nor SLOWLOG")
    func secrets() {
        let pair = EnginePair()
        pair.engine.pointee.settings.slowLogMicrosecondsMin = 0
        pair.engine.pointee.updateSlowTicks()
        _ = pair.client.ask("SET auth v")
        let monitor = Conversation(with: pair.engine)
        _ = monitor.ask("MONITOR")
        _ = pair.migrate("auth 6379 auth 0 1000 COPY AUTH2 name secretword")
        _ = pair.migrate("auth 6379 '' 0 1000 COPY AUTH secretword KEYS auth")
        let shown = monitor.take()
        #expect(shown.contains("\"(redacted)\" \"KEYS\" \"auth\""))
        #expect(!shown.contains("secretword"))
        #expect(!pair.other.ask("SLOWLOG GET").contains("secretword"))
    }

    @Test("A thousand keys, some due, some gone meanwhile")
    func manyKeys() {
        let pair = EnginePair()
        for index in 0..<3000 { _ = pair.client.ask("SET k:\(index) \(index)") }
        _ = pair.client.ask("PEXPIRE k:7 1")
        pair.pass(milliseconds: 2)
        #expect(pair.migrate("host 6379 '' 1 1000 KEYS k:*") == "+OK")
        #expect(pair.client.ask("KEYS *") == "*0")
        _ = pair.there.ask("SELECT 1")
        #expect(pair.there.ask("DBSIZE") == ":2999")
    }
}

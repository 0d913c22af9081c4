// A network of clients, the pooler and model servers on a seed: everything that happens is chosen by chance, and what
// each client is told is compared with what a server of its own would say.

import Bytes
import PoolerConfiguration
import SeededRandom

@testable import PoolerSessions

/// A pooler between model clients and model servers, one step at a time in an order that follows from the seed.
final class PoolerSimulation {
    /// One end of the pooler: what it writes, and what is on its way to it.
    final class Line: EndOutput {
        var toPooler: [UInt8] = []
        var isPaused = false
        /// The peer hangs up when what is on its way has arrived.
        var isEnding = false
        var isClosed = false
    }

    final class ModelClient {
        let line = Line()
        var pointer: ClientPointer?
        var script: ModelScript
        let reference = ModelServer(isLoggedIn: true)
        var piecesLeft: Int
        var received: [UInt8] = []
        /// What of it is no whole message yet.
        var unread: [UInt8] = []
        /// ReadyForQuery that came since the last requests were sent.
        var readyCount = 0
        var isLoggedIn = false
        var readyOwed = 1
        var isDone = false
        let number: Int

        init(number: Int, seed: UInt64, pieceCount: Int) {
            self.number = number
            script = ModelScript(client: number, seed: seed)
            piecesLeft = pieceCount
        }
    }

    final class ServerEnd {
        let line = Line()
        let pointer: ServerPointer
        let model: ModelServer

        init(_ pointer: ServerPointer, number: Int) {
            self.pointer = pointer
            model = ModelServer(number: number, isLoggedIn: false)
        }
    }

    let pooler: LoopPooler
    let poolSize: Int
    var random: SeededGenerator
    var clients: [ModelClient] = []
    var servers: [ServerEnd] = []
    var connecting: [ServerPointer] = []
    private(set) var failures: [String] = []
    private(set) var serverCountMost = 0
    private var serverNumber = 0
    private(set) var disconnectPercent = 0

    init(seed: UInt64, mode: PoolMode, poolSize: Int, preparedStatementsMax: Int) {
        random = SeededGenerator(seed: seed)
        self.poolSize = poolSize
        var snapshot = ConfigurationSnapshot()
        snapshot.settings.authenticationType = .any
        snapshot.settings.poolMode = mode
        snapshot.settings.defaultPoolSize = poolSize
        snapshot.settings.preparedStatementsMax = preparedStatementsMax
        snapshot.settings.clientConnectionsMax = 1000
        var entry = DatabaseEntry(name: "db")
        entry.forcedUser = "user"
        snapshot.databases["db"] = entry
        var limits = RelayLimits()
        limits.outputByteCountMax = 2000
        limits.outputByteCountResume = 500
        limits.waitingByteCountMax = 300
        limits.transactionsInTurnMax = 2
        limits.wholeRequestByteCountMax = 100
        pooler = LoopPooler(PoolerDirectory(snapshot), hashing: KeyedHash(key0: seed, key1: 1), limits: limits)
        pooler.now = 1_000_000_000
    }

    // MARK: - Steps

    func connect(_ client: ModelClient) {
        clients.append(client)
        client.pointer = pooler.clientConnected(
            connection: client.line.connection, output: client.line.output, details: ClientDetails(peer: "simulation"))
        client.line.toPooler = WireBytes.startup(user: "user", database: "db")
    }

    /// Runs until all clients are done or nothing happens any more.
    func run(stepsMax: Int = 60_000) {
        for _ in 0..<stepsMax {
            if clients.allSatisfy(\.isDone) { return }
            step()
            if !failures.isEmpty { return }
        }
        let stuck = clients.filter { !$0.isDone }.map { client in
            "client \(client.number) owed \(client.readyOwed) \(client.pointer.map(Self.describe) ?? "gone")"
        }
        failures.append("no end: \(stuck)")
    }

    private static func describe(_ client: ClientPointer) -> String {
        guard let server = client.pointee.server else { return "\(client.pointee.state)" }
        return "\(client.pointee.state) flags \(client.pointee.flags.rawValue) pending \(client.pointee.pending.count) "
            + "server flags \(server.pointee.flags.rawValue) replies \(server.pointee.replies.count) "
            + "ready \(server.pointee.readyOwedCount) changes \(server.pointee.changesOwedCount)"
    }

    private func step() {
        switch random.below(10) {
        case 0...3: if let client = clients.randomElement(using: &random) { moveClient(client) }
        case 4...7: if let server = servers.randomElement(using: &random) { moveServer(server) }
        case 8: connectServer()
        default: pooler.now += Int64(random.below(2_000_000))
        }
        endTurn()
    }

    private func take(_ line: Line) -> [UInt8]? {
        guard !line.isPaused, !line.isClosed, !line.toPooler.isEmpty else { return nil }
        let most = line.toPooler.count
        let count = random.isHit(1, of: 3) ? 1 + random.below(min(most, 9)) : 1 + random.below(most)
        let bytes = Array(line.toPooler.prefix(count))
        line.toPooler.removeFirst(count)
        return bytes
    }

    private func moveClient(_ client: ModelClient) {
        guard !client.isDone, let pointer = client.pointer else { return }
        if let bytes = take(client.line) {
            bytes.withUnsafeBytes { pooler.clientReceived(pointer, $0) }
        } else if client.line.isEnding, client.line.toPooler.isEmpty || random.isHit(1, of: 3) {
            client.isDone = true
            client.line.isClosed = true
            client.pointer = nil
            pooler.clientEnded(pointer, reason: "hung up")
        } else if client.readyOwed == 0 {
            sendNext(client)
        }
    }

    private func sendNext(_ client: ModelClient) {
        compare(client)
        guard client.piecesLeft > 0 else {
            client.line.isEnding = true
            return
        }
        client.piecesLeft -= 1
        let piece = client.script.next()
        client.line.toPooler += piece.bytes
        client.reference.receive(piece.bytes)
        client.readyOwed += piece.readyCount
        if random.isHit(disconnectPercent, of: 100) { client.line.isEnding = true }
    }

    func allowDisconnects(percent: Int) { disconnectPercent = percent }

    /// The client must have received what a server of its own would have sent.
    private func compare(_ client: ModelClient) {
        let expected = client.reference.output
        client.reference.output = []
        if client.received != expected {
            failures.append(
                "client \(client.number) \(WireBytes.difference(got: client.received, want: expected))")
        }
        client.received = []
    }

    private func moveServer(_ server: ServerEnd) {
        guard !server.line.isClosed else { return }
        if let bytes = take(server.line) { bytes.withUnsafeBytes { pooler.serverReceived(server.pointer, $0) } }
    }

    private func connectServer() {
        guard !connecting.isEmpty else { return }
        let pointer = connecting.remove(at: random.below(connecting.count))
        guard pointer.pointee.state != .closed else { return }
        serverNumber += 1
        let server = ServerEnd(pointer, number: serverNumber)
        servers.append(server)
        pooler.serverConnected(pointer, connection: server.line.connection, output: server.line.output)
    }

    // MARK: - The end of a turn

    private func endTurn() {
        pooler.advance()
        pooler.endTurn {
            for client in clients { deliver(client) }
            for server in servers { deliver(server) }
        } perform: {
            perform($0)
        }
        servers.removeAll { $0.line.isClosed }
        check()
    }

    private func perform(_ action: PoolerAction) {
        switch action {
        case .connect(let server): connecting.append(server)
        case .stopConnecting(let server): connecting.removeAll { $0 == server }
        case .close(let connection, _):
            guard let line = line(connection) else { return }
            line.isClosed = true
            for client in clients where client.line === line && !client.isDone {
                if client.line.isEnding {
                    client.isDone = true
                    client.pointer = nil
                    continue
                }
                let rest = WireBytes.summary(client.line.output.pointee.readable.array)
                failures.append("client \(client.number) was closed on: \(rest)")
            }
        case .pauseReading(let connection): line(connection)?.isPaused = true
        case .resumeReading(let connection): line(connection)?.isPaused = false
        case .secureClient, .secureServer: failures.append("TLS was not asked for")
        case .derive(let derivation): pooler.derived(derivation, derivation.run())
        case .log, .console, .sampled: break
        }
    }

    private func line(_ connection: UnsafeMutableRawPointer) -> Line? {
        if let client = clients.first(where: { $0.line.connection == connection }) { return client.line }
        return servers.first { $0.line.connection == connection }?.line
    }

    private func takeOutput(_ line: Line) -> [UInt8] {
        // A slow peer takes only a part.
        let count = line.output.pointee.count
        let taken = random.isHit(1, of: 4) ? min(count, 100) : count
        let bytes = Array(line.output.pointee.readable.prefix(taken))
        line.output.pointee.consume(taken)
        return bytes
    }

    private func deliver(_ client: ModelClient) {
        let bytes = takeOutput(client.line)
        guard !bytes.isEmpty else { return }
        client.received += bytes
        client.unread += bytes
        client.readyCount += WireBytes.takeMessages(&client.unread).count { $0.type == "Z" }
        let readyCount = client.readyCount
        if !client.isLoggedIn {
            guard readyCount > 0 else { return }
            client.isLoggedIn = true
            client.readyOwed -= 1
            client.readyCount = 0
            client.received = []
            return
        }
        guard readyCount >= client.readyOwed else { return }
        if readyCount > client.readyOwed { failures.append("client \(client.number) got too many ReadyForQuery") }
        client.readyOwed = 0
        client.readyCount = 0
    }

    private func deliver(_ server: ServerEnd) {
        let bytes = takeOutput(server.line)
        if !bytes.isEmpty { server.model.receive(bytes) }
        server.line.toPooler += server.model.output
        server.model.output = []
        failures += server.model.violations.map { "server \(server.model.number): \($0)" }
    }

    // MARK: - Invariants

    private func check() {
        for pool in pooler.pools.values {
            serverCountMost = max(serverCountMost, pool.pointee.serverCount)
            if pool.pointee.serverCount > poolSize { failures.append("\(pool.pointee.serverCount) servers") }
            pool.pointee.idle.forEach { server in
                guard let end = servers.first(where: { $0.pointer == server }) else { return }
                if server.pointee.client != nil { failures.append("an idle server has a client") }
                if !server.pointee.isFree { failures.append("an idle server owes something") }
                let hasAll = server.pointee.output.pointee.isEmpty && end.line.toPooler.isEmpty
                if hasAll, !end.model.isClean { failures.append("an idle server is not clean") }
            }
            if !pool.pointee.waiting.isEmpty, !pool.pointee.idle.isEmpty { failures.append("a wake-up was lost") }
        }
    }
}

// A pooler whose clients and servers do what a test says, one thing after the other and without chance.

import Bytes
import PoolerConfiguration

@testable import PoolerSessions

/// Bytes that one end has been sent, and whether its connection is still there.
class ScriptedEnd: EndOutput {
    /// What the pooler has sent and nobody has taken.
    var received: [UInt8] = []
    var isClosed = false
    var isPaused = false

    /// The whole messages that were received, which are then gone.
    func take() -> [(type: Character, body: [UInt8])] { WireBytes.takeMessages(&received) }

    /// Their types.
    func takeTypes() -> String { String(take().map(\.type)) }

    /// The fields of the first ErrorResponse among them, by their letters.
    func takeError() -> [Character: String]? {
        guard let message = take().first(where: { $0.type == "E" }) else { return nil }
        var fields: [Character: String] = [:]
        for part in message.body.split(separator: 0) {
            fields[Character(UnicodeScalar(part[part.startIndex]))] = String(decoding: part.dropFirst(), as: UTF8.self)
        }
        return fields
    }
}

final class ScriptedClient: ScriptedEnd {
    fileprivate(set) var pointer: ClientPointer?
}

final class ScriptedServer: ScriptedEnd {
    let pointer: ServerPointer

    init(_ pointer: ServerPointer) { self.pointer = pointer }

    /// The packet without a type byte that the pooler has sent: parameters by name, or the words of a cancel request.
    func takeStartup() -> [String: String] {
        let parts = received.dropFirst(8).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        received = []
        return Dictionary(
            stride(from: 0, to: parts.count - 1, by: 2).map { (parts[$0], parts[$0 + 1]) }, uniquingKeysWith: { $1 })
    }
}

final class ScriptedPooler {
    let pooler: LoopPooler
    /// Connects that nobody has answered yet, the oldest first.
    private(set) var connecting: [ServerPointer] = []
    private(set) var lines: [String] = []
    private var ends: [UnsafeMutableRawPointer: ScriptedEnd] = [:]

    init(limits: RelayLimits = RelayLimits(), _ change: (inout ConfigurationSnapshot) -> Void = { _ in }) {
        var snapshot = ConfigurationSnapshot()
        snapshot.settings.authenticationType = .any
        snapshot.settings.poolMode = .transaction
        var entry = DatabaseEntry(name: "db")
        entry.forcedUser = "user"
        snapshot.databases["db"] = entry
        change(&snapshot)
        pooler = LoopPooler(PoolerDirectory(snapshot), hashing: KeyedHash(key0: 1, key1: 2), limits: limits)
        pooler.now = 1_000_000_000
    }

    /// One loop of several.
    init(_ directory: PoolerDirectory, _ group: LoopGroup, number: Int) {
        pooler = LoopPooler(directory, hashing: KeyedHash(key0: 1, key1: 2), group: group, number: number)
        pooler.now = 1_000_000_000
    }

    // MARK: - Other loops

    /// Lets clients go that belong on other loops.
    func takeMoving() -> [(client: ScriptedClient, moving: MovingClient, loop: Int)] {
        let moved = pooler.movingClients.compactMap { id, connection in
            guard let client = ends[connection] as? ScriptedClient, let taken = pooler.takeMoving(id) else {
                return nil as (ScriptedClient, MovingClient, Int)?
            }
            ends[connection] = nil
            return (client, taken.client, taken.loop)
        }
        endTurn()
        return moved
    }

    func arrive(_ client: ScriptedClient, _ moving: MovingClient) {
        ends[client.connection] = client
        client.isPaused = false
        client.pointer = pooler.arrived(moving, connection: client.connection, output: client.output)
        endTurn()
    }

    /// The loop reads its letters.
    func readMail() {
        pooler.advance()
        endTurn()
    }

    // MARK: - Clients

    /// A client that has sent its startup packet.
    func client(_ parameters: [String: String] = [:], database: String = "db") -> ScriptedClient {
        let client = connect()
        var body = WireBytes.word(196_608)
        for (name, value) in ["user": "user", "database": database].merging(parameters, uniquingKeysWith: { $1 }) {
            body += WireBytes.text(name) + WireBytes.text(value)
        }
        send(client, WireBytes.word(body.count + 5) + body + [0])
        return client
    }

    /// A connection that has sent nothing.
    func connect() -> ScriptedClient {
        let client = ScriptedClient()
        ends[client.connection] = client
        client.pointer = pooler.clientConnected(
            connection: client.connection, output: client.output, details: ClientDetails(peer: "test"))
        endTurn()
        return client
    }

    func send(_ client: ScriptedClient, _ bytes: [UInt8]) {
        precondition(!client.isPaused, "a client that is not read from")
        guard let pointer = client.pointer, !client.isClosed else { return }
        bytes.withUnsafeBytes { pooler.clientReceived(pointer, $0) }
        endTurn()
    }

    func hangUp(_ client: ScriptedClient) {
        guard let pointer = client.pointer, !client.isClosed else { return }
        client.isClosed = true
        pooler.clientEnded(pointer, reason: "hung up")
        endTurn()
    }

    // MARK: - Another process

    /// Lets a client go; nil if it is not at rest. Its connection stays open.
    func handOver(_ client: ScriptedClient, received: [UInt8] = []) -> ClientHandover? {
        guard let pointer = client.pointer, let handover = pooler.handOver(pointer.pointee.id, received: received)
        else { return nil }
        ends[client.connection] = nil
        client.pointer = nil
        endTurn()
        return handover
    }

    /// A client that another pooler has let go.
    func adopt(_ handover: ClientHandover) -> ScriptedClient {
        let client = ScriptedClient()
        ends[client.connection] = client
        client.pointer = pooler.adopt(
            handover, connection: client.connection, output: client.output, details: ClientDetails(peer: "test"))
        endTurn()
        return client
    }

    func closeSpareServers() {
        pooler.closeSpareServers()
        endTurn()
    }

    // MARK: - Servers

    /// The oldest connect comes about.
    func accept() -> ScriptedServer? {
        guard !connecting.isEmpty else { return nil }
        let server = ScriptedServer(connecting.removeFirst())
        ends[server.connection] = server
        pooler.serverConnected(server.pointer, connection: server.connection, output: server.output)
        endTurn()
        return server
    }

    /// The oldest connect comes to nothing.
    func refuse() {
        guard !connecting.isEmpty else { return }
        pooler.serverEnded(connecting.removeFirst(), reason: "connect failed")
        endTurn()
    }

    func send(_ server: ScriptedServer, _ bytes: [UInt8]) {
        guard !server.isClosed else { return }
        bytes.withUnsafeBytes { pooler.serverReceived(server.pointer, $0) }
        endTurn()
    }

    func hangUp(_ server: ScriptedServer) {
        guard !server.isClosed else { return }
        server.isClosed = true
        pooler.serverEnded(server.pointer, reason: "server conn crashed?")
        endTurn()
    }

    /// The server lets the pooler in.
    func logIn(_ server: ScriptedServer, key: Int = 7) {
        send(
            server,
            WireBytes.message("R", WireBytes.word(0))
                + WireBytes.message("S", WireBytes.text("server_version") + WireBytes.text("15.0"))
                + WireBytes.message("K", WireBytes.word(key) + WireBytes.word(key)) + WireBytes.ready)
    }

    /// The oldest connect comes about and the pooler is let in; what that took is taken.
    func serve(key: Int = 7) -> ScriptedServer? {
        guard let server = accept() else { return nil }
        server.received = []
        logIn(server, key: key)
        return server
    }

    // MARK: - Time

    func wait(seconds: Double) {
        pooler.now += Int64(seconds * 1e9)
        pooler.advance()
        endTurn()
    }

    private func endTurn() {
        pooler.endTurn {
            for end in ends.values {
                end.received += end.output.pointee.readable.array
                end.output.pointee.removeAll()
            }
        } perform: {
            perform($0)
        }
    }

    private func perform(_ action: PoolerAction) {
        switch action {
        case .connect(let server): if server.pointee.state != .closed { connecting.append(server) }
        case .stopConnecting(let server): connecting.removeAll { $0 == server }
        case .close(let connection, _): ends[connection]?.isClosed = true
        case .pauseReading(let connection): ends[connection]?.isPaused = true
        case .resumeReading(let connection): ends[connection]?.isPaused = false
        case .derive(let derivation): pooler.derived(derivation, derivation.run())
        case .log(_, let text): lines.append(text)
        case .secureClient, .secureServer: preconditionFailure("TLS was not asked for")
        case .console, .sampled: break
        }
    }

    // MARK: - What is there

    /// The only pool, or that of a user.
    func pool(user: String = "user", database: String = "db") -> PoolPointer? {
        pooler.pools[PoolKey(database: database, user: user)]
    }

    func hasLogged(_ text: String) -> Bool { lines.contains { $0.contains(text) } }
}

extension WireBytes {
    /// ReadyForQuery outside of a transaction.
    static let ready = message("Z", Array("I".utf8))

    /// ErrorResponse.
    static func error(_ severity: String, _ code: String, _ text: String) -> [UInt8] {
        let fields: [(Character, String)] = [("S", severity), ("V", severity), ("C", code), ("M", text)]
        return message("E", fields.flatMap { [$0.0.asciiValue ?? 0] + WireBytes.text($0.1) } + [0])
    }

    /// The answer to a query without rows.
    static let completed = message("C", text("SELECT 0")) + ready

    static func cancel(_ key: [UInt8]) -> [UInt8] { word(8 + key.count) + word(80_877_102) + key }
}

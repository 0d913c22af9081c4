import Bytes
import PoolerConfiguration
import PostgresWire

@testable import PoolerSessions

/// A pooler from the texts of its files, whose clients and servers the test plays, one message after the other.
final class ConfiguredPooler {
    struct FileMissing: Error {}

    /// By path; the main one is `main`.
    var texts: [String: String]
    let pooler: LoopPooler
    private var files = AuthenticationFiles()
    private(set) var clients: [ConfiguredEnd] = []
    private(set) var servers: [ConfiguredEnd] = []
    /// Servers that the pooler wants and that have not been connected.
    private(set) var wanted: [ServerPointer] = []
    /// Keys that the pooler wants, in the order in which it asked for them.
    var derivations: [KeyDerivation] = []
    private(set) var log: [String] = []
    private var consoleEvents: [ConsoleEvent] = []
    /// Connections that are not read from.
    private(set) var pausedConnections: [UnsafeMutableRawPointer] = []
    private var clientNumber = 0

    static let main = "main"

    /// - Parameters:
    ///   - settings: lines of the section `pgbouncer`.
    ///   - databases: lines of the section `databases`.
    ///   - files: texts of other files, by path.
    init(_ settings: String, databases: String = "db = host=10.0.0.1", files texts: [String: String] = [:]) throws {
        self.texts = texts
        self.texts[Self.main] = Self.main(settings, databases)
        let loaded = try Self.load(self.texts)
        _ = files.load(for: loaded.settings) { [texts = self.texts] in try Self.bytes($0, texts) }
        let environment = Login.environment(scramIterations: loaded.settings.scramIterations)
        pooler = LoopPooler(
            PoolerDirectory(loaded, environment: environment), hashing: KeyedHash(key0: 1, key1: 2))
        pooler.now = 1_000_000_000
        useFiles()
    }

    private static func main(_ settings: String, _ databases: String) -> String {
        "[databases]\n\(databases)\n[pgbouncer]\n\(settings)\n"
    }

    private static func bytes(_ path: String, _ texts: [String: String]) throws -> [UInt8] {
        guard let text = texts[path] else { throw FileMissing() }
        return Array(text.utf8)
    }

    private static func load(_ texts: [String: String]) throws -> ConfigurationSnapshot {
        try LoadedConfiguration.load(main) { try bytes($0, texts) }.snapshot
    }

    private func useFiles() {
        pooler.directory.userList = files.userList
        pooler.directory.rules = files.rules
        pooler.directory.identityMaps = files.identityMaps
    }

    /// Changes the files and has them read anew.
    func reload(_ settings: String, databases: String = "db = host=10.0.0.1", files: [String: String] = [:]) throws {
        texts.merge(files) { $1 }
        texts[Self.main] = Self.main(settings, databases)
        let change = ConfigurationReload(from: pooler.directory.snapshot, to: try Self.load(texts))
        _ = self.files.load(for: change.snapshot.settings) { [texts] in try Self.bytes($0, texts) }
        useFiles()
        pooler.directory.replace(change.snapshot)
        pooler.follow(change)
        endTurn()
    }

    // MARK: - Ends

    /// A client that has sent nothing.
    func connect(details: ClientDetails? = nil) -> ConfiguredEnd {
        clientNumber += 1
        let end = ConfiguredEnd()
        let client = pooler.clientConnected(
            connection: end.connection, output: end.output,
            details: details ?? ClientDetails(peer: "client:\(clientNumber)"))
        end.receive = { [pooler] bytes in bytes.withUnsafeBytes { pooler.clientReceived(client, $0) } }
        end.hangUp = { [pooler] in pooler.clientEnded(client, reason: "client unexpected eof") }
        end.pooler = self
        clients.append(end)
        return end
    }

    /// A client that has sent its startup packet.
    func connect(user: String, database: String = "db", details: ClientDetails? = nil) -> ConfiguredEnd {
        let client = connect(details: details)
        client.send(WireBytes.startup(user: user, database: database))
        return client
    }

    /// The next server that the pooler wants gets its connection. It speaks no TLS, and says so unless it is to keep
    /// silent.
    func connectServer(isSilent: Bool = false) -> ConfiguredEnd? {
        guard !wanted.isEmpty else { return nil }
        let server = wanted.removeFirst()
        let end = ConfiguredEnd()
        end.receive = { [pooler] bytes in bytes.withUnsafeBytes { pooler.serverReceived(server, $0) } }
        end.hangUp = { [pooler] in pooler.serverEnded(server, reason: "server conn crashed?") }
        end.pooler = self
        servers.append(end)
        pooler.serverConnected(server, connection: end.connection, output: end.output)
        endTurn()
        guard !isSilent, end.output.pointee.readable.array == WireBytes.tlsRequest else { return end }
        _ = end.take()
        end.send(Array("N".utf8))
        return end
    }

    /// The next server that the pooler wants cannot be reached.
    func failServer() {
        guard !wanted.isEmpty else { return }
        pooler.serverEnded(wanted.removeFirst(), reason: "connect failed")
        endTurn()
    }

    /// The next server that the pooler wants takes everybody.
    func logInServer() -> ConfiguredEnd? {
        let server = connectServer()
        _ = server?.take()
        server?.send(WireBytes.loginEnd())
        return server
    }

    /// Does the oldest derivation that is wanted.
    func derive() {
        guard !derivations.isEmpty else { return }
        let derivation = derivations.removeFirst()
        pooler.derived(derivation, derivation.run())
        endTurn()
    }

    /// What clients of the console have done since the last time.
    func takeConsoleEvents() -> [ConsoleEvent] {
        defer { consoleEvents = [] }
        return consoleEvents
    }

    /// Time passes.
    func pass(milliseconds: Int64) {
        pooler.now += milliseconds * 1_000_000
        pooler.advance()
        endTurn()
    }

    /// Process number and secret of BackendKeyData among what a client has been sent, which is taken.
    func cancelKey(of client: ConfiguredEnd) -> [UInt8]? {
        var bytes = client.take()
        return WireBytes.takeMessages(&bytes).first { $0.type == "K" }?.body
    }

    // MARK: - The shell's part

    func endTurn() {
        pooler.endTurn {
            wanted.removeAll { $0.pointee.state == .closed }
        } perform: {
            perform($0)
        }
        wanted.removeAll { $0.pointee.state == .closed }
    }

    private func perform(_ action: PoolerAction) {
        switch action {
        case .connect(let server): wanted.append(server)
        case .close(let connection, let afterSending):
            (clients + servers).first { $0.connection == connection }?.close(afterSending: afterSending)
        case .derive(let derivation): derivations.append(derivation)
        case .console(let event): consoleEvents.append(event)
        case .pauseReading(let connection): pausedConnections.append(connection)
        case .resumeReading(let connection): pausedConnections.removeAll { $0 == connection }
        case .log(let level, let text): log.append("\(level.rawValue) \(text)")
        default: break
        }
    }
}

/// A client or a server, from the outside.
final class ConfiguredEnd: EndOutput {
    private(set) var isClosed = false
    fileprivate var receive: ([UInt8]) -> Void = { _ in }
    fileprivate var hangUp: () -> Void = {}
    /// Kept, so that a test may hold the ends alone.
    fileprivate var pooler: ConfiguredPooler?

    fileprivate func close(afterSending: Bool) {
        isClosed = true
        if !afterSending { output.pointee.removeAll() }
    }

    /// Bytes on their way to the pooler arrive.
    func send(_ bytes: [UInt8]) {
        guard !isClosed else { return }
        receive(bytes)
        pooler?.endTurn()
    }

    /// Ends the connection.
    func end() {
        guard !isClosed else { return }
        isClosed = true
        hangUp()
        pooler?.endTurn()
    }

    /// All that the pooler has sent since the last time.
    func take() -> [UInt8] {
        defer { output.pointee.removeAll() }
        return output.pointee.readable.array
    }

    /// The types of the messages that the pooler has sent since the last time.
    func takeTypes() -> String {
        var bytes = take()
        return String(WireBytes.takeMessages(&bytes).map(\.type))
    }

    /// The first error among what the pooler has sent since the last time, as `severity code message`.
    func takeError() -> String? {
        var bytes = take()
        for message in WireBytes.takeMessages(&bytes) where message.type == "E" {
            let fields = message.body.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            let field = { (type: Character) in fields.first { $0.first == type }?.dropFirst() ?? "" }
            return "\(field("S")) \(field("C")) \(field("M"))"
        }
        return nil
    }

    /// Logs in by SCRAM as PostgresWire's own client; false if the pooler has nothing to answer yet.
    @discardableResult
    func scram(_ client: inout ClientSession) throws -> Bool {
        let bytes = take()
        guard !bytes.isEmpty else { return false }
        for case .send(let answer) in try client.receive(bytes) { send(answer) }
        return true
    }
}

// Fuzzes the pooler of one loop between clients and servers that do whatever the bytes say: each byte chooses the next
// event, those behind it what is in it. Clients and servers send messages that are right, messages at the wrong time,
// and bytes that are none; they stop reading, and hang up at any point. `Fuzz/run 60 relay` builds and runs it.
//
// Whatever they do: no crash, no connection used that is gone, no server with two clients, none in the pool that owes
// something or has a transaction open, none given out while a cancel request is on its way to it, all limits exact, and
// nobody waits beside an idle server.

import Bytes
import PoolerConfiguration

@testable import PoolerSessions

/// Entry point of libFuzzer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var input = FuzzInput(Array(UnsafeBufferPointer(start: start, count: count)))
    let network = FuzzNetwork(&input)
    while !input.isEmpty { network.step(&input) }
    network.end()
    return 0
}

/// Bytes that decide, the first first; zeros behind the end.
struct FuzzInput {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }
    mutating func below(_ bound: Int) -> Int { Int(byte()) % bound }

    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}

/// One end of a connection of the pooler's.
final class FuzzEnd {
    let output: UnsafeMutablePointer<OutputBuffer>
    var client: ClientPointer?
    var server: ServerPointer?
    var isPaused = false
    /// It takes nothing that is sent to it.
    var isSlow = false
    var isClosed = false
    /// What BackendKeyData told.
    var key: [UInt8] = []

    init() {
        output = .allocate(capacity: 1)
        output.initialize(to: OutputBuffer())
    }

    deinit {
        output.deinitialize(count: 1)
        output.deallocate()
    }

    var connection: UnsafeMutableRawPointer { UnsafeMutableRawPointer(output) }

    /// Takes what was sent, and looks for a cancel key.
    func drain() {
        let sent = output.pointee.readable.array
        output.pointee.removeAll()
        guard client != nil else { return }
        var position = 0
        while position + 5 <= sent.count {
            let length = sent[(position + 1)..<(position + 5)].reduce(0) { $0 << 8 | Int($1) }
            guard length >= 4, position + 1 + length <= sent.count else { return }
            if sent[position] == UInt8(ascii: "K") { key = Array(sent[(position + 5)..<(position + 1 + length)]) }
            position += 1 + length
        }
    }
}

/// The shell around the pooler, as `PoolerLoop` is one.
final class FuzzNetwork {
    private let pooler: LoopPooler
    private var snapshot: ConfigurationSnapshot
    private var connecting: [ServerPointer] = []
    private var ends: [FuzzEnd] = []
    private var handovers: [ClientHandover] = []

    private static let endsMax = 24

    init(_ input: inout FuzzInput) {
        snapshot = Self.snapshot(&input)
        var limits = RelayLimits()
        limits.outputByteCountMax = 400
        limits.outputByteCountResume = 100
        limits.waitingByteCountMax = 300
        limits.wholeRequestByteCountMax = 100
        limits.transactionsInTurnMax = 2
        pooler = LoopPooler(PoolerDirectory(snapshot), hashing: KeyedHash(key0: 1, key1: 2), limits: limits)
        pooler.now = 1_000_000_000
    }

    private static func snapshot(_ input: inout FuzzInput) -> ConfigurationSnapshot {
        var snapshot = ConfigurationSnapshot()
        let choice = input.byte()
        snapshot.settings.authenticationType = .any
        snapshot.settings.defaultPoolSize = 1 + Int(choice & 1)
        snapshot.settings.reservePoolSize = Int(choice >> 1 & 1)
        snapshot.settings.minPoolSize = Int(choice >> 2 & 1)
        snapshot.settings.userConnectionsMax = choice >> 3 & 1 == 0 ? 0 : 2
        snapshot.settings.preparedStatementsMax = choice >> 4 & 1 == 0 ? 2 : 0
        snapshot.settings.queryTimeoutMicroseconds = choice >> 5 & 1 == 0 ? 0 : 30_000_000
        snapshot.settings.clientConnectionsMax = 8
        snapshot.settings.peerNumber = 1
        var peer = PeerEntry(number: 2)
        peer.hostList = try? HostList("127.0.0.1")
        snapshot.peers[2] = peer
        for (name, mode) in [("s", PoolMode.session), ("t", .transaction), ("o", .statement)] {
            var entry = DatabaseEntry(name: name)
            entry.forcedUser = "u"
            entry.poolMode = mode
            snapshot.databases[name] = entry
        }
        return snapshot
    }

    // MARK: - Events

    func step(_ input: inout FuzzInput) {
        switch input.below(16) {
        case 0, 1: connectClient(&input)
        case 2...5: clientSends(&input)
        case 6...9: serverSends(&input)
        case 10: connectServer(&input)
        case 11: hangUp(&input)
        case 12: pooler.now += [1_000_000, 200_000_000, 1_000_000_000, 40_000_000_000][input.below(4)]
        case 13: if let end = pick(&input, ends) { end.isSlow.toggle() }
        case 14: administer(&input)
        default: handOver(&input)
        }
        endTurn()
    }

    func end() {
        for end in ends where !end.isClosed { close(end) }
        endTurn()
        check()
        precondition(pooler.clientCount == 0, "a client is left behind")
        precondition(pooler.directory.limits.clients.count == 0, "a client's place was not given back")
    }

    private func pick<Element>(_ input: inout FuzzInput, _ list: [Element]) -> Element? {
        list.isEmpty ? nil : list[input.below(list.count)]
    }

    private func connectClient(_ input: inout FuzzInput) {
        guard ends.count < Self.endsMax else { return }
        let end = FuzzEnd()
        ends.append(end)
        end.client = pooler.clientConnected(
            connection: end.connection, output: end.output, details: ClientDetails(peer: "fuzz"))
        let kind = input.below(8)
        let bytes: [UInt8] =
            switch kind {
            case 0: input.bytes(input.below(40))
            case 1: FuzzMessages.cancel(pick(&input, ends.filter { !$0.key.isEmpty })?.key ?? input.bytes(8))
            case 2: FuzzMessages.cancel([0, 2, 0] + input.bytes(5))
            default:
                FuzzMessages.startup(
                    database: ["s", "t", "o", "x"][input.below(4)], minor: kind == 3 ? 2 : 0,
                    replication: kind == 4 ? "yes" : kind == 5 ? "database" : nil)
            }
        give(end, bytes)
    }

    private func clientSends(_ input: inout FuzzInput) {
        guard let end = pick(&input, ends.filter { $0.client != nil && !$0.isPaused }) else { return }
        give(end, FuzzMessages.ofClient(&input))
    }

    private func serverSends(_ input: inout FuzzInput) {
        guard let end = pick(&input, ends.filter { $0.server != nil && !$0.isPaused }) else { return }
        give(end, FuzzMessages.ofServer(&input))
    }

    private func give(_ end: FuzzEnd, _ bytes: [UInt8]) {
        // Memory of its own, so that what is read behind its end is a finding.
        bytes.withUnsafeBytes { bytes in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
            copy.copyMemory(from: bytes)
            defer { copy.deallocate() }
            if let client = end.client { pooler.clientReceived(client, UnsafeRawBufferPointer(copy)) }
            if let server = end.server { pooler.serverReceived(server, UnsafeRawBufferPointer(copy)) }
        }
    }

    private func connectServer(_ input: inout FuzzInput) {
        guard !connecting.isEmpty else { return }
        let server = connecting.remove(at: input.below(connecting.count))
        guard input.below(8) != 0 else { return pooler.serverEnded(server, reason: "connect failed") }
        let end = FuzzEnd()
        end.server = server
        ends.append(end)
        pooler.serverConnected(server, connection: end.connection, output: end.output)
        if input.below(4) != 0 { give(end, FuzzMessages.login) }
    }

    private func hangUp(_ input: inout FuzzInput) {
        if let end = pick(&input, ends) { close(end) }
    }

    private func close(_ end: FuzzEnd) {
        guard !end.isClosed else { return }
        end.isClosed = true
        if let client = end.client { pooler.clientEnded(client, reason: "hung up") }
        if let server = end.server { pooler.serverEnded(server, reason: "hung up") }
        end.client = nil
        end.server = nil
    }

    private func administer(_ input: inout FuzzInput) {
        var switches = PoolerSwitches()
        switch input.below(7) {
        case 0:
            switches.mode = .paused
            pooler.perform(.follow(switches))
        case 1:
            switches.mode = .suspended
            pooler.perform(.follow(switches))
        case 2, 3: pooler.perform(.follow(switches))
        case 4: pooler.perform(.reconnect(database: nil))
        case 5: pooler.perform(.kill(database: nil))
        default: pooler.closeSpareServers()
        }
    }

    /// A client goes to another process, which is this one again.
    private func handOver(_ input: inout FuzzInput) {
        if input.below(2) == 0, let handover = handovers.popLast() {
            let end = FuzzEnd()
            ends.append(end)
            end.client = pooler.adopt(
                handover, connection: end.connection, output: end.output, details: ClientDetails(peer: "fuzz"))
        } else if let id = pooler.clientsAtRest(atMost: 1).first,
            let end = ends.first(where: { $0.client?.pointee.id == id }),
            let handover = pooler.handOver(id, received: [])
        {
            end.client = nil
            end.isClosed = true
            guard let same = try? ClientHandover(bytes: handover.bytes), same == handover else {
                preconditionFailure("a client is written down wrongly")
            }
            handovers.append(handover)
        }
    }

    // MARK: - The end of a turn

    private func endTurn() {
        pooler.advance()
        performActions()
        takeDueSends()
        for end in ends where !end.isSlow || end.isClosed { end.drain() }
        check()
        pooler.endTurn()
        performActions()
        takeDueSends()
        ends.removeAll { $0.isClosed }
    }

    private func takeDueSends() {
        pooler.takeDueSends { connection in
            precondition(
                ends.contains { $0.connection == connection }, "something is sent on a connection that is gone")
        }
    }

    private func performActions() {
        while !pooler.actions.isEmpty {
            let actions = pooler.actions
            pooler.actions.removeAll()
            for action in actions { perform(action) }
        }
    }

    private func perform(_ action: PoolerAction) {
        switch action {
        case .connect(let server): if server.pointee.state != .closed { connecting.append(server) }
        case .stopConnecting(let server): connecting.removeAll { $0 == server }
        case .close(let connection, _):
            let end = known(connection)
            end.isClosed = true
            end.client = nil
            end.server = nil
        case .pauseReading(let connection): known(connection).isPaused = true
        case .resumeReading(let connection): known(connection).isPaused = false
        case .secureClient, .secureServer: preconditionFailure("TLS was not asked for")
        case .derive(let derivation): pooler.derived(derivation, derivation.run())
        case .log, .console, .sampled: break
        }
    }

    private func known(_ connection: UnsafeMutableRawPointer) -> FuzzEnd {
        guard let end = ends.first(where: { $0.connection == connection }) else {
            preconditionFailure("an action is about a connection that is gone")
        }
        return end
    }

    // MARK: - What must hold

    private func check() {
        var places = 0
        for pool in pooler.pools.values {
            check(pool)
            places += pool.pointee.serverCount
        }
        precondition(pooler.directory.limits.userServers("u").count == places, "places of the user are not exact")
        let most = snapshot.settings.userConnectionsMax
        precondition(most == 0 || places <= most, "more servers than the user may have")
    }

    private func check(_ pool: PoolPointer) {
        let settings = pool.pointee.settings
        let most = settings.poolSize + settings.reservePoolSize
        precondition(pool.pointee.serverCount <= most, "more servers than the pool may have")
        precondition(pool.pointee.cancels.count <= settings.poolSize, "more cancel requests than allowed")
        precondition(
            pool.pointee.details.databaseLimit.count == pool.pointee.serverCount, "places of the database are not exact"
        )
        pool.pointee.idle.forEach { server in
            precondition(server.pointee.state == .idle && server.pointee.client == nil, "an idle server has a client")
            precondition(server.pointee.isFree && server.pointee.cancelCount == 0, "an idle server is not free")
        }
        for list in [pool.pointee.active, pool.pointee.replication.servers] {
            list.forEach { server in
                guard let client = server.pointee.client else { preconditionFailure("a server in use has no client") }
                precondition(client.pointee.server == server, "a server's client has another server")
            }
        }
        for list in [pool.pointee.connecting, pool.pointee.busy] {
            list.forEach { precondition($0.pointee.client == nil, "a server out of use has a client") }
        }
        pool.pointee.clients.forEach { client in
            let hasServer = client.pointee.state == .active || client.pointee.state == .replicating
            precondition(hasServer == (client.pointee.server != nil), "a client's state is not true")
        }
        pool.pointee.waiting.forEach { precondition($0.pointee.server == nil, "a client that has a server waits") }
        guard !pool.pointee.isPaused, let server = pool.pointee.idle.first, !pool.pointee.waiting.isEmpty else {
            return
        }
        let isFresh = pooler.now - server.pointee.stateTime <= settings.checkDelay
        precondition(!isFresh || pool.pointee.busy.count > 0, "a wake-up was lost")
    }
}

/// Messages, and what is nearly one.
enum FuzzMessages {
    static func message(_ type: Character, _ body: [UInt8] = []) -> [UInt8] {
        [type.asciiValue ?? 0] + word(body.count + 4) + body
    }

    static func word(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    static func text(_ value: String) -> [UInt8] { Array(value.utf8) + [0] }
    static func cancel(_ key: [UInt8]) -> [UInt8] { word(8 + key.count) + word(80_877_102) + key }

    static func startup(database: String, minor: Int, replication: String?) -> [UInt8] {
        var body = word(196_608 + minor) + text("user") + text("u") + text("database") + text(database)
        if let replication { body += text("replication") + text(replication) }
        body.append(0)
        return word(body.count + 4) + body
    }

    /// A server lets the pooler in.
    static let login =
        message("R", word(0)) + message("S", text("server_version") + text("15.0"))
        + message("S", text("standard_conforming_strings") + text("on"))
        + message("K", word(1) + word(2)) + message("Z", Array("I".utf8))

    private static let texts = [
        "SELECT 1", "BEGIN", "COMMIT", "ROLLBACK", "SET work_mem = '1MB'", "SET LOCAL x.y = 'z'", "RESET ALL",
        "LISTEN a",
        "DISCARD ALL", "PREPARE p AS SELECT 1", "SELECT pg_advisory_lock(1)", "COPY t FROM STDIN",
        "CREATE TEMP TABLE t (a int)", "SELECT set_config('a.b', 'c', false)", "DEALLOCATE ALL", "",
    ]

    static func ofClient(_ input: inout FuzzInput) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0...input.below(4) { bytes += oneOfClient(&input) }
        return cut(bytes, &input)
    }

    private static func oneOfClient(_ input: inout FuzzInput) -> [UInt8] {
        let name = text(["", "a", "b", "c"][input.below(4)])
        switch input.below(18) {
        case 0...2: return message("Q", text(texts[input.below(texts.count)]))
        case 3, 4: return message("P", name + text(texts[input.below(texts.count)]) + [0, 0])
        case 5, 6: return message("B", text("") + name + [0, 0, 0, 0, 0, 0])
        case 7: return message("E", text(["", "p"][input.below(2)]) + word(0))
        case 8, 9: return message("S")
        case 10: return message("D", [UInt8(ascii: input.below(2) == 0 ? "S" : "P")] + name)
        case 11: return message("C", [UInt8(ascii: input.below(2) == 0 ? "S" : "P")] + name)
        case 12: return message("d", input.bytes(input.below(20)))
        case 13: return message(["c", "f", "H", "X", "F"][input.below(5)], input.bytes(input.below(6)))
        case 14: return message(Character(UnicodeScalar(input.byte())), input.bytes(input.below(20)))
        case 15: return message("Q", [UInt8](repeating: 32, count: 500) + [0])
        case 16: return input.bytes(input.below(20))
        default: return [UInt8(ascii: "Q")] + word(Int(input.byte())) + input.bytes(input.below(10))
        }
    }

    static func ofServer(_ input: inout FuzzInput) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0...input.below(4) { bytes += oneOfServer(&input) }
        return cut(bytes, &input)
    }

    private static let tags = [
        "SELECT 1", "BEGIN", "COMMIT", "ROLLBACK", "SET", "DISCARD ALL", "DEALLOCATE ALL", "LISTEN",
    ]

    private static func oneOfServer(_ input: inout FuzzInput) -> [UInt8] {
        switch input.below(18) {
        case 0...3: return message("Z", [Array("IITE".utf8)[input.below(4)]])
        case 4: return message("C", text(tags[input.below(tags.count)])) + message("Z", Array("I".utf8))
        case 5: return message("C", text(tags[input.below(tags.count)]))
        case 6: return message("1") + message("2") + message("n")
        case 7: return message(["1", "2", "3", "n", "I", "s"][input.below(6)])
        case 8: return message("T", [0, 0]) + message("D", [0, 0])
        case 9: return message("D", input.bytes(input.below(30)))
        case 10:
            let (severity, code) = [("ERROR", "42P05"), ("ERROR", "22012"), ("FATAL", "57P01")][input.below(3)]
            return message("E", [83] + text(severity) + [67] + text(code) + [77] + text("m") + [0])
        case 11: return message(["G", "H", "W"][input.below(3)], [0, 0, 0])
        case 12: return message("S", text(["TimeZone", "client_encoding"][input.below(2)]) + text("x"))
        case 13: return message("A", word(1) + text("a") + text(""))
        case 14: return message(Character(UnicodeScalar(input.byte())), input.bytes(input.below(20)))
        case 15: return login
        case 16: return input.bytes(input.below(20))
        default: return [Array("DdZE".utf8)[input.below(4)]] + word(Int(input.byte())) + input.bytes(input.below(10))
        }
    }

    /// The whole, or only its beginning.
    private static func cut(_ bytes: [UInt8], _ input: inout FuzzInput) -> [UInt8] {
        guard input.below(4) == 0 else { return bytes }
        return Array(bytes.prefix(input.below(max(1, bytes.count))))
    }
}

import Bytes
import Glibc
import SeededRandom
import Testing

@testable import IOLoop

/// Does anything that an application may do, at any time, to its own connection and to others.
private final class ChaoticApplication: LoopApplication {
    var loop: EventLoop?
    var random: SeededGenerator
    var living: [ConnectionPointer] = []
    /// Calls for connections that should no longer be known.
    var strayCalls: [String] = []

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    func accepted(_ connection: ConnectionPointer, listener tag: Int) {
        living.append(connection)
        act(on: connection)
    }

    func connected(_ connection: ConnectionPointer) {
        if !living.contains(connection) { strayCalls.append(#function) }
        act(on: connection)
    }

    func received(_ connection: ConnectionPointer, _ bytes: ByteSlice) {
        if !living.contains(connection) { strayCalls.append(#function) }
        connection.pointee.output.append(bytes)
        connection.scheduleSend()
        act(on: connection)
        if let other = living.randomElement(using: &random) { act(on: other) }
    }

    func ended(_ connection: ConnectionPointer, _ reason: EndReason) {
        if !living.contains(connection) { strayCalls.append(#function) }
        living.removeAll { $0 == connection }
        if let other = living.randomElement(using: &random) { act(on: other) }
    }

    func turnWillSend() { actAnywhere() }
    func turnEnded() { actAnywhere() }

    private func actAnywhere() {
        guard random.isHit(1, of: 4), let connection = living.randomElement(using: &random) else { return }
        act(on: connection)
    }

    private func act(on connection: ConnectionPointer) {
        guard let loop, living.contains(connection) else { return }
        switch random.below(40) {
        case 0:
            loop.closeNow(connection)
            living.removeAll { $0 == connection }
        case 1:
            loop.closeAfterSending(connection)
            living.removeAll { $0 == connection }
        case 2, 3: loop.pauseReading(connection)
        case 4...9: loop.resumeReading(connection)
        case 10, 11:
            connection.pointee.output.append(ByteSlice.zeros(random.below(300_000)))
            connection.scheduleSend()
        case 12: connection.scheduleSend()
        default: return
        }
    }
}

@Suite("Anything at any time")
struct ChaosTests {
    private func act(
        _ random: inout SeededGenerator, _ clients: inout [TestClient], _ endpoint: ListenEndpoint, _ loop: EventLoop,
        _ application: ChaoticApplication
    ) throws {
        switch random.below(12) {
        case 0, 1: clients.append(try TestClient(endpoint))
        case 2:
            guard case .tcp(let address, let port) = endpoint else { return }
            application.living.append(try loop.connect(to: .tcp(address: address, port: port)))
        case 3:
            guard !clients.isEmpty else { return }
            clients.remove(at: random.below(clients.count))
        case 4: clients.randomElement(using: &random)?.shutDownSending()
        case 5:
            guard !clients.isEmpty else { return }
            clients.remove(at: random.below(clients.count)).reset()
        case 6, 7: clients.randomElement(using: &random)?.read()
        default:
            clients.randomElement(using: &random)?.send([UInt8](repeating: 1, count: random.below(5000) + 1))
        }
    }

    @Test(
        "Connections that are closed, paused, flooded and reset at random leave nothing behind",
        arguments: Backends.tested, 0..<5)
    func chaos(backend: Backend, seed: UInt64) throws {
        let application = ChaoticApplication(seed: seed)
        let loop = try EventLoop(backend: backend, application: application)
        application.loop = loop
        defer { application.loop = nil }
        let listener = try loop.listen(.tcp(address: "127.0.0.1", port: 0), tag: 0, backlog: 511)
        var random = SeededGenerator(seed: seed &+ 1000)
        var clients: [TestClient] = []
        for _ in 0..<1000 {
            try act(&random, &clients, listener.endpoint, loop, application)
            if random.isHit(1, of: 2) { loop.runOnce(timeoutMilliseconds: 0) }
        }
        #expect(application.strayCalls.isEmpty)
        clients.removeAll()
        for connection in application.living { loop.closeNow(connection) }
        application.living.removeAll()
        // Those that are closing find out that their peers are gone.
        for _ in 0..<5000 where loop.connectionCount > 0 { loop.runOnce(timeoutMilliseconds: 10) }
        #expect(loop.connectionCount == 0)
    }

    @Test("A loop that goes away in the middle of everything takes its connections with it", arguments: Backends.tested)
    func abandon(backend: Backend) throws {
        for seed in UInt64(0)..<10 {
            let application = ChaoticApplication(seed: seed)
            let loop = try EventLoop(backend: backend, application: application)
            application.loop = loop
            let listener = try loop.listen(.tcp(address: "127.0.0.1", port: 0), tag: 0, backlog: 511)
            var random = SeededGenerator(seed: seed)
            var clients: [TestClient] = []
            for _ in 0..<100 {
                try act(&random, &clients, listener.endpoint, loop, application)
                if random.isHit(1, of: 3) { loop.runOnce(timeoutMilliseconds: 0) }
            }
            application.loop = nil
        }
    }
}

import Bytes
import Glibc
import Testing
import Threads

@testable import IOLoop

@Suite("Sockets go from one loop to another")
struct HandoverTests {
    /// Has a loop let go of a connection, however many turns that takes.
    private func surrender(
        _ harness: LoopHarness, _ connection: ConnectionPointer
    ) throws -> (descriptor: Int32, received: [UInt8]) {
        harness.loop.pauseReading(connection)
        var surrendered: (descriptor: Int32, received: [UInt8])?
        try harness.turn(until: surrendered != nil, "the kernel lets go") {
            if surrendered == nil { surrendered = harness.loop.surrender(connection) }
        }
        return try #require(surrendered)
    }

    @Test("A connection goes on in another loop, and no byte is lost on the way", arguments: Backends.tested)
    func connection(backend: Backend) throws {
        let (first, second) = (try LoopHarness(backend), try LoopHarness(backend))
        second.application.echoes = true
        let client = try first.client()
        client.send("one ")
        try first.turn(until: first.application.received.count == 4, "the first bytes come")
        first.loop.pauseReading(first.application.accepted[0])
        // These come while nobody listens: to the first loop's hands, or they wait in the socket.
        client.send("two ")
        let (descriptor, held) = try surrender(first, first.application.accepted[0])
        client.send("three")
        let connection = try #require(second.loop.adopt(descriptor, isUnixSocket: false))
        held.withUnsafeBytes { connection.pointee.output.append($0) }
        second.loop.scheduleSend(connection)
        try second.turn(until: client.text == "two three", "the rest is echoed") { client.read() }
        try first.turn(until: first.loop.connectionCount == 0, "the first loop has forgotten it")
        #expect(first.application.ended.isEmpty)
        client.shutDownSending()
        try second.turn(until: client.isEnded, "the end comes") { client.read() }
    }

    /// Has a loop let go of a connection within the process.
    private func detach(_ harness: LoopHarness, _ connection: ConnectionPointer) throws -> DetachedConnection {
        harness.loop.pauseReading(connection)
        var found: DetachedConnection?
        try harness.turn(until: found != nil, "the kernel lets go") {
            if found == nil, case .detached(let detached) = harness.loop.detach(connection) { found = detached }
        }
        return try #require(found)
    }

    @Test("A connection moves within the process: what came meanwhile comes behind it", arguments: Backends.tested)
    func detaching(backend: Backend) throws {
        let (first, second) = (try LoopHarness(backend), try LoopHarness(backend))
        second.application.echoes = true
        let client = try first.client()
        client.send("one ")
        try first.turn(until: first.application.received.count == 4, "the first bytes come")
        first.loop.pauseReading(first.application.accepted[0])
        client.send("two ")
        let detached = try detach(first, first.application.accepted[0])
        client.send("three")
        #expect(second.loop.attach(detached) != nil)
        try second.turn(until: client.text == "two three", "the rest is echoed, in order") { client.read() }
        try first.turn(until: first.loop.connectionCount == 0, "the first loop has forgotten it")
        #expect(first.application.ended.isEmpty)
        client.shutDownSending()
        try second.turn(until: client.isEnded, "the end comes") { client.read() }
    }

    @Test("TLS moves along, however much of a record has come", arguments: Backends.tested)
    func detachingTLS(backend: Backend) throws {
        let certificate = try LocalCertificate()
        let (first, second) = (try LoopHarness(backend, tls: certificate.server), try LoopHarness(backend))
        second.application.echoes = true
        let peer = try LoopHarness(backend)
        let client = try peer.loop.connect(
            to: .tcp(address: "127.0.0.1", port: first.port), tls: (certificate.client, "localhost"))
        try peer.turn(until: !peer.application.connected.isEmpty && !first.application.secured.isEmpty, "handshake") {
            first.loop.runOnce(timeoutMilliseconds: 0)
        }
        let connection = first.application.accepted[0]
        var sent: [UInt8] = []
        func say(_ count: Int) {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: sent.count + $0) }
            sent += bytes
            bytes.withUnsafeBytes { client.pointee.output.append($0) }
            client.scheduleSend()
            for _ in 0..<5 { peer.loop.runOnce(timeoutMilliseconds: 1) }
        }
        say(1000)
        try first.turn(until: first.application.received.count == 1000, "the first bytes come")
        first.loop.pauseReading(connection)
        say(40_000)
        for _ in 0..<5 { first.loop.runOnce(timeoutMilliseconds: 1) }
        let detached = try detach(first, connection)
        say(20_000)
        let moved = try #require(second.loop.attach(detached))
        try second.turn(until: peer.application.received.count == 60_000, "the rest is echoed") {
            peer.loop.runOnce(timeoutMilliseconds: 0)
        }
        #expect(first.application.received + peer.application.received == sent)
        #expect(moved.pointee.peerCommonName == "localhost")
        #expect(moved.pointee.tlsVersionName == "TLSv1.3")
        #expect(first.application.ended.isEmpty)
        second.loop.closeAfterSending(moved)
        try second.turn(until: peer.application.ended.count == 1, "the end comes") {
            peer.loop.runOnce(timeoutMilliseconds: 0)
        }
        #expect(peer.application.ended[0].reason == .peerClosed)
    }

    @Test("One whose peer has gone stays, and nobody's connection is closed", arguments: Backends.tested)
    func detachingGone(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        let client = try harness.client()
        let connection = harness.application.accepted[0]
        guard case .never = harness.loop.detach(connection) else {
            Issue.record("a connection that is read from is let go of")
            return
        }
        do {
            let other = try harness.client()
            _ = try detach(harness, harness.application.accepted[1])
            for _ in 0..<3 { harness.loop.runOnce(timeoutMilliseconds: 1) }
            other.read()
            #expect(other.isEnded)
        }
        client.send("x")
        try harness.turn(until: harness.application.received == Array("x".utf8), "the first one is served")
    }

    @Test("In the simulated network connections are let go of and taken up again, at any moment")
    func detachingSimulated() throws {
        for seed in 0..<20 as Range<UInt64> {
            let network = SimulatedNetwork(seed: seed)
            let application = RecordingApplication()
            application.echoes = true
            let loop = try EventLoop(simulation: network, application: application)
            let listener = try loop.listen(.tcp(address: "0.0.0.0", port: 1), tag: 7, backlog: 1)
            let peer = network.connect(listenerTag: 7)
            let sent = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }
            for piece in 0..<50 { peer.send(Array(sent[(piece * 100)..<(piece * 100 + 100)])) }
            var moves = 0
            for turn in 0..<2000 where peer.received.count < sent.count {
                loop.runOnce(timeoutMilliseconds: 10)
                guard turn % 3 == 0, let connection = application.accepted.last else { continue }
                loop.pauseReading(connection)
                guard case .detached(let detached) = loop.detach(connection) else {
                    loop.resumeReading(connection)
                    continue
                }
                application.accepted = [try #require(loop.attach(detached))]
                moves += 1
            }
            #expect(peer.received == sent)
            #expect(moves > 0)
            #expect(application.ended.isEmpty)
            loop.close(listener)
        }
    }

    @Test("A thread comes between two turns of a loop however busy that is", arguments: Backends.tested)
    func betweenTurns(backend: Backend) throws {
        let busy = try BusyLoop(backend)
        var thread = pthread_t()
        try #require(JoinableThread.start(&thread) { busy.run() } == 0)
        for _ in 0..<200 {
            let isBetween = busy.lock.betweenTurns { !busy.isInTurn }
            #expect(isBetween)
        }
        busy.lock.betweenTurns { busy.isStopWanted = true }
        pthread_join(thread, nil)
        #expect(busy.turnCount > 0)
        #expect(busy.beganCount >= busy.turnCount)
    }

    @Test("One with output that waits, or whose peer has gone, is not let go of", arguments: Backends.tested)
    func refused(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        let client = try harness.client()
        let connection = harness.application.accepted[0]
        #expect(harness.loop.surrender(connection) == nil)
        harness.loop.pauseReading(connection)
        connection.pointee.output.append("x")
        #expect(harness.loop.surrender(connection) == nil)
        harness.loop.scheduleSend(connection)
        client.shutDownSending()
        for _ in 0..<20 { harness.loop.runOnce(timeoutMilliseconds: 1) }
        if let (descriptor, _) = harness.loop.surrender(connection) {
            // The end is still in the socket: whoever gets it reads it.
            #expect(harness.loop.adopt(descriptor, isUnixSocket: false) != nil)
        } else {
            harness.loop.resumeReading(connection)
        }
        try harness.turn(until: harness.application.ended.count == 1, "the end is told")
    }

    @Test(
        "Another loop goes on with a listening socket: everybody is accepted by one of them", arguments: Backends.tested
    )
    func listener(backend: Backend) throws {
        let (first, second) = (try LoopHarness(backend), try LoopHarness(backend))
        var clients: [TestClient] = []
        for _ in 0..<20 { clients.append(try TestClient(first.listener.endpoint)) }
        first.loop.runOnce(timeoutMilliseconds: 0)
        let inherited = try second.loop.listen(on: dup(first.listener.descriptor), first.listener.endpoint, tag: 9)
        for _ in 0..<20 { clients.append(try TestClient(first.listener.endpoint)) }
        first.loop.withdraw(first.listener)
        for _ in 0..<20 { clients.append(try TestClient(first.listener.endpoint)) }
        for _ in 0..<20 { first.loop.runOnce(timeoutMilliseconds: 0) }
        let early = first.application.accepted.count
        for _ in 0..<20 { clients.append(try TestClient(first.listener.endpoint)) }
        let all = clients.count
        try second.turn(
            until: first.application.accepted.count + second.application.accepted.count == all, "all are accepted"
        ) { first.loop.runOnce(timeoutMilliseconds: 0) }
        #expect(first.application.accepted.count == early)
        second.loop.close(inherited)
        for _ in 0..<5 { second.loop.runOnce(timeoutMilliseconds: 0) }
        // Nobody listens any more.
        if let late = try? TestClient(first.listener.endpoint) {
            try second.turn(until: late.isEnded || late.readError != 0, "a late client is refused") { late.read() }
        }
    }

    @Test("The path of a Unix socket outlives the loop that has made it", arguments: Backends.tested)
    func path(backend: Backend) throws {
        let path = "/tmp/handover-\(getpid())-\(backend.rawValue)"
        let endpoint = ListenEndpoint.unix(path: path, permissions: 0o700)
        let (first, second) = (try LoopHarness(backend, endpoint: endpoint), try LoopHarness(backend))
        let inherited = try second.loop.listen(on: dup(first.listener.descriptor), endpoint, tag: 9)
        first.loop.withdraw(first.listener)
        for _ in 0..<5 { first.loop.runOnce(timeoutMilliseconds: 0) }
        _ = try TestClient(endpoint)
        try second.turn(until: second.application.accepted.count == 1, "the client is accepted")
        let isUnixSocket = second.application.accepted[0].pointee.isUnixSocket
        #expect(isUnixSocket)
        second.loop.close(inherited)
        #expect(access(path, F_OK) != 0)
    }
}

/// A loop that never sleeps, with a lock.
// All is touched under the lock.
private final class BusyLoop: LoopApplication, @unchecked Sendable {
    let lock = TurnLock()
    var isInTurn = false
    var isStopWanted = false
    var turnCount = 0
    var beganCount = 0
    private var loop: EventLoop?

    init(_ backend: Backend) throws { loop = try EventLoop(backend: backend, application: self) }

    func run() { loop?.runUntilStopped(holding: lock) }

    func accepted(_ connection: ConnectionPointer, listener tag: Int) {}
    func received(_ connection: ConnectionPointer, _ bytes: ByteSlice) {}
    func ended(_ connection: ConnectionPointer, _ reason: EndReason) {}
    func timeoutMilliseconds() -> Int { 0 }

    func turnBegan() {
        beganCount += 1
        isInTurn = true
    }

    func turnEnded() {
        turnCount += 1
        isInTurn = false
        if isStopWanted { loop?.stop() }
    }
}

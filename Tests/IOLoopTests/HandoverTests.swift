import Bytes
import Glibc
import Testing

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

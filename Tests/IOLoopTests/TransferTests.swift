import Bytes
import Glibc
import Testing

@testable import IOLoop

@Suite("Bytes through the loop")
struct TransferTests {
    @Test("io_uring is tested too", .enabled(if: Backends.isUringAllowed, "the kernel refuses io_uring"))
    func uringIsThere() throws {
        let application = RecordingApplication()
        let loop = try EventLoop(backend: .automatic, application: application)
        #expect("\(loop.backendName)" == "io_uring")
    }

    @Test("A request is answered at the end of its turn", arguments: Backends.tested)
    func echo(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        harness.application.echoes = true
        let client = try harness.client()
        client.send("hello")
        try harness.turn(until: client.text == "hello", "the echo comes") { client.read() }
        #expect(harness.application.willSendCount == harness.application.endedTurnCount)
        #expect(harness.loop.turnStatistics.turnCount > 0)
        #expect(harness.loop.turnStatistics.eventCount > 0)
    }

    @Test("What is flushed at the end of a turn is with the peer before the loop sleeps", arguments: Backends.tested)
    func flush(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        harness.application.echoes = true
        let client = try harness.client()
        var seen: [String] = []
        harness.application.onTurnEnd = {
            harness.loop.flushSends()
            client.read()
            seen.append(client.text)
        }
        client.send("hello")
        try harness.turn(until: harness.application.receivedByteCount == 5, "the request comes")
        #expect(seen.last == "hello")
    }

    @Test("Addresses over IPv4, IPv6 and a path", arguments: Backends.tested)
    func addresses(backend: Backend) throws {
        let path = "/tmp/atoll-loop-\(getpid())-\(backend.rawValue).sock"
        let endpoints: [ListenEndpoint] = [
            .tcp(address: "127.0.0.1", port: 0), .tcp(address: "::1", port: 0), .unix(path: path, permissions: 0o700),
        ]
        for endpoint in endpoints {
            let harness = try LoopHarness(backend, endpoint: endpoint)
            harness.application.echoes = true
            let client = try harness.client()
            let connection = harness.application.accepted[0]
            client.send("x")
            try harness.turn(until: client.text == "x", "\(endpoint)") { client.read() }
            #expect(connection.pointee.localAddressText == harness.listener.endpoint.description)
            if case .unix = endpoint {
                #expect(connection.pointee.isUnixSocket == true)
                #expect(connection.pointee.peerLiteral == nil)
                var status = stat()
                #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o700)
                harness.loop.close(harness.listener)
                #expect(stat(path, &status) != 0, "the path goes with the listener")
            } else {
                #expect(connection.pointee.peerLiteral == (endpoint.description.contains("[") ? "::1" : "127.0.0.1"))
            }
        }
    }

    @Test("32 MiB go both ways though neither side takes all at once", arguments: Backends.tested)
    func bigTransfer(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        harness.application.echoes = true
        harness.application.keeps = false
        let client = try harness.client()
        client.keeps = false
        let total = 32 << 20
        let chunk = [UInt8](repeating: 0x61, count: 256 << 10)
        var sent = 0
        try harness.turn(until: client.receivedByteCount == total, "all comes back") {
            if sent < total { sent += client.send(Array(chunk.prefix(total - sent))) }
            client.read()
        }
        #expect(harness.application.receivedByteCount == total)
        #expect(harness.application.accepted[0].pointee.pendingSendByteCount == 0)
    }

    @Test("Every byte arrives once and in order", arguments: Backends.tested)
    func order(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        harness.application.echoes = true
        harness.application.keeps = false
        let clients = try (0..<20).map { _ in try harness.client() }
        let total = 300_000
        let bytes = (0..<total).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        var sent = [Int](repeating: 0, count: clients.count)
        try harness.turn(until: clients.allSatisfy { $0.receivedByteCount == total }, "all comes back") {
            for (index, client) in clients.enumerated() {
                if sent[index] < total {
                    sent[index] += client.send(Array(bytes[sent[index]..<min(total, sent[index] + 7001)]))
                }
                client.read(atMost: 10_000)
            }
        }
        for client in clients { #expect(client.received == bytes) }
    }

    @Test("Bytes arrive whole after pauses in which receive buffers are given back", arguments: Backends.tested)
    func pauses(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        harness.application.echoes = true
        let client = try harness.client()
        var sent: [UInt8] = []
        for round in 0..<3 {
            let bytes = (0..<50_001).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ round) }
            client.send(bytes)
            sent += bytes
            try harness.turn(until: client.receivedByteCount == sent.count, "the echo comes") { client.read() }
            // Longer than output memory outlives its last use, and what arrives meanwhile is not lost.
            let began = harness.loop.nowNanoseconds
            while harness.loop.nowNanoseconds - began < 2_100_000_000 { harness.loop.runOnce(timeoutMilliseconds: 50) }
        }
        #expect(client.received == sent)
    }

    @Test("A reader that stops is waited for, and what waits is counted", arguments: Backends.tested)
    func slowReader(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        let client = try harness.client()
        client.keeps = false
        let connection = harness.application.accepted[0]
        let total = 8 << 20
        connection.pointee.output.append(ByteSlice.zeros(total))
        connection.scheduleSend()
        for _ in 0..<50 { harness.loop.runOnce(timeoutMilliseconds: 0) }
        let waiting = connection.pointee.pendingSendByteCount
        #expect(waiting > 0 && waiting < total)
        // More may be appended meanwhile, and nothing of it is lost.
        connection.pointee.output.append(ByteSlice.zeros(1000))
        connection.scheduleSend()
        #expect(connection.pointee.pendingSendByteCount >= waiting)
        try harness.turn(until: client.receivedByteCount == total + 1000, "the rest comes") {
            client.read(atMost: 100_000)
        }
        try harness.turn(until: connection.pointee.pendingSendByteCount == 0, "nothing waits")
    }

    @Test("Nothing is received while reading is paused, and all of it afterwards", arguments: Backends.tested)
    func pausing(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        let client = try harness.client()
        let connection = harness.application.accepted[0]
        client.send("one")
        try harness.turn(until: harness.application.received.count == 3, "the first comes")
        harness.loop.pauseReading(connection)
        client.send("two")
        for _ in 0..<20 { harness.loop.runOnce(timeoutMilliseconds: 1) }
        #expect(harness.application.received.count == 3)
        client.send("three")
        client.shutDownSending()
        harness.loop.resumeReading(connection)
        try harness.turn(until: harness.application.ended.count == 1, "the end comes after the bytes")
        #expect(String(decoding: harness.application.received, as: UTF8.self) == "onetwothree")
        #expect(harness.application.ended[0].reason == .peerClosed)
    }

    @Test("Pausing from within a turn stops a flood", arguments: Backends.tested)
    func backPressure(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        harness.application.keeps = false
        let client = try harness.client()
        let connection = harness.application.accepted[0]
        harness.application.onReceive = { [loop = harness.loop] connection, _ in loop.pauseReading(connection) }
        let chunk = [UInt8](repeating: 1, count: 1 << 20)
        var sent = 0
        for _ in 0..<40 {
            sent += client.send(chunk)
            harness.loop.runOnce(timeoutMilliseconds: 0)
        }
        #expect(harness.application.receiveCount == 1)
        #expect(sent > harness.application.receivedByteCount)
        // Held bytes are bounded by what was under way when reading was paused.
        #expect(connection.pointee.held.count <= 1 << 20)
        harness.application.onReceive = nil
        harness.loop.resumeReading(connection)
        try harness.turn(until: harness.application.receivedByteCount == sent, "the rest comes")
    }
}

extension ByteSlice {
    /// Zeros that stay for ever.
    static func zeros(_ count: Int) -> ByteSlice {
        ByteSlice(start: calloc(1, count), count: count)
    }
}

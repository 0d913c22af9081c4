import Bytes
import Dispatch
import Foundation
import Glibc
import Testing

@testable import IOLoop

@Suite("Connections come and go")
struct LifetimeTests {
    @Test("A peer that has said all still gets its answer", arguments: Backends.tested)
    func halfClose(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        harness.application.echoes = true
        let client = try harness.client()
        client.send("last words")
        client.shutDownSending()
        try harness.turn(until: client.isEnded, "the end comes") { client.read() }
        #expect(client.text == "last words")
        #expect(harness.application.ended.map(\.reason) == [.peerClosed])
        try harness.turn(until: harness.loop.connectionCount == 0, "memory is given back")
    }

    @Test("A big answer goes out whole after the peer's half close", arguments: Backends.tested)
    func bigAnswerAfterHalfClose(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        harness.application.onReceive = { connection, _ in
            connection.pointee.output.append(ByteSlice.zeros(8 << 20))
            connection.scheduleSend()
        }
        let client = try harness.client()
        client.keeps = false
        client.send("?")
        client.shutDownSending()
        try harness.turn(until: client.isEnded, "the end comes") { client.read(atMost: 200_000) }
        #expect(client.receivedByteCount == 8 << 20)
        #expect(harness.application.ended.map(\.reason) == [.peerClosed])
    }

    @Test("What a peer said before it went is received, though nothing can be sent to it", arguments: Backends.tested)
    func lastWords(backend: Backend) throws {
        let path = "\(NSTemporaryDirectory())/last-words-\(getpid()).sock"
        let harness = try LoopHarness(backend, endpoint: .unix(path: path, permissions: 0o600))
        let client = try harness.client()
        let connection = harness.application.accepted[0]
        client.send("farewell")
        client.shutDown()
        // The send is tried before the words are read.
        connection.pointee.output.append(ByteSlice.zeros(100))
        connection.scheduleSend()
        try harness.turn(until: harness.application.ended.count == 1, "the end comes")
        #expect(harness.application.received == Array("farewell".utf8))
        #expect(harness.application.ended[0].reason == .writeFailed(EPIPE))
        try harness.turn(until: harness.loop.connectionCount == 0, "memory is given back")
    }

    @Test("A reset ends the connection, whether it is read, written or paused", arguments: Backends.tested)
    func reset(backend: Backend) throws {
        for isPaused in [false, true] {
            for isWriting in [false, true] {
                let harness = try LoopHarness(backend)
                let client = try harness.client()
                let connection = harness.application.accepted[0]
                if isPaused { harness.loop.pauseReading(connection) }
                if isWriting {
                    connection.pointee.output.append(ByteSlice.zeros(16 << 20))
                    connection.scheduleSend()
                }
                for _ in 0..<5 { harness.loop.runOnce(timeoutMilliseconds: 0) }
                client.reset()
                if isPaused && !isWriting && backend == .ioUring {
                    // Without a receive armed the kernel tells nothing; the next send or resume does.
                    harness.loop.resumeReading(connection)
                }
                try harness.turn(
                    until: harness.application.ended.count == 1, "paused \(isPaused), writing \(isWriting)")
                #expect(harness.application.ended[0].reason != .peerClosed)
                try harness.turn(until: harness.loop.connectionCount == 0, "memory is given back")
            }
        }
    }

    @Test("closeAfterSending sends all, then the end, and reports nothing", arguments: Backends.tested)
    func closeAfterSending(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        let client = try harness.client()
        client.keeps = false
        let connection = harness.application.accepted[0]
        connection.pointee.output.append(ByteSlice.zeros(4 << 20))
        harness.loop.closeAfterSending(connection)
        // What the peer goes on sending neither arrives nor spoils what it is still to read.
        client.send("more")
        try harness.turn(until: client.isEnded, "the end comes") {
            client.read(atMost: 100_000)
            client.send("and more")
        }
        #expect(client.receivedByteCount == 4 << 20)
        #expect(client.readError == 0)
        client.shutDownSending()
        try harness.turn(until: harness.loop.connectionCount == 0, "memory is given back")
        #expect(harness.application.ended.isEmpty)
        #expect(harness.application.received.isEmpty)
    }

    @Test("closeNow in any call-back leaves the pointer valid until the turn is over", arguments: Backends.tested)
    func closeNow(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        harness.application.onReceive = { [loop = harness.loop] connection, _ in
            connection.pointee.output.append("never sent")
            connection.scheduleSend()
            loop.closeNow(connection)
            loop.closeNow(connection)
            loop.closeAfterSending(connection)
            connection.scheduleSend()
        }
        let client = try harness.client()
        client.send("x")
        try harness.turn(until: client.isEnded || client.readError != 0, "the end comes") { client.read() }
        #expect(client.received.isEmpty)
        #expect(harness.application.ended.isEmpty)
        try harness.turn(until: harness.loop.connectionCount == 0, "memory is given back")
        harness.application.onAccept = { [loop = harness.loop] in loop.closeNow($0) }
        let second = try harness.client()
        try harness.turn(until: second.isEnded || second.readError != 0, "the end comes") { second.read() }
    }

    @Test("A thousand connections, many closed while others are served", arguments: Backends.tested)
    func churn(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        harness.application.echoes = true
        harness.application.keeps = false
        var clients: [TestClient] = []
        for round in 0..<5 {
            for _ in 0..<200 { clients.append(try TestClient(harness.listener.endpoint)) }
            try harness.turn(until: harness.application.accepted.count >= clients.count, "all are accepted")
            for client in clients { client.send("ping") }
            try harness.turn(until: clients.allSatisfy { $0.receivedByteCount > 0 }, "all are answered") {
                for client in clients where client.receivedByteCount == 0 { client.read() }
            }
            for (index, connection) in harness.application.accepted.enumerated() where index % 3 == round % 3 {
                harness.loop.closeNow(connection)
            }
            harness.application.accepted.removeAll()
            clients.removeAll()
            try harness.turn(until: harness.loop.connectionCount == 0, "all are gone")
        }
    }

    @Test("An idle connection holds no buffers", arguments: Backends.tested)
    func idleMemory(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        harness.application.echoes = true
        let client = try harness.client()
        client.send("x")
        try harness.turn(until: client.text == "x", "the echo comes") { client.read() }
        let connection = harness.application.accepted[0]
        #expect(connection.pointee.reservedByteCount > 1024)
        // The release takes a second; the loop wakes for it by itself.
        try harness.turn(until: connection.pointee.reservedByteCount < 512, "memory is released")
        client.send("y")
        try harness.turn(until: client.text == "xy", "and taken again") { client.read() }
    }

    @Test("Outgoing connections: there, refused, closed at once", arguments: Backends.tested)
    func connecting(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        let loop = harness.loop
        let out = try loop.connect(to: .tcp(address: "127.0.0.1", port: harness.port))
        out.pointee.output.append("early")
        out.scheduleSend()
        try harness.turn(until: harness.application.received.count == 5, "what was written early arrives")
        #expect(harness.application.connected == [out])
        let answer = harness.application.accepted[0]
        answer.pointee.output.append("reply")
        answer.scheduleSend()
        try harness.turn(until: harness.application.received.count == 10, "the answer arrives")
        loop.closeNow(out)
        try harness.turn(until: harness.application.ended.count == 1, "the other side sees the end")

        loop.close(harness.listener)
        for _ in 0..<3 { loop.runOnce(timeoutMilliseconds: 1) }
        if let refused = try? loop.connect(to: .tcp(address: "127.0.0.1", port: harness.port)) {
            let id = refused.pointee.id
            try harness.turn(until: harness.application.ended.count == 2, "the refusal is told")
            #expect(harness.application.ended[1].id == id)
            #expect(harness.application.ended[1].reason == .connectFailed(ECONNREFUSED))
        }
        #expect(throws: LoopError.self) { try loop.connect(to: .tcp(address: "no literal", port: 1)) }
        try harness.turn(until: loop.connectionCount == 0, "memory is given back")
    }

    @Test("Listening where it cannot be", arguments: Backends.tested)
    func refusedListening(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        let error = #expect(throws: LoopError.self) {
            try harness.loop.listen(.tcp(address: "127.0.0.1", port: harness.port), tag: 0, backlog: 1)
        }
        #expect(error?.code == EADDRINUSE)
        #expect(error?.operation == "bind")
        #expect(throws: LoopError.self) {
            try harness.loop.listen(.tcp(address: "localhost", port: 0), tag: 0, backlog: 1)
        }
        let long = String(repeating: "x", count: 108)
        #expect(throws: LoopError.self) {
            try harness.loop.listen(.unix(path: long, permissions: nil), tag: 0, backlog: 1)
        }
    }

    @Test("A loop sleeps for its wake alone, and no longer than told", arguments: Backends.tested)
    func patience(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        harness.loop.wakePatienceNanoseconds = 900_000_000
        harness.loop.wake()
        let began = DispatchTime.now().uptimeNanoseconds
        harness.loop.runOnce(timeoutMilliseconds: -1)
        // It would have slept 0.9 seconds without the wake.
        #expect(harness.application.wakeCount == 1)
        #expect(DispatchTime.now().uptimeNanoseconds - began < 900_000_000)

        let patience: UInt64 = 50_000_000
        harness.loop.wakePatienceNanoseconds = Int64(patience)
        let slept = DispatchTime.now().uptimeNanoseconds
        harness.loop.runOnce(timeoutMilliseconds: 0)
        #expect(DispatchTime.now().uptimeNanoseconds - slept >= patience)
        #expect(harness.application.wakeCount == 1)
    }

    @Test("Another thread wakes the loop", arguments: Backends.tested)
    func waking(backend: Backend) throws {
        let harness = try LoopHarness(backend)
        let waker = harness.loop.waker
        for round in 1...3 {
            var thread = pthread_t()
            let box = Unmanaged.passRetained(WakerBox(waker))
            pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<WakerBox>.fromOpaque(argument).takeRetainedValue().waker.wake()
                    return nil
                }, box.toOpaque())
            harness.loop.runOnce(timeoutMilliseconds: 60_000)
            try harness.turn(until: harness.application.wakeCount >= round, "the wake is told")
            pthread_join(thread, nil)
        }
        harness.loop.wake()
        harness.loop.runOnce(timeoutMilliseconds: -1)
    }
}

private final class WakerBox {
    let waker: LoopWaker
    init(_ waker: LoopWaker) { self.waker = waker }
}

import Glibc
import Testing

@testable import IOLoop

@Suite("Options of sockets are set, and left alone where nothing is asked for")
struct SocketOptionsTests {
    private static let tcp = Int32(IPPROTO_TCP)

    private static func read(_ descriptor: Int32, _ level: Int32, _ name: Int32) -> Int {
        var value: Int32 = -1
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, level, name, &value, &size)
        return Int(value)
    }

    /// An option, and how it is asked for.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let level: Int32
        let name: Int32
        let value: Int
        let set: @Sendable (inout SocketOptions) -> Void
    }

    static let cases = [
        Case(testDescription: "keep-alive", level: SOL_SOCKET, name: SO_KEEPALIVE, value: 1) { $0.keepsAlive = true },
        Case(testDescription: "no keep-alive", level: SOL_SOCKET, name: SO_KEEPALIVE, value: 0) {
            $0.keepsAlive = false
            $0.keepAliveIdleSeconds = 9
        },
        Case(testDescription: "idle", level: tcp, name: TCP_KEEPIDLE, value: 77) {
            $0.keepsAlive = true
            $0.keepAliveIdleSeconds = 77
        },
        Case(testDescription: "interval", level: tcp, name: TCP_KEEPINTVL, value: 11) {
            $0.keepsAlive = true
            $0.keepAliveIntervalSeconds = 11
        },
        Case(testDescription: "probes", level: tcp, name: TCP_KEEPCNT, value: 3) {
            $0.keepsAlive = true
            $0.keepAliveProbesMax = 3
        },
        Case(testDescription: "user timeout", level: tcp, name: TCP_USER_TIMEOUT, value: 1234) {
            $0.userTimeoutMilliseconds = 1234
        },
        // Linux doubles them.
        Case(testDescription: "send buffer", level: SOL_SOCKET, name: SO_SNDBUF, value: 2 * 20_000) {
            $0.bufferByteCount = 20_000
        },
        Case(testDescription: "receive buffer", level: SOL_SOCKET, name: SO_RCVBUF, value: 2 * 20_000) {
            $0.bufferByteCount = 20_000
        },
    ]

    @Test(arguments: cases)
    func optionIsSet(_ option: Case) throws {
        let harness = try LoopHarness(.epoll)
        var options = SocketOptions()
        option.set(&options)
        let client = try harness.client()
        let accepted = harness.application.accepted[0]
        let untouched = Self.read(accepted.pointee.descriptor, option.level, option.name)
        #expect(accepted.pointee.apply(options) == 0)
        #expect(Self.read(accepted.pointee.descriptor, option.level, option.name) == option.value)
        if option.value != 0 { #expect(untouched != option.value) }
        // From the first packet on, for connections of our own.
        let connection = try harness.loop.connect(
            to: .tcp(address: "127.0.0.1", port: harness.port), options: options)
        #expect(Self.read(connection.pointee.descriptor, option.level, option.name) == option.value)
        _ = client
    }

    @Test func whatTheKernelRefusesIsTold() throws {
        let harness = try LoopHarness(.epoll)
        _ = try harness.client()
        var options = SocketOptions()
        options.keepsAlive = true
        options.keepAliveIdleSeconds = 1_000_000
        #expect(harness.application.accepted[0].pointee.apply(options) == EINVAL)
        #expect(throws: LoopError.self) {
            try harness.loop.connect(to: .tcp(address: "127.0.0.1", port: harness.port), options: options)
        }
    }

    @Test func abstractSocketHasNoFile() throws {
        let name = "@atoll-loop-tests-\(getpid())"
        let harness = try LoopHarness(.epoll, endpoint: .unix(path: name, permissions: 0o600))
        harness.application.echoes = true
        let client = try harness.client()
        client.send("hello")
        try harness.turn(until: client.text == "hello", "bytes come back") { client.read() }
        #expect(access(name, F_OK) != 0)
        #expect(harness.application.accepted[0].pointee.localAddressText == name)
    }

    @Test func portIsSharedWhenBothAskForIt() throws {
        for shares in [false, true] {
            let application = RecordingApplication()
            let loop = try EventLoop(backend: .epoll, application: application)
            var options = ListenOptions()
            options.sharesPort = shares
            let first = try loop.listen(
                .tcp(address: "127.0.0.1", port: 0), tag: 1, backlog: 5, options: options)
            let second = try? loop.listen(first.endpoint, tag: 2, backlog: 5, options: options)
            #expect((second != nil) == shares)
        }
    }

    @Test func connectionWithoutAByteWaits() throws {
        let application = RecordingApplication()
        let loop = try EventLoop(backend: .epoll, application: application)
        var options = ListenOptions()
        options.deferSeconds = 45
        let listener = try loop.listen(.tcp(address: "127.0.0.1", port: 0), tag: 1, backlog: 5, options: options)
        let client = try TestClient(listener.endpoint)
        for _ in 0..<20 { loop.runOnce(timeoutMilliseconds: 5) }
        #expect(application.accepted.isEmpty)
        client.send("x")
        for _ in 0..<10_000 where application.accepted.isEmpty { loop.runOnce(timeoutMilliseconds: 5) }
        #expect(application.accepted.count == 1)
        #expect(listener.setDeferSeconds(0) == 0)
        #expect(Self.read(listener.descriptor, Self.tcp, TCP_DEFER_ACCEPT) == 0)
    }
}

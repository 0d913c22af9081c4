import Bytes
import Glibc
import TLS
import Testing

@testable import IOLoop

/// The backends that this machine has; the tests run on each.
enum Backends {
    static let tested: [Backend] = isUringAllowed ? [.epoll, .ioUring] : [.epoll]

    /// Whether the kernel lets this process use io_uring.
    static let isUringAllowed: Bool = {
        let application = RecordingApplication()
        return (try? EventLoop(backend: .ioUring, application: application)) != nil
    }()
}

/// Keeps what happened, and does what the test tells it to.
final class RecordingApplication: LoopApplication {
    var accepted: [ConnectionPointer] = []
    var connected: [ConnectionPointer] = []
    var secured: [ConnectionPointer] = []
    var ended: [(id: UInt64, reason: EndReason)] = []
    var acceptFailures: [Int32] = []
    var received: [UInt8] = []
    var receivedByteCount = 0
    var receiveCount = 0
    var wakeCount = 0
    var fired: [TimerHeap.Handle] = []
    var willSendCount = 0
    var endedTurnCount = 0
    /// Bytes go back to where they came from.
    var echoes = false
    /// Bytes are kept in `received`.
    var keeps = true
    var onAccept: ((ConnectionPointer) -> Void)?
    var onReceive: ((ConnectionPointer, ByteSlice) -> Void)?
    var onEnd: ((ConnectionPointer, EndReason) -> Void)?
    var onTurnEnd: (() -> Void)?

    func accepted(_ connection: ConnectionPointer, listener tag: Int) {
        accepted.append(connection)
        onAccept?(connection)
    }

    func connected(_ connection: ConnectionPointer) { connected.append(connection) }

    func secured(_ connection: ConnectionPointer) { secured.append(connection) }

    func received(_ connection: ConnectionPointer, _ bytes: ByteSlice) {
        receiveCount += 1
        receivedByteCount += bytes.count
        if keeps { received.append(contentsOf: bytes) }
        onReceive?(connection, bytes)
        guard echoes else { return }
        connection.pointee.output.append(bytes)
        connection.scheduleSend()
    }

    func ended(_ connection: ConnectionPointer, _ reason: EndReason) {
        ended.append((connection.pointee.id, reason))
        accepted.removeAll { $0 == connection }
        onEnd?(connection, reason)
    }

    func turnWillSend() { willSendCount += 1 }
    func turnEnded() {
        endedTurnCount += 1
        onTurnEnd?()
    }
    func woken() { wakeCount += 1 }
    func timerFired(_ handle: TimerHeap.Handle, _ context: UnsafeMutableRawPointer?) { fired.append(handle) }
    func acceptFailed(listener tag: Int, code: Int32) { acceptFailures.append(code) }
}

/// A loop with one listener and a recording application, driven turn by turn on the test's own thread.
final class LoopHarness {
    let application = RecordingApplication()
    let loop: EventLoop
    let listener: Listener

    init(
        _ backend: Backend, endpoint: ListenEndpoint = .tcp(address: "127.0.0.1", port: 0), tls: TLSServerContext? = nil
    )
        throws
    {
        loop = try EventLoop(backend: backend, application: application)
        listener = try loop.listen(endpoint, tag: 7, backlog: 511, tls: tls)
    }

    var port: UInt16 {
        guard case .tcp(_, let port) = listener.endpoint else { return 0 }
        return port
    }

    /// A client of the listener, accepted.
    func client() throws -> TestClient {
        let before = application.accepted.count
        let client = try TestClient(listener.endpoint)
        try turn(until: application.accepted.count > before, "a client is accepted")
        return client
    }

    /// Turns until the condition holds. The bound is a count of turns: no wall-clock time is asserted.
    func turn(
        until condition: @autoclosure () -> Bool, _ what: String, turnsMax: Int = 20_000,
        each step: () -> Void = {}, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for _ in 0..<turnsMax {
            if condition() { return }
            step()
            loop.runOnce(timeoutMilliseconds: 1)
        }
        try #require(condition(), "\(what)", sourceLocation: sourceLocation)
    }
}

/// A plain non-blocking socket.
final class TestClient {
    let descriptor: Int32
    private(set) var received: [UInt8] = []
    private(set) var receivedByteCount = 0
    private(set) var isEnded = false
    private(set) var readError: Int32 = 0
    var keeps = true

    init(_ endpoint: ListenEndpoint) throws {
        let target: ConnectEndpoint =
            switch endpoint {
            case .tcp(let address, let port): .tcp(address: address, port: port)
            case .unix(let path, _): .unix(path: path)
            }
        descriptor = try SocketOpening.connect(target, localAddress: nil)
    }

    deinit { Glibc.close(descriptor) }

    /// Bytes that the kernel took.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Int {
        max(0, Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)))
    }

    @discardableResult
    func send(_ text: String) -> Int { send(Array(text.utf8)) }

    /// Reads what is there.
    func read(atMost limit: Int = 1 << 20) {
        var buffer = [UInt8](repeating: 0, count: min(limit, 64 << 10))
        var left = limit
        while left > 0 {
            let count = recv(descriptor, &buffer, min(left, buffer.count), 0)
            if count > 0 {
                receivedByteCount += count
                if keeps { received.append(contentsOf: buffer[0..<count]) }
                left -= count
                continue
            }
            if count == 0 { isEnded = true } else if errno != EAGAIN { readError = errno }
            return
        }
    }

    var text: String { String(decoding: received, as: UTF8.self) }

    func shutDownSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Makes the kernel send a reset when the client goes.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        // A socket connected to nothing takes its place, so that the descriptor stays the client's.
        let other = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        dup2(other, descriptor)
        Glibc.close(other)
    }
}

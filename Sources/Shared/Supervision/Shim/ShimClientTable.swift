import CAtoll
import Glibc

/// The clients of a shim's socket. No client can hold the shim up: sockets never block, an answer that does not fit
/// the socket's buffer ends its client, lines and numbers are limited, and silence without a watch is timed.
struct ShimClientTable {
    /// Connections at once.
    static let clientsMax = 32
    /// A client that does not watch is closed after this much silence.
    static let silenceSecondsMax = 30.0
    /// How long accept rests after an error such as too many open files.
    private static let acceptRestSeconds = 1.0

    /// Reading → watching; both → closed.
    struct Client {
        let descriptor: Int32
        var buffer: [UInt8] = []
        var isWatching = false
        var deadline: Double
    }

    private(set) var listener: Int32
    private(set) var clients: [Client] = []
    private var acceptsFrom = 0.0

    init(directory: RunDirectory) throws(StartFailure) {
        // We hold the lock, so a file that is there has no listener.
        unlink(directory.socketFile)
        listener = UnixSocket.make(blocking: false)
        let bound = UnixSocket.withAddress(of: "shim.sock", in: directory.path) { bind(listener, $0, $1) }
        guard bound == 0, chmod(directory.socketFile, 0o600) == 0, listen(listener, Int32(Self.clientsMax)) == 0 else {
            throw StartFailure(
                stage: "socket", errorNumber: errno,
                message: "could not listen on \(directory.socketFile): \(systemMessage(errno))")
        }
    }

    /// -1 while accept rests.
    func listenerToPoll(now: Double) -> Int32 { now >= acceptsFrom ? listener : -1 }

    /// The next time at which something is due without any event.
    func nextDeadline(now: Double) -> Double {
        var next = acceptsFrom > now ? acceptsFrom : Double.infinity
        for client in clients where !client.isWatching { next = min(next, client.deadline) }
        return next
    }

    /// Takes new connections in: ours and root's only.
    mutating func accept(now: Double) {
        while true {
            let descriptor = atoll_accept(listener)
            guard descriptor >= 0 else {
                if errno != EAGAIN, errno != EINTR, errno != ECONNABORTED { acceptsFrom = now + Self.acceptRestSeconds }
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            var user: uid_t = 0
            let refusal: String? =
                if atoll_peer_user_id(descriptor, &user) != 0 || (user != geteuid() && user != 0) {
                    "error denied \(EACCES) only the shim's own user and root may talk to it"
                } else if clients.count >= Self.clientsMax {
                    "error busy \(EAGAIN) \(Self.clientsMax) clients are connected; try again later"
                } else {
                    nil
                }
            _ = Self.send(refusal ?? ShimProtocol.greeting, to: descriptor)
            if refusal == nil {
                clients.append(Client(descriptor: descriptor, deadline: now + Self.silenceSecondsMax))
            } else {
                Glibc.close(descriptor)
            }
        }
    }

    /// Reads what one client sent and returns its complete lines; nil: the client is gone or broke a limit.
    mutating func readLines(at index: Int, now: Double) -> [String]? {
        var chunk = [UInt8](repeating: 0, count: ShimProtocol.commandBytesMax)
        let count = read(clients[index].descriptor, &chunk, chunk.count)
        if count < 0, errno == EAGAIN || errno == EINTR { return [] }
        guard count > 0 else { return nil }
        clients[index].deadline = now + Self.silenceSecondsMax
        clients[index].buffer.append(contentsOf: chunk[..<count])
        var lines: [String] = []
        while let end = clients[index].buffer.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(String(decoding: clients[index].buffer[..<end], as: UTF8.self))
            clients[index].buffer.removeFirst(end + 1)
        }
        if clients[index].buffer.count >= ShimProtocol.commandBytesMax {
            _ = answer("error too-long \(E2BIG) a line ends after \(ShimProtocol.commandBytesMax) bytes", at: index)
            return nil
        }
        return lines
    }

    /// Sends one line; false when the client has to go.
    func answer(_ line: String, at index: Int) -> Bool { Self.send(line, to: clients[index].descriptor) }

    mutating func watch(at index: Int) { clients[index].isWatching = true }

    mutating func remove(at index: Int) {
        Glibc.close(clients[index].descriptor)
        clients.remove(at: index)
    }

    /// Closes those that said nothing for too long.
    mutating func removeSilent(now: Double) {
        for index in clients.indices.reversed() where !clients[index].isWatching && clients[index].deadline <= now {
            remove(at: index)
        }
    }

    /// Tells every watcher and closes all connections.
    mutating func finish(_ event: String) {
        for client in clients {
            if client.isWatching { _ = Self.send(event, to: client.descriptor) }
            Glibc.close(client.descriptor)
        }
        clients = []
    }

    mutating func closeListener() {
        Glibc.close(listener)
        listener = -1
    }

    private static func send(_ line: String, to descriptor: Int32) -> Bool {
        let bytes = Array("\(line)\n".utf8)
        let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
        return Glibc.send(descriptor, bytes, bytes.count, flags) == bytes.count
    }
}

import CAtoll
import Glibc
import IOLoop
import PoolerConfiguration
import PoolerSessions

/// The process that a new one takes over from (`-R`): its listening sockets, and the link to it.
final class Predecessor {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let link: TakeoverLink
    /// Its listening sockets that nobody has taken, by what they listen on.
    private var listeners: [String: Int32]

    /// How long the old process may take to answer.
    private static let answerMilliseconds: Int32 = 10_000

    /// Where the process with these settings is asked to hand over; nil without a directory for Unix sockets.
    static func path(_ settings: PoolerSettings) -> String? {
        settings.unixSocketDirectory.map { "\($0)/.s.PGSQL.\(settings.listenPort).takeover" }
    }

    /// Asks the process that runs for its sockets; nil if none runs.
    static func find(_ settings: PoolerSettings) throws -> Predecessor? {
        guard let path = path(settings) else { throw Failure(description: "-R needs unix_socket_dir") }
        let socket: Int32
        do throws(LoopError) {
            socket = try SocketOpening.connect(.unix(path: path))
        } catch {
            guard error.code == ENOENT || error.code == ECONNREFUSED else { throw error }
            return nil
        }
        // The directory may be anybody's to write to: only our own kind is believed.
        guard TakeoverPeer.isTrusted(socket) else {
            close(socket)
            throw Failure(description: "\(path) is served by another user's process")
        }
        guard let link = TakeoverLink(socket: socket),
            let first = link.receiveFirst(withinMilliseconds: answerMilliseconds)
        else { throw Failure(description: "the process that runs does not answer at \(path)") }
        switch first.message {
        case .listeners(TakeoverMessage.version, let endpoints):
            return Predecessor(link, Dictionary(zip(endpoints, first.descriptors), uniquingKeysWith: { $1 }))
        case .listeners(let version, _):
            throw Failure(description: "the process that runs hands over in version \(version), not ours")
        default: throw Failure(description: "another process is taking over already")
        }
    }

    private init(_ link: TakeoverLink, _ listeners: [String: Int32]) {
        self.link = link
        self.listeners = listeners
    }

    /// The socket that listens there, once.
    func takeListener(_ endpoint: ListenEndpoint) -> Int32? { listeners.removeValue(forKey: endpoint.description) }

    /// Closes the sockets that nobody wants any more.
    func closeListeners() {
        for descriptor in listeners.values { close(descriptor) }
        listeners = [:]
    }
}

/// Who may take over, and from whom: the same user of the system, or root.
enum TakeoverPeer {
    static func isTrusted(_ socket: Int32) -> Bool {
        var user = uid_t()
        return atoll_peer_user_id(socket, &user) == 0 && (user == geteuid() || user == 0)
    }
}

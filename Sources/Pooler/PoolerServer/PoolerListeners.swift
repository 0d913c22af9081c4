import Glibc
import IOLoop
import PoolerConfiguration
import PoolerSessions

/// The sockets that clients come in through.
final class PoolerListeners {
    private var listeners: [Listener] = []

    /// Opens all that the settings name.
    func open(_ settings: PoolerSettings, _ loop: EventLoop, _ log: PoolerLog) throws(LoopError) {
        for address in Self.addresses(settings.listenAddresses) {
            let endpoint = ListenEndpoint.tcp(address: address, port: UInt16(clamping: settings.listenPort))
            do {
                listeners.append(try loop.listen(endpoint, tag: 0, backlog: settings.listenBacklog))
            } catch  where error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL {
                log.write(.warning, "cannot listen on \(endpoint): \(error.reason)")
                continue
            }
            log.write(.log, "listening on \(endpoint)")
        }
        guard let directory = settings.unixSocketDirectory else { return }
        let path = "\(directory)/.s.PGSQL.\(settings.listenPort)"
        let permissions = mode_t(settings.unixSocketMode)
        listeners.append(
            try loop.listen(.unix(path: path, permissions: permissions), tag: 1, backlog: settings.listenBacklog))
        if let group = settings.unixSocketGroup { Self.setGroup(group, of: path, log) }
        log.write(.log, "listening on unix:\(path)")
    }

    var isEmpty: Bool { listeners.isEmpty }

    /// Accepts nobody any more.
    func close(_ loop: EventLoop) {
        for listener in listeners { loop.close(listener) }
        listeners = []
    }

    private static func setGroup(_ group: String, of path: String, _ log: PoolerLog) {
        let number = UInt32(group) ?? getgrnam(group)?.pointee.gr_gid
        guard let number, chown(path, uid_t.max, number) == 0 else {
            return log.write(.warning, "cannot set unix_socket_group \(group): \(String(cString: strerror(errno)))")
        }
    }

    /// Literals for the words of `listen_addr`.
    private static func addresses(_ list: WordList) -> [String] {
        list.words.flatMap { word -> [String] in
            if word == "*" { return ["0.0.0.0", "::"] }
            return SocketAddress.isLiteral(word) ? [word] : HostNameResolver.addresses(of: word)
        }
    }
}

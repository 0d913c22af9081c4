import Glibc
import IOLoop
import PoolerConfiguration
import PoolerSessions

/// The sockets that clients come in through.
final class PoolerListeners {
    private var listeners: [Listener] = []
    /// Where another process asks for them.
    private var takeover: Listener?

    /// Opens all that the settings name, or takes them from the process before us.
    func open(
        _ settings: PoolerSettings, _ loop: EventLoop, _ log: PoolerLog, from predecessor: Predecessor?
    ) throws(LoopError) {
        defer { predecessor?.closeListeners() }
        for address in Self.addresses(settings.listenAddresses) {
            let endpoint = ListenEndpoint.tcp(address: address, port: UInt16(clamping: settings.listenPort))
            do {
                listeners.append(try listen(endpoint, tag: 0, settings, loop, predecessor))
            } catch  where error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL {
                log.write(.warning, "cannot listen on \(endpoint): \(error.reason)")
                continue
            }
            log.write(.log, "listening on \(endpoint)")
        }
        try openMetrics(settings, loop, log, predecessor)
        guard let directory = settings.unixSocketDirectory else { return }
        let path = "\(directory)/.s.PGSQL.\(settings.listenPort)"
        let permissions = mode_t(settings.unixSocketMode)
        listeners.append(
            try listen(.unix(path: path, permissions: permissions), tag: 1, settings, loop, predecessor))
        if let group = settings.unixSocketGroup, !path.hasPrefix("@") { Self.setGroup(group, of: path, log) }
        log.write(.log, "listening on unix:\(path)")
        guard let takeoverPath = Predecessor.path(settings) else { return }
        takeover = try loop.listen(
            .unix(path: takeoverPath, permissions: 0o600), tag: PoolerLoop.takeoverTag, backlog: 1)
    }

    private func openMetrics(
        _ settings: PoolerSettings, _ loop: EventLoop, _ log: PoolerLog, _ predecessor: Predecessor?
    ) throws(LoopError) {
        let endpoint: ListenEndpoint
        switch settings.metricsPlace {
        case nil: return
        case .network(let address, let port): endpoint = .tcp(address: address, port: port)
        case .socket(let path): endpoint = .unix(path: path, permissions: mode_t(settings.unixSocketMode))
        }
        listeners.append(try listen(endpoint, tag: PoolerLoop.metricsTag, settings, loop, predecessor))
        log.write(.log, "metrics on \(endpoint)")
    }

    private func listen(
        _ endpoint: ListenEndpoint, tag: Int, _ settings: PoolerSettings, _ loop: EventLoop,
        _ predecessor: Predecessor?
    ) throws(LoopError) -> Listener {
        guard let descriptor = predecessor?.takeListener(endpoint) else {
            return try loop.listen(
                endpoint, tag: tag, backlog: settings.listenBacklog, options: SocketTuning.listener(settings))
        }
        return try loop.listen(on: descriptor, endpoint, tag: tag)
    }

    /// Takes over what a reload changes for sockets that listen already.
    func follow(_ settings: PoolerSettings, _ log: PoolerLog) {
        for listener in listeners {
            let code = listener.setDeferSeconds(SocketTuning.deferSeconds(settings))
            guard code != 0 else { continue }
            log.write(.warning, "tcp_defer_accept at \(listener.endpoint): \(String(cString: strerror(code)))")
        }
    }

    /// What another process is given: where they listen, and the sockets.
    var offer: (endpoints: [String], descriptors: [Int32]) {
        (listeners.map(\.endpoint.description), listeners.map(\.descriptor))
    }

    /// Leaves them to another process.
    func withdraw(_ loop: EventLoop) {
        for listener in listeners { loop.withdraw(listener) }
        listeners = []
        // Its path is the other's by now.
        if let takeover { loop.withdraw(takeover) }
        takeover = nil
    }

    /// Accepts nobody any more.
    func close(_ loop: EventLoop) {
        closeNetwork(loop)
        for listener in listeners { loop.close(listener) }
        listeners = []
    }

    /// Accepts no clients any more but over the Unix socket. Who asks for metrics sees the end coming.
    func closeNetwork(_ loop: EventLoop) {
        listeners.removeAll { listener in
            guard case .tcp = listener.endpoint, listener.tag != PoolerLoop.metricsTag else { return false }
            loop.close(listener)
            return true
        }
        if let takeover { loop.close(takeover) }
        takeover = nil
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

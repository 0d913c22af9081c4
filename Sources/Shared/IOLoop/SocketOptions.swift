import Glibc

/// Options of a TCP socket that an administrator may choose. Zero, or nil, leaves what the system has; Unix sockets have
/// none of them.
package struct SocketOptions: Sendable, Equatable {
    /// Whether a silent peer is probed.
    package var keepsAlive: Bool?
    /// How long a peer may be silent before it is probed.
    package var keepAliveIdleSeconds = 0
    /// Between probes.
    package var keepAliveIntervalSeconds = 0
    /// Probes without an answer after which the connection is over.
    package var keepAliveProbesMax = 0
    /// How long what was sent may go without an acknowledgement before the connection is over.
    package var userTimeoutMilliseconds = 0
    /// Of each direction in the kernel, which doubles it for its own needs.
    package var bufferByteCount = 0

    package init() {}

    /// Sets them; 0, or the errno of the first that the kernel refused.
    func apply(to descriptor: Int32) -> Int32 {
        let tcp = Int32(IPPROTO_TCP)
        var wanted: [(level: Int32, name: Int32, value: Int)] = []
        if let keepsAlive { wanted.append((SOL_SOCKET, SO_KEEPALIVE, keepsAlive ? 1 : 0)) }
        if keepsAlive == true {
            wanted += [
                (tcp, TCP_KEEPIDLE, keepAliveIdleSeconds), (tcp, TCP_KEEPINTVL, keepAliveIntervalSeconds),
                (tcp, TCP_KEEPCNT, keepAliveProbesMax),
            ].filter { $0.2 > 0 }
        }
        wanted += [
            (tcp, TCP_USER_TIMEOUT, userTimeoutMilliseconds), (SOL_SOCKET, SO_SNDBUF, bufferByteCount),
            (SOL_SOCKET, SO_RCVBUF, bufferByteCount),
        ].filter { $0.2 > 0 }
        for option in wanted {
            let code = Self.set(descriptor, option.level, option.name, option.value)
            if code != 0 { return code }
        }
        return 0
    }

    /// 0, or an errno.
    static func set(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int) -> Int32 {
        var value = Int32(clamping: value)
        return setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 ? 0 : errno
    }
}

/// How a TCP socket listens.
package struct ListenOptions: Sendable, Equatable {
    /// Other sockets may listen at the same address, also of other processes of the user: the kernel deals connections
    /// out among them.
    package var sharesPort = false
    /// How long a connection may wait for its first byte before it is accepted without; 0 accepts at once.
    package var deferSeconds = 0
    /// What accepted connections begin with.
    package var socket = SocketOptions()

    package init() {}

    /// 0, or an errno.
    func applyBeforeBind(to descriptor: Int32) -> Int32 {
        guard sharesPort else { return 0 }
        return SocketOptions.set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1)
    }

    /// 0, or an errno.
    func applyBeforeListen(to descriptor: Int32) -> Int32 {
        let code = socket.apply(to: descriptor)
        guard code == 0, deferSeconds > 0 else { return code }
        return SocketOptions.set(descriptor, Int32(IPPROTO_TCP), TCP_DEFER_ACCEPT, deferSeconds)
    }
}

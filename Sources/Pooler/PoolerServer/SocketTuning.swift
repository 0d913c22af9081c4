import IOLoop
import PoolerConfiguration

/// What the settings `tcp_…` and `so_reuseport` say about sockets.
enum SocketTuning {
    /// How long a connection may wait for its first byte with `tcp_defer_accept`, as in PgBouncer.
    static let deferSeconds = 45

    /// For connections to clients and servers.
    static func socket(_ settings: PoolerSettings) -> SocketOptions {
        var options = SocketOptions()
        options.keepsAlive = settings.tcpKeepAlive
        options.keepAliveIdleSeconds = settings.tcpKeepAliveIdleSeconds
        options.keepAliveIntervalSeconds = settings.tcpKeepAliveIntervalSeconds
        options.keepAliveProbesMax = settings.tcpKeepAliveProbesMax
        options.userTimeoutMilliseconds = settings.tcpUserTimeoutMilliseconds
        options.bufferByteCount = settings.tcpSocketBufferBytes
        return options
    }

    /// For sockets that listen.
    static func listener(_ settings: PoolerSettings) -> ListenOptions {
        var options = ListenOptions()
        options.sharesPort = settings.reusesPort
        options.deferSeconds = deferSeconds(settings)
        options.socket = socket(settings)
        return options
    }

    static func deferSeconds(_ settings: PoolerSettings) -> Int { settings.defersAccept ? deferSeconds : 0 }
}

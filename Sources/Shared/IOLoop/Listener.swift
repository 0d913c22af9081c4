import Glibc
package import TLS

/// A socket that connections come in through.
package final class Listener {
    /// The application's name for it, which `accepted` tells.
    package let tag: Int
    /// Where it listens; with port 0 asked for, the port that the kernel chose.
    package let endpoint: ListenEndpoint
    /// The context for connections accepted from now on: a new one is a reload.
    package var tls: TLSServerContext?
    /// The socket, to be sent to another process. The loop closes it.
    package let descriptor: Int32
    /// While it rests after a failed accept: when to try again, in monotonic milliseconds.
    var retryMilliseconds: Int64?

    init(tag: Int, endpoint: ListenEndpoint, tls: TLSServerContext?, descriptor: Int32) {
        self.tag = tag
        self.endpoint = endpoint
        self.tls = tls
        self.descriptor = descriptor
    }

    /// Changes how long a connection may wait for its first byte; 0, or an errno.
    package func setDeferSeconds(_ seconds: Int) -> Int32 {
        guard case .tcp = endpoint else { return 0 }
        return SocketOptions.set(descriptor, Int32(IPPROTO_TCP), TCP_DEFER_ACCEPT, seconds)
    }

    /// Marks the packets of the socket and of connections that it accepts from now on, for routing and filters; 0, or an
    /// errno. The kernel allows it to those who administer the network (CAP_NET_ADMIN).
    package func setMark(_ mark: UInt32) -> Int32 {
        var mark = mark
        let size = socklen_t(MemoryLayout<UInt32>.size)
        return setsockopt(descriptor, SOL_SOCKET, SO_MARK, &mark, size) == 0 ? 0 : errno
    }

    /// How long a listener rests that could not accept: the queue stays, and the loop does not spin.
    static let restMilliseconds: Int64 = 100
}

import Bytes
import Glibc

/// How the loop talks to the kernel, or to a simulation of it. The loop owns connections and decides; a backend
/// moves bytes and reports by calling the loop's `accept`, `arrived`, `reachedEnd`, `failed`, `progressed`, `drained`.
///
/// A class with overridden methods rather than a protocol: one indirect call, no witness table. The loop and its
/// application are handed down as parameters because taking them from a property would count references on every
/// request.
class LoopBackend {
    /// How long to sleep for a wake alone before anything else counts; 0 for not at all.
    @exclusivity(unchecked) final var wakePatienceNanoseconds: Int64 = 0
    /// The time where it is not the kernel's.
    var virtualNanoseconds: Int64? { nil }

    /// A socket that listens.
    func open(_ endpoint: ListenEndpoint, backlog: Int, _ options: ListenOptions) throws(LoopError) -> Int32 {
        try SocketOpening.listen(endpoint, backlog: backlog, options)
    }
    /// Closes what `open` opened, after `stop`.
    func closeSocket(of listener: Listener) {
        Glibc.close(listener.descriptor)
        if case .unix(let path, _) = listener.endpoint { SocketOpening.unlinkSocket(path) }
    }
    /// A socket that connects.
    func open(
        _ endpoint: ConnectEndpoint, localAddress: String?, _ options: SocketOptions
    ) throws(LoopError) -> Int32 {
        try SocketOpening.connect(endpoint, localAddress: localAddress, options)
    }
    /// The errno of a connect that is over; 0 if it came about.
    func connectError(_ connection: ConnectionPointer) -> Int32 {
        SocketOpening.pendingError(connection.pointee.descriptor)
    }

    /// Begins to accept.
    func start(_ listener: Listener, _ loop: EventLoop) throws(LoopError) { preconditionFailure("abstract") }
    /// Stops accepting; the descriptor is closed by the caller afterwards.
    func stop(_ listener: Listener) { preconditionFailure("abstract") }
    /// Stops accepting on a socket that others have too, so that it is not shut down, and closes this descriptor of it.
    /// Connections that the kernel accepts meanwhile still come in.
    func withdraw(_ listener: Listener, _ loop: EventLoop) {
        stop(listener)
        Glibc.close(listener.descriptor)
    }
    /// Begins to watch one that was detached, of a simulated network or a real one. 0 or an errno.
    func attach(_ connection: ConnectionPointer, simulated: AnyObject?) -> Int32 { attach(connection) }
    /// What a simulated network has in place of a socket; nil where there is one.
    func simulatedPeer(of connection: ConnectionPointer) -> AnyObject? { nil }
    /// Watches a connection no more whose descriptor lives on elsewhere. No operation of the kernel's points to it.
    func forget(_ connection: ConnectionPointer) {}
    /// Begins to watch a connection: for the end of its connect if it is connecting, else for bytes. 0 or an errno.
    func attach(_ connection: ConnectionPointer) -> Int32 { preconditionFailure("abstract") }
    /// Sends what is in the connection's buffers as far as the kernel takes it, then or when there is room.
    func send(_ connection: ConnectionPointer, _ loop: EventLoop) { preconditionFailure("abstract") }
    /// Whether another connection can be sent for in this turn; those that cannot come first in the next.
    var hasRoomToSend: Bool { true }
    /// Shuts our side down: the peer reads an end of stream.
    func shutDownSending(_ connection: ConnectionPointer) { preconditionFailure("abstract") }
    func pause(_ connection: ConnectionPointer) { preconditionFailure("abstract") }
    func resume(_ connection: ConnectionPointer) { preconditionFailure("abstract") }
    /// Closes the socket. True when nothing points to the connection any more; if false, the backend calls
    /// `loop.free` later.
    func detach(_ connection: ConnectionPointer) -> Bool { preconditionFailure("abstract") }
    /// Hands sends that would go with the next wait to the kernel.
    func flushSends() {}
    /// Waits for events at most that long; -1 without limit.
    func wait(milliseconds: Int) { preconditionFailure("abstract") }
    /// Handles what the wait found, and returns how many events that were.
    func dispatch(_ loop: EventLoop, _ application: any LoopApplication) -> Int { preconditionFailure("abstract") }
    /// Whether there is work that no event will announce: the loop must not sleep.
    var hasImmediateWork: Bool { preconditionFailure("abstract") }
    /// Nothing was sent for a while: gives back memory that only traffic needs. Between turns.
    func releaseIdleMemory() {}
    /// The loop is going away, its connections are closed and detached: returns once none is pointed to any more.
    func finish(_ loop: EventLoop) { preconditionFailure("abstract") }
}

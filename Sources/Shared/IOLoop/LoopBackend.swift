import Bytes

/// How the loop talks to the kernel, or to a simulation of it. The loop owns connections and decides; a backend
/// moves bytes and reports by calling the loop's `accept`, `arrived`, `reachedEnd`, `failed`, `drained`.
///
/// A class with overridden methods rather than a protocol: one indirect call, no witness table.
class LoopBackend {
    /// The loop owns its backend, so it is there whenever the backend runs.
    final unowned(unsafe) var loop: EventLoop

    init(loop: EventLoop) throws(LoopError) {
        self.loop = loop
    }

    /// Begins to accept.
    func start(_ listener: Listener) throws(LoopError) { preconditionFailure("a backend defines this") }
    /// Stops accepting; the descriptor is closed by the caller afterwards.
    func stop(_ listener: Listener) { preconditionFailure("a backend defines this") }
    /// Begins to watch a connection: for the end of its connect if it is connecting, else for bytes. 0 or an errno.
    func attach(_ connection: ConnectionPointer) -> Int32 { preconditionFailure("a backend defines this") }
    /// Sends what is in the connection's buffers as far as the kernel takes it, then or when there is room.
    func send(_ connection: ConnectionPointer) { preconditionFailure("a backend defines this") }
    /// Shuts our side down: the peer reads an end of stream.
    func shutDownSending(_ connection: ConnectionPointer) { preconditionFailure("a backend defines this") }
    func pause(_ connection: ConnectionPointer) { preconditionFailure("a backend defines this") }
    func resume(_ connection: ConnectionPointer) { preconditionFailure("a backend defines this") }
    /// Closes the socket. True when nothing points to the connection any more; if false, the backend calls
    /// `loop.free` later.
    func detach(_ connection: ConnectionPointer) -> Bool { preconditionFailure("a backend defines this") }
    /// Waits for events at most that long; -1 without limit.
    func wait(milliseconds: Int) { preconditionFailure("a backend defines this") }
    /// Handles what the wait found, and returns how many events that were.
    func dispatch() -> Int { preconditionFailure("a backend defines this") }
    /// Whether there is work that no event will announce: the loop must not sleep.
    var hasImmediateWork: Bool { preconditionFailure("a backend defines this") }
}

package import Bytes

/// What runs on a loop. All calls come on the loop's thread, and any of them may call the loop, except `runOnce`.
///
/// The order of a turn: `turnBegan` with a lock, `timerFired`, then `woken`, `accepted`, `connected`, `received` and `ended` as things happened, then
/// `turnWillSend`, then the sends (a failed one calls `ended`), then `turnEnded`, then `timeoutMilliseconds`.
package protocol LoopApplication: AnyObject {
    /// Somebody connected; no byte has been read. The application may write, close, and set `userData`.
    func accepted(_ connection: ConnectionPointer, listener tag: Int)
    /// An outgoing connection is there (with TLS: its handshake is done). Bytes appended before are sent now.
    func connected(_ connection: ConnectionPointer)
    /// The TLS handshake of an accepted connection, or one begun by `EventLoop.startTLS`, is done: the peer's certificate and the protocol are known.
    func secured(_ connection: ConnectionPointer)
    /// Bytes came. They are valid during the call only; the application copies what it does not consume.
    func received(_ connection: ConnectionPointer, _ bytes: ByteSlice)
    /// The connection is over, and not by the application's wish. The pointer is invalid after the call.
    func ended(_ connection: ConnectionPointer, _ reason: EndReason)
    /// With `EventLoop.runUntilStopped(holding:)`: the lock is held again; what another thread has changed meanwhile may
    /// have to be followed before anything happens. No connection has been looked at.
    func turnBegan()
    /// All of this turn's events are handled and nothing is sent yet.
    func turnWillSend()
    /// The turn's sends are made, or go with the coming sleep: an application that has something longer to do here calls
    /// `EventLoop.flushSends` first.
    func turnEnded()
    /// `wake` was called, once or more often, since the last time.
    func woken()
    /// A timer made by `EventLoop.schedule` is due; its handle is spent.
    func timerFired(_ handle: TimerHeap.Handle, _ context: UnsafeMutableRawPointer?)
    /// How long the loop may sleep at most from now; -1 without limit.
    func timeoutMilliseconds() -> Int
    /// A listener could not accept, for want of descriptors as a rule; it rests for a moment. The errno.
    func acceptFailed(listener tag: Int, code: Int32)
}

extension LoopApplication {
    package func connected(_ connection: ConnectionPointer) {}
    package func secured(_ connection: ConnectionPointer) {}
    package func turnBegan() {}
    package func turnWillSend() {}
    package func turnEnded() {}
    package func woken() {}
    package func timerFired(_ handle: TimerHeap.Handle, _ context: UnsafeMutableRawPointer?) {}
    package func timeoutMilliseconds() -> Int { -1 }
    package func acceptFailed(listener tag: Int, code: Int32) {}
}

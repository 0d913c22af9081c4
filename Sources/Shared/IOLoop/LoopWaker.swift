import CIOLoop

/// Wakes a loop from any thread, also from a signal handler. It must not be used after its loop is gone.
package struct LoopWaker: Sendable {
    /// The eventfd to write to, for code that is not Swift.
    package let descriptor: Int32

    init() throws(LoopError) {
        descriptor = atoll_wake_open()
        guard descriptor >= 0 else { throw LoopError(operation: "eventfd", subject: "loop", code: -descriptor) }
    }

    /// Ends the loop's sleep, or makes the next one end at once; then `woken` is called.
    package func wake() { atoll_wake_post(descriptor) }

    func clear() { atoll_wake_clear(descriptor) }

    func close() { atoll_close(descriptor) }
}

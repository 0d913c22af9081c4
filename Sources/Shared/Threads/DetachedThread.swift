import Glibc

/// Threads of the operating system that nobody waits for: they say themselves when they are done.
package enum DetachedThread {
    /// Runs the body on a thread of its own, with the caller's signal mask.
    /// - Returns: 0, or the error number when there can be no more threads: nothing runs then.
    package static func start(_ body: @escaping @Sendable () -> Void) -> Int32 {
        var thread = pthread_t()
        let code = JoinableThread.start(&thread, body)
        if code == 0 { pthread_detach(thread) }
        return code
    }
}

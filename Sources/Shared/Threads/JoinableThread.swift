package import Glibc

/// Threads of the operating system whose end somebody waits for, by `pthread_join`.
package enum JoinableThread {
    /// What a new thread is handed: freed by it.
    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs the body on a thread of its own, with the caller's signal mask.
    /// - Returns: 0, or the error number when there can be no more threads: nothing runs then.
    package static func start(_ thread: inout pthread_t, _ body: @escaping @Sendable () -> Void) -> Int32 {
        let work = Unmanaged.passRetained(Work(body))
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        if code != 0 { work.release() }
        return code
    }
}

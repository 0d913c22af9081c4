import Glibc
import IOLoop
import PoolerSessions
import Threads

/// A loop with a thread of its own.
// Unchecked, as the compiler knows no lock that is held from call to call: the loop is touched by its own thread during a
// turn, by the main thread between two of them, both under `lock`; `thread` by the main thread alone.
final class PoolerWorker: @unchecked Sendable {
    private let poolerLoop: PoolerLoop
    private let lock: TurnLock
    private var thread = pthread_t()

    init(_ poolerLoop: PoolerLoop) {
        guard let lock = poolerLoop.lock else { preconditionFailure("a worker's loop has a lock") }
        self.poolerLoop = poolerLoop
        self.lock = lock
        // Never given back: the kernel lets a loop's own thread alone empty its ring, and that thread ends with the
        // process.
        _ = Unmanaged.passRetained(poolerLoop)
    }

    /// Begins to serve; 0, or why there is no thread.
    func start() -> Int32 { JoinableThread.start(&thread) { [self] in poolerLoop.run() } }

    /// Ends the loop, and waits for that.
    func stop() {
        poolerLoop.post.stop()
        pthread_join(thread, nil)
    }

    /// Runs the body between two turns of the loop, which then follows what it has changed. Main thread only.
    /// - Parameter now: the main thread's time.
    func visit<Result>(now: Int64, _ body: (PoolerLoop) -> Result) -> Result {
        defer { poolerLoop.post.wake() }
        return lock.betweenTurns {
            poolerLoop.pooler.now = max(poolerLoop.pooler.now, now)
            return body(poolerLoop)
        }
    }
}

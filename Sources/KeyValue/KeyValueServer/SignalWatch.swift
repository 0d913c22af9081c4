import CAtoll
import Glibc
import IOLoop
import Synchronization
import Threads

/// Signals that end the server, as events of its loop: a thread waits for them, so no handler runs anywhere.
final class SignalWatch: Sendable {
    private let count = Atomic<Int>(0)
    private let last = Atomic<Int32>(0)
    private let waker: LoopWaker
    /// The file that an unfinished save leaves behind, while the server saves before it ends.
    private let unfinishedPath = Mutex<String?>(nil)

    init(waker: LoopWaker) {
        self.waker = waker
    }

    /// How many have come.
    var signalCount: Int { count.load(ordering: .acquiring) }
    /// The last one's number.
    var lastSignal: Int32 { last.load(ordering: .relaxed) }

    /// Until the loop is back, another SIGINT ends the process at once, and the file with it.
    func willSave(unfinishedPath path: String?) {
        unfinishedPath.withLock { $0 = path }
    }

    /// Blocks SIGTERM and SIGINT in this thread and those that it makes from now on, and begins to wait for them.
    /// - Returns: 0, or why there is no thread to wait.
    func start() -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGHUP, SIG_IGN)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        pthread_sigmask(SIG_BLOCK, &set, nil)
        return DetachedThread.start { [self] in wait() }
    }

    private func insist() {
        guard let path = unfinishedPath.withLock({ $0 }) else { return }
        unlink(path)
        _exit(1)
    }

    private func wait() {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        while true {
            var number: Int32 = 0
            guard sigwait(&set, &number) == 0 else { continue }
            if number == SIGINT { insist() }
            last.store(number, ordering: .relaxed)
            count.add(1, ordering: .releasing)
            waker.wake()
        }
    }
}

import Glibc
import IOLoop
import Synchronization
import Threads

/// Signals as events of a loop: a thread waits for them, so no handler runs anywhere.
final class SignalQueue: Sendable {
    private let numbers = Mutex<[Int32]>([])
    private let waker: LoopWaker

    private static let watched = [SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2]

    init(waker: LoopWaker) {
        self.waker = waker
    }

    /// Blocks the signals in this thread and those that it makes from now on, and begins to wait for them.
    /// - Returns: 0, or why there is no thread to wait.
    func start() -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        var set = Self.set()
        pthread_sigmask(SIG_BLOCK, &set, nil)
        return DetachedThread.start { [self] in wait() }
    }

    /// Those that have come since the last time, in order.
    func take() -> [Int32] {
        numbers.withLock { numbers in
            defer { numbers = [] }
            return numbers
        }
    }

    private static func set() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in watched { sigaddset(&set, number) }
        return set
    }

    private func wait() {
        var set = Self.set()
        while true {
            var number: Int32 = 0
            guard sigwait(&set, &number) == 0 else { continue }
            numbers.withLock { $0.append(number) }
            waker.wake()
        }
    }
}

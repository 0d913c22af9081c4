import IOLoop
import PoolerSessions
import PostgresWire
import Synchronization
import Threads

/// Derives keys on threads of their own, so that the loop serves others meanwhile. How many are under way at a time is
/// the asker's to limit.
final class KeyDeriver: Sendable {
    /// What was derived.
    struct Answer: Sendable {
        let derivation: KeyDerivation
        let keys: Result<ScramKeys, ScramError>
    }

    private let waker: LoopWaker
    private let answers = Mutex<[Answer]>([])

    init(waker: LoopWaker) {
        self.waker = waker
    }

    /// Begins; the loop is woken when it is done.
    /// - Returns: false when there is no thread for it.
    func begin(_ derivation: KeyDerivation) -> Bool {
        DetachedThread.start { [self] in
            let answer = Answer(derivation: derivation, keys: derivation.run())
            answers.withLock { $0.append(answer) }
            waker.wake()
        } == 0
    }

    /// Those that have come since the last time.
    func takeAnswers() -> [Answer] {
        answers.withLock { answers in
            defer { answers = [] }
            return answers
        }
    }
}

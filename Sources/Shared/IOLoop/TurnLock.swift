import Glibc
import Synchronization

/// What the thread of a loop holds during a turn and lets go of while it waits for the kernel: so another thread may
/// look at what the loop's application has, and change it, between two turns.
///
/// One thread beside the loop's may ask for it at a time.
package final class TurnLock: Sendable {
    // Unsafe, as a pointer is no Sendable: made by `init`, freed by `deinit`, used by POSIX's functions alone, which
    // threads may call at once. `Mutex` does not do: a turn begins in one call and ends in another.
    nonisolated(unsafe) private let turn = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    // Unsafe for the same reason: a pointer made and freed once, that only POSIX's functions for threads use.
    nonisolated(unsafe) private let door = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// Somebody stands in the door: the loop lets it pass before its next turn, however busy it is.
    private let isWanted = Atomic<Bool>(false)

    package init() {
        pthread_mutex_init(turn, nil)
        pthread_mutex_init(door, nil)
    }

    deinit {
        pthread_mutex_destroy(turn)
        pthread_mutex_destroy(door)
        turn.deallocate()
        door.deallocate()
    }

    /// The loop's thread begins a turn.
    func beginTurn() {
        if isWanted.load(ordering: .relaxed) {
            pthread_mutex_lock(door)
            pthread_mutex_unlock(door)
        }
        pthread_mutex_lock(turn)
    }

    /// The loop's thread is about to wait.
    func endTurn() { pthread_mutex_unlock(turn) }

    /// Waits for the end of the loop's turn, and runs the body before the next one.
    package func betweenTurns<Result>(_ body: () throws -> Result) rethrows -> Result {
        isWanted.store(true, ordering: .relaxed)
        pthread_mutex_lock(door)
        pthread_mutex_lock(turn)
        isWanted.store(false, ordering: .relaxed)
        defer {
            pthread_mutex_unlock(turn)
            pthread_mutex_unlock(door)
        }
        return try body()
    }
}

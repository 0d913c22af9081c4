import Synchronization

/// What other loops, or this one, have to say to a loop. Anybody posts, its loop takes.
package final class LoopMailbox: Sendable {
    package enum Letter: Sendable {
        /// A place of the limit is kept for a pool that waits for one, until `ConnectionLimit.pass`.
        case place(of: ConnectionLimit, ticket: UInt64, pool: PoolKey)
        /// Somebody elsewhere waits for a place of the limit: close an idle server that has one, or hand the letter on
        /// to so many loops more.
        case evict(ConnectionLimit, loopsLeft: Int)
    }

    private let letters = Mutex<[Letter]>([])
    private let isFilled = Atomic<Bool>(false)
    /// Ends the loop's sleep. Set before there are other loops.
    private let wake = Mutex<@Sendable () -> Void>({})

    package init() {}

    /// What makes the loop look into its mailbox soon.
    package func onPost(_ wake: @escaping @Sendable () -> Void) { self.wake.withLock { $0 = wake } }

    package func post(_ letter: Letter) {
        letters.withLock { $0.append(letter) }
        isFilled.store(true, ordering: .releasing)
        wake.withLock { $0 }()
    }

    /// Whether there may be a letter.
    @inline(__always)
    var hasMail: Bool { isFilled.load(ordering: .acquiring) }

    /// All that have come since the last time, in order.
    func take() -> [Letter] {
        isFilled.store(false, ordering: .relaxed)
        return letters.withLock { letters in
            defer { letters = [] }
            return letters
        }
    }
}

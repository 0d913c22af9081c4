import Synchronization

/// The loops of a process, as they know of one another.
package final class LoopGroup: Sendable {
    /// By the loops' numbers.
    package let mailboxes: [LoopMailbox]
    /// Where each pool is.
    package let homes: PoolHomes
    private let lastID = Atomic<UInt64>(0)

    /// - Parameter loopCount: at least one.
    package init(loopCount: Int = 1) {
        precondition(loopCount > 0, "a process without a loop")
        mailboxes = (0..<loopCount).map { _ in LoopMailbox() }
        homes = PoolHomes(loopCount: loopCount)
    }

    package var loopCount: Int { mailboxes.count }

    /// A number that no client and no server of any loop has had.
    func nextID() -> UInt64 { lastID.add(1, ordering: .relaxed).newValue }
}

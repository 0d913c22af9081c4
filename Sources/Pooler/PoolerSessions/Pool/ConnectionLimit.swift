import Synchronization

/// How many connections there may be of one kind: of a pool, a database, a user. Taken before connecting, so that it
/// is never exceeded. All loops share it.
///
/// Pools that found no place wait in one list, first come first served, whichever loops they are on. A place that comes
/// free is kept for the first: its loop is told by letter, and says by `pass` when it has had its chance. So nobody
/// starves while others take each place as it comes free, and a pool that wants none any more delays the others by one
/// letter.
package final class ConnectionLimit: Sendable {
    fileprivate struct Waiting {
        let waiter: LimitWaiter
        let ticket: UInt64
        /// A letter is on its way: a place is kept for it.
        var isTold = false
    }

    fileprivate struct State {
        var count = 0
        var countMax: Int
        /// First come first.
        var waiting: [Waiting] = []
        var lastTicket: UInt64 = 0
        /// Whether the loops are being asked to close a server for those who wait.
        var isHunted = false

        var room: Int { countMax == 0 ? .max : max(0, countMax - count) }
    }

    private let state: Mutex<State>

    package init(countMax: Int = 0) { state = Mutex(State(countMax: countMax)) }

    package var count: Int { state.withLock { $0.count } }

    /// 0 for no limit.
    package var countMax: Int {
        get { state.withLock { $0.countMax } }
        set {
            changeThenTell { state in
                state.countMax = newValue
            }
        }
    }

    /// Whether one more would be allowed if nobody waited.
    package var hasRoom: Bool { state.withLock { $0.room > 0 } }

    /// How many pools wait for a place.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Takes a place if there is one.
    package func take() -> Bool {
        state.withLock { state in
            guard state.admits(nil) else { return false }
            state.count += 1
            return true
        }
    }

    /// Takes a place in any case.
    package func force() { state.withLock { $0.count += 1 } }

    /// Gives a place back.
    package func give() {
        changeThenTell { state in
            precondition(state.count > 0, "a place is given back that nobody took")
            state.count -= 1
        }
    }

    // MARK: - Waiting

    /// Takes a place of each for a pool, or of neither: then it waits for the one that has none, unless it does not
    /// care to wait.
    /// - Returns: the one that has no place.
    package static func take(
        _ database: ConnectionLimit, _ user: ConnectionLimit, for waiter: LimitWaiter, waits: Bool
    ) -> ConnectionLimit? {
        // The order of the locks: that of a database before that of a user.
        database.state.withLock { first in
            guard first.admits(waiter) else {
                if waits { first.join(waiter) }
                return database
            }
            return user.state.withLock { second in
                guard second.admits(waiter) else {
                    if waits { second.join(waiter) }
                    return user
                }
                first.take(waiter)
                second.take(waiter)
                return nil
            }
        }
    }

    /// The pool that was told of a place has had its chance.
    package func pass(_ ticket: UInt64) {
        changeThenTell { state in state.waiting.removeAll { $0.ticket == ticket } }
    }

    private func changeThenTell(_ change: (inout State) -> Void) {
        let told = state.withLock { state in
            change(&state)
            return state.tell()
        }
        for item in told { item.waiter.mailbox.post(.place(of: self, ticket: item.ticket, pool: item.waiter.pool)) }
    }

    // MARK: - Hunts

    /// Whether the loops may be asked to close a server: one at a time, while somebody waits.
    func beginHunt() -> Bool {
        state.withLock { state in
            guard !state.isHunted, !state.waiting.isEmpty else { return false }
            state.isHunted = true
            return true
        }
    }

    /// The loops have been asked.
    func endHunt() { state.withLock { $0.isHunted = false } }

    /// Whether a server has to be closed for those who wait.
    var isHuntWanted: Bool { state.withLock { $0.room == 0 && !$0.waiting.isEmpty } }
}

extension ConnectionLimit.State {
    /// Whether there is a place beside those that are kept for whoever came first.
    fileprivate func admits(_ waiter: LimitWaiter?) -> Bool {
        guard room > 0 else { return false }
        guard !waiting.isEmpty else { return true }
        let ahead = waiter.flatMap { waiter in waiting.firstIndex { $0.waiter == waiter } } ?? waiting.count
        return room > ahead
    }

    fileprivate mutating func join(_ waiter: LimitWaiter) {
        guard !waiting.contains(where: { $0.waiter == waiter }) else { return }
        lastTicket += 1
        waiting.append(ConnectionLimit.Waiting(waiter: waiter, ticket: lastTicket))
    }

    fileprivate mutating func take(_ waiter: LimitWaiter) {
        count += 1
        if !waiting.isEmpty { waiting.removeAll { $0.waiter == waiter } }
    }

    /// Those for whom there is a place now and who have not been told.
    fileprivate mutating func tell() -> [ConnectionLimit.Waiting] {
        guard !waiting.isEmpty else { return [] }
        var told: [ConnectionLimit.Waiting] = []
        for index in 0..<min(room, waiting.count) where !waiting[index].isTold {
            waiting[index].isTold = true
            told.append(waiting[index])
        }
        return told
    }
}

/// Who waits for a place: a pool, and where its loop is written to.
package struct LimitWaiter: Sendable, Equatable {
    let mailbox: LoopMailbox
    let pool: PoolKey

    package init(mailbox: LoopMailbox, pool: PoolKey) {
        self.mailbox = mailbox
        self.pool = pool
    }

    package static func == (left: LimitWaiter, right: LimitWaiter) -> Bool {
        left.mailbox === right.mailbox && left.pool == right.pool
    }
}

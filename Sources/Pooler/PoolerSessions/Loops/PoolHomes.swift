import Synchronization

/// Which loop each pool is on: its clients, its queue and its servers are all there, so that everything about them is
/// as with one loop. Used by all loops, once a login.
///
/// A pool gets its home when it is first asked for: the loop with the fewest clients, among equal ones that with the
/// fewest pools, among those the first. It keeps it as long as it has clients, or clients on their way, or exists.
package final class PoolHomes: Sendable {
    fileprivate struct Home {
        let loop: Int
        /// Clients that are there or on their way.
        var clientCount = 0
        /// Whether the loop has made the pool.
        var isMade = false
    }

    fileprivate struct State {
        var homes: [PoolKey: Home] = [:]
        /// By loop.
        var clientCounts: [Int]
        var poolCounts: [Int]
        /// Pools that are made, by database.
        var madeCounts: [String: Int] = [:]
    }

    private let state: Mutex<State>

    /// - Parameter loopCount: at least one.
    package init(loopCount: Int) {
        state = Mutex(
            State(
                clientCounts: Array(repeating: 0, count: loopCount), poolCounts: Array(repeating: 0, count: loopCount)))
    }

    /// A client is for the pool: the loop that it belongs on.
    package func enter(_ key: PoolKey) -> Int {
        state.withLock { state in
            let loop = state.loop(of: key)
            state.homes[key]?.clientCount += 1
            state.clientCounts[loop] += 1
            return loop
        }
    }

    /// A client that has entered is for the pool no more.
    package func leave(_ key: PoolKey) {
        state.withLock { state in
            guard let home = state.homes[key] else { preconditionFailure("a client leaves a home it was not in") }
            state.homes[key]?.clientCount -= 1
            state.clientCounts[home.loop] -= 1
            state.forgetIfUnused(key)
        }
    }

    /// A loop makes the pool.
    /// - Returns: whether it is the first of its database.
    package func made(_ key: PoolKey, on loop: Int) -> Bool {
        state.withLock { state in
            precondition(state.loop(of: key) == loop, "a pool is made away from home")
            state.homes[key]?.isMade = true
            state.madeCounts[key.database, default: 0] += 1
            return state.madeCounts[key.database] == 1
        }
    }

    /// The loop has removed the pool.
    package func removed(_ key: PoolKey) {
        state.withLock { state in
            state.homes[key]?.isMade = false
            state.madeCounts[key.database, default: 1] -= 1
            if state.madeCounts[key.database] == 0 { state.madeCounts[key.database] = nil }
            state.forgetIfUnused(key)
        }
    }

    /// The loop that the pool is on; nil for one that nobody has asked for.
    package func loop(of key: PoolKey) -> Int? { state.withLock { $0.homes[key]?.loop } }

    /// Whether the pool, which is wanted without a client, is on the loop: it gets a home if it has none.
    package func isHome(_ loop: Int, of key: PoolKey) -> Bool { state.withLock { $0.loop(of: key) == loop } }

    /// How many pools have a home.
    package var count: Int { state.withLock { $0.homes.count } }
}

extension PoolHomes.State {
    /// The pool's home, from now on if it had none.
    fileprivate mutating func loop(of key: PoolKey) -> Int {
        if let known = homes[key] { return known.loop }
        let loads = zip(clientCounts, poolCounts)
        let best = loads.enumerated().min { $0.element < $1.element }?.offset ?? 0
        homes[key] = PoolHomes.Home(loop: best)
        poolCounts[best] += 1
        return best
    }

    fileprivate mutating func forgetIfUnused(_ key: PoolKey) {
        guard let home = homes[key], home.clientCount == 0, !home.isMade else { return }
        homes[key] = nil
        poolCounts[home.loop] -= 1
    }
}

/// Lets a bounded number of sessions run at a time; others wait in the order in which they came.
package actor SessionGate {
    /// Sessions of the platform at one cluster: well below the least `max_wal_senders` that can be set (20), so that
    /// standbys and logical consumers have theirs.
    static let sessionsMax = 6

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(capacity: Int) {
        free = capacity
    }

    /// Takes a place, waiting for one if need be. Each `enter` needs one `leave`.
    func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    /// Gives the place to the first that waits, or back.
    func leave() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}

/// How many connections there may be of one kind: of a pool, a database, a user. Taken before connecting, so that it
/// is never exceeded.
package final class ConnectionLimit {
    package private(set) var count = 0
    /// 0 for no limit.
    package var countMax: Int

    package init(countMax: Int = 0) { self.countMax = countMax }

    /// Whether one more is allowed.
    package var hasRoom: Bool { countMax == 0 || count < countMax }

    /// Takes a place if there is one.
    package func take() -> Bool {
        guard hasRoom else { return false }
        count += 1
        return true
    }

    /// Takes a place in any case.
    package func force() { count += 1 }

    /// Gives a place back.
    package func give() {
        precondition(count > 0, "a place is given back that nobody took")
        count -= 1
    }
}

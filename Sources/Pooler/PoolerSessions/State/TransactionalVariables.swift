/// What of a session follows the rules of transactions: undone by ROLLBACK, by ROLLBACK TO as of the savepoint, and
/// made lasting by COMMIT.
///
/// Snapshots are whole values and share memory until something changes, so that an undo is an assignment and a
/// transaction that changes nothing costs nothing: the snapshot of its start is taken at its first change or savepoint.
package struct TransactionalVariables: Sendable {
    /// The variables themselves.
    package struct Values: Hashable, Sendable {
        /// What SET has set beyond the transaction. SET LOCAL leaves nothing, and need not be known.
        package var settings = SettingList()
        /// Names of settings whose values cannot be repeated elsewhere.
        package var untrackable: Set<String> = []
        /// Channels that the client listens on; as PostgreSQL, in force from the commit.
        package var channels: Set<String> = []
        /// Settings that were reset since the last idle moment: reports of them say nothing about the client's wish.
        package var resets: Set<String> = []
        package var areAllReset = false

        package init() {}
    }

    package private(set) var values = Values()
    private var start: Values?
    private var savepoints: [(name: String, values: Values)] = []

    package init() {}

    /// Whether a transaction with changes or savepoints is open.
    package var isOpen: Bool { start != nil }

    /// As of the last commit.
    package var committed: Values { start ?? values }

    package mutating func change(_ body: (inout Values) -> Void) {
        if start == nil { start = values }
        body(&values)
    }

    package mutating func commit() {
        guard start != nil else { return }
        start = nil
        savepoints.removeAll()
    }

    package mutating func rollback() {
        guard let start else { return }
        values = start
        self.start = nil
        savepoints.removeAll()
    }

    package mutating func savepoint(_ name: String) {
        if start == nil { start = values }
        savepoints.append((name, values))
    }

    /// RELEASE: the savepoint and those behind it are no more, the changes stay.
    package mutating func release(_ name: String) {
        guard let index = savepoints.lastIndex(where: { $0.name == name }) else { return }
        savepoints.removeSubrange(index...)
    }

    /// ROLLBACK TO: as of the savepoint, which stays.
    package mutating func rollback(to name: String) {
        guard let index = savepoints.lastIndex(where: { $0.name == name }) else { return }
        values = savepoints[index].values
        savepoints.removeSubrange((index + 1)...)
    }

    /// Outside of transactions: what is known by other ways than statements, such as the server's reports.
    package mutating func learn(_ body: (inout Values) -> Void) {
        body(&values)
    }
}

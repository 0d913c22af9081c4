/// One key of the connection string behind a database, user or peer.
package struct EntryKey<Subject>: Sendable {
    package let name: String
    package let binding: ValueBinding<Subject>
    /// Whether servers connected with the old value must not be used on.
    package let concernsServers: Bool

    init(_ name: String, _ binding: ValueBinding<Subject>, concernsServers: Bool = false) {
        self.name = name
        self.binding = binding
        self.concernsServers = concernsServers
    }
}

/// What a line of section [databases], [users] or [peers] becomes.
package protocol ConfiguredEntry: Equatable, Sendable {
    /// All keys that such a line may have, by name.
    static var keys: [String: EntryKey<Self>] { get }
    /// What a key of it is called in messages.
    static var keyNoun: String { get }
    /// An entry of which nothing but the name is set; the name is checked.
    init(checking name: String) throws(ValueProblem)
    /// What is to be done when all keys are read.
    mutating func complete() throws(ValueProblem)
}

extension ConfiguredEntry {
    /// The entry of a line; the last value of a key counts.
    package init(name: String, connectionString: String) throws(ValueProblem) {
        try self.init(checking: name)
        for pair in try ConnectionString.pairs(connectionString) {
            guard let key = Self.keys[pair.key] else {
                throw ValueProblem("unrecognized \(Self.keyNoun) parameter: \(pair.key)")
            }
            do throws(ValueProblem) {
                try key.binding.write(pair.value, &self)
            } catch {
                throw ValueProblem("invalid \(pair.key): \(error.reason)")
            }
        }
        try complete()
    }

    package mutating func complete() throws(ValueProblem) {}

    /// Whether servers connected for the other one would not do for this one.
    package func needsOtherServers(than other: Self) -> Bool {
        Self.keys.values.contains { $0.concernsServers && !$0.binding.isSame(self, other) }
    }
}

extension Dictionary {
    /// Keys by their names.
    init<Subject>(keys: [EntryKey<Subject>]) where Key == String, Value == EntryKey<Subject> {
        self.init(uniqueKeysWithValues: keys.map { ($0.name, $0) })
    }
}

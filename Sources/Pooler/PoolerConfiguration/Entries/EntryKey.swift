/// One key of the connection string behind a database, user or peer.
struct EntryKey<Subject>: Sendable {
    let name: String
    let binding: ValueBinding<Subject>
    /// Whether servers connected with the old value must not be used on.
    let concernsServers: Bool

    init(_ name: String, _ binding: ValueBinding<Subject>, concernsServers: Bool = false) {
        self.name = name
        self.binding = binding
        self.concernsServers = concernsServers
    }
}

/// What a line of section [databases], [users] or [peers] becomes.
protocol ConfiguredEntry: Equatable, Sendable {
    /// All keys that such a line may have.
    static var keys: [EntryKey<Self>] { get }
    /// What the section calls its lines in messages.
    static var noun: String { get }
}

extension ConfiguredEntry {
    /// Whether servers connected for the other one would not do for this one.
    package func needsOtherServers(than other: Self) -> Bool {
        Self.keys.contains { $0.concernsServers && !$0.binding.isSame(self, other) }
    }
}

/// What a new reading of the files changes in a running pooler.
package struct ConfigurationReload: Equatable, Sendable {
    /// What holds now: the new reading, with the old values of settings that need a restart.
    package let snapshot: ConfigurationSnapshot
    /// Settings that have another value now, in the order of SHOW CONFIG.
    package let changedSettings: [String]
    /// Settings with another value in the files, which waits for a restart.
    package let settingsAwaitingRestart: [String]
    package let databases: EntryChanges<ExactName>
    /// The entry for all others: its databases need other servers, or there is none any more.
    package let fallbackNeedsOtherServers: Bool
    package let users: EntryChanges<ExactName>
    package let peers: EntryChanges<Int>
    /// No server connected before may be used on: it might be less secure than what is asked for now.
    package let serverTLSChanged: Bool
    package let clientTLSChanged: Bool

    /// Compares a new reading with what holds.
    package init(from old: ConfigurationSnapshot, to new: ConfigurationSnapshot) {
        var effective = new
        var changed: [String] = []
        var awaiting: [String] = []
        for row in SettingTable.rows where !row.binding.isSame(old.settings, new.settings) {
            switch row.application {
            case .reload: changed.append(row.name)
            case .restart:
                awaiting.append(row.name)
                row.binding.copy(old.settings, &effective.settings)
            }
        }
        snapshot = effective
        changedSettings = changed
        settingsAwaitingRestart = awaiting
        databases = EntryChanges(
            from: old.databases.sorted, to: new.databases.sorted, key: { ExactName($0.name) },
            needsOtherServers: { $0.needsOtherServers(than: $1) })
        fallbackNeedsOtherServers = Self.needsOtherServers(old.fallbackDatabase, new.fallbackDatabase)
        users = EntryChanges(
            from: old.users.sorted, to: new.users.sorted, key: { ExactName($0.name) },
            needsOtherServers: { $0.needsOtherServers(than: $1) })
        peers = EntryChanges(
            from: Array(old.peers.values), to: Array(new.peers.values), key: \.number,
            needsOtherServers: { $0.needsOtherServers(than: $1) })
        let isServerTLSOff = old.settings.serverTLS.mode == .disable && new.settings.serverTLS.mode == .disable
        serverTLSChanged = !isServerTLSOff && old.settings.serverTLS != new.settings.serverTLS
        clientTLSChanged = old.settings.clientTLS != new.settings.clientTLS
    }

    private static func needsOtherServers(_ old: DatabaseEntry?, _ new: DatabaseEntry?) -> Bool {
        guard let old else { return false }
        return new?.needsOtherServers(than: old) ?? true
    }
}

/// How the entries of a section changed; each list is sorted.
package struct EntryChanges<Key: Comparable & Hashable & Sendable>: Equatable, Sendable {
    package let added: [Key]
    package let removed: [Key]
    /// In any way.
    package let changed: [Key]
    /// Those of `changed` whose servers must not be used on.
    package let needingOtherServers: [Key]

    package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

    init<Entry: Equatable>(
        from old: [Entry], to new: [Entry], key: (Entry) -> Key,
        needsOtherServers: (_ new: Entry, _ old: Entry) -> Bool
    ) {
        let before = Dictionary(uniqueKeysWithValues: old.map { (key($0), $0) })
        let after = Dictionary(uniqueKeysWithValues: new.map { (key($0), $0) })
        added = after.keys.filter { before[$0] == nil }.sorted()
        removed = before.keys.filter { after[$0] == nil }.sorted()
        changed = after.keys.filter { before[$0] != nil && before[$0] != after[$0] }.sorted()
        needingOtherServers = changed.filter { name in
            guard let old = before[name], let new = after[name] else { return false }
            return needsOtherServers(new, old)
        }
    }
}

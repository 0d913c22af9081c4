/// All that the configuration files said at one moment.
package struct ConfigurationSnapshot: Equatable, Sendable {
    package var settings: PoolerSettings
    /// By name; without the one for all others.
    package var databases = NamedEntries<DatabaseEntry>()
    /// The entry `*`, from which others are made as clients ask.
    package var fallbackDatabase: DatabaseEntry?
    package var users = NamedEntries<UserEntry>()
    package var peers: [Int: PeerEntry] = [:]

    package init(settings: PoolerSettings = SettingTable.defaults) { self.settings = settings }

    /// The entry for what a client asked for: its own, or one made from that for all.
    ///
    /// The console is no entry, and names that are too long for one have none.
    package func database(named name: String) -> DatabaseEntry? {
        if let entry = databases[name] { return entry }
        let lengths = 1...ConfigurationLimits.databaseNameBytesMax
        guard name != DatabaseEntry.consoleName, lengths.contains(name.utf8.count) else {
            return nil
        }
        return fallbackDatabase?.instance(for: name)
    }
}

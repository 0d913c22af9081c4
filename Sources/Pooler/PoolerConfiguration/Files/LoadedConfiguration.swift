/// What reading the main file and all that it includes gave.
package struct LoadedConfiguration: Equatable, Sendable {
    package let snapshot: ConfigurationSnapshot
    /// For the log.
    package let notes: [ConfigurationNote]

    /// Reads the files. One mistake anywhere, and nothing is taken over.
    ///
    /// - Parameters:
    ///   - path: The main file. Names behind `%include` are relative to the working directory, as in PgBouncer.
    ///   - start: The settings that hold before the first line: the defaults, and what the command line asks for.
    ///   - read: Returns the bytes of a file.
    package static func load(
        _ path: String, startingWith start: PoolerSettings = SettingTable.defaults,
        read: @escaping (String) throws -> [UInt8]
    ) throws(ConfigurationFailure) -> LoadedConfiguration {
        var builder = SnapshotBuilder(path: path, start: start)
        for item in try IniReader.items(of: path, read: read) { try builder.add(item) }
        return try builder.finish()
    }
}

/// Makes a snapshot of what files say, item by item.
private struct SnapshotBuilder {
    /// The sections that there are.
    enum Section: String {
        case settings = "pgbouncer"
        case databases, users, peers
    }

    private let path: String
    private let start: PoolerSettings
    private var snapshot: ConfigurationSnapshot
    private var notes = NoteList()
    private var section: Section?
    private var hasSettings = false

    init(path: String, start: PoolerSettings) {
        self.path = path
        self.start = start
        snapshot = ConfigurationSnapshot(settings: start)
        snapshot.settings.configurationFile = path
    }

    mutating func add(_ item: IniItem) throws(ConfigurationFailure) {
        switch item.content {
        case .section(let name): try begin(name, item.place)
        case .value(let key, let text): try set(key, text, item.place)
        }
    }

    func finish() throws(ConfigurationFailure) -> LoadedConfiguration {
        guard hasSettings else {
            throw ConfigurationFailure("section [pgbouncer] is missing", FilePlace(path: path, line: 0))
        }
        return LoadedConfiguration(snapshot: snapshot, notes: notes.notes)
    }

    private mutating func begin(_ name: String, _ place: FilePlace) throws(ConfigurationFailure) {
        guard let section = Section(rawValue: name) else {
            throw ConfigurationFailure("invalid section \"\(name)\"", place, reason: "there is no such section")
        }
        self.section = section
        guard section == .settings else { return }
        if hasSettings { restoreDefaults(place) }
        hasSettings = true
    }

    /// PgBouncer's habit: the section begins anew with the defaults, apart from settings that have none.
    private mutating func restoreDefaults(_ place: FilePlace) {
        for row in SettingTable.rows where row.defaultText != nil { row.binding.copy(start, &snapshot.settings) }
        notes.add("section [pgbouncer] begins again: what it set before has its default again", place)
    }

    private mutating func set(_ key: String, _ text: String, _ place: FilePlace) throws(ConfigurationFailure) {
        guard let section else { throw ConfigurationFailure("value without section: \(key)", place) }
        do throws(ValueProblem) {
            switch section {
            case .settings: try setSetting(key, text)
            case .databases: try setDatabase(DatabaseEntry(name: key, connectionString: text))
            case .users: snapshot.users[key] = try UserEntry(name: key, connectionString: text)
            case .peers:
                let peer = try PeerEntry(name: key, connectionString: text)
                snapshot.peers[peer.number] = peer
            }
        } catch {
            // Connection strings may hold passwords: only settings are repeated.
            let value = section == .settings ? "value \"\(text)\"" : "value"
            throw ConfigurationFailure("invalid \(value) for parameter \(key)", place, reason: error.reason)
        }
    }

    private mutating func setSetting(_ key: String, _ text: String) throws(ValueProblem) {
        guard let row = SettingTable.row(key) else { throw ValueProblem("unknown parameter: pgbouncer/\(key)") }
        try row.binding.write(text, &snapshot.settings)
    }

    private mutating func setDatabase(_ entry: DatabaseEntry) {
        if entry.name == DatabaseEntry.fallbackName {
            snapshot.fallbackDatabase = entry
        } else {
            snapshot.databases[entry.name] = entry
        }
    }
}

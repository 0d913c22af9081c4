/// Where a host is.
package enum ServerHost: Equatable, Sendable {
    /// A name, or a numeric address, for TCP.
    case network(String)
    /// The directory of a Unix socket, abstract behind `@`.
    case socketDirectory(String)
}

/// The hosts of a database or peer: the text, to show, and the hosts, to use.
package struct HostList: Equatable, Sendable {
    package let text: String
    /// At least one.
    package let hosts: [ServerHost]

    package init(_ text: String) throws(ValueProblem) {
        let parts = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        var hosts: [ServerHost] = []
        for part in parts {
            let host = String(Substring(part))
            guard !host.isEmpty else { throw ValueProblem("an empty host in the list") }
            hosts.append(host.hasPrefix("/") || host.hasPrefix("@") ? .socketDirectory(host) : .network(host))
        }
        self.text = text
        self.hosts = hosts
    }
}

/// A line of section [databases]. What is nil comes from the user's entry or the settings: `PoolPolicy` says how.
package struct DatabaseEntry: Equatable, Sendable {
    /// The database that is the console.
    package static let consoleName = "pgbouncer"
    /// The name of the entry for all databases that have none.
    package static let fallbackName = "*"

    /// What clients ask for.
    package internal(set) var name: String
    /// Made for a client from the entry for all.
    package internal(set) var isAutomatic = false
    /// The server's name for it, if it is another.
    var givenDatabaseName: String?

    /// Nil: the Unix socket in the settings' directory.
    package var hostList: HostList?
    package var port = 5432
    package var hostBalancing = HostBalancing.roundRobin
    /// The user of all its servers; nil: each client's own.
    package var forcedUser: String?
    package var password: SecretText?

    package var authenticationUser: String?
    package var authenticationQuery: String?
    package var authenticationDatabase: String?

    package var poolSize: Int?
    package var minPoolSize: Int?
    package var reservePoolSize: Int?
    package var poolMode: PoolMode?
    package var connectionsMax: Int?
    package var clientConnectionsMax: Int?
    package var queryWaitTimeoutMicroseconds: Int64?
    package var serverLifetimeMicroseconds: Int64?

    /// Run on each new server before a client has it.
    package var connectQuery: String?
    package var clientEncoding: String?
    package var dateStyle: String?
    package var timeZone: String?
    package var applicationName: String?

    package init(name: String) { self.name = name }

    /// The database's name at the server.
    package var databaseName: String { givenDatabaseName ?? name }

    /// The entry for a client's database, made from this one for all.
    func instance(for name: String) -> DatabaseEntry {
        var entry = self
        entry.name = name
        entry.isAutomatic = true
        return entry
    }
}

extension DatabaseEntry: ConfiguredEntry {
    package static let keyNoun = "connection"

    package static let keys = Dictionary(keys: [
        EntryKey<DatabaseEntry>("dbname", .optionalText(\.givenDatabaseName), concernsServers: true),
        EntryKey("host", .hosts(\.hostList), concernsServers: true),
        EntryKey("port", .port(\.port), concernsServers: true),
        EntryKey("user", .optionalText(\.forcedUser), concernsServers: true),
        EntryKey("password", .secret(\.password)),
        EntryKey("auth_user", .optionalText(\.authenticationUser)),
        EntryKey("auth_query", .optionalText(\.authenticationQuery), concernsServers: true),
        EntryKey("auth_dbname", .optionalText(\.authenticationDatabase), concernsServers: true),
        EntryKey("pool_size", .override(\.poolSize, from: 0)),
        EntryKey("min_pool_size", .override(\.minPoolSize, from: 0)),
        EntryKey("reserve_pool_size", .override(\.reservePoolSize, from: 0)),
        EntryKey("reserve_pool", .override(\.reservePoolSize, from: 0)),
        EntryKey("pool_mode", .overrideChoice(\.poolMode)),
        EntryKey("max_db_connections", .override(\.connectionsMax, from: 1)),
        EntryKey("max_db_client_connections", .override(\.clientConnectionsMax, from: 1)),
        EntryKey("query_wait_timeout", .overrideSeconds(\.queryWaitTimeoutMicroseconds, from: 0)),
        EntryKey("server_lifetime", .overrideSeconds(\.serverLifetimeMicroseconds, from: 1)),
        EntryKey("load_balance_hosts", .choice(\.hostBalancing), concernsServers: true),
        EntryKey("connect_query", .optionalText(\.connectQuery), concernsServers: true),
        EntryKey("client_encoding", .optionalText(\.clientEncoding), concernsServers: true),
        EntryKey("datestyle", .optionalText(\.dateStyle), concernsServers: true),
        EntryKey("timezone", .optionalText(\.timeZone), concernsServers: true),
        EntryKey("application_name", .optionalText(\.applicationName), concernsServers: true),
    ])

    package init(checking name: String) throws(ValueProblem) {
        guard name != Self.consoleName else { throw ValueProblem("database name \"\(name)\" is reserved") }
        guard (1...ConfigurationLimits.databaseNameBytesMax).contains(name.utf8.count) else {
            throw ValueProblem("a database name has 1 to \(ConfigurationLimits.databaseNameBytesMax) bytes")
        }
        self.init(name: name)
    }

    /// Its own name is as good as none: two entries must not differ in that alone.
    package mutating func complete() throws(ValueProblem) {
        guard name != Self.fallbackName, givenDatabaseName.map(ExactName.init) == ExactName(name) else { return }
        givenDatabaseName = nil
    }
}

extension ValueBinding {
    static func hosts(_ path: Field<HostList?>) -> Self {
        Self(.list, path, parse: { text throws(ValueProblem) in try HostList(text) }, show: { $0?.text })
    }
}

// The typed settings of section [pgbouncer]. Names of files' keys, kinds, ranges and defaults are in the rows of
// `SettingTable`, in the same groups; PgBouncer's doc/config.md says what each is for.

/// The settings of the pooler as a whole. Times are in microseconds unless the name says otherwise; zero switches a
/// timeout or limit off unless its comment says otherwise.
package struct PoolerSettings: Equatable, Sendable {
    // Process.
    /// The main file, which the next reload reads.
    package var configurationFile: String?
    package var logFile: String?
    package var processIDFile: String?
    /// The account that the process runs as; nil to stay as it is.
    package var processUser: String?
    package var jobName = ""
    /// Loops that serve clients; zero for one a core.
    package var workerThreads = 0

    // Listening.
    /// Addresses and host names; `*` is every address, none is no TCP.
    package var listenAddresses = WordList("")
    package var listenPort = 0
    package var listenBacklog = 0
    /// Where sockets are made and servers without a host are looked for; abstract behind `@`; nil for none.
    package var unixSocketDirectory: String?
    package var unixSocketMode = 0
    package var unixSocketGroup: String?
    package var reusesPort = false
    package var peerNumber = 0
    /// As written; `metricsPlace` says what it means. Nil: metrics are not served.
    package var metricsListen: String?

    // Pools.
    package var poolMode = PoolMode.session
    /// The size of a pool that neither its database nor its user sets; zero for no limit.
    package var defaultPoolSize = 0
    package var minPoolSize = 0
    package var reservePoolSize = 0
    /// How long a client waits before the reserve is used; zero: it never is.
    package var reservePoolTimeoutMicroseconds: Int64 = 0
    /// Zero: no client is admitted.
    package var clientConnectionsMax = 0
    package var databaseConnectionsMax = 0
    package var databaseClientConnectionsMax = 0
    package var userConnectionsMax = 0
    package var userClientConnectionsMax = 0
    /// Idle servers are used in turn rather than the last used first.
    package var serverRoundRobin = false

    // Sessions.
    /// Parameters kept a client beside those that always are; PostgreSQL must report them.
    package var trackedExtraParameters = WordList("")
    package var ignoredStartupParameters = WordList("")
    package var refusesSimpleQuery = false
    package var addsHostToApplicationName = false
    /// Statements kept prepared a server; zero: prepared statements pass untouched.
    package var preparedStatementsMax = 0
    package var loginNotice: String?

    // Authentication.
    package var authenticationType = AuthenticationType.md5
    package var authenticationHostRulesFile: String?
    package var authenticationIdentityMapFile: String?
    package var authenticationFile: String?
    package var authenticationUser: String?
    package var authenticationQuery = ""
    package var authenticationDatabase: String?
    /// For secrets that the pooler makes itself.
    package var scramIterations = 0

    // Log and console.
    package var logsToSyslog = false
    package var syslogIdentity = ""
    package var syslogFacility = SyslogFacility.daemon
    package var logsConnections = false
    package var logsDisconnections = false
    package var logsPoolerErrors = false
    package var logsStatistics = false
    package var verbosity = 0
    package var statisticsPeriodMicroseconds: Int64 = 0
    package var adminUsers = WordList("")
    package var statisticsUsers = WordList("")

    // Servers.
    /// The query that cleans a server; nil for none.
    package var serverResetQuery: String?
    /// Also where clients do not keep their server for the session.
    package var serverResetQueryAlways = false
    /// As written; `serverCheck` says what it means.
    package var serverCheckQuery = ""
    /// An idle server is checked before use after this time; zero: always.
    package var serverCheckDelayMicroseconds: Int64 = 0
    package var serverFastClose = false
    /// Zero: a server is used once.
    package var serverLifetimeMicroseconds: Int64 = 0
    package var serverIdleTimeoutMicroseconds: Int64 = 0
    package var serverConnectTimeoutMicroseconds: Int64 = 0
    package var serverLoginRetryMicroseconds: Int64 = 0

    // Timeouts of clients and pools.
    package var clientLoginTimeoutMicroseconds: Int64 = 0
    package var clientIdleTimeoutMicroseconds: Int64 = 0
    package var automaticDatabaseIdleTimeoutMicroseconds: Int64 = 0
    package var poolIdleTimeoutMicroseconds: Int64 = 0
    package var queryTimeoutMicroseconds: Int64 = 0
    package var queryWaitTimeoutMicroseconds: Int64 = 0
    /// When a client that waits is told so.
    package var queryWaitNotifyMicroseconds: Int64 = 0
    package var cancelWaitTimeoutMicroseconds: Int64 = 0
    package var idleTransactionTimeoutMicroseconds: Int64 = 0
    package var transactionTimeoutMicroseconds: Int64 = 0
    package var suspendTimeoutMicroseconds: Int64 = 0

    // Names of hosts.
    package var nameLifetimeMicroseconds: Int64 = 0
    package var missingNameLifetimeMicroseconds: Int64 = 0

    // TLS.
    package var clientTLS = ConnectionTLSSettings()
    package var serverTLS = ConnectionTLSSettings()

    // Network.
    package var packetBufferBytes = 0
    package var packetBytesMax = 0
    /// Buffers read from one connection before the next has its turn; zero: as many as come.
    package var packetBuffersPerTurn = 0
    package var defersAccept = false
    package var tcpSocketBufferBytes = 0
    package var tcpKeepAlive = false
    /// Zero in the next three: the system's default.
    package var tcpKeepAliveProbesMax = 0
    package var tcpKeepAliveIdleSeconds = 0
    package var tcpKeepAliveIntervalSeconds = 0
    package var tcpUserTimeoutMilliseconds = 0

    /// Empty values for the rows to fill; anybody else begins with `SettingTable.defaults`.
    init() {}
}

extension PoolerSettings {
    package var metricsPlace: MetricsPlace? { metricsListen.flatMap { try? MetricsPlace($0) } }

    /// How an idle server is checked before use.
    package enum ServerCheck: Equatable, Sendable {
        case none
        /// A query without text.
        case emptyQuery
        case query(String)
    }

    package var serverCheck: ServerCheck {
        switch serverCheckQuery {
        case "": .none
        case "<empty>": .emptyQuery
        default: .query(serverCheckQuery)
        }
    }
}

/// TLS on one side: to clients, or to servers.
package struct ConnectionTLSSettings: Equatable, Sendable {
    package var mode = TLSMode.disable
    package var keyFile: String?
    package var certificateFile: String?
    /// Whose signatures count.
    package var authorityFile: String?
    package var versions = TLSVersionList.secure
    /// For TLS 1.2 and older, as written; `opensslCiphers` says what it means.
    package var ciphers = ""
    /// For TLS 1.3, in OpenSSL's notation; nil for its default.
    package var cipherSuites: String?
    /// `auto`, `none` or the name of a curve. Only towards clients.
    package var curve = ""
    /// `auto` or `none`. Only towards clients.
    package var diffieHellman = DiffieHellman.auto

    /// The key exchange of TLS 1.2 without curves.
    package enum DiffieHellman: String, NamedChoice {
        case auto, none
    }

    /// In OpenSSL's notation; nil for its default.
    package var opensslCiphers: String? {
        ["default", "secure", "fast", "normal", ""].contains(ciphers.lowercased()) ? nil : ciphers
    }
}

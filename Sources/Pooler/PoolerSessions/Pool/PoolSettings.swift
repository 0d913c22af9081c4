package import PoolerConfiguration

/// What holds for one pool, put together from the sections of the configuration. Times are nanoseconds, 0 for never;
/// counts are 0 for no limit.
package struct PoolSettings: Sendable, Equatable {
    package var mode = PoolMode.session
    package var poolSize = 20
    package var minPoolSize = 0
    package var reservePoolSize = 0
    package var reserveTimeout: Int64 = 5_000_000_000
    /// How long a client may wait for a server.
    package var queryWaitTimeout: Int64 = 120_000_000_000
    /// After how long a waiting client is told that it waits.
    package var queryWaitNotify: Int64 = 5_000_000_000
    package var queryTimeout: Int64 = 0
    package var idleTransactionTimeout: Int64 = 0
    package var transactionTimeout: Int64 = 0
    package var clientIdleTimeout: Int64 = 0
    package var serverLifetime: Int64 = 3600_000_000_000
    package var serverIdleTimeout: Int64 = 600_000_000_000
    /// How long a server may have been idle and still be used without a check.
    package var checkDelay: Int64 = 30_000_000_000
    /// Empty for a check without contents, nil for no check.
    package var checkQuery: String? = ""
    package var resetQuery = "DISCARD ALL"
    package var resetsAlways = false
    package var connectTimeout: Int64 = 15_000_000_000
    /// The longest pause between attempts to connect after failures.
    package var loginRetry: Int64 = 15_000_000_000
    package var cancelWaitTimeout: Int64 = 10_000_000_000
    /// Idle servers are used in turn instead of the last one first.
    package var usesRoundRobin = false
    package var closesFast = false
    /// Statements kept prepared on a server; 0 leaves the client's statements alone.
    package var preparedStatementsMax = 200
    /// Simple queries are refused.
    package var refusesSimpleQueries = false
    /// The greatest message that is passed on, in bytes.
    package var messageByteCountMax = Int(Int32.max)

    /// PgBouncer's defaults.
    package init() {}

    /// What the configuration says for the servers of a database and a user.
    package init(_ snapshot: ConfigurationSnapshot, _ database: DatabaseEntry, user: String) {
        let policy = PoolPolicy(snapshot, database: database, user: user)
        let client = ClientPolicy(snapshot, database: database, user: user)
        let settings = snapshot.settings
        mode = policy.mode
        poolSize = policy.size
        minPoolSize = policy.minSize
        reservePoolSize = policy.reserveSize
        reserveTimeout = settings.reservePoolTimeoutMicroseconds * 1000
        queryWaitTimeout = client.queryWaitTimeoutMicroseconds * 1000
        queryWaitNotify = settings.queryWaitNotifyMicroseconds * 1000
        queryTimeout = policy.queryTimeoutMicroseconds * 1000
        idleTransactionTimeout = policy.idleTransactionTimeoutMicroseconds * 1000
        transactionTimeout = policy.transactionTimeoutMicroseconds * 1000
        clientIdleTimeout = client.idleTimeoutMicroseconds * 1000
        serverLifetime = policy.serverLifetimeMicroseconds * 1000
        serverIdleTimeout = settings.serverIdleTimeoutMicroseconds * 1000
        checkDelay = settings.serverCheckDelayMicroseconds * 1000
        checkQuery =
            switch settings.serverCheck {
            case .none: nil
            case .emptyQuery: ""
            case .query(let text): text
            }
        resetQuery = settings.serverResetQuery ?? ""
        resetsAlways = settings.serverResetQueryAlways && !resetQuery.isEmpty
        connectTimeout = settings.serverConnectTimeoutMicroseconds * 1000
        loginRetry = settings.serverLoginRetryMicroseconds * 1000
        cancelWaitTimeout = settings.cancelWaitTimeoutMicroseconds * 1000
        usesRoundRobin = settings.serverRoundRobin
        closesFast = settings.serverFastClose
        preparedStatementsMax = settings.preparedStatementsMax
        refusesSimpleQueries = settings.refusesSimpleQuery
        messageByteCountMax = settings.packetBytesMax
    }
}

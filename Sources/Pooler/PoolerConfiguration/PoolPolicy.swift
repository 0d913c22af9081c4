/// What holds for the pool of a database and a user, after all places where it may be said.
///
/// The user is the one that the pool's servers log in as: the database's forced user, or the client's own.
/// Precedence is PgBouncer's: the user's entry, then the database's, then the settings.
package struct PoolPolicy: Equatable, Sendable {
    /// For ordinary connections; those for replication keep their server for the session in any mode.
    package let mode: PoolMode
    /// Zero: no limit.
    package let size: Int
    /// At most `size`.
    package let minSize: Int
    package let reserveSize: Int
    /// Servers of the database over all its pools; zero: no limit.
    package let databaseConnectionsMax: Int
    /// Servers of the user over all their pools; zero: no limit.
    package let userConnectionsMax: Int
    package let serverLifetimeMicroseconds: Int64
    package let queryTimeoutMicroseconds: Int64
    package let idleTransactionTimeoutMicroseconds: Int64
    package let transactionTimeoutMicroseconds: Int64

    package init(_ snapshot: ConfigurationSnapshot, database: DatabaseEntry, user name: String) {
        let settings = snapshot.settings
        let user = snapshot.users[name]
        mode = user?.poolMode ?? database.poolMode ?? settings.poolMode
        size = user?.poolSize ?? database.poolSize ?? settings.defaultPoolSize
        let minSize = database.minPoolSize ?? settings.minPoolSize
        self.minSize = size > 0 ? min(minSize, size) : minSize
        reserveSize = user?.reservePoolSize ?? database.reservePoolSize ?? settings.reservePoolSize
        databaseConnectionsMax = database.connectionsMax ?? settings.databaseConnectionsMax
        userConnectionsMax = user?.connectionsMax ?? settings.userConnectionsMax
        serverLifetimeMicroseconds = database.serverLifetimeMicroseconds ?? settings.serverLifetimeMicroseconds
        queryTimeoutMicroseconds = user?.queryTimeoutMicroseconds ?? settings.queryTimeoutMicroseconds
        idleTransactionTimeoutMicroseconds =
            user?.idleTransactionTimeoutMicroseconds ?? settings.idleTransactionTimeoutMicroseconds
        transactionTimeoutMicroseconds =
            user?.transactionTimeoutMicroseconds ?? settings.transactionTimeoutMicroseconds
    }
}

/// What holds for a client, after all places where it may be said.
///
/// The user is the one that the client logged in as, also where the pool has another.
package struct ClientPolicy: Equatable, Sendable {
    /// Clients of the database; zero: no limit.
    package let databaseClientConnectionsMax: Int
    /// Clients of the user; zero: no limit.
    package let userClientConnectionsMax: Int
    package let queryWaitTimeoutMicroseconds: Int64
    package let idleTimeoutMicroseconds: Int64

    package init(_ snapshot: ConfigurationSnapshot, database: DatabaseEntry, user name: String) {
        let settings = snapshot.settings
        let user = snapshot.users[name]
        databaseClientConnectionsMax = database.clientConnectionsMax ?? settings.databaseClientConnectionsMax
        userClientConnectionsMax = user?.clientConnectionsMax ?? settings.userClientConnectionsMax
        queryWaitTimeoutMicroseconds =
            user?.queryWaitTimeoutMicroseconds ?? database.queryWaitTimeoutMicroseconds
            ?? settings.queryWaitTimeoutMicroseconds
        idleTimeoutMicroseconds = user?.clientIdleTimeoutMicroseconds ?? settings.clientIdleTimeoutMicroseconds
    }
}

/// A named way into one database of a PostgreSQL cluster that many clients share.
package struct ConnectionPool: Sendable, Equatable {
    /// How long a client keeps a connection to the server.
    package enum Mode: String, Sendable, Codable, CaseIterable {
        /// Until it disconnects.
        case session
        /// Until its transaction ends.
        case transaction
        /// Until its statement ends; transactions of several statements are refused.
        case statement
    }

    /// The database name that clients connect with. Unique in the cluster.
    package var name: String
    package var mode: Mode
    /// Connections to the server at most.
    package var size: Int
    package var databaseName: String
    /// Who the pool logs in as; nil: whoever connects (an inbound user).
    package var userName: String?

    package init(name: String, mode: Mode, size: Int, databaseName: String, userName: String?) {
        self.name = name
        self.mode = mode
        self.size = size
        self.databaseName = databaseName
        self.userName = userName
    }
}

/// A pool as asked for: nothing is checked yet.
package struct ConnectionPoolRequest: Sendable, Equatable {
    package var name: String
    package var mode: String
    package var size: Int
    package var databaseName: String
    /// nil or empty: an inbound user.
    package var userName: String?

    package init(name: String, mode: String, size: Int, databaseName: String, userName: String?) {
        self.name = name
        self.mode = mode
        self.size = size
        self.databaseName = databaseName
        self.userName = userName
    }
}

/// The process that serves a cluster's pools.
package struct PoolerState: Sendable, Equatable {
    package enum Status: String, Sendable {
        /// The cluster has no pools, so there is none.
        case unused
        case running
        /// It should run, and `message` says why it does not.
        case stopped
    }
    package var status: Status
    package var message: String?
    package var pid: Int?
    /// Processor time since its start.
    package var processorSeconds: Double?

    package init(status: Status, message: String? = nil, pid: Int? = nil, processorSeconds: Double? = nil) {
        self.status = status
        self.message = message
        self.pid = pid
        self.processorSeconds = processorSeconds
    }
}

/// A pool with the way to it.
package struct ConnectionPoolDescription: Sendable, Equatable {
    package var pool: ConnectionPool
    package var connection: ConnectionDetails

    package init(pool: ConnectionPool, connection: ConnectionDetails) {
        self.pool = pool
        self.connection = connection
    }
}

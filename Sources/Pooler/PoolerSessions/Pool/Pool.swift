package import PoolerConfiguration

package typealias PoolPointer = UnsafeMutablePointer<Pool>

/// Servers of one database and user on this loop, and the clients that use them. A pool lives at one address.
package struct Pool: ~Copyable {
    package let details: PoolDetails
    package var settings: PoolSettings
    package var statistics = PoolStatistics()

    /// Ready for use, the last one used first.
    var idle = RecordList<Server>()
    /// Linked to a client.
    var active = RecordList<Server>()
    /// Being connected or logged in.
    var connecting = RecordList<Server>()
    /// Being checked, cleaned, or waiting for a cancel request to be over.
    var busy = RecordList<Server>()
    /// Clients that wait for a server, first come first.
    var waiting = RecordList<Client>()
    /// All others that have logged in.
    var clients = RecordList<Client>()
    /// Connections that carry cancel requests.
    var cancels = RecordList<Server>()
    /// Clients whose cancel request is on such a connection, and those whose request waits for one.
    var cancelsActive = RecordList<Client>()
    var cancelsWaiting = RecordList<Client>()
    /// Servers that are for one client each, and the clients that wait for such.
    var replication = PoolReplication()

    /// Servers of an older generation are closed when they are free: RECONNECT counts up.
    var generation: UInt64 = 0
    var isPaused = false
    /// After a failure: no connecting before this time.
    var retryTime: Int64 = 0
    /// The pause after the next failure.
    var retryDelay: Int64 = 0
    /// Why the last attempt was refused: told at once to those who come before the next one.
    var refusal: LoginFailure?
    /// Servers that are attempted side by side at most.
    var pace = ConnectPace()
    /// The host that is next in turn.
    var nextPlace = 0
    /// Whether any of its clients has ever called currval or lastval: until then nobody's values need be kept apart.
    var tellsSequences = false
    /// The same for calls outside of transaction blocks, which ask for what an earlier transaction has advanced.
    var tellsSequencesLater = false
    /// Whether `assign` is at work further up.
    var isAssigning = false
    /// Since when nobody has used the pool; 0 while somebody does.
    var unusedSince: Int64 = 0

    package init(details: PoolDetails, settings: PoolSettings) {
        self.details = details
        self.settings = settings
    }

    /// The console's: its clients have no servers.
    init(console limits: LimitRegistry) {
        let name = DatabaseEntry.consoleName
        var settings = PoolSettings()
        settings.mode = .statement
        settings.clientIdleTimeout = 0
        self.init(
            details: PoolDetails(
                database: name, user: name, places: [],
                target: ServerLogin.Target(user: name, database: name, credential: .none),
                databaseLimit: limits.databaseServers(name), userLimit: limits.userServers(name)),
            settings: settings)
    }

    /// Server connections that count towards the pool's size.
    package var serverCount: Int {
        idle.count + active.count + connecting.count + busy.count + replication.servers.count
    }
    package var clientCount: Int { waiting.count + clients.count + replication.waiting.count }
    /// Whether there is nothing that could use it.
    var isUnused: Bool {
        clientCount == 0 && serverCount == 0 && cancels.isEmpty && cancelsWaiting.isEmpty && cancelsActive.isEmpty
    }
}

/// What a pool is: looked at when connections are made, not when bytes are passed on.
package final class PoolDetails {
    /// The name that clients ask for.
    package let database: String
    /// The user that servers are logged in as.
    package let user: String
    /// The places that its servers are connected to, in turn or until one fails.
    package var places: [ServerPlace]
    /// Whether servers are connected to all places in turn, or to one until it fails.
    package var takesPlacesInTurn = true
    /// Who the pooler is to servers.
    package var target: ServerLogin.Target
    /// Whether the credential is the configuration's; else it is what the last client has brought.
    package var isUserForced = false
    /// Servers of the database, over all pools.
    package let databaseLimit: ConnectionLimit
    /// Servers of the user, over all pools.
    package let userLimit: ConnectionLimit
    /// What servers report at login, to be told to clients; nil before the first login.
    package var welcome: PoolGreeting?

    package init(
        database: String, user: String, places: [ServerPlace], target: ServerLogin.Target,
        databaseLimit: ConnectionLimit, userLimit: ConnectionLimit
    ) {
        self.database = database
        self.user = user
        self.places = places
        self.target = target
        self.databaseLimit = databaseLimit
        self.userLimit = userLimit
    }
}

/// Where a server listens.
package struct ServerPlace: Sendable, Equatable {
    package var host: ServerHost
    package var port: UInt16

    package init(host: ServerHost, port: UInt16) {
        self.host = host
        self.port = port
    }

    package var isUnixSocket: Bool {
        if case .socketDirectory = host { true } else { false }
    }
}

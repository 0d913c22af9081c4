package import Foundation

/// A database cluster as Atoll wants it to be, together with what was last seen of it.
package struct Cluster: Sendable, Equatable {
    /// UUID in lower case; also the name of the cluster's directory.
    package var id: String
    /// Unique among clusters that are not being deleted.
    package var name: String
    package var engine: DatabaseEngine
    /// Major version, "15".
    package var version: String
    package var sizeSlug: String
    package var nodeCount: Int
    package var regionSlug: String
    package var storageMiB: Int
    package var projectID: String
    package var vpcID: String
    package var createdAt: Date
    /// PostgreSQL: TCP port of the database itself; its pools listen on `poolPort`. Key-value: the port without TLS,
    /// listened on only if that is asked for; the one with TLS is `poolPort`.
    package var port: Int
    package var poolPort: Int
    package var maintenanceWindow: MaintenanceWindow
    /// Keys of DigitalOcean's advanced configuration that the user set (unset ones have their default).
    package var configuration: [String: JSONValue]
    package var state: ClusterState
    /// Why the cluster is not online, in words for its user; nil while all is well.
    package var stateReason: String?
    /// Initialisation finished once: data exists, and a restart must never initialise again.
    package var isInitialized: Bool

    package init(
        id: String, name: String, engine: DatabaseEngine, version: String, sizeSlug: String, nodeCount: Int,
        regionSlug: String, storageMiB: Int, projectID: String, vpcID: String, createdAt: Date, port: Int,
        poolPort: Int, maintenanceWindow: MaintenanceWindow, configuration: [String: JSONValue] = [:],
        state: ClusterState = .creating, stateReason: String? = nil, isInitialized: Bool = false
    ) {
        self.id = id
        self.name = name
        self.engine = engine
        self.version = version
        self.sizeSlug = sizeSlug
        self.nodeCount = nodeCount
        self.regionSlug = regionSlug
        self.storageMiB = storageMiB
        self.projectID = projectID
        self.vpcID = vpcID
        self.createdAt = createdAt
        self.port = port
        self.poolPort = poolPort
        self.maintenanceWindow = maintenanceWindow
        self.configuration = configuration
        self.state = state
        self.stateReason = stateReason
        self.isInitialized = isInitialized
    }
}

/// Engines that this build can run; others are refused by name.
package enum DatabaseEngine: String, Sendable, Codable, CaseIterable {
    case postgres = "pg"
    case redis
    case valkey
}

/// What a key-value cluster does when its memory is full. Raw values are those of the eviction policy's own endpoint;
/// the last two are Redis's, and not in DigitalOcean's description.
package enum EvictionPolicy: String, Sendable, CaseIterable {
    case noEviction = "noeviction"
    case allKeysLRU = "allkeys_lru"
    case allKeysRandom = "allkeys_random"
    case volatileLRU = "volatile_lru"
    case volatileRandom = "volatile_random"
    case volatileTTL = "volatile_ttl"
    case allKeysLFU = "allkeys_lfu"
    case volatileLFU = "volatile_lfu"
}

/// Where a cluster is in its life.
package enum ClusterState: String, Sendable, Codable, CaseIterable {
    /// Being made for the first time. → online, deleting
    case creating
    /// Serving, and configured as wanted. → offline, deleting
    case online
    /// Made once, not serving now; `stateReason` says why. Atoll goes on trying. → online, deleting
    case offline
    /// Deletion was acknowledged; hidden from users until nothing is left of it. → (removed)
    case deleting
}

/// The weekly hour in which updates may be installed.
package struct MaintenanceWindow: Sendable, Equatable, Codable {
    /// English day name in lower case: "monday" … "sunday".
    package var day: String
    /// UTC, "HH:MM:SS".
    package var hour: String
    package var isPending: Bool
    package var descriptions: [String]

    package init(day: String, hour: String, isPending: Bool = false, descriptions: [String] = []) {
        self.day = day
        self.hour = hour
        self.isPending = isPending
        self.descriptions = descriptions
    }
}

/// A login role that the platform made in a cluster.
package struct DatabaseUser: Sendable, Equatable {
    package enum Role: String, Sendable, Codable {
        /// doadmin, the cluster's administrator; cannot be deleted.
        case primary
        case normal
    }
    package var name: String
    package var role: Role
    package var password: String
    /// `settings.pg_allow_replication`: the role has the REPLICATION attribute.
    package var allowsReplication: Bool

    package init(name: String, role: Role, password: String, allowsReplication: Bool = false) {
        self.name = name
        self.role = role
        self.password = password
        self.allowsReplication = allowsReplication
    }
}

/// One trusted source. A cluster with no rule is open to every address that reaches its port.
package struct FirewallRule: Sendable, Equatable {
    package enum SourceType: String, Sendable, Codable, CaseIterable {
        case droplet
        case kubernetes = "k8s"
        case address = "ip_addr"
        case tag
        case app
    }
    package var id: String
    package var clusterID: String
    package var type: SourceType
    /// For `.address`: an IP address or a network in CIDR form.
    package var value: String
    package var description: String?
    package var createdAt: Date

    package init(
        id: String, clusterID: String, type: SourceType, value: String, description: String?, createdAt: Date
    ) {
        self.id = id
        self.clusterID = clusterID
        self.type = type
        self.value = value
        self.description = description
        self.createdAt = createdAt
    }
}

/// One entry of a cluster's history.
package struct ClusterEvent: Sendable, Equatable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case maintenancePerform = "cluster_maintenance_perform"
        case masterPromotion = "cluster_master_promotion"
        case create = "cluster_create"
        case update = "cluster_update"
        case delete = "cluster_delete"
        case powerOn = "cluster_poweron"
        case powerOff = "cluster_poweroff"
    }
    package var id: String
    package var clusterName: String
    package var kind: Kind
    package var createdAt: Date

    package init(id: String, clusterName: String, kind: Kind, createdAt: Date) {
        self.id = id
        self.clusterName = clusterName
        self.kind = kind
        self.createdAt = createdAt
    }
}

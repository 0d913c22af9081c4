package import Foundation

/// What a user asks for when creating a cluster. Names and ranges are checked by the service, not by the caller.
package struct ClusterRequest: Sendable, Equatable {
    package var name: String
    package var engine: String
    /// Major version; nil for the default.
    package var version: String?
    package var sizeSlug: String
    package var regionSlug: String
    package var nodeCount: Int
    package var storageMiB: Int?
    /// nil or empty: the default project or VPC.
    package var projectID: String?
    package var vpcID: String?
    package var tags: [String]
    package var rules: [FirewallRuleRequest]

    package init(
        name: String, engine: String, version: String? = nil, sizeSlug: String, regionSlug: String,
        nodeCount: Int = 1, storageMiB: Int? = nil, projectID: String? = nil, vpcID: String? = nil,
        tags: [String] = [], rules: [FirewallRuleRequest] = []
    ) {
        self.name = name
        self.engine = engine
        self.version = version
        self.sizeSlug = sizeSlug
        self.regionSlug = regionSlug
        self.nodeCount = nodeCount
        self.storageMiB = storageMiB
        self.projectID = projectID
        self.vpcID = vpcID
        self.tags = tags
        self.rules = rules
    }
}

/// One trusted source as asked for.
package struct FirewallRuleRequest: Sendable, Equatable {
    /// A known rule keeps its id and its creation time when the same type and value are sent again.
    package var type: String
    package var value: String
    package var description: String?

    package init(type: String, value: String, description: String? = nil) {
        self.type = type
        self.value = value
        self.description = description
    }
}

/// How to reach something with a client.
package struct ConnectionDetails: Sendable, Equatable {
    package var uri: String
    package var host: String
    package var port: Int
    package var user: String
    package var password: String
    package var database: String
    package var requiresTLS: Bool

    package init(
        uri: String, host: String, port: Int, user: String, password: String, database: String, requiresTLS: Bool
    ) {
        self.uri = uri
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.database = database
        self.requiresTLS = requiresTLS
    }
}

/// A cluster with everything that the API shows of it.
package struct ClusterDescription: Sendable, Equatable {
    package var cluster: Cluster
    /// "15.18"; nil until known.
    package var semanticVersion: String?
    package var tags: [String]
    package var databaseNames: [String]
    package var users: [DatabaseUser]
    package var rules: [FirewallRule]
    package var connection: ConnectionDetails
    package var metricsHost: String
    package var metricsPort: Int
    package var endOfLife: Date?

    package init(
        cluster: Cluster, semanticVersion: String?, tags: [String], databaseNames: [String], users: [DatabaseUser],
        rules: [FirewallRule], connection: ConnectionDetails, metricsHost: String, metricsPort: Int,
        endOfLife: Date?
    ) {
        self.cluster = cluster
        self.semanticVersion = semanticVersion
        self.tags = tags
        self.databaseNames = databaseNames
        self.users = users
        self.rules = rules
        self.connection = connection
        self.metricsHost = metricsHost
        self.metricsPort = metricsPort
        self.endOfLife = endOfLife
    }
}

/// What can be created: one row for each size of a database node.
package struct DatabaseSize: Sendable, Equatable {
    package var slug: String
    package var cpuCount: Int
    package var memoryMiB: Int
    package var storageMiB: Int
    package var storageMiBMax: Int
    /// How many nodes a cluster of this size may have.
    package var nodeCounts: ClosedRange<Int>

    package init(
        slug: String, cpuCount: Int, memoryMiB: Int, storageMiB: Int, storageMiBMax: Int,
        nodeCounts: ClosedRange<Int>
    ) {
        self.slug = slug
        self.cpuCount = cpuCount
        self.memoryMiB = memoryMiB
        self.storageMiB = storageMiB
        self.storageMiBMax = storageMiBMax
        self.nodeCounts = nodeCounts
    }
}

/// What one engine offers.
package struct DatabaseEngineOptions: Sendable, Equatable {
    package struct Version: Sendable, Equatable {
        package var version: String
        package var endOfLife: Date?
        package init(version: String, endOfLife: Date?) {
            self.version = version
            self.endOfLife = endOfLife
        }
    }
    package var engine: DatabaseEngine
    package var regionSlugs: [String]
    package var versions: [Version]
    package var defaultVersion: String
    package var sizes: [DatabaseSize]

    package init(
        engine: DatabaseEngine, regionSlugs: [String], versions: [Version], defaultVersion: String,
        sizes: [DatabaseSize]
    ) {
        self.engine = engine
        self.regionSlugs = regionSlugs
        self.versions = versions
        self.defaultVersion = defaultVersion
        self.sizes = sizes
    }
}

/// Managed database clusters: what the API offers, whoever asks. Implemented by the reconciler.
///
/// A function that changes something is durable when it returns, whatever happens to the process afterwards. Errors
/// are `ServiceError`; a cluster that is being deleted does not exist for its users (`.notFound`).
package protocol DatabaseService: Sendable {
    func options() async throws -> [DatabaseEngineOptions]

    /// Clusters, oldest first; with `tag`, only those that carry it.
    func clusters(taggedWith tag: String?) async throws -> [ClusterDescription]
    func cluster(id: String) async throws -> ClusterDescription
    func createCluster(_ request: ClusterRequest) async throws -> ClusterDescription
    func deleteCluster(id: String) async throws

    /// PEM text of the authority that signed the cluster's certificate.
    func certificateAuthority(clusterID: String) async throws -> String

    /// Every key that the engine has, with the value in force; nested objects for `pgbouncer` and `timescaledb`.
    func configuration(clusterID: String) async throws -> [String: JSONValue]
    func patchConfiguration(clusterID: String, changes: [String: JSONValue]) async throws

    /// `.unprocessableEntity` for engines that evict nothing.
    func evictionPolicy(clusterID: String) async throws -> EvictionPolicy
    func setEvictionPolicy(clusterID: String, _ policy: EvictionPolicy) async throws

    func createUser(clusterID: String, name: String, allowsReplication: Bool) async throws -> DatabaseUser
    func users(clusterID: String) async throws -> [DatabaseUser]
    func user(clusterID: String, name: String) async throws -> DatabaseUser
    func updateUser(clusterID: String, name: String, allowsReplication: Bool) async throws -> DatabaseUser
    func resetPassword(clusterID: String, userName: String) async throws -> DatabaseUser
    func deleteUser(clusterID: String, name: String) async throws

    func databaseNames(clusterID: String) async throws -> [String]
    func createDatabase(clusterID: String, name: String) async throws
    func deleteDatabase(clusterID: String, name: String) async throws

    /// Connection pools, oldest first; `.unprocessableEntity` for engines that have none.
    func pools(clusterID: String) async throws -> [ConnectionPoolDescription]
    func pool(clusterID: String, name: String) async throws -> ConnectionPoolDescription
    func createPool(clusterID: String, _ request: ConnectionPoolRequest) async throws -> ConnectionPoolDescription
    /// Replaces everything of the pool with the request's name.
    func updatePool(clusterID: String, _ request: ConnectionPoolRequest) async throws
    func deletePool(clusterID: String, name: String) async throws

    /// What the process is doing that serves the pools.
    func pooler(clusterID: String) async throws -> PoolerState
    /// What it has counted for each pool.
    func poolerFigures(clusterID: String) async throws -> PoolerFigures

    func firewallRules(clusterID: String) async throws -> [FirewallRule]
    /// Replaces all rules; in force for new and for live sessions when it returns.
    func replaceFirewallRules(clusterID: String, with rules: [FirewallRuleRequest]) async throws

    func setMaintenanceWindow(clusterID: String, day: String, hour: String) async throws
    func events(clusterID: String) async throws -> [ClusterEvent]

    /// Benchmarks that were kept, newest first.
    func benchmarks() async throws -> [Benchmark]
    func benchmark(id: String) async throws -> Benchmark
    /// Keeps what was measured of a cluster; of each cluster the last hundred stay.
    func keepBenchmark(_ content: BenchmarkContent, clusterID: String) async throws -> Benchmark
}

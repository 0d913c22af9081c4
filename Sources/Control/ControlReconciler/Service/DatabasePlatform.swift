import Certificates
package import ControlModel
package import ControlStore
import Foundation
package import Logging

/// The managed databases of this machine: checks requests, stores what is wanted, and lets one `ClusterController` for
/// each cluster make it so.
package actor DatabasePlatform {
    let store: ControlStore
    let environment: PlatformEnvironment
    let logger: Logger
    private var controllers: [String: ClusterController] = [:]
    /// Databases as last seen in each cluster, also those that were made by SQL.
    private var observedDatabaseNames: [String: [String]] = [:]

    package init(store: ControlStore, environment: PlatformEnvironment, logger: Logger) {
        self.store = store
        self.environment = environment
        self.logger = logger
    }

    /// Adopts what runs and begins to work on all clusters.
    package func start() async throws {
        for cluster in try await store.clusters() {
            await control(cluster).start()
            if cluster.state == .deleting { forgetWhenRemoved(cluster.id) }
        }
    }

    /// Stops every cluster's server, in parallel, and ends.
    package func shutDown() async {
        await withDiscardingTaskGroup { group in
            for controller in controllers.values { group.addTask { await controller.shutDown() } }
        }
        controllers = [:]
    }

    /// Ends and leaves the servers running for the next control process.
    package func detach() async {
        await withDiscardingTaskGroup { group in
            for controller in controllers.values { group.addTask { await controller.detach() } }
        }
        controllers = [:]
    }

    private func control(_ cluster: Cluster) -> ClusterController {
        let controller = ClusterController(
            clusterID: cluster.id, engine: EngineTable.row(of: cluster.engine), store: store, environment: environment,
            logger: logger)
        controllers[cluster.id] = controller
        return controller
    }

    /// Lets go of a cluster's controller once nothing of the cluster is left.
    private func forgetWhenRemoved(_ id: String) {
        guard let controller = controllers[id] else { return }
        Task {
            guard await controller.waitUntilRemoved() else { return }
            controllers[id] = nil
            observedDatabaseNames[id] = nil
        }
    }

    /// Notes which databases a cluster was seen to have.
    func note(databaseNames: [String], ofCluster id: String) {
        observedDatabaseNames[id] = databaseNames
    }

    /// The cluster's row and its controller. A cluster in deletion does not exist for users.
    func find(_ id: String) async throws -> (Cluster, ClusterController) {
        guard let cluster = try await store.cluster(id: id), cluster.state != .deleting,
            let controller = controllers[id]
        else { throw ServiceError.notFound("no database cluster has the id \(id)") }
        return (cluster, controller)
    }

    /// The same for what needs a running server.
    func findServing(_ id: String) async throws -> (Cluster, ClusterController) {
        let (cluster, controller) = try await find(id)
        guard cluster.state != .creating, await controller.isServing else {
            throw ServiceError(
                .preconditionFailed,
                "The cluster \(cluster.name) is \(cluster.state.rawValue)"
                    + (cluster.stateReason.map { " (\($0))" } ?? "") + "; try again when it is online.")
        }
        return (cluster, controller)
    }

    func driver(clusterID: String) -> (any ClusterDriver)? { controllers[clusterID]?.driver }

    /// Clusters that serve now, for the metrics collector.
    func servingClusters() async throws -> [(cluster: Cluster, driver: any ClusterDriver, pid: Int32)] {
        var serving: [(cluster: Cluster, driver: any ClusterDriver, pid: Int32)] = []
        for cluster in try await store.clusters() where cluster.state == .online {
            guard let controller = controllers[cluster.id], await controller.isServing,
                let pid = await controller.serverPID
            else { continue }
            serving.append((cluster, controller.driver, pid))
        }
        return serving
    }
}

// MARK: - Clusters

extension DatabasePlatform: DatabaseService {
    package func options() async throws -> [DatabaseEngineOptions] {
        EngineTable.rows.map { row in
            DatabaseEngineOptions(
                engine: row.engine, regionSlugs: Region.all.map(\.slug), versions: row.versions,
                defaultVersion: row.defaultVersion, sizes: row.sizes)
        }
    }

    package func clusters(taggedWith tag: String?) async throws -> [ClusterDescription] {
        var wanted: Set<String>?
        if let tag { wanted = Set(try await store.clusterIDs(taggedWith: tag)) }
        var descriptions: [ClusterDescription] = []
        for cluster in try await store.clusters() where cluster.state != .deleting {
            if let wanted, !wanted.contains(cluster.id) { continue }
            descriptions.append(try await describe(cluster))
        }
        return descriptions
    }

    package func cluster(id: String) async throws -> ClusterDescription {
        let (cluster, _) = try await find(id)
        // One cluster is worth a look at the server; a list is content with what was seen last.
        if cluster.state == .online, cluster.engine == .postgres { _ = try? await databaseNames(clusterID: id) }
        return try await describe(cluster)
    }

    private func databaseNames(of cluster: Cluster) async throws -> [String] {
        if let observed = observedDatabaseNames[cluster.id] { return observed }
        return try await store.databaseNames(clusterID: cluster.id)
    }

    package func createCluster(_ request: ClusterRequest) async throws -> ClusterDescription {
        let now = environment.now()
        let id = UUID().uuidString.lowercased()
        let (engine, size) = try ClusterRequestRules.check(request)
        let rules = try TrustedSources.rules(from: request.rules, clusterID: id, existing: [], at: now)
        let draft = ClusterDraft(
            id: id, name: request.name, engine: engine.engine, version: engine.defaultVersion,
            sizeSlug: size.slug, nodeCount: 1, regionSlug: request.regionSlug,
            storageMiB: request.storageMiB ?? size.storageMiB, projectID: request.projectID, vpcID: request.vpcID,
            createdAt: now, maintenanceWindow: ClusterRequestRules.defaultWindow(), tags: request.tags,
            rules: rules,
            users: [DatabaseUser(name: engine.administratorName, role: .primary, password: Passwords.make())],
            databaseNames: engine.databaseNames)
        let address = environment.listenAddress
        let ports = environment.ports
        let cluster = try await store.insertCluster(draft) { taken in
            try ports.choose(isKeyValue: engine.engine != .postgres, taken: taken) {
                PortProbe.isFree($0, address: address)
            }
        }
        logger.info("cluster created", metadata: ["cluster": "\(id)", "name": "\(cluster.name)"])
        await control(cluster).start()
        return try await describe(cluster)
    }

    package func deleteCluster(id: String) async throws {
        let (_, controller) = try await find(id)
        try await store.markDeleting(clusterID: id, at: environment.now())
        await controller.kick()
        forgetWhenRemoved(id)
    }

    package func certificateAuthority(clusterID: String) async throws -> String {
        _ = try await find(clusterID)
        return environment.authority.certificatePEM
    }

    private func describe(_ cluster: Cluster) async throws -> ClusterDescription {
        let users = try await store.users(clusterID: cluster.id)
        let administrator = users.first { $0.role == .primary }
        let engine = EngineTable.row(of: cluster.engine)
        return ClusterDescription(
            cluster: cluster, semanticVersion: engine.semanticVersion(environment),
            tags: try await store.tagNames(clusterID: cluster.id),
            databaseNames: try await databaseNames(of: cluster), users: users,
            rules: try await store.firewallRules(clusterID: cluster.id),
            connection: engine.connection(
                cluster, environment.hostname, administrator ?? DatabaseUser(name: "", role: .primary, password: "")),
            metricsHost: environment.hostname, metricsPort: environment.metricsPort,
            endOfLife: engine.versions.first { $0.version == cluster.version }?.endOfLife)
    }
}

// MARK: - Configuration, trusted sources, maintenance

extension DatabasePlatform {
    package func configuration(clusterID: String) async throws -> [String: JSONValue] {
        let (cluster, _) = try await find(clusterID)
        return EngineTable.row(of: cluster.engine).shownConfiguration(cluster)
    }

    package func patchConfiguration(clusterID: String, changes: [String: JSONValue]) async throws {
        let (cluster, controller) = try await find(clusterID)
        let engine = EngineTable.row(of: cluster.engine)
        try await checkDatabaseCount(cluster, controller, changes)
        try await store.updateConfiguration(clusterID: clusterID) { stored in
            var current = cluster
            current.configuration = stored
            stored = try engine.patchedConfiguration(current, changes)
        }
        try await store.appendEvent(clusterID: clusterID, .update, at: environment.now())
        try await settleIfServing(controller)
    }

    /// A key-value server does not start on data of databases above its number; those in use are counted first.
    private func checkDatabaseCount(
        _ cluster: Cluster, _ controller: ClusterController, _ changes: [String: JSONValue]
    ) async throws {
        guard let driver = controller.driver as? KeyValueDriver else { return }
        let before = KeyValueSettings(cluster)
        var after = before
        try after.apply(changes)
        let count = after.integer("number_of_databases")
        guard count < before.integer("number_of_databases") else { return }
        guard let used = await driver.databasesInUse() else {
            throw ServiceError(
                .preconditionFailed,
                "The number of databases is lowered only while the cluster is online, when its keys can be looked at.")
        }
        guard let highest = used.last, highest >= count else { return }
        throw ServiceError.unprocessable(
            "Invalid configuration: database \(highest) holds keys, so there must be at least \(highest + 1) databases."
        )
    }

    package func evictionPolicy(clusterID: String) async throws -> EvictionPolicy {
        try Self.requireKeyValue(try await find(clusterID).0)
        return KeyValueSettings(try await find(clusterID).0).evictionPolicy
    }

    package func setEvictionPolicy(clusterID: String, _ policy: EvictionPolicy) async throws {
        try Self.requireKeyValue(try await find(clusterID).0)
        try await patchConfiguration(clusterID: clusterID, changes: KeyValueSettings.change(to: policy))
    }

    private static func requireKeyValue(_ cluster: Cluster) throws {
        guard cluster.engine == .postgres else { return }
        throw ServiceError.unprocessable(
            "Eviction policies are for redis and valkey clusters; this cluster's engine is \(cluster.engine.rawValue).")
    }

    package func firewallRules(clusterID: String) async throws -> [FirewallRule] {
        _ = try await find(clusterID)
        return try await store.firewallRules(clusterID: clusterID)
    }

    package func replaceFirewallRules(clusterID: String, with requests: [FirewallRuleRequest]) async throws {
        let (_, controller) = try await find(clusterID)
        let existing = try await store.firewallRules(clusterID: clusterID)
        let rules = try TrustedSources.rules(
            from: requests, clusterID: clusterID, existing: existing, at: environment.now())
        try await store.replaceFirewallRules(clusterID: clusterID, with: rules)
        try await settleIfServing(controller)
    }

    /// A server that is down reads the new files when it starts; one that serves has to take them now.
    func settleIfServing(_ controller: ClusterController) async throws {
        if await controller.isServing { try await controller.settle() } else { await controller.kick() }
        try await controller.driver.settleCompanions()
    }

    package func setMaintenanceWindow(clusterID: String, day: String, hour: String) async throws {
        let (cluster, _) = try await find(clusterID)
        var window = cluster.maintenanceWindow
        window.day = try ClusterRequestRules.day(day)
        window.hour = try ClusterRequestRules.hour(hour)
        try await store.setMaintenanceWindow(clusterID: clusterID, window)
    }

    package func events(clusterID: String) async throws -> [ClusterEvent] {
        _ = try await find(clusterID)
        return try await store.events(clusterID: clusterID)
    }

    package func benchmarks() async throws -> [Benchmark] { try await store.benchmarks() }

    package func benchmark(id: String) async throws -> Benchmark { try await store.benchmark(id: id) }

    package func keepBenchmark(_ content: BenchmarkContent, clusterID: String) async throws -> Benchmark {
        let (cluster, _) = try await find(clusterID)
        return try await store.insertBenchmark(content, clusterID: cluster.id, at: environment.now())
    }
}

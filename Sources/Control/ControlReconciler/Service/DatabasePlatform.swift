import Certificates
package import ControlModel
package import ControlStore
import Foundation
package import Logging
import PostgresCluster
import PostgresWire
import Settings

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
            await control(cluster.id).start()
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

    private func control(_ id: String) -> ClusterController {
        let controller = ClusterController(clusterID: id, store: store, environment: environment, logger: logger)
        controllers[id] = controller
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
    func findServing(_ id: String) async throws -> (Cluster, ClusterController, AdminEndpoint) {
        let (cluster, controller) = try await find(id)
        guard cluster.state != .creating, await controller.isServing else {
            throw ServiceError(
                .preconditionFailed,
                "The cluster \(cluster.name) is \(cluster.state.rawValue)"
                    + (cluster.stateReason.map { " (\($0))" } ?? "") + "; try again when it is online.")
        }
        return (cluster, controller, try await controller.endpoint(port: cluster.port))
    }

    /// Clusters that serve now, for the metrics collector.
    func servingClusters() async throws -> [(cluster: Cluster, endpoint: AdminEndpoint, pid: Int32)] {
        var serving: [(cluster: Cluster, endpoint: AdminEndpoint, pid: Int32)] = []
        for cluster in try await store.clusters() where cluster.state == .online {
            guard let controller = controllers[cluster.id], await controller.isServing,
                let pid = await controller.serverPID
            else { continue }
            serving.append((cluster, try await controller.endpoint(port: cluster.port), pid))
        }
        return serving
    }
}

// MARK: - Clusters

extension DatabasePlatform: DatabaseService {
    package func options() async throws -> [DatabaseEngineOptions] {
        [
            DatabaseEngineOptions(
                engine: .postgres, regionSlugs: Region.all.map(\.slug),
                versions: [
                    DatabaseEngineOptions.Version(version: Initialization.majorVersion, endOfLife: Self.endOfLife)
                ], defaultVersion: Initialization.majorVersion, sizes: DatabaseSize.all)
        ]
    }

    /// Last release of PostgreSQL 15 (postgresql.org/support/versioning): 2027-11-11.
    static let endOfLife = Date(timeIntervalSince1970: 1_825_891_200)

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
        if cluster.state == .online { _ = try? await databaseNames(clusterID: id) }
        return try await describe(cluster)
    }

    private func databaseNames(of cluster: Cluster) async throws -> [String] {
        if let observed = observedDatabaseNames[cluster.id] { return observed }
        return try await store.databaseNames(clusterID: cluster.id)
    }

    package func createCluster(_ request: ClusterRequest) async throws -> ClusterDescription {
        let now = environment.now()
        let id = UUID().uuidString.lowercased()
        let size = try ClusterRequestRules.check(request)
        let rules = try TrustedSources.rules(from: request.rules, clusterID: id, existing: [], at: now)
        let draft = ClusterDraft(
            id: id, name: request.name, engine: .postgres, version: Initialization.majorVersion,
            sizeSlug: size.slug, nodeCount: 1, regionSlug: request.regionSlug,
            storageMiB: request.storageMiB ?? size.storageMiB, projectID: request.projectID, vpcID: request.vpcID,
            createdAt: now, maintenanceWindow: ClusterRequestRules.defaultWindow(), tags: request.tags,
            rules: rules,
            users: [DatabaseUser(name: Bootstrap.administratorName, role: .primary, password: Passwords.make())],
            databaseNames: [Bootstrap.defaultDatabaseName])
        let address = environment.listenAddress
        let ports = environment.ports
        let cluster = try await store.insertCluster(draft) { taken in
            try ports.choose(taken: taken) { PortProbe.isFree($0, address: address) }
        }
        logger.info("cluster created", metadata: ["cluster": "\(id)", "name": "\(cluster.name)"])
        await control(id).start()
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
        return ClusterDescription(
            cluster: cluster, semanticVersion: environment.postgresVersion,
            tags: try await store.tagNames(clusterID: cluster.id),
            databaseNames: try await databaseNames(of: cluster), users: users,
            rules: try await store.firewallRules(clusterID: cluster.id),
            connection: ConnectionDetails.postgres(
                host: environment.hostname, port: cluster.port, user: administrator?.name ?? "",
                password: administrator?.password ?? "", database: Bootstrap.defaultDatabaseName),
            metricsHost: environment.hostname, metricsPort: environment.metricsPort, endOfLife: Self.endOfLife)
    }
}

// MARK: - Configuration, trusted sources, maintenance

extension DatabasePlatform {
    package func configuration(clusterID: String) async throws -> [String: JSONValue] {
        ClusterConfiguration.shown(ClusterConfiguration.make(for: try await find(clusterID).0))
    }

    package func patchConfiguration(clusterID: String, changes: [String: JSONValue]) async throws {
        let (cluster, controller) = try await find(clusterID)
        try await store.updateConfiguration(clusterID: clusterID) { stored in
            var current = cluster
            current.configuration = stored
            let patched = try ClusterConfiguration.patched(ClusterConfiguration.make(for: current), with: changes)
            try Self.checkTimeZone(patched.values["timezone"])
            stored = ClusterConfiguration.stored(patched)
        }
        try await store.appendEvent(clusterID: clusterID, .update, at: environment.now())
        try await settleIfServing(controller)
    }

    private static func checkTimeZone(_ value: SettingValue?) throws {
        guard case .string(let zone)? = value, !ClusterConfiguration.isTimeZone(zone) else { return }
        throw ServiceError.unprocessable("Invalid configuration: timezone \"\(zone)\" is not known here.")
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
    private func settleIfServing(_ controller: ClusterController) async throws {
        if await controller.isServing { try await controller.settle() } else { await controller.kick() }
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
}

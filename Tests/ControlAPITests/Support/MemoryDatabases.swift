// The database service of the API tests: every rule of the protocol, and no server.

import ControlModel
import Foundation

/// Clusters in memory, with the rules that the protocol states.
actor MemoryDatabases: DatabaseService {
    static let authority = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

    private let accounts: MemoryAccounts
    private var descriptions: [ClusterDescription] = []
    private var settings: [String: [String: JSONValue]] = [:]
    private var kept: [Benchmark] = []
    private var poolsByCluster: [String: [ConnectionPoolDescription]] = [:]
    private(set) var lastRequest: ClusterRequest?

    init(accounts: MemoryAccounts) { self.accounts = accounts }

    func options() -> [DatabaseEngineOptions] {
        let sizes = [
            DatabaseSize(
                slug: "db-s-1vcpu-1gb", cpuCount: 1, memoryMiB: 1024, storageMiB: 10240, storageMiBMax: 30720,
                nodeCounts: 1...1),
            DatabaseSize(
                slug: "db-s-1vcpu-2gb", cpuCount: 1, memoryMiB: 2048, storageMiB: 30720, storageMiBMax: 61440,
                nodeCounts: 1...1),
        ]
        return [
            DatabaseEngineOptions(
                engine: .postgres, regionSlugs: Region.all.map(\.slug),
                versions: [.init(version: "15", endOfLife: Date(timeIntervalSince1970: 1_826_000_000))],
                defaultVersion: "15", sizes: sizes)
        ]
    }

    // MARK: Clusters

    func clusters(taggedWith tag: String?) -> [ClusterDescription] {
        descriptions.filter { description in tag.map { description.tags.contains($0) } ?? true }
    }

    func cluster(id: String) throws -> ClusterDescription { descriptions[try index(of: id)] }

    private func index(of id: String) throws -> Int {
        guard let index = descriptions.firstIndex(where: { $0.cluster.id == id }) else {
            throw ServiceError.notFound("no cluster \(id)")
        }
        return index
    }

    func createCluster(_ request: ClusterRequest) async throws -> ClusterDescription {
        lastRequest = request
        guard let engine = DatabaseEngine(rawValue: request.engine) else {
            throw ServiceError.unprocessable("engine must be pg.")
        }
        guard request.name.utf8.allSatisfy({ $0 < 0x80 && $0 > 0x20 }), request.name.utf8.count <= 63 else {
            throw ServiceError.unprocessable("name is not valid.")
        }
        guard let size = options()[0].sizes.first(where: { $0.slug == request.sizeSlug }),
            Region.all.contains(where: { $0.slug == request.regionSlug }),
            request.version.map({ $0 == "15" }) ?? true
        else { throw ServiceError.unprocessable("size, region or version is not offered.") }
        guard request.nodeCount > 0 else { throw ServiceError.unprocessable("num_nodes must be positive.") }
        guard request.nodeCount == 1 else { throw ServiceError(.notImplemented, "Standby nodes are not built yet.") }
        guard !descriptions.contains(where: { $0.cluster.name == request.name }) else {
            throw ServiceError(.conflict, "A cluster of this name exists.")
        }
        let id = UUID().uuidString.lowercased()
        let port = 25060 + 2 * descriptions.count
        let cluster = Cluster(
            id: id, name: request.name, engine: engine, version: request.version ?? "15",
            sizeSlug: size.slug, nodeCount: 1, regionSlug: request.regionSlug,
            storageMiB: request.storageMiB ?? size.storageMiB,
            projectID: request.projectID ?? MemoryAccounts.defaultProjectID,
            vpcID: request.vpcID ?? MemoryAccounts.defaultVPCID, createdAt: MemoryAccounts.epoch, port: port,
            poolPort: port + 1, maintenanceWindow: MaintenanceWindow(day: "monday", hour: "02:00:00"))
        descriptions.append(
            ClusterDescription(
                cluster: cluster, semanticVersion: nil, tags: request.tags, databaseNames: ["defaultdb"],
                users: [DatabaseUser(name: "doadmin", role: .primary, password: "AVNS_secret")],
                rules: try rules(request.rules, clusterID: id),
                connection: ConnectionDetails(
                    uri: "postgresql://doadmin:AVNS_secret@localhost:\(port)/defaultdb?sslmode=require",
                    host: "localhost", port: port, user: "doadmin", password: "AVNS_secret",
                    database: "defaultdb", requiresTLS: true),
                metricsHost: "localhost", metricsPort: 9273, endOfLife: nil))
        await accounts.setClusters(descriptions.map(\.cluster))
        return descriptions[try index(of: id)]
    }

    func setState(_ state: ClusterState, reason: String?, clusterID: String) throws {
        let index = try index(of: clusterID)
        descriptions[index].cluster.state = state
        descriptions[index].cluster.stateReason = reason
    }

    func deleteCluster(id: String) async throws {
        descriptions.remove(at: try index(of: id))
        await accounts.setClusters(descriptions.map(\.cluster))
    }

    func certificateAuthority(clusterID: String) throws -> String {
        _ = try index(of: clusterID)
        return Self.authority
    }

    // MARK: Configuration

    func configuration(clusterID: String) throws -> [String: JSONValue] {
        _ = try index(of: clusterID)
        return ["jit": .boolean(true), "work_mem": .integer(4), "shared_buffers_percentage": .number(30.5)]
            .merging(settings[clusterID] ?? [:]) { $1 }
    }

    func patchConfiguration(clusterID: String, changes: [String: JSONValue]) throws {
        _ = try index(of: clusterID)
        for (key, value) in changes {
            switch (key, value) {
            case ("jit", .boolean), ("work_mem", .integer(1...1024)): break
            default: throw ServiceError.unprocessable("config.\(key) is not valid.")
            }
        }
        settings[clusterID, default: [:]].merge(changes) { $1 }
    }

    func evictionPolicy(clusterID: String) throws -> EvictionPolicy {
        let cluster = try cluster(id: clusterID).cluster
        guard cluster.engine != .postgres else {
            throw ServiceError.unprocessable("Eviction policies are for redis and valkey clusters.")
        }
        guard case .string(let name)? = settings[clusterID]?["valkey_maxmemory_policy"] else { return .noEviction }
        return EvictionPolicy(rawValue: name) ?? .noEviction
    }

    func setEvictionPolicy(clusterID: String, _ policy: EvictionPolicy) throws {
        _ = try evictionPolicy(clusterID: clusterID)
        settings[clusterID, default: [:]]["valkey_maxmemory_policy"] = .string(policy.rawValue)
    }

    // MARK: Users

    func createUser(clusterID: String, name: String, allowsReplication: Bool) throws -> DatabaseUser {
        let index = try index(of: clusterID)
        guard name.utf8.count <= 63 else { throw ServiceError.unprocessable("name is too long.") }
        guard !descriptions[index].users.contains(where: { $0.name == name }) else {
            throw ServiceError(.conflict, "A user of this name exists.")
        }
        let user = DatabaseUser(
            name: name, role: .normal, password: "AVNS_user", allowsReplication: allowsReplication)
        descriptions[index].users.append(user)
        return user
    }

    func users(clusterID: String) throws -> [DatabaseUser] { descriptions[try index(of: clusterID)].users }

    func user(clusterID: String, name: String) throws -> DatabaseUser {
        guard let user = try users(clusterID: clusterID).first(where: { $0.name == name }) else {
            throw ServiceError.notFound("no user of this name")
        }
        return user
    }

    private func change(
        clusterID: String, name: String, _ change: (inout DatabaseUser) -> Void
    ) throws -> DatabaseUser {
        var user = try user(clusterID: clusterID, name: name)
        change(&user)
        let index = try index(of: clusterID)
        descriptions[index].users = descriptions[index].users.map { $0.name == name ? user : $0 }
        return user
    }

    func updateUser(clusterID: String, name: String, allowsReplication: Bool) throws -> DatabaseUser {
        try change(clusterID: clusterID, name: name) { $0.allowsReplication = allowsReplication }
    }

    func resetPassword(clusterID: String, userName: String) throws -> DatabaseUser {
        try change(clusterID: clusterID, name: userName) { $0.password += "1" }
    }

    func deleteUser(clusterID: String, name: String) throws {
        guard try user(clusterID: clusterID, name: name).role == .normal else {
            throw ServiceError(.forbidden, "doadmin stays.")
        }
        let index = try index(of: clusterID)
        descriptions[index].users.removeAll { $0.name == name }
    }

    // MARK: Databases

    func databaseNames(clusterID: String) throws -> [String] { descriptions[try index(of: clusterID)].databaseNames }

    func createDatabase(clusterID: String, name: String) throws {
        let index = try index(of: clusterID)
        guard name.utf8.count <= 63 else { throw ServiceError.unprocessable("name is too long.") }
        guard !descriptions[index].databaseNames.contains(name) else {
            throw ServiceError(.conflict, "A database of this name exists.")
        }
        descriptions[index].databaseNames.append(name)
    }

    func deleteDatabase(clusterID: String, name: String) throws {
        let index = try index(of: clusterID)
        guard name != "defaultdb" else { throw ServiceError(.forbidden, "defaultdb stays.") }
        guard descriptions[index].databaseNames.contains(name) else { throw ServiceError.notFound("no database") }
        descriptions[index].databaseNames.removeAll { $0 == name }
    }

    // MARK: Firewall, maintenance, events

    func firewallRules(clusterID: String) throws -> [FirewallRule] { descriptions[try index(of: clusterID)].rules }

    func replaceFirewallRules(clusterID: String, with rules: [FirewallRuleRequest]) throws {
        let index = try index(of: clusterID)
        descriptions[index].rules = try self.rules(rules, clusterID: clusterID)
    }

    private func rules(_ requests: [FirewallRuleRequest], clusterID: String) throws -> [FirewallRule] {
        try requests.map { request in
            guard let type = FirewallRule.SourceType(rawValue: request.type) else {
                throw ServiceError.unprocessable("The type of a rule is not valid.")
            }
            return FirewallRule(
                id: UUID().uuidString.lowercased(), clusterID: clusterID, type: type, value: request.value,
                description: request.description, createdAt: MemoryAccounts.epoch)
        }
    }

    func setMaintenanceWindow(clusterID: String, day: String, hour: String) throws {
        let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        let index = try index(of: clusterID)
        guard days.contains(day), hour.range(of: #"^\d\d:\d\d(:\d\d)?$"#, options: .regularExpression) != nil else {
            throw ServiceError.unprocessable("day or hour is not valid.")
        }
        descriptions[index].cluster.maintenanceWindow = MaintenanceWindow(day: day, hour: hour)
    }

    func events(clusterID: String) throws -> [ClusterEvent] {
        let cluster = try cluster(id: clusterID).cluster
        return [
            ClusterEvent(
                id: "55555555-5555-4555-8555-555555555555", clusterName: cluster.name, kind: .create,
                createdAt: cluster.createdAt)
        ]
    }

    // MARK: Pools

    func pools(clusterID: String) throws -> [ConnectionPoolDescription] {
        let cluster = try cluster(id: clusterID).cluster
        guard cluster.engine == .postgres else {
            throw ServiceError.unprocessable("Connection pools: this is not supported for valkey clusters.")
        }
        return poolsByCluster[clusterID] ?? []
    }

    func pool(clusterID: String, name: String) throws -> ConnectionPoolDescription {
        guard let found = try pools(clusterID: clusterID).first(where: { $0.pool.name == name }) else {
            throw ServiceError.notFound("no pool of this name")
        }
        return found
    }

    func createPool(clusterID: String, _ request: ConnectionPoolRequest) throws -> ConnectionPoolDescription {
        guard try !pools(clusterID: clusterID).contains(where: { $0.pool.name == request.name }) else {
            throw ServiceError.unprocessable("pool name is not available")
        }
        let made = try describe(request, clusterID: clusterID)
        poolsByCluster[clusterID, default: []].append(made)
        return made
    }

    func updatePool(clusterID: String, _ request: ConnectionPoolRequest) throws {
        _ = try pool(clusterID: clusterID, name: request.name)
        let changed = try describe(request, clusterID: clusterID)
        poolsByCluster[clusterID] = try pools(clusterID: clusterID).map {
            $0.pool.name == request.name ? changed : $0
        }
    }

    func deletePool(clusterID: String, name: String) throws {
        _ = try pool(clusterID: clusterID, name: name)
        poolsByCluster[clusterID]?.removeAll { $0.pool.name == name }
    }

    func pooler(clusterID: String) throws -> PoolerState {
        try pools(clusterID: clusterID).isEmpty
            ? PoolerState(status: .unused) : PoolerState(status: .running, pid: 7, processorSeconds: 0.5)
    }

    func poolerFigures(clusterID: String) throws -> PoolerFigures {
        let pools = try pools(clusterID: clusterID).map { described in
            var figures = PoolFigures(pool: described.pool.name, user: described.pool.userName ?? "")
            figures.mode = described.pool.mode.rawValue
            figures.size = described.pool.size
            figures.wait.buckets = [DurationCounts.Bucket(seconds: 0.5, count: 0)]
            figures.pinned = ["advisory_lock": 1]
            return figures
        }
        return PoolerFigures(atSeconds: 5.5, startedAtSeconds: 5, pools: pools)
    }

    private func describe(_ request: ConnectionPoolRequest, clusterID: String) throws -> ConnectionPoolDescription {
        guard let mode = ConnectionPool.Mode(rawValue: request.mode), (1...22).contains(request.size) else {
            throw ServiceError.unprocessable("mode or size is not valid.")
        }
        let user = request.userName.flatMap { $0.isEmpty ? nil : $0 }
        let port = try cluster(id: clusterID).cluster.poolPort
        return ConnectionPoolDescription(
            pool: ConnectionPool(
                name: request.name, mode: mode, size: request.size, databaseName: request.databaseName,
                userName: user),
            connection: ConnectionDetails(
                uri: "postgresql://\(user ?? "doadmin"):AVNS_secret@localhost:\(port)/\(request.name)?sslmode=require",
                host: "localhost", port: port, user: user ?? "doadmin", password: "AVNS_secret",
                database: request.name, requiresTLS: true))
    }

    // MARK: Benchmarks

    func benchmarks() -> [Benchmark] { kept.reversed() }

    func benchmark(id: String) throws -> Benchmark {
        guard let found = kept.first(where: { $0.id == id }) else { throw ServiceError.notFound("no benchmark") }
        return found
    }

    func keepBenchmark(_ content: BenchmarkContent, clusterID: String) throws -> Benchmark {
        let cluster = try cluster(id: clusterID).cluster
        let benchmark = Benchmark(
            id: UUID().uuidString.lowercased(), clusterID: clusterID, clusterName: cluster.name,
            createdAt: MemoryAccounts.epoch, content: content)
        kept.append(benchmark)
        return benchmark
    }
}

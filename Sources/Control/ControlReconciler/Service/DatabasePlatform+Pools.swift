package import ControlModel
import ControlStore
import Foundation
import PostgresCluster
import Settings
import Telemetry

/// Connection pools of a PostgreSQL cluster. The state database says which there are.
extension DatabasePlatform {
    package func pools(clusterID: String) async throws -> [ConnectionPoolDescription] {
        let (cluster, _) = try await findPooled(clusterID)
        let users = try await store.users(clusterID: clusterID)
        return try await store.pools(clusterID: clusterID).map { describe($0, of: cluster, users: users) }
    }

    package func pool(clusterID: String, name: String) async throws -> ConnectionPoolDescription {
        guard let found = try await pools(clusterID: clusterID).first(where: { $0.pool.name == name }) else {
            throw ServiceError.notFound("the cluster has no connection pool \(name)")
        }
        return found
    }

    package func createPool(
        clusterID: String, _ request: ConnectionPoolRequest
    ) async throws -> ConnectionPoolDescription {
        let (cluster, controller) = try await findPooled(clusterID)
        try NameRules.checkPool(request.name)
        let wanted = try await checked(request, of: cluster)
        try await store.insertPool(clusterID: clusterID, wanted, sizesMax: Self.connectionsForPools(cluster))
        try await controller.driver.settleCompanions()
        return try await pool(clusterID: clusterID, name: wanted.name)
    }

    package func updatePool(clusterID: String, _ request: ConnectionPoolRequest) async throws {
        let (cluster, controller) = try await findPooled(clusterID)
        _ = try await pool(clusterID: clusterID, name: request.name)
        let wanted = try await checked(request, of: cluster)
        try await store.updatePool(clusterID: clusterID, wanted, sizesMax: Self.connectionsForPools(cluster))
        try await controller.driver.settleCompanions()
    }

    package func deletePool(clusterID: String, name: String) async throws {
        let (_, controller) = try await findPooled(clusterID)
        try await store.removePool(clusterID: clusterID, name: name)
        try await controller.driver.settleCompanions()
    }

    package func pooler(clusterID: String) async throws -> PoolerState {
        let (cluster, controller) = try await findPooled(clusterID)
        guard try await !store.pools(clusterID: cluster.id).isEmpty else { return PoolerState(status: .unused) }
        let seen = await (controller.driver as? PostgresDriver)?.poolerState
        guard let pid = seen?.pid else { return PoolerState(status: .stopped, message: seen?.reason) }
        return PoolerState(
            status: .running, message: seen?.reason, pid: Int(pid),
            processorSeconds: (try? MachineProbe().process(pid))?.processorSeconds)
    }

    package func poolerFigures(clusterID: String) async throws -> PoolerFigures {
        let (cluster, controller) = try await findPooled(clusterID)
        let pools = try await store.pools(clusterID: cluster.id)
        let now = Date().timeIntervalSince1970
        guard !pools.isEmpty, let driver = controller.driver as? PostgresDriver else {
            return PoolerFigures(atSeconds: now, startedAtSeconds: now, pools: [])
        }
        do {
            return PoolerFigures(try await driver.poolerMetrics(), pools: pools, atSeconds: now)
        } catch {
            throw ServiceError(.serviceUnavailable, "The pooler tells nothing: \(error)")
        }
    }

    private func findPooled(_ id: String) async throws -> (Cluster, ClusterController) {
        let (cluster, controller) = try await find(id)
        guard cluster.engine == .postgres else {
            throw ServiceError.unprocessable(
                "Connection pools: this is not supported for \(cluster.engine.rawValue) clusters.")
        }
        return (cluster, controller)
    }

    /// What all pools of a cluster may have together: the connections that users get.
    static func connectionsForPools(_ cluster: Cluster) -> Int {
        guard let key = ConfigurationTable.keysByName["max_connections"],
            case .integer(let connections)? = PostgresSettings.make(for: cluster).effectiveValue(of: key)
        else { preconditionFailure("max_connections has a row and a value") }
        return connections - ClusterPlan.reservedConnections
    }

    private func checked(_ request: ConnectionPoolRequest, of cluster: Cluster) async throws -> ConnectionPool {
        guard let mode = ConnectionPool.Mode(rawValue: request.mode) else {
            let known = ConnectionPool.Mode.allCases.map(\.rawValue).joined(separator: ", ")
            throw ServiceError.unprocessable("mode must be one of \(known).")
        }
        guard request.size > 0 else { throw ServiceError.unprocessable("size must be at least 1.") }
        guard try await databaseNames(clusterID: cluster.id).contains(request.databaseName) else {
            throw ServiceError.unprocessable("db: the cluster has no database \"\(request.databaseName)\".")
        }
        let userName = request.userName.flatMap { $0.isEmpty ? nil : $0 }
        if let userName, try await !users(clusterID: cluster.id).contains(where: { $0.name == userName }) {
            throw ServiceError.unprocessable("user: the cluster has no user \"\(userName)\".")
        }
        return ConnectionPool(
            name: request.name, mode: mode, size: request.size, databaseName: request.databaseName,
            userName: userName)
    }

    /// A pool without a user takes everybody's login; its details then are the administrator's.
    private func describe(
        _ pool: ConnectionPool, of cluster: Cluster, users: [DatabaseUser]
    ) -> ConnectionPoolDescription {
        let name = pool.userName ?? Bootstrap.administratorName
        let password = users.first { $0.name == name }?.password ?? ""
        return ConnectionPoolDescription(
            pool: pool,
            connection: ConnectionDetails.postgres(
                host: environment.hostname, port: cluster.poolPort, user: name, password: password,
                database: pool.name))
    }
}

import ControlModel

/// `/v2/databases/{cluster}/pools`: connection pools.
func poolRoutes(_ services: APIServices) -> [Route] {
    let databases = services.databases
    let list = "/v2/databases/{cluster}/pools"
    let one = "\(list)/{pool}"
    return [
        Route(.get, list) { call in
            let pools = try await databases.pools(clusterID: try call.identifier("cluster"))
            return .ok(PoolList(pools: pools.map { PoolView($0, showsPassword: call.showsPasswords) }))
        },
        Route(.post, list) { call in
            let id = try call.identifier("cluster")
            // Of a cluster that has no pools, and of none, the body does not matter.
            _ = try await databases.pools(clusterID: id)
            let body = try await call.body()
            let made = try await databases.createPool(
                clusterID: id, try ConnectionPoolRequest(body, name: try body.requiredString("name")))
            return .created(PoolEnvelope(pool: PoolView(made, showsPassword: call.showsPasswords)))
        },
        Route(.get, one) { call in
            let pool = try await databases.pool(
                clusterID: try call.identifier("cluster"), name: try call.parameter("pool"))
            return .ok(PoolEnvelope(pool: PoolView(pool, showsPassword: call.showsPasswords)))
        },
        Route(.put, one) { call in
            let (id, name) = (try call.identifier("cluster"), try call.parameter("pool"))
            _ = try await databases.pool(clusterID: id, name: name)
            try await databases.updatePool(
                clusterID: id, try ConnectionPoolRequest(try await call.body(), name: name))
            return .noContent
        },
        Route(.delete, one) { call in
            try await databases.deletePool(
                clusterID: try call.identifier("cluster"), name: try call.parameter("pool"))
            return .noContent
        },
        Route(.get, "/atoll/v1/databases/{cluster}/pooler") { call in
            .ok(PoolerEnvelope(pooler: PoolerView(try await databases.pooler(clusterID: call.identifier("cluster")))))
        },
        Route(.get, "/atoll/v1/databases/{cluster}/pooler/figures") { call in
            .ok(FiguresEnvelope(figures: try await databases.poolerFigures(clusterID: call.identifier("cluster"))))
        },
    ]
}

private struct PoolerEnvelope: Encodable {
    let pooler: PoolerView
}

private struct FiguresEnvelope: Encodable {
    let figures: PoolerFigures
}

private struct PoolerView: Encodable {
    let status: String
    let message: String?
    let pid: Int?
    let cpuSeconds: Double?

    init(_ state: PoolerState) {
        status = state.status.rawValue
        message = state.message
        pid = state.pid
        // The kernel counts hundredths.
        cpuSeconds = state.processorSeconds.map { ($0 * 100).rounded() / 100 }
    }

    enum CodingKeys: String, CodingKey {
        case status, message, pid
        case cpuSeconds = "cpu_seconds"
    }
}

extension ConnectionPoolRequest {
    fileprivate init(_ body: RequestBody, name: String) throws {
        self.init(
            name: name, mode: try body.requiredString("mode"), size: try body.requiredInteger("size"),
            databaseName: try body.requiredString("db"), userName: try body.string("user"))
    }
}

private struct PoolList: Encodable {
    let pools: [PoolView]
}

private struct PoolEnvelope: Encodable {
    let pool: PoolView
}

private struct PoolView: Encodable {
    let name: String
    let mode: String
    let size: Int
    let db: String
    /// Absent for an inbound user.
    let user: String?
    let connection: ConnectionView
    /// There is one network, so both ways in are the same.
    let privateConnection: ConnectionView

    init(_ description: ConnectionPoolDescription, showsPassword: Bool) {
        let pool = description.pool
        name = pool.name
        mode = pool.mode.rawValue
        size = pool.size
        db = pool.databaseName
        user = pool.userName
        connection = ConnectionView(description.connection, showsPassword: showsPassword)
        privateConnection = connection
    }

    enum CodingKeys: String, CodingKey {
        case name, mode, size, db, user, connection
        case privateConnection = "private_connection"
    }
}

import ControlModel

/// `/v2/databases/{cluster}/dbs`: the databases inside a cluster.
func databaseRoutes(_ services: APIServices) -> [Route] {
    let databases = services.databases
    let list = "/v2/databases/{cluster}/dbs"
    let one = "\(list)/{database}"
    return [
        Route(.get, list) { call in
            let names = try await databases.databaseNames(clusterID: try call.identifier("cluster"))
            return .ok(DatabaseList(dbs: names.map { DatabaseView(name: $0) }))
        },
        Route(.post, list) { call in
            let id = try call.identifier("cluster")
            _ = try await databases.cluster(id: id)
            let name = try (try await call.body()).requiredString("name")
            try await databases.createDatabase(clusterID: id, name: name)
            return .created(DatabaseEnvelope(db: DatabaseView(name: name)))
        },
        Route(.get, one) { call in
            let names = try await databases.databaseNames(clusterID: try call.identifier("cluster"))
            let name = try call.parameter("database")
            guard names.contains(name) else {
                throw ServiceError.notFound("the cluster has no database of this name")
            }
            return .ok(DatabaseEnvelope(db: DatabaseView(name: name)))
        },
        Route(.delete, one) { call in
            try await databases.deleteDatabase(
                clusterID: try call.identifier("cluster"), name: try call.parameter("database"))
            return .noContent
        },
    ]
}

private struct DatabaseView: Encodable {
    let name: String
}

private struct DatabaseList: Encodable {
    let dbs: [DatabaseView]
}

private struct DatabaseEnvelope: Encodable {
    let db: DatabaseView
}

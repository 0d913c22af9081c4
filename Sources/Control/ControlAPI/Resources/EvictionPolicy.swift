import ControlModel

/// `/v2/databases/{cluster}/eviction_policy`: for key-value engines, of which this version runs none.
func evictionPolicyRoutes(_ services: APIServices) -> [Route] {
    let methods: [Route.Method] = [.get, .put]
    return methods.map { method in
        Route(method, "/v2/databases/{cluster}/eviction_policy") { call in
            let cluster = try await services.databases.cluster(id: try call.identifier("cluster")).cluster
            throw ServiceError.unprocessable(
                "Eviction policies are for redis and valkey clusters; this cluster's engine is "
                    + "\(cluster.engine.rawValue).")
        }
    }
}

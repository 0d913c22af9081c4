import ControlModel

/// `/v2/databases/{cluster}/eviction_policy`: what a key-value cluster does when its memory is full.
func evictionPolicyRoutes(_ services: APIServices) -> [Route] {
    let databases = services.databases
    let path = "/v2/databases/{cluster}/eviction_policy"
    return [
        Route(.get, path) { call in
            let policy = try await databases.evictionPolicy(clusterID: try call.identifier("cluster"))
            return .ok(EvictionPolicyView(evictionPolicy: policy.rawValue))
        },
        Route(.put, path) { call in
            let id = try call.identifier("cluster")
            _ = try await databases.evictionPolicy(clusterID: id)
            let name = try (try await call.body()).requiredString("eviction_policy")
            // The configuration of Redis clusters has the same names with hyphens.
            guard let policy = EvictionPolicy(rawValue: name.replacing("-", with: "_")) else {
                let known = EvictionPolicy.allCases.map(\.rawValue).joined(separator: ", ")
                throw ServiceError.unprocessable("eviction_policy must be one of \(known).")
            }
            try await databases.setEvictionPolicy(clusterID: id, policy)
            return .noContent
        },
    ]
}

private struct EvictionPolicyView: Encodable {
    let evictionPolicy: String

    enum CodingKeys: String, CodingKey {
        case evictionPolicy = "eviction_policy"
    }
}

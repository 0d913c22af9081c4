import ControlModel

/// Operations that DigitalOcean publishes and this version of Atoll does not have. They answer 501, never a pretence.
private struct NotBuilt {
    let feature: String
    let methods: [Route.Method]
    let path: String
    /// Redis and Valkey clusters will not have it either: DigitalOcean's do not.
    var isForPostgresOnly = false
}

private let notBuilt: [NotBuilt] = [
    // Below a database cluster: 404 first when there is no such cluster.
    NotBuilt(feature: "Resizing", methods: [.put], path: "/v2/databases/{cluster}/resize"),
    NotBuilt(feature: "Migration to a region", methods: [.put], path: "/v2/databases/{cluster}/migrate"),
    NotBuilt(feature: "Upgrading", methods: [.put], path: "/v2/databases/{cluster}/upgrade"),
    NotBuilt(feature: "Installing updates", methods: [.put], path: "/v2/databases/{cluster}/install_update"),
    NotBuilt(
        feature: "The list of backups", methods: [.get], path: "/v2/databases/{cluster}/backups",
        isForPostgresOnly: true),
    NotBuilt(feature: "Storage autoscaling", methods: [.get, .put], path: "/v2/databases/{cluster}/autoscale"),
    NotBuilt(feature: "DigitalOcean settings", methods: [.get, .put], path: "/v2/databases/{cluster}/do_settings"),
    NotBuilt(
        feature: "Online migration", methods: [.get, .put], path: "/v2/databases/{cluster}/online-migration"),
    NotBuilt(
        feature: "Online migration", methods: [.delete],
        path: "/v2/databases/{cluster}/online-migration/{migration}"),
    NotBuilt(feature: "Log forwarding", methods: [.get, .post], path: "/v2/databases/{cluster}/logsink"),
    NotBuilt(
        feature: "Log forwarding", methods: [.get, .put, .delete], path: "/v2/databases/{cluster}/logsink/{sink}"),
    NotBuilt(
        feature: "Read-only replicas", methods: [.get, .post], path: "/v2/databases/{cluster}/replicas",
        isForPostgresOnly: true),
    NotBuilt(
        feature: "Read-only replicas", methods: [.get, .delete], path: "/v2/databases/{cluster}/replicas/{replica}",
        isForPostgresOnly: true),
    NotBuilt(
        feature: "Read-only replicas", methods: [.put], path: "/v2/databases/{cluster}/replicas/{replica}/promote",
        isForPostgresOnly: true),

    // Account-wide.
    NotBuilt(feature: "Storing SSH keys", methods: [.post], path: "/v2/account/keys"),
    NotBuilt(feature: "Spaces keys", methods: [.get, .post], path: "/v2/spaces/keys"),
    NotBuilt(feature: "Spaces keys", methods: [.get, .put, .patch, .delete], path: "/v2/spaces/keys/{key}"),
    NotBuilt(feature: "CDN endpoints", methods: [.get, .post], path: "/v2/cdn/endpoints"),
    NotBuilt(feature: "CDN endpoints", methods: [.get, .put, .delete], path: "/v2/cdn/endpoints/{endpoint}"),
    NotBuilt(feature: "Purging a CDN cache", methods: [.delete], path: "/v2/cdn/endpoints/{endpoint}/cache"),
    NotBuilt(feature: "Certificates", methods: [.get, .post], path: "/v2/certificates"),
    NotBuilt(feature: "Certificates", methods: [.get, .delete], path: "/v2/certificates/{certificate}"),

    // Below a VPC: 404 first when there is no such VPC.
    NotBuilt(feature: "VPC peering", methods: [.post], path: "/v2/vpcs/{vpc}/peerings"),
    NotBuilt(feature: "VPC peering", methods: [.patch], path: "/v2/vpcs/{vpc}/peerings/{peering}"),
]

func notBuiltRoutes(_ services: APIServices) -> [Route] {
    notBuilt.flatMap { row in
        row.methods.map { method in
            Route(method, row.path) { call in
                if row.path.contains("{cluster}") {
                    let cluster = try await services.databases.cluster(id: try call.identifier("cluster")).cluster
                    if row.isForPostgresOnly, cluster.engine != .postgres {
                        throw ServiceError.unprocessable(
                            "\(row.feature): this is not supported for \(cluster.engine.rawValue) clusters.")
                    }
                }
                if row.path.contains("{vpc}") {
                    _ = try await services.accounts.vpc(id: try call.identifier("vpc"))
                }
                throw ServiceError.notBuilt(row.feature)
            }
        }
    }
}

extension ServiceError {
    /// - Parameter what: the beginning of a sentence, in the singular or plural.
    static func notBuilt(_ what: String) -> ServiceError {
        ServiceError(.notImplemented, "\(what): this is not built yet in this version of Atoll.")
    }
}

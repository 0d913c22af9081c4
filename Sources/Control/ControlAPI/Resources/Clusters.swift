import ControlModel
import Foundation

/// Database clusters: list, create, get, delete, and the authority that their certificates are signed by.
func clusterRoutes(_ services: APIServices) -> [Route] {
    let databases = services.databases
    return [
        Route(.get, "/v2/databases") { call in
            let tag = call.query("tag_name").flatMap { $0.isEmpty ? nil : $0 }
            let clusters = try await databases.clusters(taggedWith: tag).filter { $0.cluster.state != .deleting }
            let views = clusters.map { ClusterView($0, showsPasswords: call.showsPasswords) }
            return .ok(ClusterList(databases: views))
        },
        Route(.post, "/v2/databases") { call in
            let request = try clusterRequest(try await call.body())
            let cluster = try await databases.createCluster(request)
            return .created(ClusterEnvelope(database: ClusterView(cluster, showsPasswords: call.showsPasswords)))
        },
        Route(.get, "/v2/databases/{cluster}") { call in
            let cluster = try await databases.cluster(id: try call.identifier("cluster"))
            return .ok(ClusterEnvelope(database: ClusterView(cluster, showsPasswords: call.showsPasswords)))
        },
        Route(.delete, "/v2/databases/{cluster}") { call in
            try await databases.deleteCluster(id: try call.identifier("cluster"))
            return .noContent
        },
        Route(.get, "/v2/databases/{cluster}/ca") { call in
            let pem = try await databases.certificateAuthority(clusterID: try call.identifier("cluster"))
            return .ok(AuthorityEnvelope(ca: .init(certificate: Data(pem.utf8).base64EncodedString())))
        },
    ]
}

/// The body of a create request, in the forms of the published description and of the official Go client: that one
/// sends `private_network_uuid: ""`, `project_id: ""` and `rules: null` for what its user left out.
private func clusterRequest(_ body: RequestBody) throws -> ClusterRequest {
    let request = ClusterRequest(
        name: try body.requiredString("name"),
        engine: try body.requiredString("engine"),
        version: try nonEmpty("version", in: body),
        sizeSlug: try body.requiredString("size"),
        regionSlug: try body.requiredString("region"),
        nodeCount: try body.requiredInteger("num_nodes"),
        storageMiB: try body.integer("storage_size_mib"),
        projectID: try nonEmpty("project_id", in: body),
        vpcID: try nonEmpty("private_network_uuid", in: body),
        tags: try body.strings("tags") ?? [],
        rules: try firewallRules(body) ?? [])
    try refuseUnbuilt(body)
    return request
}

private func nonEmpty(_ name: String, in body: RequestBody) throws -> String? {
    try body.string(name).flatMap { $0.isEmpty ? nil : $0 }
}

/// What a create request may ask for and would not get is refused, never dropped.
private func refuseUnbuilt(_ body: RequestBody) throws {
    if try body.object("backup_restore") != nil {
        throw ServiceError.notBuilt("Creating a cluster from a backup (backup_restore)")
    }
    let storage = try [body.object("autoscale")?.object("storage"), body.object("storage_autoscale")]
    if try storage.contains(where: { try $0?.boolean("enabled") ?? false }) {
        throw ServiceError.notBuilt("Storage autoscaling (autoscale)")
    }
    if let names = try body.object("do_settings")?.strings("service_cnames"), !names.isEmpty {
        throw ServiceError.notBuilt("Service CNAMEs (do_settings)")
    }
}

private struct AuthorityEnvelope: Encodable {
    struct Authority: Encodable {
        let certificate: String
    }
    let ca: Authority
}

private struct ClusterList: Encodable {
    let databases: [ClusterView]
}

private struct ClusterEnvelope: Encodable {
    let database: ClusterView
}

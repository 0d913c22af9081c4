import ControlModel
import Foundation

/// `/v2/vpcs`: private networks. On one machine they are labels, with the addresses they would have.
func vpcRoutes(_ services: APIServices) -> [Route] {
    let accounts = services.accounts
    let update: @Sendable (Call, [String]) async throws -> Reply = { call, required in
        var vpc = try await accounts.vpc(id: try call.identifier("vpc"))
        try VPCRequest(try await call.body(), required: required).apply(to: &vpc)
        try await accounts.updateVPC(vpc)
        return .ok(VPCEnvelope(vpc: VPCView(vpc)))
    }
    return [
        Route(.get, "/v2/vpcs") { call in
            try call.paged(try await accounts.vpcs(), as: "vpcs") { VPCView($0) }
        },
        Route(.post, "/v2/vpcs") { call in
            let vpc = try newVPC(try await call.body(), among: try await accounts.vpcs(), now: services.now())
            try await accounts.createVPC(vpc)
            return .created(VPCEnvelope(vpc: VPCView(vpc)))
        },
        Route(.get, "/v2/vpcs/{vpc}") { call in
            .ok(VPCEnvelope(vpc: VPCView(try await accounts.vpc(id: try call.identifier("vpc")))))
        },
        Route(.put, "/v2/vpcs/{vpc}") { call in try await update(call, ["name"]) },
        Route(.patch, "/v2/vpcs/{vpc}") { call in try await update(call, []) },
        Route(.delete, "/v2/vpcs/{vpc}") { call in
            try await accounts.deleteVPC(id: try call.identifier("vpc"))
            return .noContent
        },
        Route(.get, "/v2/vpcs/{vpc}/members") { call in
            let vpc = try await accounts.vpc(id: try call.identifier("vpc"))
            let isOfOtherKind = call.query("resource_type").map { !["", "dbaas", "database"].contains($0) } ?? false
            let members = isOfOtherKind ? [] : try await accounts.clusters(inVPC: vpc.id)
            return try call.paged(members, as: "members") { VPCMemberView($0) }
        },
        Route(.get, "/v2/vpcs/{vpc}/peerings") { call in
            _ = try await accounts.vpc(id: try call.identifier("vpc"))
            return try call.pagedEmpty(as: "peerings")
        },
    ]
}

private func newVPC(_ body: RequestBody, among existing: [VPC], now: Date) throws -> VPC {
    var vpc = VPC(
        id: UUID().uuidString.lowercased(), name: "", description: "", regionSlug: "", ipRange: "",
        isDefault: false, createdAt: now)
    try VPCRequest(body, required: ["name", "region"]).apply(to: &vpc)
    vpc.regionSlug = try body.requiredString("region")
    guard Region.all.contains(where: { $0.slug == vpc.regionSlug }) else {
        throw body.wrong("region", "must be one of \(Region.all.map(\.slug).joined(separator: ", "))")
    }
    let taken = existing.compactMap { IPv4Network($0.ipRange) }
    let given = try body.string("ip_range") ?? ""
    vpc.ipRange = try given.isEmpty ? freeRange(among: taken) : checkedRange(given, among: taken, body: body)
    return vpc
}

private func checkedRange(_ text: String, among taken: [IPv4Network], body: RequestBody) throws -> String {
    guard let network = IPv4Network(text), (16...28).contains(network.prefixLength),
        network.isPrivate
    else {
        throw body.wrong("ip_range", "must be a private IPv4 network from /16 to /28, such as 10.10.10.0/24")
    }
    guard !taken.contains(where: { $0.overlaps(network) }) else {
        throw ServiceError(.conflict, "ip_range \(network) overlaps with the network of another VPC.")
    }
    return network.description
}

/// The first of 10.10.0.0/20, 10.10.16.0/20 … 10.255.240.0/20 that is free.
private func freeRange(among taken: [IPv4Network]) throws -> String {
    let first: UInt32 = 10 << 24 | 10 << 16
    for address in stride(from: first, to: 11 << 24, by: 1 << 12) {
        let network = IPv4Network(address: address, prefixLength: 20)
        if !taken.contains(where: { $0.overlaps(network) }) { return network.description }
    }
    throw ServiceError(.conflict, "No private network is free. Delete a VPC, or choose an ip_range.")
}

/// The fields of a VPC that a client may change.
private struct VPCRequest {
    static let nameBytesMax = 255
    static let descriptionCharactersMax = 255

    let name: String?
    let description: String?
    let isDefault: Bool?

    init(_ body: RequestBody, required: [String]) throws {
        for field in required where !body.has(field) {
            throw body.missing(field)
        }
        name = try body.string("name")
        if let name, !Self.isValid(name) {
            throw body.wrong("name", "must have 1 to \(Self.nameBytesMax) letters, digits, dashes and dots")
        }
        description = try body.string("description")
        if let description, description.unicodeScalars.count > Self.descriptionCharactersMax {
            throw body.wrong("description", "must have at most \(Self.descriptionCharactersMax) characters")
        }
        isDefault = try body.boolean("default")
    }

    private static func isValid(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= nameBytesMax
            && name.utf8.allSatisfy { $0.isLetterOrDigit || $0.isDash || $0.isDot }
    }

    func apply(to vpc: inout VPC) throws {
        if vpc.isDefault, isDefault == false {
            throw ServiceError(.conflict, "One VPC must be the default. Make another one the default instead.")
        }
        vpc.name = name ?? vpc.name
        vpc.description = description ?? vpc.description
        vpc.isDefault = isDefault ?? vpc.isDefault
    }
}

private struct VPCEnvelope: Encodable {
    let vpc: VPCView
}

private struct VPCView: Encodable {
    let id: String
    let urn: String
    let name: String
    let description: String
    let region: String
    let ipRange: String
    let isDefault: Bool
    let createdAt: String

    init(_ vpc: VPC) {
        id = vpc.id
        urn = "do:vpc:\(vpc.id)"
        name = vpc.name
        description = vpc.description
        region = vpc.regionSlug
        ipRange = vpc.ipRange
        isDefault = vpc.isDefault
        createdAt = vpc.createdAt.timestamp
    }

    enum CodingKeys: String, CodingKey {
        case id, urn, name, description, region
        case ipRange = "ip_range"
        case isDefault = "default"
        case createdAt = "created_at"
    }
}

private struct VPCMemberView: Encodable {
    let urn: String
    let name: String
    let createdAt: String

    init(_ cluster: Cluster) {
        urn = "do:dbaas:\(cluster.id)"
        name = cluster.name
        createdAt = cluster.createdAt.timestamp
    }

    enum CodingKeys: String, CodingKey {
        case urn, name
        case createdAt = "created_at"
    }
}

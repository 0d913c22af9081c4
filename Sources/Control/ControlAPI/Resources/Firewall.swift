import ControlModel

/// `/v2/databases/{cluster}/firewall`: trusted sources. PUT replaces them all.
func firewallRoutes(_ services: APIServices) -> [Route] {
    let path = "/v2/databases/{cluster}/firewall"
    return [
        Route(.get, path) { call in
            let rules = try await services.databases.firewallRules(clusterID: try call.identifier("cluster"))
            return .ok(FirewallRuleList(rules: rules.map { FirewallRuleView($0) }))
        },
        Route(.put, path) { call in
            let id = try call.identifier("cluster")
            _ = try await services.databases.cluster(id: id)
            let body = try await call.body()
            guard body.fields["rules"] != nil else { throw body.missing("rules") }
            try await services.databases.replaceFirewallRules(clusterID: id, with: try firewallRules(body) ?? [])
            return .noContent
        },
    ]
}

/// The `rules` of a body; nil when absent or null. The Go client sends its read-only fields too (`uuid: ""`,
/// `cluster_uuid`, a `created_at` of the year 1): they are ignored.
func firewallRules(_ body: RequestBody) throws -> [FirewallRuleRequest]? {
    try body.objects("rules", countMax: firewallRulesMax)?.map { rule in
        FirewallRuleRequest(
            type: try rule.requiredString("type"), value: try rule.requiredString("value"),
            description: try rule.string("description"))
    }
}

/// Trusted sources of one cluster.
private let firewallRulesMax = 100

private struct FirewallRuleList: Encodable {
    let rules: [FirewallRuleView]
}

struct FirewallRuleView: Encodable {
    let uuid: String
    let clusterUUID: String
    let type: String
    let value: String
    let createdAt: String
    let description: String?

    init(_ rule: FirewallRule) {
        uuid = rule.id
        clusterUUID = rule.clusterID
        type = rule.type.rawValue
        value = rule.value
        createdAt = rule.createdAt.timestamp
        description = rule.description
    }

    enum CodingKeys: String, CodingKey {
        case uuid, type, value, description
        case clusterUUID = "cluster_uuid"
        case createdAt = "created_at"
    }
}

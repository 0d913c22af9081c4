/// How clusters look in tables.
enum ClusterTable {
    /// A row a cluster.
    static func list(_ clusters: [APIModel.Cluster]) -> Table {
        Table(
            ["name", "engine", "size", "nodes", "region", "status", "host", "port", "id"],
            clusters.map { cluster in
                [
                    cluster.name, engine(cluster), cluster.size, String(cluster.numNodes), cluster.region,
                    cluster.status, cluster.connection?.host ?? "", cluster.connection.map { String($0.port) } ?? "",
                    cluster.id,
                ]
            })
    }

    /// Everything of one cluster but its passwords.
    static func details(_ cluster: APIModel.Cluster) -> Table {
        let fields: [(String, String)] = [
            ("name", cluster.name),
            ("id", cluster.id),
            ("engine", engine(cluster)),
            ("status", cluster.statusMessage.map { "\(cluster.status): \($0)" } ?? cluster.status),
            ("size", cluster.size),
            ("nodes", String(cluster.numNodes)),
            ("storage", cluster.storageSizeMib.map { "\($0) MiB" } ?? ""),
            ("region", cluster.region),
            ("created", cluster.createdAt),
            ("host", cluster.connection?.host ?? ""),
            ("port", cluster.connection.map { String($0.port) } ?? ""),
            ("databases", joined(cluster.dbNames)),
            ("users", joined(cluster.users?.map(\.name))),
            ("tags", joined(cluster.tags)),
            ("trusted sources", trustedSources(cluster)),
            ("maintenance", cluster.maintenanceWindow.map { "\($0.day) \($0.hour) UTC" } ?? ""),
        ]
        // Databases of key-value clusters have numbers, and are all there from the start.
        return Table(fields: fields.filter { !cluster.isKeyValue || $0.0 != "databases" })
    }

    private static func engine(_ cluster: APIModel.Cluster) -> String {
        "\(cluster.engine) \(cluster.semanticVersion ?? cluster.version)"
    }

    private static func joined(_ names: [String]?) -> String { (names ?? []).joined(separator: ", ") }

    private static func trustedSources(_ cluster: APIModel.Cluster) -> String {
        guard let rules = cluster.rules, !rules.isEmpty else { return "every address" }
        return joined(rules.map { TrustedSource(type: $0.type, value: $0.value).description })
    }
}

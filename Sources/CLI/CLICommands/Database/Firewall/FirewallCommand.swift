import ArgumentParser
import ControlModel

/// `atoll db firewall`
struct FirewallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "firewall",
        abstract: "Manage the trusted sources of a cluster: who may connect.",
        discussion: """
            A source is an address or a network (203.0.113.7, 10.0.0.0/8, 2001:db8::/32). A cluster without any is \
            open to every address that reaches its port. Once there is one, this machine too needs its own: 127.0.0.1.

            Example:
              atoll db firewall add shop 203.0.113.7
            """,
        subcommands: [FirewallList.self, FirewallAdd.self, FirewallRemove.self, FirewallReplace.self])
}

extension Session {
    /// The trusted sources of a cluster.
    func rules(ofClusterID id: String) async throws -> [APIModel.Rule] {
        try await send(.databases(.get, id, "firewall")).decode(APIModel.Rules.self).rules
    }

    /// Replaces the trusted sources, shows the new ones, and warns when there are none left.
    func replaceRules(
        of cluster: APIModel.Cluster, with rules: [TrustedSource], format: OutputFormat
    ) async throws {
        let body = JSONValue.object(["rules": .array(rules.map(\.ruleBody))])
        _ = try await send(.databases(.put, cluster.id, "firewall", body: body))
        if rules.isEmpty {
            console.note("Note: \(cluster.name) has no trusted source now; every address may connect.")
        }
        if format == .table {
            try show(await send(.databases(.get, cluster.id, "firewall")), as: format)
        }
    }

    /// Prints an answer with trusted sources.
    func show(_ answer: APIAnswer, as format: OutputFormat) throws {
        try show(answer, as: format) {
            Table(
                ["type", "value", "description", "created", "id"],
                try answer.decode(APIModel.Rules.self).rules.map {
                    [$0.type, $0.value, $0.description ?? "", $0.createdAt ?? "", $0.uuid ?? ""]
                })
        }
    }
}

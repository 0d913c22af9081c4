import ArgumentParser

/// `atoll db firewall remove`
struct FirewallRemove: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove trusted sources from a cluster.",
        discussion: """
            A source is named as `list` shows it, or by its id. Without any source left, every address may connect.

            Example:
              atoll db firewall remove shop 203.0.113.7
            """)

    @OptionGroup var cluster: ClusterArgument

    @Argument(help: "Addresses, networks, TYPE:VALUE or ids of rules.")
    var source: [String]

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let found = try await session.cluster(cluster.reference)
        var rules = try await session.rules(ofClusterID: found.id)
        for text in source {
            let named = TrustedSource(argument: text)
            let isMeant = { (rule: APIModel.Rule) in
                rule.uuid == text || named.map(TrustedSource(rule).isSame(as:)) == true
            }
            guard rules.contains(where: isMeant) else { throw Self.unknown(text, of: found, rules) }
            rules.removeAll(where: isMeant)
        }
        try await session.replaceRules(of: found, with: rules.map(TrustedSource.init), format: output.format)
    }

    private static func unknown(
        _ text: String, of cluster: APIModel.Cluster, _ rules: [APIModel.Rule]
    ) -> CommandError {
        let present = rules.map { TrustedSource($0).description }.joined(separator: ", ")
        return CommandError(
            "\(cluster.name) has no trusted source \"\(text.printable)\"; nothing was changed",
            advice: rules.isEmpty ? "It has none." : "It has: \(present)")
    }
}

import ArgumentParser

/// `atoll db firewall add`
struct FirewallAdd: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add trusted sources to a cluster.",
        discussion: """
            With the first source, every other address is shut out. Open sessions from elsewhere end.

            Example:
              atoll db firewall add shop 203.0.113.7 10.0.0.0/8
            """)

    @OptionGroup var cluster: ClusterArgument

    @Argument(help: "Addresses, networks or TYPE:VALUE.")
    var source: [TrustedSource]

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let found = try await session.cluster(cluster.reference)
        var rules = try await session.rules(ofClusterID: found.id).map(TrustedSource.init)
        for source in source where !rules.contains(where: source.isSame(as:)) {
            rules.append(source)
        }
        try await session.replaceRules(of: found, with: rules, format: output.format)
    }
}

import ArgumentParser

/// `atoll db firewall replace`
struct FirewallReplace: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Replace all trusted sources of a cluster.",
        discussion: """
            Examples:
              atoll db firewall replace shop 10.0.0.0/8
              atoll db firewall replace shop --none
            """)

    @OptionGroup var cluster: ClusterArgument

    @Argument(help: "Addresses, networks or TYPE:VALUE.")
    var source: [TrustedSource] = []

    @Flag(help: "Leave no source: every address may connect.")
    var none = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    /// A list that came out empty by mistake must not open the cluster.
    func validate() throws {
        guard source.isEmpty == none else {
            throw ValidationError("Give the sources, or --none to let every address connect.")
        }
    }

    func run(in session: Session) async throws {
        let found = try await session.cluster(cluster.reference)
        try await session.replaceRules(of: found, with: source, format: output.format)
    }
}

import ArgumentParser

/// `atoll db firewall list`
struct FirewallList: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the trusted sources of a cluster.",
        discussion: """
            Example:
              atoll db firewall list shop
            """)

    @OptionGroup var cluster: ClusterArgument
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let found = try await session.cluster(cluster.reference)
        let answer = try await session.send(.databases(.get, found.id, "firewall"))
        try session.show(answer, as: output.format)
        if output.format == .table, try answer.decode(APIModel.Rules.self).rules.isEmpty {
            session.console.note("\(found.name) has no trusted source; every address may connect.")
        }
    }
}

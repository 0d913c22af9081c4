import ArgumentParser

/// `atoll db list`
struct DatabaseList: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the clusters.",
        discussion: """
            Examples:
              atoll db list
              atoll db list --tag production --format json
            """)

    @Option(help: "Only the clusters with this tag.")
    var tag: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let answer = try await session.send(.databases(query: tag.map { ["tag_name": $0] } ?? [:]))
        let clusters = try answer.decode(APIModel.Clusters.self).databases
        try session.show(answer, as: output.format) { ClusterTable.list(clusters) }
        if clusters.isEmpty, output.format == .table {
            session.console.note(
                tag == nil ? "No cluster yet; make one: atoll db create NAME" : "No cluster has this tag.")
        }
    }
}

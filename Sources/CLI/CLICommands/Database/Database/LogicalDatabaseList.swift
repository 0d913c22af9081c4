import ArgumentParser

/// `atoll db database list`
struct LogicalDatabaseList: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the databases in a cluster.",
        discussion: """
            Example:
              atoll db database list shop
            """)

    @OptionGroup var cluster: ClusterArgument
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let id = try await session.cluster(cluster.reference).id
        let answer = try await session.send(.databases(.get, id, "dbs"))
        try session.show(answer, as: output.format) {
            LogicalDatabaseTable.list(try answer.decode(APIModel.Databases.self).dbs)
        }
    }
}

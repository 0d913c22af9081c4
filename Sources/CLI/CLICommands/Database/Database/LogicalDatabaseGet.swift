import ArgumentParser

/// `atoll db database get`
struct LogicalDatabaseGet: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one database of a cluster.",
        discussion: """
            Ends with 1 if there is no such database.

            Example:
              atoll db database get shop orders
            """)

    @OptionGroup var database: LogicalDatabaseArguments
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let id = try await session.cluster(database.cluster).id
        let answer = try await session.send(.databases(.get, id, "dbs", database.name))
        try session.show(answer, as: output.format) {
            LogicalDatabaseTable.list([try answer.decode(APIModel.DatabaseEnvelope.self).db])
        }
    }
}

import ArgumentParser
import ControlModel

/// `atoll db database create`
struct LogicalDatabaseCreate: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a database in a cluster.",
        discussion: """
            Example:
              atoll db database create shop orders
            """)

    @OptionGroup var database: LogicalDatabaseArguments
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let id = try await session.cluster(database.cluster).id
        let answer = try await session.send(
            .databases(.post, id, "dbs", body: .object(["name": .string(database.name)])))
        try session.show(answer, as: output.format) {
            LogicalDatabaseTable.list([try answer.decode(APIModel.DatabaseEnvelope.self).db])
        }
    }
}

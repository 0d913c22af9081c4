import ArgumentParser

/// `atoll db database delete`
struct LogicalDatabaseDelete: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a database with all its data.",
        discussion: """
            On a terminal the name has to be typed again; elsewhere --force is required.

            Example:
              atoll db database delete shop orders --force
            """)

    @OptionGroup var database: LogicalDatabaseArguments

    @Flag(help: "Do not ask.")
    var force = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let found = try await session.cluster(database.cluster)
        try session.console.confirmLoss(of: database.name, kind: "database", force: force)
        _ = try await session.send(.databases(.delete, found.id, "dbs", database.name))
        try session.report("Deleted the database \(database.name) of \(found.name).", as: output.format)
    }
}

import ArgumentParser

/// `atoll db database`: the databases in a cluster.
struct LogicalDatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database",
        abstract: "Manage the databases in a cluster.",
        discussion: """
            Example:
              atoll db database create shop orders
            """,
        subcommands: [
            LogicalDatabaseList.self, LogicalDatabaseCreate.self, LogicalDatabaseGet.self, LogicalDatabaseDelete.self,
        ])
}

/// A cluster and one of its databases.
struct LogicalDatabaseArguments: ParsableArguments {
    @Argument(help: "Name or id of the cluster.")
    var cluster: String

    @Argument(help: "Name of the database.")
    var name: String
}

/// How databases look in tables.
enum LogicalDatabaseTable {
    static func list(_ databases: [APIModel.Database]) -> Table { Table(["name"], databases.map { [$0.name] }) }
}

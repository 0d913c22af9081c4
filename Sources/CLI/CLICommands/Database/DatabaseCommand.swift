package import ArgumentParser

/// `atoll db`: managed PostgreSQL, Redis and Valkey clusters.
package struct DatabaseCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "db",
        abstract: "Create, use and manage PostgreSQL, Redis and Valkey clusters.",
        discussion: """
            A cluster may be named by its name or its id everywhere.

            Example, from nothing to a prompt:
              atoll db create shop
              atoll db connection shop --format string
              atoll db shell shop

            Exit codes: 0 done; 1 it could not be done, and standard error says why; 64 the command line is wrong. \
            `atoll db shell` ends with the exit code of psql or redis-cli.
            """,
        subcommands: [
            DatabaseCreate.self, DatabaseList.self, DatabaseGet.self, DatabaseDelete.self, DatabaseConnection.self,
            DatabaseShell.self, DatabaseAuthority.self, DatabaseOptions.self, DatabaseEvents.self,
            UserCommand.self, LogicalDatabaseCommand.self, PoolCommand.self, ConfigurationCommand.self,
            FirewallCommand.self, MaintenanceCommand.self, MetricsCredentialsCommand.self,
        ])

    package init() {}
}

/// The cluster that a command is about.
struct ClusterArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("Name or id of the cluster.", valueName: "cluster"))
    var reference: String
}

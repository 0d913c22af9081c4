import ArgumentParser
import ControlModel

/// `atoll db config set`
struct ConfigurationSet: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change keys of the configuration.",
        discussion: """
            A value that reads as a JSON number, true, false, a quoted string or an array is one; anything else is a \
            string. Keys of PgBouncer are written pgbouncer.KEY. For Redis and Valkey the engine's name in front of a \
            key may be left out.

            Examples:
              atoll db config set shop work_mem=16 timezone=UTC jit=false
              atoll db config set shop pgbouncer.server_lifetime=600
              atoll db config set cache save="900 1 300 10 60 10000" dbfilename=nextfile.rdb
            """)

    @OptionGroup var cluster: ClusterArgument

    @Argument(help: ArgumentHelp("What to change.", valueName: "key=value"))
    var assignment: [ConfigurationAssignment]

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let found = try await session.cluster(cluster.reference)
        let assignment = try await knownAssignments(session, found)
        let changes = try ConfigurationAssignment.merged(assignment)
        let answer = try await session.send(
            .databases(.patch, found.id, "config", body: .object(["config": changes])))
        switch output.format {
        case .json: try session.show(answer, as: .json) { Table([], []) }
        case .table:
            let keys = assignment.map(\.key.text).joined(separator: ", ")
            try session.console.print("Changed \(keys) of \(found.name).")
        }
    }
}

extension ConfigurationSet {
    /// The assignments with the full names of their keys. The API ignores keys that it does not know, as it does
    /// everywhere; a person who mistyped one wants to hear it.
    private func knownAssignments(
        _ session: Session, _ cluster: APIModel.Cluster
    ) async throws -> [ConfigurationAssignment] {
        let answer = try await session.send(.databases(.get, cluster.id, "config"))
        let known = ConfigurationRows(try answer.decode(APIModel.Configuration.self).config)
        var named = assignment
        for index in named.indices {
            named[index].key = ConfigurationKey(known.fullName(of: named[index].key.text, engine: cluster.engine))
        }
        _ = try known.selecting(named.map(\.key.text).filter { !Self.keysWithoutValue.contains($0) })
        return named
    }

    /// Keys of features that are not built: the API refuses them by name, and shows no value of them.
    private static let keysWithoutValue: Set<String> = [
        "backup_hour", "backup_minute", "max_failover_replication_time_lag",
    ]
}

extension ConfigurationAssignment: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

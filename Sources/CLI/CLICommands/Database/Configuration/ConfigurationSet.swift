import ArgumentParser
import ControlModel

/// `atoll db config set`
struct ConfigurationSet: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change keys of the configuration.",
        discussion: """
            A value that reads as a JSON number, true, false, a quoted string or an array is one; anything else is a \
            string. Keys of PgBouncer are written pgbouncer.KEY.

            Examples:
              atoll db config set shop work_mem=16 timezone=UTC jit=false
              atoll db config set shop pgbouncer.server_lifetime=600
            """)

    @OptionGroup var cluster: ClusterArgument

    @Argument(help: ArgumentHelp("What to change.", valueName: "key=value"))
    var assignment: [ConfigurationAssignment]

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let changes = try ConfigurationAssignment.merged(assignment)
        let found = try await session.cluster(cluster.reference)
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

extension ConfigurationAssignment: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

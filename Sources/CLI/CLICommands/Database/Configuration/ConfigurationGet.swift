import ArgumentParser
import ControlModel

/// `atoll db config get`
struct ConfigurationGet: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show the configuration in force.",
        discussion: """
            Examples:
              atoll db config get shop
              atoll db config get shop work_mem pgbouncer
              atoll db config get cache persistence
            """)

    @OptionGroup var cluster: ClusterArgument

    @Argument(help: "Only these keys.")
    var key: [String] = []

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let found = try await session.cluster(cluster.reference)
        let answer = try await session.send(.databases(.get, found.id, "config"))
        if output.format == .json, key.isEmpty {
            return try session.show(answer, as: .json) { Table([], []) }
        }
        let all = ConfigurationRows(try answer.decode(APIModel.Configuration.self).config)
        let selected = try all.selecting(key.map { all.fullName(of: $0, engine: found.engine) })
        switch output.format {
        case .json:
            try session.console.print(
                JSONValue.object(["config": .object(selected.json)]).jsonText(pretty: true))
        case .table:
            let rows = selected.rows.map { [$0.key, Self.text($0.value)] }
            try session.console.print(Table(["key", "value"], rows).rendered())
        }
    }

    private static func text(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text }
        return value.jsonText(pretty: false)
    }
}

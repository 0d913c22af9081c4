import ArgumentParser
import ControlModel

/// `atoll db maintenance get`
struct MaintenanceGet: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show when updates may be installed.",
        discussion: """
            Example:
              atoll db maintenance get shop
            """)

    @OptionGroup var cluster: ClusterArgument
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let id = try await session.cluster(cluster.reference).id
        let answer = try await session.send(.databases(.get, id))
        switch output.format {
        case .json: try session.console.print(Self.window(in: answer).jsonText(pretty: true))
        case .table:
            let window = try answer.decode(APIModel.ClusterEnvelope.self).database.maintenanceWindow
            let pending = (window?.description ?? []).joined(separator: "; ")
            try session.console.print(
                Table(fields: [
                    ("day", window?.day ?? ""), ("hour", window.map { "\($0.hour) UTC" } ?? ""),
                    ("pending", window?.pending == true ? (pending.isEmpty ? "yes" : pending) : "no"),
                ]).rendered())
        }
    }

    /// The part of the answer that this command is about, as it came.
    private static func window(in answer: APIAnswer) throws -> JSONValue {
        guard case .object(let envelope)? = try answer.value(), case .object(let cluster)? = envelope["database"]
        else { return .null }
        return .object(["maintenance_window": cluster["maintenance_window"] ?? .null])
    }
}

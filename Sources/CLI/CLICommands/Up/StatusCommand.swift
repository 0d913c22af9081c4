import ArgumentParser
import ControlModel
import ControlReconciler
import Foundation

/// `atoll status`
struct StatusCommand: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say whether the platform runs, where, and how its databases are.",
        discussion: """
            Exit code 0 when it runs and answers, 1 when it does not.

            Examples:
              atoll status
              atoll status --format json
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let directory = DataDirectory.resolve(option: connection.data)
        // Without a named API it is this machine's; say so plainly when no process has the data directory.
        if connection.apiURL == nil, ControlLock.holder(path: PlatformLayout(root: directory).controlLock) == nil {
            throw CommandError("Atoll does not run on \(directory).", advice: "Start it with `atoll up --daemon`.")
        }
        try await Session.open(connection.endpoint(), console: .standard) { try await run(in: $0) }
    }

    func run(in session: Session) async throws {
        let answer = try await session.send(.databases(query: [:]))
        let clusters = try answer.decode(APIModel.Clusters.self).databases
        let directory = DataDirectory.resolve(option: connection.data)
        let pid = ControlLock.holder(path: PlatformLayout(root: directory).controlLock)
        switch output.format {
        case .table:
            let online = clusters.count { $0.status == "online" }
            let fields = Table(fields: [
                ("state", "up"), ("api", session.endpoint.url),
                ("process", pid.map { "\($0)" } ?? ""), ("data", directory),
                ("clusters", "\(clusters.count), \(online) online"),
            ])
            try session.console.print(fields.rendered())
            if !clusters.isEmpty { try session.console.print("\n" + ClusterTable.list(clusters).rendered()) }
        case .json:
            let object: [String: JSONValue] = [
                "api_url": .string(session.endpoint.url), "data_directory": .string(directory),
                "process": pid.map { .integer(Int($0)) } ?? .null,
                "databases": .array(
                    clusters.map {
                        .object(["id": .string($0.id), "name": .string($0.name), "status": .string($0.status)])
                    }),
            ]
            try session.console.print(JSONValue.object(object).jsonText(pretty: true))
        }
    }
}

import ArgumentParser
import ControlModel

/// `atoll db pool update`
struct PoolUpdate: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a connection pool.",
        discussion: """
            What is not named stays as it is. Clients of other pools notice nothing.

            Examples:
              atoll db pool update shop web --size 40
              atoll db pool update shop web --mode session --inbound-user
            """)

    @OptionGroup var pool: PoolArguments

    @Option(help: "Connections to the server, at most.")
    var size: Int?

    @Option(help: "When a client gives its connection back: with its transaction, session or statement.")
    var mode: PoolMode?

    @Option(help: "Database that the pool is for.")
    var database: String?

    @Option(help: "User that the pool logs in as.")
    var user: String?

    @Flag(help: "Log in as whoever connects, instead of one user.")
    var inboundUser = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard user == nil || !inboundUser else { throw ValidationError("Give --user or --inbound-user, not both.") }
        guard size != nil || mode != nil || database != nil || user != nil || inboundUser else {
            throw ValidationError("Say what to change: --size, --mode, --database, --user or --inbound-user.")
        }
    }

    func run(in session: Session) async throws {
        let id = try await session.cluster(pool.cluster).id
        let current = try await session.send(.databases(.get, id, "pools", pool.name))
            .decode(APIModel.PoolEnvelope.self).pool
        var body: [String: JSONValue] = [
            "mode": .string(mode?.rawValue ?? current.mode), "size": .integer(size ?? current.size),
            "db": .string(database ?? current.db),
        ]
        if !inboundUser, let name = user ?? current.user { body["user"] = .string(name) }
        _ = try await session.send(.databases(.put, id, "pools", pool.name, body: .object(body)))
        let answer = try await session.send(.databases(.get, id, "pools", pool.name))
        try session.show(answer, as: output.format) {
            PoolTable.list([try answer.decode(APIModel.PoolEnvelope.self).pool])
        }
    }
}

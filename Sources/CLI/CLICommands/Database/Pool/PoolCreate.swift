import ArgumentParser
import ControlModel

/// `atoll db pool create`
struct PoolCreate: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a connection pool.",
        discussion: """
            The sizes of all pools of a cluster add up to at most its usable connections: 25 for each GiB of memory, \
            less 3. About half of them is a good start.

            Examples:
              atoll db pool create shop web --size 20
              atoll db pool create shop slow --size 5 --mode session --user reader
              atoll db pool create shop shared --size 10 --inbound-user
            """)

    @OptionGroup var pool: PoolArguments

    @Option(help: "Connections to the server, at most.")
    var size: Int

    @Option(help: "When a client gives its connection back: with its transaction, session or statement.")
    var mode: PoolMode = .transaction

    @Option(help: "Database that the pool is for.")
    var database = "defaultdb"

    @Option(help: "User that the pool logs in as.")
    var user = "doadmin"

    @Flag(help: "Log in as whoever connects, instead of one user.")
    var inboundUser = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        var body: [String: JSONValue] = [
            "name": .string(pool.name), "mode": .string(mode.rawValue), "size": .integer(size),
            "db": .string(database),
        ]
        if !inboundUser { body["user"] = .string(user) }
        let id = try await session.cluster(pool.cluster).id
        let answer = try await session.send(.databases(.post, id, "pools", body: .object(body)))
        try session.show(answer, as: output.format) {
            PoolTable.list([try answer.decode(APIModel.PoolEnvelope.self).pool])
        }
    }
}

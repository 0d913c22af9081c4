import ArgumentParser
import ControlModel

/// `atoll db user create`
struct UserCreate: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a user with a password of its own.",
        discussion: """
            Examples:
              atoll db user create shop reader
              atoll db user create shop replicator --allow-replication
            """)

    @OptionGroup var user: UserArguments

    @Flag(help: "Let the user start replication.")
    var allowReplication = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        var body: [String: JSONValue] = ["name": .string(user.name)]
        if allowReplication { body["settings"] = .object(["pg_allow_replication": .boolean(true)]) }
        let id = try await session.cluster(user.cluster).id
        let answer = try await session.send(.databases(.post, id, "users", body: .object(body)))
        try session.show(answer, as: output.format) {
            UserTable.details(try answer.decode(APIModel.UserEnvelope.self).user)
        }
    }
}

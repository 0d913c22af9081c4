import ArgumentParser

/// `atoll db user get`
struct UserGet: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one user, with the password.",
        discussion: """
            Example:
              atoll db user get shop reader
            """)

    @OptionGroup var user: UserArguments
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let id = try await session.cluster(user.cluster).id
        let answer = try await session.send(.databases(.get, id, "users", user.name))
        try session.show(answer, as: output.format) {
            UserTable.details(try answer.decode(APIModel.UserEnvelope.self).user)
        }
    }
}

import ArgumentParser
import ControlModel

/// `atoll db user reset`
struct UserReset: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "reset",
        abstract: "Give a user a new password.",
        discussion: """
            The old password ends at once; sessions that are open go on.

            Example:
              atoll db user reset shop reader
            """)

    @OptionGroup var user: UserArguments
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let id = try await session.cluster(user.cluster).id
        let answer = try await session.send(
            .databases(.post, id, "users", user.name, "reset_auth", body: .object([:])))
        try session.show(answer, as: output.format) {
            UserTable.details(try answer.decode(APIModel.UserEnvelope.self).user)
        }
    }
}

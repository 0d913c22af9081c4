import ArgumentParser

/// `atoll db user delete`
struct UserDelete: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a user.",
        discussion: """
            Example:
              atoll db user delete shop reader
            """)

    @OptionGroup var user: UserArguments
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let found = try await session.cluster(user.cluster)
        _ = try await session.send(.databases(.delete, found.id, "users", user.name))
        try session.report("Deleted the user \(user.name) of \(found.name).", as: output.format)
    }
}

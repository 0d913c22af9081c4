import ArgumentParser

/// `atoll token revoke`
struct TokenRevoke: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke an API token: it stops working at once.",
        discussion: """
            Example:
              atoll token revoke 7
            """)

    @Argument(help: "Id of the token, as `atoll token list` shows it.")
    var id: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        _ = try await session.send(.tokens(.delete, id))
        try session.report("Revoked the token \(id).", as: output.format)
    }
}

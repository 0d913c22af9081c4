import ArgumentParser

/// `atoll token list`
struct TokenList: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the API tokens, without their secrets.",
        discussion: """
            Example:
              atoll token list
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let answer = try await session.send(.tokens())
        try session.show(answer, as: output.format) { TokenTable.list(try answer.decode(APIModel.Tokens.self).tokens) }
    }
}

import ArgumentParser
import ControlModel

extension APIToken.Scope: ExpressibleByArgument {}

/// `atoll token create`
struct TokenCreate: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create an API token and show its secret, once.",
        discussion: """
            Examples:
              atoll token create laptop
              atoll token create ci --scope read --expires-in 30d
            """)

    @Argument(help: "What the token is for.")
    var name: String

    @Option(help: "What it may do; may be repeated. Both if not given.")
    var scope: [APIToken.Scope] = []

    @Option(
        help: ArgumentHelp(
            "When it ends: a number with s, m, h, d or w. Never if not given.", valueName: "duration"))
    var expiresIn: Lifetime?

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    /// The body of the request; `expires_in` counts seconds.
    var body: JSONValue {
        let scopes = Set(scope.isEmpty ? APIToken.Scope.allCases : scope).map(\.rawValue).sorted()
        var members: [String: JSONValue] = [
            "name": .string(name), "scopes": .array(scopes.map(JSONValue.string)),
        ]
        if let expiresIn { members["expires_in"] = .integer(expiresIn.seconds) }
        return .object(members)
    }

    func run(in session: Session) async throws {
        let answer = try await session.send(.tokens(.post, body: body))
        let token = try answer.decode(APIModel.TokenEnvelope.self).token
        try session.show(answer, as: output.format) { TokenTable.list([token]) }
        if output.format == .table, let secret = token.secret {
            try session.console.print("\n\(secret.printable)")
            session.console.note("This secret is shown only now. Use it as ATOLL_TOKEN or in a client of the API.")
        }
    }
}

package import ArgumentParser

/// `atoll token`: tokens for the API.
package struct TokenCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Create, list and revoke API tokens.",
        discussion: """
            Example:
              atoll token create ci --scope read --expires-in 30d
            """,
        subcommands: [TokenCreate.self, TokenList.self, TokenRevoke.self])

    package init() {}
}

/// How tokens look in tables.
enum TokenTable {
    static func list(_ tokens: [APIModel.Token]) -> Table {
        Table(
            ["id", "name", "scopes", "created", "expires", "last used"],
            tokens.map {
                [
                    $0.id, $0.name, $0.scopes.sorted().joined(separator: ", "), $0.createdAt, $0.expiresAt ?? "never",
                    $0.lastUsedAt ?? "never",
                ]
            })
    }
}

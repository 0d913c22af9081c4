import ArgumentParser

/// `atoll db pool connection`
struct PoolConnection: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "connection",
        abstract: "Show how to connect to a pool.",
        discussion: """
            Prints the Connection Details, with the password: as parameters, as a connection string, as a psql command \
            with flags, or as JSON. The database is the pool's name. For a pool without a user of its own they are the \
            administrator's, and every user may take their place.

            Examples:
              atoll db pool connection shop web
              psql "$(atoll db pool connection shop web --format string --verify-full)"
            """)

    @OptionGroup var pool: PoolArguments

    @Option(help: "How to write it.")
    var format: DatabaseConnection.Format = .parameters

    @Flag(help: "Ask the client to check the server's certificate against Atoll's authority.")
    var verifyFull = false

    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let found = try await session.cluster(pool.cluster)
        let answer = try await session.send(.databases(.get, found.id, "pools", pool.name))
        let described = try answer.decode(APIModel.PoolEnvelope.self).pool
        guard let details = described.connection, let user = details.user, let password = details.password else {
            throw CommandError(
                "this API token may not see the password of the pool", advice: "Use a token with more scopes.")
        }
        let text = ConnectionText(
            user: user, password: password, host: details.host, port: details.port, database: described.name,
            security: verifyFull ? try session.verification(of: found) : .require)
        try session.console.print(format.written(text))
    }
}

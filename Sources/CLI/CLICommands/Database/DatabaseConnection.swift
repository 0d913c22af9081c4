import ArgumentParser

/// `atoll db connection`
struct DatabaseConnection: APICommand {
    /// How the details are written.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case parameters
        case string
        case flags
        case json

        /// The text in this form.
        func written(_ text: ConnectionText) -> String {
            switch self {
            case .parameters: text.parameters
            case .string: text.uri
            case .flags: text.flags
            case .json: text.json.jsonText(pretty: true)
            }
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "connection",
        abstract: "Show how to connect to a cluster.",
        discussion: """
            Prints the Connection Details, with the password: as parameters, as a connection string, as a psql or \
            redis-cli command with flags, or as JSON.

            Examples:
              atoll db connection shop
              psql "$(atoll db connection shop --format string --verify-full)"
              atoll db connection cache --format flags
            """)

    @OptionGroup var cluster: ClusterArgument

    @Option(help: "How to write it.")
    var format: Format = .parameters

    @OptionGroup var target: ConnectionTarget

    @Flag(help: "Ask the client to check the server's certificate against Atoll's authority.")
    var verifyFull = false

    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let found = try await session.cluster(cluster.reference)
        var text = try await target.connectionText(to: found, in: session)
        // redis-cli always checks, so it is always told by which authority.
        let isForRedisClient = text.kind == .keyValue && format == .flags && session.endpoint.caFile != nil
        if verifyFull || (isForRedisClient && text.security != .disabled) {
            text.security = try session.verification(of: found)
        }
        try session.console.print(format.written(text))
    }
}

extension Session {
    /// The check of a cluster's certificate against the authority that this command line trusts itself.
    func verification(of cluster: APIModel.Cluster) throws -> ConnectionText.Security {
        guard let authority = endpoint.caFile else {
            throw CommandError(
                "no file with Atoll's authority is known here",
                advice: "Save it (atoll db ca \(cluster.name.shellQuoted) > atoll-ca.crt) and name it with --ca.")
        }
        return .verifyFull(rootCertificate: authority)
    }
}

import ArgumentParser

/// `atoll db metrics-credentials get`
struct MetricsCredentialsGet: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show the credentials of the Prometheus endpoint.",
        discussion: """
            Example:
              atoll db metrics-credentials get --format json
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let answer = try await session.send(.databases(.get, "metrics", "credentials"))
        try session.show(answer, as: output.format) {
            let credentials = try answer.decode(APIModel.MetricsCredentials.self).credentials
            return Table(fields: [
                ("username", credentials.basicAuthUsername), ("password", credentials.basicAuthPassword ?? ""),
            ])
        }
    }
}

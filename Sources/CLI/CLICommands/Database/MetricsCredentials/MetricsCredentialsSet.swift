import ArgumentParser
import ControlModel

/// `atoll db metrics-credentials set`
struct MetricsCredentialsSet: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Set the credentials of the Prometheus endpoint.",
        discussion: """
            The password is asked for on a terminal, else it is the first line of standard input; it is never an \
            argument, which other users of the machine can see.

            Examples:
              atoll db metrics-credentials set
              atoll db metrics-credentials set --username prometheus < password-file
            """)

    @Option(help: "User name; the one in force if not given.")
    var username: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let name = try await userName(in: session)
        let password = try password(from: session.console)
        let body = JSONValue.object([
            "credentials": .object([
                "basic_auth_username": .string(name), "basic_auth_password": .string(password),
            ])
        ])
        _ = try await session.send(.databases(.put, "metrics", "credentials", body: body))
        try session.report("Set the metrics credentials of \(name).", as: output.format)
    }

    private func userName(in session: Session) async throws -> String {
        if let username { return username }
        let answer = try await session.send(.databases(.get, "metrics", "credentials"))
        return try answer.decode(APIModel.MetricsCredentials.self).credentials.basicAuthUsername
    }

    private func password(from console: Console) throws -> String {
        let isTerminal = console.inputIsTerminal
        guard let password = isTerminal ? console.readSecret("New password: ") : console.readLine(), !password.isEmpty
        else {
            throw CommandError("no password was given", advice: "Type it, or send it to standard input.")
        }
        if isTerminal, console.readSecret("Again: ") != password {
            throw CommandError("nothing was changed: the two passwords differ")
        }
        return password
    }
}

import ArgumentParser
import Foundation

/// `atoll db shell`
struct DatabaseShell: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "shell",
        abstract: "Open psql or redis-cli on a cluster, with the server's certificate verified.",
        discussion: """
            The client takes the place of this command. psql gets the password in neither its arguments nor its \
            environment; redis-cli knows no other way than its environment (REDISCLI_AUTH), which only you and root can \
            read. Its prompt shows the number of the database.

            Examples:
              atoll db shell shop
              atoll db shell shop --user reader --database orders -- -c 'select 1'
              atoll db shell cache --database 3
              atoll db shell cache -- SET greeting hello
            """)

    @OptionGroup var cluster: ClusterArgument
    @OptionGroup var target: ConnectionTarget
    @OptionGroup var connection: ConnectionOptions

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("Arguments for psql or redis-cli, after --.", valueName: "client-argument"))
    var clientArguments: [String] = []

    func run() async throws {
        let endpoint = try connection.endpoint()
        // The client and its connections are closed before psql takes over.
        let (text, authority) = try await APIClient.withClient(for: endpoint, console: .standard) { client in
            try await details(in: Session(client: client, console: .standard))
        }
        try become(text, authority: authority)
    }

    func run(in session: Session) async throws {
        let (text, authority) = try await details(in: session)
        try become(text, authority: authority)
    }

    private func details(in session: Session) async throws -> (ConnectionText, authority: String) {
        let found = try await session.cluster(cluster.reference)
        let text = try await target.connectionText(to: found, in: session)
        return (text, try await session.authority(ofClusterID: found.id))
    }

    /// Replaces this process by the client; returns only by an error. No child is made, so the terminal, its signals and
    /// the exit code are the client's own.
    private func become(_ text: ConnectionText, authority: String) throws {
        switch text.kind {
        case .postgres: try becomePsql(text, authority: authority)
        case .keyValue: try becomeRedisClient(text, authority: authority)
        }
    }

    private func path(of program: String, package: String) throws -> String {
        let searchPath = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        guard let path = ShellPlan.executable(program, searchPath: searchPath) else {
            throw CommandError("\(program) is not installed", advice: "On Debian: apt install \(package)")
        }
        return path
    }

    private func becomeRedisClient(_ text: ConnectionText, authority: String) throws {
        let program = try path(of: "redis-cli", package: "redis-tools")
        let authorityFile = try NamelessFile(contents: authority)
        let plan = ShellPlan.redisClient(
            connection: text, arguments: clientArguments, environment: ProcessInfo.processInfo.environment,
            authorityFile: authorityFile.path)
        let code = replaceProcess(with: program, plan)
        withExtendedLifetime(authorityFile) {}
        throw CommandError("\(program) cannot be started: \(String(cString: strerror(code)))")
    }

    private func becomePsql(_ text: ConnectionText, authority: String) throws {
        let environment = ProcessInfo.processInfo.environment
        let psql = try path(of: "psql", package: "postgresql-client")
        let passwordFile = try NamelessFile(contents: ShellPlan.passwordLine(for: text))
        let authorityFile = try NamelessFile(contents: authority)
        let plan = ShellPlan(
            connection: text, psqlArguments: clientArguments, environment: environment, passwordFile: passwordFile.path,
            authorityFile: authorityFile.path)
        let code = replaceProcess(with: psql, plan)
        withExtendedLifetime(passwordFile) {}
        withExtendedLifetime(authorityFile) {}
        throw CommandError("\(psql) cannot be started: \(String(cString: strerror(code)))")
    }

    /// `execve`, with the signals as a shell hands them to a program. Returns the error.
    private func replaceProcess(with path: String, _ plan: ShellPlan) -> Int32 {
        // SwiftNIO ignores SIGPIPE, and both the disposition and the mask would survive.
        signal(SIGPIPE, SIG_DFL)
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        var arguments: [UnsafeMutablePointer<CChar>?] = plan.arguments.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] =
            plan.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        execve(path, &arguments, &environment)
        let code = errno
        for pointer in arguments + environment { free(pointer) }
        return code
    }
}

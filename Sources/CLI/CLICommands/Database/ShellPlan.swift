import Foundation

/// What the client of a database is started with. The password of psql and the authority of both clients are in files
/// without a name, which they inherit open: nothing secret stands in their arguments, and nothing is left behind however
/// they end.
package struct ShellPlan: Sendable, Equatable {
    package var arguments: [String]
    package var environment: [String: String]

    /// Variables of the user's that would redirect or contradict the connection.
    static let overruled = [
        "PGPASSWORD", "PGSERVICE", "PGSERVICEFILE", "PGHOSTADDR", "PGREQUIRESSL", "PGSSLCERT", "PGSSLKEY", "PGSSLCRL",
        "PGSSLCRLDIR", "PGREQUIREPEER", "PGGSSENCMODE", "PGTARGETSESSIONATTRS",
    ]

    /// The connection goes through the environment, where libpq takes every value as it is; `-d` would read a database
    /// name with "=" in it as something else.
    package init(
        connection: ConnectionText, psqlArguments: [String], environment: [String: String], passwordFile: String,
        authorityFile: String
    ) {
        var environment = environment
        for name in Self.overruled { environment[name] = nil }
        environment["PGHOST"] = connection.host
        environment["PGPORT"] = String(connection.port)
        environment["PGUSER"] = connection.user
        environment["PGDATABASE"] = connection.database
        environment["PGPASSFILE"] = passwordFile
        environment["PGSSLMODE"] = "verify-full"
        environment["PGSSLROOTCERT"] = authorityFile
        self.arguments = ["psql"] + psqlArguments
        self.environment = environment
    }

    private init(arguments: [String], environment: [String: String]) {
        self.arguments = arguments
        self.environment = environment
    }

    /// redis-cli's plan. It takes a password by its arguments or by REDISCLI_AUTH; the environment of a process is for
    /// its user and root only.
    package static func redisClient(
        connection: ConnectionText, arguments: [String], environment: [String: String], authorityFile: String
    ) -> ShellPlan {
        var words = ["redis-cli", "-h", connection.host, "-p", String(connection.port)]
        if connection.security != .disabled { words += ["--tls", "--cacert", authorityFile] }
        if !connection.database.isEmpty { words += ["-n", connection.database] }
        var environment = environment
        environment["REDISCLI_AUTH"] = connection.password
        return ShellPlan(arguments: words + arguments, environment: environment)
    }

    /// The one line of the password file: for this user of this server, in every database, so that `\c` works.
    package static func passwordLine(for connection: ConnectionText) -> String {
        [connection.host, String(connection.port), "*", connection.user, connection.password]
            .map { $0 == "*" ? $0 : escaped($0) }.joined(separator: ":") + "\n"
    }

    /// libpq, "The Password File": `:` and `\` are escaped with `\`.
    private static func escaped(_ field: String) -> String {
        field.replacing("\\", with: "\\\\").replacing(":", with: "\\:")
    }

    /// The executable's path, looked up as a shell does.
    package static func executable(_ name: String, searchPath: String) -> String? {
        searchPath.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}

/// A file that only this process, and what it becomes, can reach: made with mode 0600 and its name removed at once.
struct NamelessFile: ~Copyable {
    private let descriptor: Int32

    init(contents: String) throws {
        var template = Array((NSTemporaryDirectory() + "/atoll-XXXXXX").utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw Self.failure() }
        unlink(template)
        var bytes = Array(contents.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { throw Self.failure() }
            bytes = bytes.dropFirst(max(count, 0))
        }
    }

    /// A path that leads to the file from this process, before and after `execve`.
    var path: String { "/proc/self/fd/\(descriptor)" }

    deinit { close(descriptor) }

    private static func failure() -> CommandError {
        CommandError(
            "no temporary file can be written: \(String(cString: strerror(errno)))",
            advice: "Make room in \(NSTemporaryDirectory()), or name another directory in TMPDIR.")
    }
}

package import ControlModel

/// How to reach a database with a client, and the texts of the Connection Details box that say it.
package struct ConnectionText: Sendable, Equatable {
    package enum Security: Sendable, Equatable {
        /// The server does not speak TLS.
        case disabled
        /// TLS without a check of the server's certificate, as DigitalOcean prints it.
        case require
        /// TLS with the certificate checked against the authority in the file.
        case verifyFull(rootCertificate: String)
    }

    /// Which clients the texts are for.
    package enum Kind: Sendable, Equatable {
        case postgres
        /// Redis and Valkey. The database is a number, or empty for the first.
        case keyValue
    }

    package var kind: Kind
    package var user: String
    package var password: String
    package var host: String
    package var port: Int
    package var database: String
    package var security: Security

    package init(
        kind: Kind = .postgres, user: String, password: String, host: String, port: Int, database: String,
        security: Security
    ) {
        self.kind = kind
        self.user = user
        self.password = password
        self.host = host
        self.port = port
        self.database = database
        self.security = security
    }

    /// libpq's name of the security.
    private var mode: String {
        switch security {
        case .disabled: "disable"
        case .require: "require"
        case .verifyFull: "verify-full"
        }
    }

    var rootCertificate: String? {
        guard case .verifyFull(let path) = security else { return nil }
        return path
    }

    /// "Connection parameters": a `name = value` line each.
    package var parameters: String {
        if kind == .keyValue { return keyValueParameters }
        var lines = [
            "username = \(user)", "password = \(password)", "host = \(host)", "port = \(port)",
            "database = \(database)", "sslmode = \(mode)",
        ]
        if let rootCertificate { lines.append("sslrootcert = \(rootCertificate)") }
        return lines.joined(separator: "\n")
    }

    /// "Connection string": a URI that every client takes.
    package var uri: String {
        if kind == .keyValue { return keyValueURI }
        let credentials = "\(user.percentEncoded()):\(password.percentEncoded())"
        let host = host.contains(":") ? "[\(host)]" : host
        let certificate = rootCertificate.map { "&sslrootcert=\($0.percentEncoded(keeping: "/"))" } ?? ""
        return "postgresql://\(credentials)@\(host):\(port)/\(database.percentEncoded())?sslmode=\(mode)\(certificate)"
    }

    /// "Flags": a shell command. psql takes no flag for the certificate's check: there the environment says it.
    package var flags: String {
        if kind == .keyValue { return keyValueFlags }
        let client =
            "psql -U \(user.shellQuoted) -h \(host.shellQuoted) -p \(port) -d \(database.shellQuoted)"
        let password = "PGPASSWORD=\(password.shellQuoted)"
        guard let rootCertificate else { return "\(password) \(client) --set=sslmode=\(mode)" }
        return "\(password) PGSSLMODE=\(mode) PGSSLROOTCERT=\(rootCertificate.shellQuoted) \(client)"
    }

    /// The keys of the API's connection object.
    package var json: JSONValue {
        if kind == .keyValue { return keyValueJSON }
        var members: [String: JSONValue] = [
            "uri": .string(uri), "host": .string(host), "port": .integer(port), "user": .string(user),
            "password": .string(password), "database": .string(database), "ssl": .boolean(security != .disabled),
        ]
        if let rootCertificate {
            members["sslmode"] = .string(mode)
            members["sslrootcert"] = .string(rootCertificate)
        }
        return .object(members)
    }
}

extension String {
    /// The text as one word of a POSIX shell.
    package var shellQuoted: String {
        let plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/:@%+,="
        if !isEmpty, allSatisfy(plain.contains) { return self }
        return "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

import ControlModel

/// The same texts for Redis and Valkey clusters.
extension ConnectionText {
    var keyValueParameters: String {
        var lines = ["username = \(user)", "password = \(password)", "host = \(host)", "port = \(port)"]
        if !database.isEmpty { lines.append("database = \(database)") }
        lines.append("tls = \(security == .disabled ? "no" : "required")")
        if let rootCertificate { lines.append("cacert = \(rootCertificate)") }
        return lines.joined(separator: "\n")
    }

    /// `rediss` is the scheme with TLS. The parameter for the authority is redis-py's, which Django and Celery use.
    var keyValueURI: String {
        let scheme = security == .disabled ? "redis" : "rediss"
        let host = host.contains(":") ? "[\(host)]" : host
        let database = database.isEmpty ? "" : "/\(database)"
        let certificate = rootCertificate.map { "?ssl_ca_certs=\($0.percentEncoded(keeping: "/"))" } ?? ""
        return
            "\(scheme)://\(user.percentEncoded()):\(password.percentEncoded())@\(host):\(port)\(database)\(certificate)"
    }

    /// redis-cli takes the password from the environment, where other users of the machine do not see it.
    var keyValueFlags: String {
        var words = ["REDISCLI_AUTH=\(password.shellQuoted)", "redis-cli", "-h", host.shellQuoted, "-p", "\(port)"]
        if security != .disabled { words.append("--tls") }
        if let rootCertificate { words += ["--cacert", rootCertificate.shellQuoted] }
        if !database.isEmpty { words += ["-n", database.shellQuoted] }
        return words.joined(separator: " ")
    }

    var keyValueJSON: JSONValue {
        var members: [String: JSONValue] = [
            "uri": .string(uri), "host": .string(host), "port": .integer(port), "user": .string(user),
            "password": .string(password), "database": .string(database), "ssl": .boolean(security != .disabled),
        ]
        if let rootCertificate { members["cacert"] = .string(rootCertificate) }
        return .object(members)
    }
}

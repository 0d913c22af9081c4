import ControlModel
import PostgresCluster
import Settings

/// What a cluster's pooler reads: PgBouncer's three files, and the certificate that it shows. Pure.
struct PoolerTexts: Sendable, Equatable {
    /// Where things are.
    struct Place: Sendable, Equatable {
        var listenAddress: String
        /// Directory of the server's socket.
        var socketDirectory: String
        /// Directory of the pooler's own files.
        var directory: String
        /// Where it tells the control process its metrics.
        var metricsSocket: String
    }

    static let configurationName = "pooler.ini"
    static let usersName = "users.txt"
    static let accessName = "access.conf"

    /// Clients that may be connected at a time.
    static let clientsMax = 10_000
    /// How long a client waits for the server when that is away; far less than PgBouncer's 15 s, as it is next door.
    static let loginRetrySeconds = 1

    var configuration: String
    var users: String
    var access: String
    /// PEM.
    var certificate: String

    /// - Parameters:
    ///   - pools: at least one.
    ///   - logins: roles that may log in, with their verifiers.
    ///   - trustedNetworks: in CIDR form; empty means every address.
    init(
        cluster: Cluster, pools: [ConnectionPool], logins: [LoginVerifier], trustedNetworks: [String],
        certificate: String, place: Place
    ) {
        let settings = PoolerSettings(cluster)
        configuration = Self.configuration(cluster, pools, settings, place)
        users = logins.map { "\(Self.quoted($0.name)) \(Self.quoted($0.verifier))\n" }.joined()
        access = Self.access(pools, settings, trustedNetworks: trustedNetworks)
        self.certificate = certificate
    }

    /// The lines that a running pooler does not take by a reload.
    var restartLines: [Substring] { Self.restartLines(of: configuration) }

    static func restartLines(of configuration: String) -> [Substring] {
        configuration.split(separator: "\n").filter { $0.hasPrefix("listen_") || $0.hasPrefix("metrics_listen") }
    }

    private static func configuration(
        _ cluster: Cluster, _ pools: [ConnectionPool], _ settings: PoolerSettings, _ place: Place
    ) -> String {
        let server = "host=\(value(place.socketDirectory)) port=\(cluster.port)"
        var lines = ["; Written by Atoll; changes are overwritten. Pools: atoll db pool --help", "[databases]"]
        lines += pools.map { line(of: $0, server: server) }
        if settings.isForEveryDatabase { lines.append("* = \(server) \(settings.everyDatabase)") }
        lines += [
            "", "[pgbouncer]",
            "listen_addr = \(place.listenAddress)",
            "listen_port = \(cluster.poolPort)",
            "listen_backlog = 4096",
            // TCP with TLS is the only way in for clients.
            "unix_socket_dir =",
            "metrics_listen = \(place.metricsSocket)",
            "auth_type = hba",
            "auth_hba_file = \(place.directory)/\(accessName)",
            "auth_file = \(place.directory)/\(usersName)",
            "client_tls_sslmode = require",
            "client_tls_cert_file = \(place.directory)/server.crt",
            "client_tls_key_file = \(place.directory)/server.key",
            "server_tls_sslmode = disable",
            "max_client_conn = \(clientsMax)",
            "server_login_retry = \(loginRetrySeconds)",
            "log_connections = 0", "log_disconnections = 0", "log_stats = 0",
        ]
        return (lines + settings.lines).joined(separator: "\n") + "\n"
    }

    /// PgBouncer's size counts for each user; a pool of everybody's is held together by the limit of its database.
    private static func line(of pool: ConnectionPool, server: String) -> String {
        var parts = ["\(pool.name) = \(server)", "dbname=\(value(pool.databaseName))"]
        if let user = pool.userName {
            parts.append("user=\(value(user))")
        } else {
            parts.append("max_db_connections=\(pool.size)")
        }
        parts += ["pool_size=\(pool.size)", "pool_mode=\(pool.mode.rawValue)"]
        return parts.joined(separator: " ")
    }

    /// First match wins. A pool that logs in as one user takes that user and nobody else: whoever could enter it as
    /// another would have that user's rights.
    private static func access(
        _ pools: [ConnectionPool], _ settings: PoolerSettings, trustedNetworks: [String]
    ) -> String {
        let networks = trustedNetworks.isEmpty ? ["0.0.0.0/0", "::/0"] : trustedNetworks
        var lines = ["# Written by Atoll; changes are overwritten. Trusted sources: atoll db firewall --help"]
        for pool in pools {
            let user = pool.userName.map(quoted) ?? "all"
            lines += networks.map { "hostssl \(quoted(pool.name)) \(user) \($0) scram-sha-256" }
            lines += ["0.0.0.0/0", "::/0"].map { "host \(quoted(pool.name)) all \($0) reject" }
        }
        if settings.isForEveryDatabase { lines += networks.map { "hostssl all all \($0) scram-sha-256" } }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A value of a connection string: PgBouncer doubles the quotes in quotes.
    private static func value(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }

    private static func quoted(_ text: String) -> String { "\"\(text.replacing("\"", with: "\"\""))\"" }
}

/// The keys `pgbouncer.…` of a cluster's configuration.
private struct PoolerSettings {
    private let configuration: Configuration

    init(_ cluster: Cluster) { configuration = PostgresSettings.make(for: cluster) }

    private func value(_ name: String) -> SettingValue? {
        ConfigurationTable.keysByName["pgbouncer.\(name)"].flatMap { configuration.effectiveValue(of: $0) }
    }

    private func integer(_ name: String) -> Int {
        guard case .integer(let number)? = value(name) else { return 0 }
        return number
    }

    private func text(_ name: String) -> String {
        switch value(name) {
        case .string(let text)?: text
        case .strings(let texts)?: texts.joined(separator: ",")
        case .boolean(let flag)?: flag ? "1" : "0"
        case .integer(let number)?: "\(number)"
        default: ""
        }
    }

    /// Databases can be reached by their own names, too.
    var isForEveryDatabase: Bool { integer("autodb_pool_size") > 0 }

    var everyDatabase: String {
        var parts = ["pool_size=\(integer("autodb_pool_size"))", "pool_mode=\(text("autodb_pool_mode"))"]
        let connections = integer("autodb_max_db_connections")
        if connections > 0 { parts.append("max_db_connections=\(connections)") }
        return parts.joined(separator: " ")
    }

    var lines: [String] {
        [
            "server_reset_query_always", "ignore_startup_parameters", "min_pool_size", "server_lifetime",
            "server_idle_timeout", "autodb_idle_timeout",
        ].map { "\($0) = \(text($0))" }
    }
}

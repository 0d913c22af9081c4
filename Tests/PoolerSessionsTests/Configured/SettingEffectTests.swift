// Each setting that the pooler without sockets carries out, with two values and what they lead to.

import PoolerConfiguration
import PostgresWire
import Testing

@testable import PoolerSessions

/// A setting, two values, and what is seen of a pooler with each.
struct SettingEffect: Sendable, CustomTestStringConvertible {
    let name: String
    /// The values, with what is seen.
    let first: (value: String, seen: String)
    let second: (value: String, seen: String)
    /// Lines beside the setting.
    var others = ""
    var databases = "db = host=h"
    var files: [String: String] = [:]
    let see: @Sendable (ConfiguredPooler) throws -> String

    var testDescription: String { name }

    init(
        _ name: String, _ first: (String, String), _ second: (String, String), with others: String = "",
        databases: String = "db = host=h", files: [String: String] = [:],
        see: @escaping @Sendable (ConfiguredPooler) throws -> String
    ) {
        self.name = name
        self.first = first
        self.second = second
        self.others = others
        self.databases = databases
        self.files = files.merging(["users": #""x" """# + "\n" + #""y" """#]) { one, _ in one }
        self.see = see
    }
}

extension ConfiguredPooler {
    static let commandComplete = WireBytes.message("C", WireBytes.text("SELECT 1"))
    static func ready(_ status: String = "I") -> [UInt8] { WireBytes.message("Z", Array(status.utf8)) }

    /// A client that may send requests, and its server.
    func serve(_ user: String = "x") throws -> (ConfiguredEnd, ConfiguredEnd) {
        let client = connect(user: user)
        let server = try #require(logInServer())
        _ = (client.take(), server.take())
        return (client, server)
    }

    /// A request from end to end.
    func run(_ client: ConfiguredEnd, _ server: ConfiguredEnd, status: String = "I") {
        client.send(WireBytes.query("select"))
        server.send(Self.commandComplete + Self.ready(status))
        _ = client.take()
    }

    /// The texts of Query messages.
    static func queries(_ bytes: [UInt8]) -> [String] {
        var bytes = bytes
        return WireBytes.takeMessages(&bytes).filter { $0.type == "Q" || $0.type == "P" }.map {
            String(decoding: $0.body.drop { $0 == 0 }.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// A word of the log, and how often it is there.
    func logged(_ word: String) -> String { "\(log.count { $0.contains(word) })" }
}

private let trust = "auth_type = trust\nauth_file = users\npool_mode = transaction\n"

@Suite("Two values of a setting lead to two ends")
struct SettingEffectTests {
    @Test(arguments: pools + limits + servers + timeouts + cancels + sessions + logins + logs + console)
    func valuesDiffer(_ effect: SettingEffect) throws {
        for (value, seen) in [effect.first, effect.second] {
            // What is said twice holds as it is said last.
            let pooler = try ConfiguredPooler(
                trust + effect.others + "\n\(effect.name) = \(value)", databases: effect.databases,
                files: effect.files)
            #expect(try effect.see(pooler) == seen, "\(effect.name) = \(value)")
        }
        #expect(effect.first.seen != effect.second.seen)
    }

    // MARK: - Pools

    static let pools = [
        SettingEffect("pool_mode", ("session", "waits"), ("transaction", "served")) { pooler in
            let (client, server) = try pooler.serve()
            let other = pooler.connect(user: "x")
            pooler.run(client, server)
            _ = server.take()
            other.send(WireBytes.query("other"))
            return server.takeTypes() == "Q" ? "served" : "waits"
        },
        SettingEffect("default_pool_size", ("1", "1"), ("3", "3")) { pooler in
            for _ in 0..<5 { _ = pooler.connect(user: "x") }
            return "\(pooler.wanted.count)"
        },
        SettingEffect("min_pool_size", ("0", "0"), ("3", "2")) { pooler in
            _ = try pooler.serve()
            return "\(pooler.wanted.count)"
        },
        SettingEffect("reserve_pool_size", ("0", "0"), ("1", "1"), with: "default_pool_size = 1") { pooler in
            try reserve(pooler, after: 6_000)
        },
        SettingEffect(
            "reserve_pool_timeout", ("2", "1"), ("10", "0"), with: "default_pool_size = 1\nreserve_pool_size = 1"
        ) { pooler in try reserve(pooler, after: 3_000) },
        SettingEffect("server_round_robin", ("0", "1"), ("1", "0")) { pooler in
            let (first, one) = try pooler.serve()
            let second = pooler.connect(user: "x")
            first.send(WireBytes.query("select"))
            second.send(WireBytes.query("select"))
            let other = try #require(pooler.logInServer())
            one.send(ConfiguredPooler.commandComplete + ConfiguredPooler.ready())
            other.send(ConfiguredPooler.commandComplete + ConfiguredPooler.ready())
            _ = (one.take(), other.take())
            first.send(WireBytes.query("select"))
            return other.takeTypes().isEmpty ? "0" : "1"
        },
        SettingEffect(
            "pool_idle_timeout", ("0", "1"), ("3", "0"), with: "server_idle_timeout = 1"
        ) { pooler in try unused(pooler) },
        SettingEffect(
            "autodb_idle_timeout", ("3600", "1"), ("3", "0"), with: "server_idle_timeout = 1",
            databases: "* = host=h"
        ) { pooler in try unused(pooler) },
    ]

    /// Servers that are wanted beside one that is used, while somebody waits.
    private static func reserve(_ pooler: ConfiguredPooler, after milliseconds: Int64) throws -> String {
        let (client, _) = try pooler.serve()
        client.send(WireBytes.query("select"))
        pooler.connect(user: "x").send(WireBytes.query("select"))
        pooler.pass(milliseconds: milliseconds)
        return "\(pooler.wanted.count)"
    }

    /// Pools that there are when nobody has used one for long.
    private static func unused(_ pooler: ConfiguredPooler) throws -> String {
        let (client, _) = try pooler.serve()
        client.end()
        for _ in 0..<10 { pooler.pass(milliseconds: 1_000) }
        return "\(pooler.pooler.pools.count)"
    }

    // MARK: - Limits

    static let limits = [
        SettingEffect("max_client_conn", ("1", refused("max_client_conn")), ("2", "none")) { try second($0, "x") },
        SettingEffect("max_db_client_connections", ("1", refused("max_db_client_connections")), ("2", "none")) {
            try second($0, "y")
        },
        SettingEffect("max_user_client_connections", ("1", refused("max_user_client_connections")), ("2", "none")) {
            try second($0, "x")
        },
        SettingEffect("max_db_connections", ("1", "1"), ("2", "2")) { pooler in
            for _ in 0..<5 { _ = pooler.connect(user: "x") }
            return "\(pooler.wanted.count)"
        },
        SettingEffect("max_user_connections", ("1", "1"), ("2", "2")) { pooler in
            for _ in 0..<5 { _ = pooler.connect(user: "x") }
            return "\(pooler.wanted.count)"
        },
        SettingEffect("max_packet_size", ("100", "FATAL 08P01 invalid message length"), ("1000", "none")) { pooler in
            let (client, _) = try pooler.serve()
            client.send(WireBytes.query(String(repeating: "x", count: 500)))
            return client.takeError() ?? "none"
        },
    ]

    private static func refused(_ name: String) -> String {
        name == "max_client_conn"
            ? "FATAL 53300 no more connections allowed (max_client_conn)"
            : "FATAL 53300 client connections exceeded (\(name))"
    }

    /// What the second of two clients is told.
    private static func second(_ pooler: ConfiguredPooler, _ user: String) throws -> String {
        _ = pooler.connect(user: "x")
        return pooler.connect(user: user).takeError() ?? "none"
    }

    // MARK: - Servers

    static let servers = [
        SettingEffect(
            "server_reset_query", ("DISCARD ALL", "DISCARD ALL"), ("select 7", "select 7"),
            with: "pool_mode = session"
        ) { pooler in
            let (client, server) = try pooler.serve()
            pooler.run(client, server)
            _ = server.take()
            client.end()
            return ConfiguredPooler.queries(server.take()).joined()
        },
        SettingEffect("server_reset_query_always", ("0", ""), ("1", "DISCARD ALL")) { pooler in
            let (client, server) = try pooler.serve()
            client.send(WireBytes.query("select"))
            _ = server.take()
            server.send(ConfiguredPooler.commandComplete + ConfiguredPooler.ready())
            return ConfiguredPooler.queries(server.take()).joined()
        },
        SettingEffect("server_check_query", ("select 7", "select 7"), ("select 8", "select 8")) { pooler in
            try check(pooler, after: 60_000)
        },
        SettingEffect(
            "server_check_delay", ("30", "select 7"), ("100", "mine"), with: "server_check_query = select 7"
        ) { pooler in try check(pooler, after: 60_000) },
        SettingEffect("server_fast_close", ("0", "open"), ("1", "closed"), with: "pool_mode = session") { pooler in
            let (client, server) = try pooler.serve()
            pooler.run(client, server)
            pooler.pooler.perform(.reconnect(database: nil))
            pooler.run(client, server)
            return client.isClosed ? "closed" : "open"
        },
        SettingEffect("server_lifetime", ("10", "closed"), ("1000", "open")) { pooler in
            let (_, server) = try pooler.serve()
            pooler.pass(milliseconds: 20_000)
            return server.isClosed ? "closed" : "open"
        },
        SettingEffect("server_idle_timeout", ("10", "closed"), ("1000", "open")) { pooler in
            let (_, server) = try pooler.serve()
            pooler.pass(milliseconds: 20_000)
            return server.isClosed ? "closed" : "open"
        },
        SettingEffect("server_connect_timeout", ("3", "0"), ("10", "1")) { pooler in
            _ = pooler.connect(user: "x")
            pooler.pass(milliseconds: 4_000)
            return "\(pooler.pooler.serverCount)"
        },
        SettingEffect("server_login_retry", ("1", "1"), ("100", "0")) { pooler in
            _ = pooler.connect(user: "x")
            for _ in 0..<12 {
                pooler.failServer()
                pooler.pass(milliseconds: 2_000)
            }
            return "\(pooler.wanted.count)"
        },
        SettingEffect("server_tls_sslmode", ("disable", "3.0"), ("prefer", "TLS")) { pooler in
            _ = pooler.connect(user: "x")
            let server = try #require(pooler.connectServer(isSilent: true))
            return server.take() == WireBytes.tlsRequest ? "TLS" : "3.0"
        },
    ]

    /// What an idle server is sent when a client needs it.
    private static func check(_ pooler: ConfiguredPooler, after milliseconds: Int64) throws -> String {
        let (client, server) = try pooler.serve()
        pooler.pass(milliseconds: milliseconds)
        client.send(WireBytes.query("mine"))
        return ConfiguredPooler.queries(server.take()).joined()
    }

    // MARK: - Timeouts

    static let timeouts = [
        SettingEffect("client_login_timeout", ("5", "FATAL 08P01 client_login_timeout"), ("50", "none")) { pooler in
            let client = pooler.connect()
            pooler.pass(milliseconds: 10_000)
            return client.takeError() ?? "none"
        },
        SettingEffect("client_idle_timeout", ("5", "FATAL 08P01 client_idle_timeout"), ("50", "none")) { pooler in
            let (client, _) = try pooler.serve()
            pooler.pass(milliseconds: 10_000)
            return client.takeError() ?? "none"
        },
        SettingEffect("query_timeout", ("5", "FATAL 08006 query timeout"), ("50", "none")) { pooler in
            let (client, _) = try pooler.serve()
            client.send(WireBytes.query("select"))
            pooler.pass(milliseconds: 10_000)
            return client.takeError() ?? "none"
        },
        SettingEffect("idle_transaction_timeout", ("5", "FATAL 08006 idle transaction timeout"), ("50", "none")) {
            pooler in
            let (client, server) = try pooler.serve()
            pooler.run(client, server, status: "T")
            pooler.pass(milliseconds: 10_000)
            pooler.pass(milliseconds: 20)
            return client.takeError() ?? "none"
        },
        SettingEffect("transaction_timeout", ("5", "FATAL 08006 transaction timeout"), ("50", "none")) { pooler in
            let (client, server) = try pooler.serve()
            pooler.run(client, server, status: "T")
            pooler.pass(milliseconds: 10_000)
            pooler.pass(milliseconds: 20)
            return client.takeError() ?? "none"
        },
        SettingEffect("query_wait_timeout", ("5", "FATAL 08P01 query_wait_timeout"), ("50", "none")) { pooler in
            let client = pooler.connect(user: "x")
            pooler.pass(milliseconds: 10_000)
            return client.takeError() ?? "none"
        },
        SettingEffect("query_wait_notify", ("5", "N"), ("50", "")) { pooler in
            let (first, _) = try pooler.serve()
            let second = pooler.connect(user: "x")
            _ = second.take()
            first.send(WireBytes.query("select"))
            second.send(WireBytes.query("select"))
            pooler.pass(milliseconds: 10_000)
            return second.takeTypes()
        },
    ]

    static let cancels = [
        SettingEffect("cancel_wait_timeout", ("3", "0"), ("30", "1")) { pooler in
            let client = pooler.connect(user: "x")
            _ = try #require(pooler.logInServer())
            var bytes = client.take()
            let key = try #require(WireBytes.takeMessages(&bytes).first { $0.type == "K" }).body
            client.send(WireBytes.query("select"))
            pooler.connect().send(WireBytes.word(key.count + 8) + WireBytes.word(80_877_102) + key)
            #expect(pooler.wanted.count == 1)
            pooler.pass(milliseconds: 5_000)
            return "\(pooler.wanted.count)"
        }
    ]

    // MARK: - Sessions

    static let sessions = [
        SettingEffect("disable_pqexec", ("0", "none"), ("1", "FATAL 08P01 PQexec disallowed")) { pooler in
            let (client, _) = try pooler.serve()
            client.send(WireBytes.query("select"))
            return client.takeError() ?? "none"
        },
        SettingEffect(
            "ignore_startup_parameters", ("", "FATAL 0A000 unsupported startup parameter: odd"), ("odd", "none")
        ) { try start($0, with: "odd") },
        SettingEffect(
            "track_extra_parameters", ("IntervalStyle", "FATAL 0A000 unsupported startup parameter: odd"),
            ("odd", "none")
        ) { try start($0, with: "odd") },
        SettingEffect("application_name_add_host", ("0", "psql"), ("1", "psql - client:1")) { pooler in
            let body = ["user", "x", "database", "db", "application_name", "psql"].flatMap(WireBytes.text)
            let client = pooler.connect()
            client.send(WireBytes.word(body.count + 9) + WireBytes.word(196_608) + body + [0])
            let server = try #require(pooler.connectServer())
            server.send(
                WireBytes.message("R", WireBytes.word(0))
                    + WireBytes.message("S", WireBytes.text("application_name") + WireBytes.text(""))
                    + ConfiguredPooler.ready())
            var bytes = client.take()
            let status = try #require(WireBytes.takeMessages(&bytes).first { $0.type == "S" })
            return String(decoding: status.body.split(separator: 0).last ?? [], as: UTF8.self)
        },
        SettingEffect("login_notify_message", ("", "RSKZ"), ("welcome", "RSKNZ")) { pooler in
            let client = pooler.connect(user: "x")
            _ = try #require(pooler.logInServer())
            return client.takeTypes()
        },
        SettingEffect("max_prepared_statements", ("0", "mine"), ("10", "other")) { pooler in
            let (client, server) = try pooler.serve()
            client.send(WireBytes.parse("mine", "select") + WireBytes.sync)
            var bytes = server.take()
            let parse = try #require(WireBytes.takeMessages(&bytes).first { $0.type == "P" })
            return parse.body.starts(with: WireBytes.text("mine")) ? "mine" : "other"
        },
    ]

    private static func start(_ pooler: ConfiguredPooler, with parameter: String) throws -> String {
        let body = ["user", "x", "database", "db", parameter, "1"].flatMap(WireBytes.text)
        let client = pooler.connect()
        client.send(WireBytes.word(body.count + 9) + WireBytes.word(196_608) + body + [0])
        return client.takeError() ?? "none"
    }

    // MARK: - Logins

    static let logins = [
        SettingEffect("auth_type", ("trust", "none"), ("plain", "asked")) { pooler in
            let client = pooler.connect(user: "x")
            return client.takeTypes() == "R" ? "asked" : "none"
        },
        SettingEffect(
            "auth_file", ("users", "none"), ("others", "FATAL 28000 \"trust\" authentication failed"),
            files: ["others": #""z" """#]
        ) { $0.connect(user: "x").takeError() ?? "none" },
        SettingEffect(
            "auth_hba_file", ("rules", "none"), ("others", "FATAL 28000 login rejected"), with: "auth_type = hba",
            files: ["rules": "local all all trust", "others": "local all all reject"]
        ) { $0.connect(user: "x").takeError() ?? "none" },
        SettingEffect(
            "auth_ident_file", ("maps", "none"), ("others", "FATAL 28000 unix socket login rejected"),
            with: "auth_type = hba\nauth_hba_file = rules",
            files: ["rules": "local all all peer map=m", "maps": "m system x", "others": "m system y"]
        ) { pooler in
            pooler.pooler.directory.systemUserName = { _ in "system" }
            let details = ClientDetails(peer: "unix")
            details.isUnixSocket = true
            details.systemUserID = 1
            return pooler.connect(user: "x", details: details).takeError() ?? "none"
        },
        SettingEffect("auth_user", ("y", "y"), ("z", "z")) { pooler in
            _ = pooler.connect(user: "stranger")
            return pooler.pooler.pools.keys.map(\.user).joined()
        },
        SettingEffect(
            "auth_query", ("select $1", "select $1"), ("select 2, $1", "select 2, $1"), with: "auth_user = y"
        ) { pooler in
            _ = pooler.connect(user: "stranger")
            let server = try #require(pooler.logInServer())
            return ConfiguredPooler.queries(server.take()).joined()
        },
        SettingEffect(
            "auth_dbname", ("db", "db"), ("other", "other"), with: "auth_user = y",
            databases: "db = host=h\nother = host=h"
        ) { pooler in
            _ = pooler.connect(user: "stranger")
            return pooler.pooler.pools.keys.map(\.database).joined()
        },
        SettingEffect(
            "scram_iterations", ("10", "10"), ("20", "20"), with: "auth_type = scram-sha-256",
            files: ["users": #""x" "secret""#]
        ) { pooler in
            var session = ClientSession(user: "x", database: "db", password: "secret", passwordMethods: [.scram])
            let client = pooler.connect()
            client.send(try session.start())
            try client.scram(&session)
            return pooler.derivations.map { "\($0.iterations)" }.joined()
        },
        SettingEffect(
            "client_tls_sslmode", ("disable", "N"), ("require", "S"),
            with: "client_tls_key_file = k\nclient_tls_cert_file = c"
        ) { pooler in
            let client = pooler.connect()
            client.send(WireBytes.tlsRequest)
            return String(decoding: client.take(), as: UTF8.self)
        },
    ]

    // MARK: - Log

    static let logs = [
        SettingEffect("log_connections", ("0", "0 0"), ("1", "1 1")) { pooler in
            _ = try pooler.serve()
            return pooler.logged("login attempt: db=db user=x tls=no") + " " + pooler.logged("new connection to server")
        },
        SettingEffect("log_disconnections", ("0", "0"), ("1", "2")) { pooler in
            let (client, server) = try pooler.serve()
            client.end()
            server.end()
            return pooler.logged("closing because: ")
        },
        SettingEffect("log_pooler_errors", ("0", "0"), ("1", "1")) { pooler in
            _ = pooler.connect(user: "stranger")
            return pooler.logged("pooler error: \"trust\" authentication failed")
        },
    ]

    // MARK: - Console

    static let console = [
        SettingEffect("admin_users", ("x", "RESUME"), ("y", "FATAL 28000 not allowed")) { pooler in
            let console = ConsoleConversation(pooler, user: "x")
            if let error = console.end.takeError() { return error }
            _ = console.say("PAUSE")
            return console.say("RESUME").joined()
        },
        SettingEffect("stats_users", ("x", "ERROR 08P01 admin access needed"), ("y", "FATAL 28000 not allowed")) {
            pooler in
            let console = ConsoleConversation(pooler, user: "x")
            return console.end.takeError() ?? console.say("PAUSE").joined()
        },
        SettingEffect("stats_period", ("10", "0"), ("60", "1"), with: "admin_users = x") { pooler in
            pooler.pooler.beginStatistics()
            let (client, server) = try pooler.serve()
            for _ in 0..<31 { pooler.run(client, server) }
            for _ in 0..<3 { pooler.pass(milliseconds: 10_000) }
            let row = ConsoleConversation(pooler, user: "x").rows(.stats).first { $0["database"] == "db" }
            return row?["avg_query_count"] ?? "none"
        },
        SettingEffect("suspend_timeout", ("1", "closed"), ("100", "open"), with: "admin_users = x") { pooler in
            let (client, _) = try pooler.serve()
            client.send(WireBytes.query("select"))
            _ = ConsoleConversation(pooler, user: "x").say("SUSPEND")
            pooler.pass(milliseconds: 2000)
            return client.isClosed ? "closed" : "open"
        },
    ]
}

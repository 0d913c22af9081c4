// The console on a whole pooler: scripted clients and servers, and what every statement does to them and shows of them.

import Testing

@testable import PoolerSessions

@Suite("The console's clients, and what their commands do to a loop")
struct ConsolePoolerTests {
    private static let users = ["users": "\"admin\" \"\"\n\"watcher\" \"\"\n\"nobody\" \"\"\n\"u\" \"\"\n"]

    private func pooler(
        _ settings: String = "", databases: String = "db = host=h\nother = host=h"
    ) throws -> ConfiguredPooler {
        try ConfiguredPooler(
            """
            auth_type = trust
            auth_file = users
            admin_users = admin
            stats_users = watcher
            pool_mode = transaction
            default_pool_size = 1
            \(settings)
            """, databases: databases, files: Self.users)
    }

    /// A client of a database, in a transaction.
    private func busyClient(_ pooler: ConfiguredPooler, database: String = "db") throws -> (
        ConfiguredEnd, ConfiguredEnd
    ) {
        let client = pooler.connect(user: "u", database: database)
        let server = try #require(pooler.logInServer())
        client.send(WireBytes.query("BEGIN"))
        server.send(WireBytes.message("C", WireBytes.text("BEGIN")) + WireBytes.message("Z", Array("T".utf8)))
        #expect(client.takeTypes().hasSuffix("Z"))
        return (client, server)
    }

    private func commit(_ client: ConfiguredEnd, _ server: ConfiguredEnd) {
        client.send(WireBytes.query("COMMIT"))
        server.send(WireBytes.message("C", WireBytes.text("COMMIT")) + WireBytes.message("Z", Array("I".utf8)))
    }

    // MARK: - Login

    @Test(
        arguments: [
            ("nobody", "FATAL 28000 not allowed"), ("stranger", "FATAL 28000 \"trust\" authentication failed"),
        ])
    func whoeverIsNotListedIsRefused(_ user: String, _ error: String) throws {
        let client = try pooler().connect(user: user, database: "pgbouncer")
        #expect(client.takeError() == error)
        #expect(client.isClosed)
    }

    @Test func listedUsersComeIn() throws {
        let pooler = try pooler()
        #expect(ConsoleConversation(pooler).say("RESUME") == ["ERROR 08P01 pooler is not paused/suspended"])
        let watcher = ConsoleConversation(pooler, user: "watcher")
        #expect(watcher.say("RESUME") == ["ERROR 08P01 admin access needed"])
        #expect(watcher.say("SHOW VERSION") == ["D test 1.0", "SHOW"])
    }

    @Test func theOwnerNeedsNoListAndNoPassword() throws {
        let pooler = try pooler("auth_type = scram-sha-256")
        pooler.pooler.directory.ownUserID = 17
        for (number, isLetIn) in [(UInt32(17), true), (18, false)] {
            let details = ClientDetails(peer: "unix")
            details.isUnixSocket = true
            details.systemUserID = number
            let client = pooler.connect(user: "pgbouncer", database: "pgbouncer", details: details)
            #expect(client.takeTypes().hasSuffix("Z") == isLetIn)
        }
    }

    @Test func limitsKeepNoAdministratorOut() throws {
        let pooler = try pooler("max_client_conn = 1\nmax_db_client_connections = 1\nmax_user_client_connections = 1")
        let clients = ["admin", "admin", "watcher"].map { pooler.connect(user: $0, database: "pgbouncer") }
        #expect(clients[0].takeTypes().hasSuffix("Z"))
        #expect(clients[1].takeTypes().hasSuffix("Z"))
        #expect(clients[2].takeError() == "FATAL 53300 client connections exceeded (max_db_client_connections)")
    }

    /// Names that nobody has proved to have are not kept.
    @Test func strangersAreNotCountedAsUsers() throws {
        let pooler = try pooler("max_user_client_connections = 5")
        for number in 0..<3 { _ = pooler.connect(user: "stranger\(number)") }
        let client = pooler.connect(user: "u")
        #expect(pooler.pooler.directory.limits.userNames.contains("u"))
        #expect(pooler.pooler.directory.limits.userClientCount("u") == 1)
        let names = ConsoleConversation(pooler).rows(.users).compactMap { $0["name"] }
        #expect(names == ["admin", "nobody", "pgbouncer", "u", "watcher"])
        client.end()
        #expect(pooler.pooler.directory.limits.userClientCount("u") == 0)
    }

    // MARK: - Protocol

    @Test func statementsAreAnsweredOneAfterTheOther() throws {
        let pooler = try pooler()
        let console = ConsoleConversation(pooler)
        _ = console.end.take()
        let bytes = WireBytes.query("SHOW VERSION") + WireBytes.query("pause nodb") + WireBytes.query("RESUME")
        for byte in bytes { console.end.send([byte]) }
        var heard: [String] = []
        for _ in 0..<3 { heard += console.heard() }
        #expect(
            heard == [
                "D test 1.0", "SHOW", "ERROR 08P01 no such database: nodb",
                "ERROR 08P01 pooler is not paused/suspended",
            ])
    }

    @Test func theExtendedProtocolIsRefused() throws {
        let console = ConsoleConversation(try pooler())
        _ = console.end.take()
        console.end.send(WireBytes.parse("", "SHOW POOLS"))
        #expect(console.end.takeError() == "ERROR 08P01 extended query protocol not supported by admin console")
        #expect(console.end.isClosed)
    }

    @Test func anEndlessStatementEndsTheClient() throws {
        let console = ConsoleConversation(try pooler())
        console.end.send([UInt8(ascii: "Q")] + WireBytes.word(1 << 20))
        #expect(console.end.isClosed)
    }

    // MARK: - Commands

    @Test func pauseAnswersWhenTheLastTransactionIsOver() throws {
        let pooler = try pooler()
        let (client, server) = try busyClient(pooler)
        let console = ConsoleConversation(pooler)
        #expect(console.say("PAUSE").isEmpty)
        commit(client, server)
        #expect(console.heard() == ["PAUSE"])
        #expect(server.isClosed)
        // Whoever asks now waits.
        _ = client.take()
        client.send(WireBytes.query("SELECT 1"))
        #expect(pooler.connectServer() == nil)
        #expect(console.say("RESUME") == ["RESUME"])
        let next = try #require(pooler.logInServer())
        #expect(next.takeTypes().hasSuffix("Q"))
    }

    @Test func onePausedDatabaseLeavesOthersAlone() throws {
        let pooler = try pooler()
        let (client, server) = try busyClient(pooler)
        let (other, otherServer) = try busyClient(pooler, database: "other")
        let console = ConsoleConversation(pooler)
        #expect(console.say("PAUSE db").isEmpty)
        commit(other, otherServer)
        #expect(!otherServer.isClosed)
        #expect(console.heard().isEmpty)
        commit(client, server)
        #expect(console.heard() == ["PAUSE"])
        let paused = console.rows(.databases).filter { $0["paused"] == "1" }.compactMap { $0["name"] }
        #expect(paused == ["db"])
        #expect(console.say("RESUME db") == ["RESUME"])
    }

    @Test func aCancelledPauseIsTakenBack() throws {
        let pooler = try pooler()
        let (client, server) = try busyClient(pooler)
        let console = ConsoleConversation(pooler)
        let key = try #require(pooler.cancelKey(of: console.end))
        #expect(console.say("PAUSE").isEmpty)
        let asking = pooler.connect()
        asking.send(WireBytes.word(16) + WireBytes.word(80_877_102) + key)
        #expect(console.heard() == ["ERROR 57014 canceling statement due to user request"])
        commit(client, server)
        #expect(!server.isClosed)
    }

    @Test func killEndsClientsAndServersAndPauses() throws {
        let pooler = try pooler()
        let (client, server) = try busyClient(pooler)
        let (other, _) = try busyClient(pooler, database: "other")
        let console = ConsoleConversation(pooler)
        #expect(console.say("KILL db") == ["KILL"])
        #expect(client.takeError() == "FATAL 08P01 database removed")
        #expect(server.isClosed)
        #expect(!other.isClosed)
        let next = pooler.connect(user: "u")
        next.send(WireBytes.query("SELECT 1"))
        #expect(pooler.connectServer() == nil)
        #expect(console.say("RESUME db") == ["RESUME"])
        #expect(pooler.connectServer() != nil)
    }

    @Test func killClientEndsOne() throws {
        let pooler = try pooler()
        let (client, _) = try busyClient(pooler)
        // Not welcomed yet.
        let waiting = pooler.connect(user: "u", database: "other")
        let console = ConsoleConversation(pooler)
        for (end, database) in [(client, "db"), (waiting, "other")] {
            let row = try #require(console.rows(.clients).first { $0["database"] == database })
            #expect(console.say("KILL_CLIENT \(row["id"] ?? "")") == ["KILL_CLIENT"])
            #expect(end.takeError() == "FATAL 08P01 admin forced disconnect")
        }
        #expect(console.say("KILL_CLIENT 1000") == ["ERROR 08P01 client not found"])
    }

    @Test func aDisabledDatabaseTakesNoNewClients() throws {
        let pooler = try pooler()
        let (client, server) = try busyClient(pooler)
        let console = ConsoleConversation(pooler)
        #expect(console.say("DISABLE db") == ["DISABLE"])
        #expect(pooler.connect(user: "u").takeError() == "FATAL 08P01 database \"db\" is disabled")
        commit(client, server)
        #expect(client.takeTypes().hasSuffix("Z"))
        #expect(console.say("ENABLE db") == ["ENABLE"])
        #expect(pooler.connect(user: "u").takeTypes().hasSuffix("Z"))
    }

    @Test func waitCloseAnswersWhenOldServersAreGone() throws {
        let pooler = try pooler()
        let (client, server) = try busyClient(pooler)
        let console = ConsoleConversation(pooler)
        #expect(console.say("WAIT_CLOSE") == ["WAIT_CLOSE"])
        #expect(console.say("RECONNECT db") == ["RECONNECT"])
        #expect(console.say("WAIT_CLOSE db").isEmpty)
        #expect(console.rows(.servers).isEmpty)
        commit(client, server)
        #expect(server.isClosed)
        #expect(console.heard().contains("WAIT_CLOSE"))
    }

    @Test func shutdownForServersLetsWaitingClientsGo() throws {
        let pooler = try pooler()
        let (client, server) = try busyClient(pooler)
        let waiting = pooler.connect(user: "u")
        _ = waiting.take()
        waiting.send(WireBytes.query("SELECT 1"))
        let console = ConsoleConversation(pooler)
        #expect(console.say("SHUTDOWN WAIT_FOR_SERVERS") == ["SHUTDOWN"])
        #expect(waiting.takeError() == "FATAL 08P01 server shutting down")
        #expect(pooler.connect(user: "u").takeError() == "FATAL 08P01 pooler is shutting down")
        commit(client, server)
        #expect(client.takeTypes().hasSuffix("Z"))
        client.send(WireBytes.query("SELECT 1"))
        #expect(client.takeError() == "FATAL 08P01 server shutting down")
        #expect(!pooler.pooler.hasServers)
        #expect(ConsoleConversation(pooler).say("SHOW VERSION") == ["D test 1.0", "SHOW"])
    }

    @Test func suspendReadsFromNobodyOnceAllIsAnswered() throws {
        let pooler = try pooler()
        let (client, server) = try busyClient(pooler)
        client.send(WireBytes.query("SELECT 1"))
        let console = ConsoleConversation(pooler)
        #expect(console.say("SUSPEND").isEmpty)
        server.send(WireBytes.message("C", WireBytes.text("SELECT 1")) + WireBytes.message("Z", Array("T".utf8)))
        #expect(client.takeTypes() == "CZ")
        #expect(server.takeTypes() == "QQ")
        pooler.endTurn()
        #expect(console.heard() == ["SUSPEND"])
        #expect(pooler.pausedConnections == [client.connection, server.connection])
        #expect(console.say("RESUME") == ["RESUME"])
        #expect(pooler.pausedConnections.isEmpty)
    }

    @Test func suspendTimeoutEndsThoseThatGoOn() throws {
        let pooler = try pooler("suspend_timeout = 2")
        let (client, _) = try busyClient(pooler)
        client.send(WireBytes.query("SELECT pg_sleep(9)"))
        let console = ConsoleConversation(pooler)
        #expect(console.say("SUSPEND").isEmpty)
        pooler.pass(milliseconds: 1999)
        #expect(!client.isClosed)
        pooler.pass(milliseconds: 2)
        #expect(client.takeError() == "FATAL 08P01 suspend_timeout")
    }

    // MARK: - Reports

    @Test func connectionsAreShownInTheirStates() throws {
        let pooler = try pooler()
        let (client, server) = try busyClient(pooler)
        let waiting = pooler.connect(user: "u")
        waiting.send(WireBytes.query("SELECT 1"))
        pooler.pass(milliseconds: 1500)
        let console = ConsoleConversation(pooler)
        func states(_ report: ConsoleReport) -> [String] { console.rows(report).compactMap { $0["state"] } }
        #expect(states(.clients) == ["active", "waiting", "idle"])
        #expect(states(.servers) == ["active"])
        #expect(states(.sockets) == ["cl_active", "cl_waiting", "cl_active", "sv_active"])
        let row = try #require(console.rows(.clients).first { $0["state"] == "waiting" })
        #expect(row["wait"] == "1")
        #expect(row["wait_us"] == "500000")
        let pool = try #require(console.rows(.pools).first { $0["database"] == "db" })
        #expect(pool["cl_active"] == "1")
        #expect(pool["cl_waiting"] == "1")
        #expect(pool["sv_active"] == "1")
        #expect(pool["maxwait"] == "1")
        #expect(pool["pool_mode"] == "transaction")
        commit(client, server)
        server.send(WireBytes.message("C", WireBytes.text("SELECT 1")) + WireBytes.message("Z", Array("I".utf8)))
        #expect(states(.clients) == ["idle", "idle", "idle"])
        #expect(states(.servers) == ["idle"])
        pooler.pass(milliseconds: 31_000)
        #expect(states(.servers) == ["used"])
    }

    @Test func numbersOfConnectionsAreGivenInTheirOrder() throws {
        let pooler = try pooler()
        let console = ConsoleConversation(pooler)
        _ = try busyClient(pooler)
        #expect(console.rows(.sockets).compactMap { $0["id"] } == ["2", "1", "3"])
    }

    @Test func statisticsCountTheConsoleToo() throws {
        let pooler = try pooler()
        pooler.pooler.beginStatistics()
        let (client, server) = try busyClient(pooler)
        commit(client, server)
        let console = ConsoleConversation(pooler)
        let stats = try #require(console.rows(.stats).first { $0["database"] == "db" })
        #expect(stats["total_query_count"] == "2")
        #expect(stats["total_xact_count"] == "1")
        #expect(stats["total_server_assignment_count"] == "1")
        #expect(stats["total_client_login_count"] == "1")
        // In the second before the beginning nothing was counted.
        #expect(stats["avg_query_count"] == "2")
        let totals = console.rows(.totals)
        #expect(totals.first { $0["name"] == "total_query_count" }?["value"] == "4")
        #expect(totals.first { $0["name"] == "total_client_login_count" }?["value"] == "2")
    }

    @Test func pinnedClientsAreShownWithTheirReasons() throws {
        let pooler = try pooler()
        let client = pooler.connect(user: "u")
        let server = try #require(pooler.logInServer())
        let console = ConsoleConversation(pooler)
        #expect(console.rows(.pins).isEmpty)
        client.send(WireBytes.query("LOAD 'library'"))
        server.send(WireBytes.message("C", WireBytes.text("LOAD")) + WireBytes.message("Z", Array("I".utf8)))
        let row = try #require(console.rows(.pins).first)
        #expect(row["user"] == "u")
        #expect(row["reasons"] == "loaded_library")
        #expect(row["remote_pid"] == "7")
    }

    @Test func everyReportHasAsManyValuesAsColumns() throws {
        let pooler = try pooler()
        _ = try busyClient(pooler)
        let console = ConsoleConversation(pooler)
        for report in ConsoleReport.allCases where report != .help {
            let lines = console.say("SHOW \(report.rawValue)")
            #expect(lines.last == "SHOW")
            for line in lines.dropLast() {
                let count = line.split(separator: "|", omittingEmptySubsequences: false).count
                #expect(count == report.columns.count, "\(report): \(line)")
            }
        }
    }

    // MARK: - Limits of time

    @Test func aQueryThatWaitsMustNotTakeLongerThanOneThatRuns() throws {
        let pooler = try pooler("query_timeout = 2\nquery_wait_timeout = 120")
        _ = try busyClient(pooler)
        let waiting = pooler.connect(user: "u")
        waiting.send(WireBytes.query("SELECT 1"))
        pooler.pass(milliseconds: 1999)
        #expect(!waiting.isClosed)
        pooler.pass(milliseconds: 2)
        #expect(waiting.takeError() == "FATAL 08P01 query_timeout")
    }
}

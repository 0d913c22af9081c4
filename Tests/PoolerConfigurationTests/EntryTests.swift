import Testing

@testable import PoolerConfiguration

@Suite("Databases and users")
struct EntryTests {
    @Test(
        "Connection strings",
        arguments: [
            ("", []), ("   ", []), ("a=1", ["a:1"]), ("  a = 1  b=2 ", ["a:1", "b:2"]), ("a='1 2'", ["a:1 2"]),
            ("a='it''s'", ["a:it's"]), ("a=''''", ["a:'"]), ("a=x'y'", ["a:x'y'"]), ("a=1 a=2", ["a:1", "a:2"]),
            // The value of an empty one is what comes next, as in PgBouncer.
            ("a= b=2", ["a:b=2"]), ("a=\tb", ["a:\tb"]), ("a==", ["a:="]), ("a='=' b='\u{e9}'", ["a:=", "b:\u{e9}"]),
        ] as [(String, [String])])
    func connectionStrings(text: String, pairs: [String]) throws {
        #expect(try ConnectionString.pairs(text).map { "\($0.key):\($0.value)" } == pairs)
    }

    @Test(
        "Broken connection strings",
        arguments: ["a", "a b=1", "=1", "a=", "a= ", "a=''", "a='1", "a='1'b=2", "a='1''", "a='1'2"])
    func brokenConnectionStrings(text: String) {
        #expect(throws: ValueProblem("syntax error in connection string")) { try ConnectionString.pairs(text) }
    }

    @Test("A database with every key")
    func everyKey() throws {
        let entry = try database(
            """
            dbname=z host=h1,/run,@abstract port=6000 user=u password='se same' auth_user=au auth_query='select 1' \
            auth_dbname=ad pool_size=1 min_pool_size=2 reserve_pool_size=3 pool_mode=Statement max_db_connections=4 \
            max_db_client_connections=5 query_wait_timeout=1.5 server_lifetime=7 load_balance_hosts=disable \
            connect_query='set x=''y''' client_encoding=UTF8 datestyle=ISO timezone=UTC application_name=an
            """)
        var expected = DatabaseEntry(name: "app")
        expected.givenDatabaseName = "z"
        expected.hostList = try HostList("h1,/run,@abstract")
        expected.port = 6000
        expected.forcedUser = "u"
        expected.password = SecretText("se same")
        expected.authenticationUser = "au"
        expected.authenticationQuery = "select 1"
        expected.authenticationDatabase = "ad"
        expected.poolSize = 1
        expected.minPoolSize = 2
        expected.reservePoolSize = 3
        expected.poolMode = .statement
        expected.connectionsMax = 4
        expected.clientConnectionsMax = 5
        expected.queryWaitTimeoutMicroseconds = 1_500_000
        expected.serverLifetimeMicroseconds = 7_000_000
        expected.hostBalancing = .disable
        expected.connectQuery = "set x='y'"
        expected.clientEncoding = "UTF8"
        expected.dateStyle = "ISO"
        expected.timeZone = "UTC"
        expected.applicationName = "an"
        #expect(entry == expected)
        #expect(entry.hostList?.hosts == [.network("h1"), .socketDirectory("/run"), .socketDirectory("@abstract")])
        #expect(try database("reserve_pool=3").reservePoolSize == 3)
    }

    @Test("A user with every key")
    func everyUserKey() throws {
        let entry = try UserEntry(
            name: "u",
            connectionString: """
                pool_size=1 reserve_pool_size=2 pool_mode=session max_user_connections=3 max_user_client_connections=4 \
                query_timeout=5 query_wait_timeout=6 idle_transaction_timeout=7 transaction_timeout=8 \
                client_idle_timeout=9.5
                """)
        var expected = UserEntry(name: "u")
        expected.poolSize = 1
        expected.reservePoolSize = 2
        expected.poolMode = .session
        expected.connectionsMax = 3
        expected.clientConnectionsMax = 4
        expected.queryTimeoutMicroseconds = 5_000_000
        expected.queryWaitTimeoutMicroseconds = 6_000_000
        expected.idleTransactionTimeoutMicroseconds = 7_000_000
        expected.transactionTimeoutMicroseconds = 8_000_000
        expected.clientIdleTimeoutMicroseconds = 9_500_000
        #expect(entry == expected)
    }

    @Test(
        "Values that are no values of their key",
        arguments: [
            ("port=0", "invalid port: must be from 1 to 65535"), ("port=abc", "invalid port: not a whole number"),
            ("port=5432x", "invalid port: not a whole number"), ("port=0x10", "invalid port: not a whole number"),
            ("host=a,,b", "invalid host: an empty host in the list"),
            ("host=,", "invalid host: an empty host in the list"),
            ("pool_size=many", "invalid pool_size: not a whole number"),
            ("pool_mode=fast", "invalid pool_mode: must be one of session, transaction, statement"),
            ("load_balance_hosts=random", "invalid load_balance_hosts: must be one of disable, round-robin"),
            ("query_wait_timeout=-2", "invalid query_wait_timeout: must be from 0 to 9000000000000 seconds"),
        ])
    func wrongValues(text: String, reason: String) {
        #expect(throws: ValueProblem(reason)) { try database(text) }
    }

    @Test("Numbers are decimal here")
    func decimal() throws {
        #expect(try database("port=05432").port == 5432)
        #expect(try database("pool_size=010").poolSize == 10)
    }

    @Test("Too long and empty names")
    func names() {
        #expect(throws: Never.self) { try database("", name: String(repeating: "x", count: 63)) }
        #expect(throws: ValueProblem.self) { try database("", name: String(repeating: "x", count: 64)) }
        #expect(throws: ValueProblem.self) { try database("", name: "") }
        #expect(throws: Never.self) { try UserEntry(name: String(repeating: "x", count: 127), connectionString: "") }
        #expect(throws: ValueProblem.self) {
            try UserEntry(name: String(repeating: "x", count: 128), connectionString: "")
        }
    }

    @Test("No description of an entry has its password")
    func secrets() throws {
        let entry = try database("user=u password=sesame")
        var dumped = ""
        dump(entry, to: &dumped)
        for text in ["\(entry)", String(reflecting: entry), String(describing: entry.password), dumped] {
            #expect(!text.contains("sesame"))
        }
        #expect(entry.password?.revealed == "sesame")
        #expect(failure("[databases]\na = password=sesame nonsense=1").contains("sesame") == false)
        #expect(failure("[databases]\na = password=sesame port=x").contains("sesame") == false)
    }
}

@Suite("Policies")
struct PoolPolicyTests {
    private func snapshot(_ settings: String, database: String = "", user: String = "") throws -> ConfigurationSnapshot
    {
        try load("[pgbouncer]\n\(settings)\n[databases]\napp = \(database)\n[users]\nu = \(user)\n").snapshot
    }

    private func pool(_ settings: String, _ database: String = "", _ user: String = "") throws -> PoolPolicy {
        let snapshot = try snapshot(settings, database: database, user: user)
        return PoolPolicy(snapshot, database: try #require(snapshot.databases["app"]), user: "u")
    }

    private func client(_ settings: String, _ database: String = "", _ user: String = "") throws -> ClientPolicy {
        let snapshot = try snapshot(settings, database: database, user: user)
        return ClientPolicy(snapshot, database: try #require(snapshot.databases["app"]), user: "u")
    }

    @Test("The user's entry goes before the database's, and that before the settings")
    func precedence() throws {
        #expect(try pool("default_pool_size=1").size == 1)
        #expect(try pool("default_pool_size=1", "pool_size=2").size == 2)
        #expect(try pool("default_pool_size=1", "pool_size=2", "pool_size=3").size == 3)
        #expect(try pool("default_pool_size=1", "pool_size=0").size == 0)
        #expect(try pool("default_pool_size=1", "pool_size=-1", "pool_size=-1").size == 1)
        #expect(try pool("reserve_pool_size=1").reserveSize == 1)
        #expect(try pool("reserve_pool_size=1", "reserve_pool_size=2").reserveSize == 2)
        #expect(try pool("", "reserve_pool_size=2", "reserve_pool_size=0").reserveSize == 0)
        #expect(try pool("pool_mode=transaction").mode == .transaction)
        #expect(try pool("pool_mode=transaction", "pool_mode=statement").mode == .statement)
        #expect(try pool("pool_mode=transaction", "pool_mode=statement", "pool_mode=session").mode == .session)
        #expect(try client("query_wait_timeout=1").queryWaitTimeoutMicroseconds == 1_000_000)
        #expect(try client("", "query_wait_timeout=2").queryWaitTimeoutMicroseconds == 2_000_000)
        #expect(
            try client("", "query_wait_timeout=2", "query_wait_timeout=3").queryWaitTimeoutMicroseconds == 3_000_000)
        #expect(try client("", "query_wait_timeout=2", "query_wait_timeout=0").queryWaitTimeoutMicroseconds == 0)
        #expect(
            try client("", "query_wait_timeout=2", "query_wait_timeout=-1").queryWaitTimeoutMicroseconds == 2_000_000)
    }

    @Test("The minimum is at most the size, unless that has no limit")
    func minimum() throws {
        #expect(try pool("min_pool_size=3").minSize == 3)
        #expect(try pool("min_pool_size=3", "min_pool_size=0").minSize == 0)
        #expect(try pool("min_pool_size=3", "pool_size=2").minSize == 2)
        #expect(try pool("min_pool_size=3", "pool_size=0").minSize == 3)
    }

    @Test("Limits of databases and users come from their own entries alone")
    func limits() throws {
        let settings =
            "max_db_connections=1\nmax_user_connections=2\nmax_db_client_connections=3\nmax_user_client_connections=4"
        #expect(try pool(settings).databaseConnectionsMax == 1)
        #expect(try pool(settings, "max_db_connections=9").databaseConnectionsMax == 9)
        #expect(try pool(settings, "max_db_connections=0").databaseConnectionsMax == 1)
        #expect(try pool(settings).userConnectionsMax == 2)
        #expect(try pool(settings, "", "max_user_connections=9").userConnectionsMax == 9)
        #expect(try client(settings).databaseClientConnectionsMax == 3)
        #expect(try client(settings, "max_db_client_connections=9").databaseClientConnectionsMax == 9)
        #expect(try client(settings).userClientConnectionsMax == 4)
        #expect(try client(settings, "", "max_user_client_connections=9").userClientConnectionsMax == 9)
    }

    @Test("Times of which an entry says zero are those of the settings")
    func times() throws {
        let settings =
            "server_lifetime=1\nquery_timeout=2\nidle_transaction_timeout=3\ntransaction_timeout=4\n"
            + "client_idle_timeout=5"
        #expect(try pool(settings).serverLifetimeMicroseconds == 1_000_000)
        #expect(try pool(settings, "server_lifetime=9").serverLifetimeMicroseconds == 9_000_000)
        #expect(try pool(settings, "server_lifetime=0").serverLifetimeMicroseconds == 1_000_000)
        #expect(try pool(settings).queryTimeoutMicroseconds == 2_000_000)
        #expect(try pool(settings, "", "query_timeout=9").queryTimeoutMicroseconds == 9_000_000)
        #expect(try pool(settings, "", "query_timeout=0").queryTimeoutMicroseconds == 2_000_000)
        #expect(try pool(settings).idleTransactionTimeoutMicroseconds == 3_000_000)
        #expect(try pool(settings, "", "idle_transaction_timeout=9").idleTransactionTimeoutMicroseconds == 9_000_000)
        #expect(try pool(settings).transactionTimeoutMicroseconds == 4_000_000)
        #expect(try pool(settings, "", "transaction_timeout=9").transactionTimeoutMicroseconds == 9_000_000)
        #expect(try client(settings).idleTimeoutMicroseconds == 5_000_000)
        #expect(try client(settings, "", "client_idle_timeout=9").idleTimeoutMicroseconds == 9_000_000)
    }
}

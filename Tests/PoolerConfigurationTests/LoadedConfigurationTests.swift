import Testing

@testable import PoolerConfiguration

@Suite("Sections of a configuration")
struct LoadedConfigurationTests {
    @Test("The last value of a key counts")
    func lastValue() throws {
        let loaded = try load(
            "[pgbouncer]\nlisten_port = 1\n[databases]\na=port=1\na=host=h\n[users]\nu=pool_size=1\nu=pool_size=2\n")
        #expect(loaded.snapshot.databases["a"]?.port == 5432)
        #expect(loaded.snapshot.databases["a"]?.hostList?.hosts == [.network("h")])
        #expect(loaded.snapshot.users["u"]?.poolSize == 2)
        #expect(try load("[pgbouncer]\nlisten_port=1\nlisten_port=2").snapshot.settings.listenPort == 2)
    }

    @Test("Sections may come again; the settings begin anew then, and a note says so")
    func sectionsAgain() throws {
        let loaded = try load(
            """
            [pgbouncer]
            listen_port = 7000
            auth_user = asker
            [databases]
            a = port=1
            [pgbouncer]
            default_pool_size = 7
            [databases]
            b = port=2
            """)
        #expect(loaded.snapshot.settings.listenPort == 6432)
        #expect(loaded.snapshot.settings.authenticationUser == "asker")
        #expect(loaded.snapshot.settings.defaultPoolSize == 7)
        #expect(loaded.snapshot.databases.names == ["a", "b"])
        #expect(
            loaded.notes.map(\.description) == [
                "section [pgbouncer] begins again: what it set before has its default again (main.ini:6)"
            ])
    }

    @Test("The file's own path is the setting conffile, until the file names another")
    func configurationFile() throws {
        #expect(try load("[pgbouncer]").snapshot.settings.configurationFile == "main.ini")
        #expect(try load("[pgbouncer]\nconffile = b.ini").snapshot.settings.configurationFile == "b.ini")
    }

    @Test("What the command line asks for holds unless the file says otherwise")
    func commandLine() throws {
        var start = SettingTable.defaults
        start.verbosity = 2
        let files = FileSet(["main.ini": "[pgbouncer]"])
        #expect(try files.load(startingWith: start).snapshot.settings.verbosity == 2)
        let others = FileSet(["main.ini": "[pgbouncer]\nverbose=1"])
        #expect(try others.load(startingWith: start).snapshot.settings.verbosity == 1)
    }

    @Test(
        "Mistakes are refused by name, with file and line",
        arguments: [
            ("", "section [pgbouncer] is missing in configuration (main.ini)"),
            ("[databases]\na = port=1", "section [pgbouncer] is missing in configuration (main.ini)"),
            ("a = 1", "value without section: a in configuration (main.ini:1)"),
            ("[pools]", "invalid section \"pools\" in configuration (main.ini:1): there is no such section"),
            ("[PgBouncer]", "invalid section \"PgBouncer\" in configuration (main.ini:1): there is no such section"),
            (
                "[pgbouncer]\nLISTEN_PORT = 1",
                "invalid value \"1\" for parameter LISTEN_PORT in configuration (main.ini:2): "
                    + "unknown parameter: pgbouncer/LISTEN_PORT"
            ),
            (
                "[pgbouncer]\nserver_lifetime = soon",
                "invalid value \"soon\" for parameter server_lifetime in configuration (main.ini:2): "
                    + "not a number of seconds"
            ),
            (
                "[pgbouncer]\nauth_dbname = pgbouncer",
                "invalid value \"pgbouncer\" for parameter auth_dbname in configuration (main.ini:2): "
                    + "cannot use the reserved \"pgbouncer\" database as an auth_dbname"
            ),
            (
                "[databases]\npgbouncer = host=a",
                "invalid value for parameter pgbouncer in configuration (main.ini:2): "
                    + "database name \"pgbouncer\" is reserved"
            ),
            (
                "[databases]\na = hots=a password=sesame",
                "invalid value for parameter a in configuration (main.ini:2): unrecognized connection parameter: hots"
            ),
            (
                "[databases]\na = password='sesame",
                "invalid value for parameter a in configuration (main.ini:2): syntax error in connection string"
            ),
            (
                "[users]\nu = pool_mode=statment",
                "invalid value for parameter u in configuration (main.ini:2): "
                    + "invalid pool_mode: must be one of session, transaction, statement"
            ),
            (
                "[users]\nu = host=a",
                "invalid value for parameter u in configuration (main.ini:2): unrecognized user parameter: host"
            ),
            (
                "[peers]\n1 = port=1",
                "invalid value for parameter 1 in configuration (main.ini:2): host was not provided for peer 1"
            ),
            (
                "[peers]\none = host=a",
                "invalid value for parameter one in configuration (main.ini:2): "
                    + "ids of peers must be numbers from 1 to 16383"
            ),
        ])
    func mistakes(text: String, message: String) {
        #expect(failure(text) == message)
    }

    @Test("Peers are numbered, and their port is the pooler's")
    func peers() throws {
        let peers = try load("[pgbouncer]\n[peers]\n1 = host=a\n02 = host=/run/p2 port=5555 pool_size=3").snapshot.peers
        #expect(peers[1]?.port == 6432)
        #expect(peers[1]?.poolSize == nil)
        #expect(peers[2]?.hostList?.hosts == [.socketDirectory("/run/p2")])
        #expect(peers[2]?.port == 5555)
        #expect(peers[2]?.poolSize == 3)
        #expect(failure("[peers]\n0 = host=a").hasSuffix("ids of peers must be numbers from 1 to 16383"))
        #expect(failure("[peers]\n16384 = host=a").hasSuffix("ids of peers must be numbers from 1 to 16383"))
    }

    @Test("The entry for all serves every name but the console's and those too long")
    func fallback() throws {
        let snapshot = try load("[pgbouncer]\n[databases]\na = host=h dbname=z\n* = host=i auth_user=u").snapshot
        #expect(snapshot.databases.names == ["a"])
        #expect(snapshot.database(named: "a")?.isAutomatic == false)
        #expect(snapshot.database(named: "a")?.databaseName == "z")
        let made = snapshot.database(named: "other")
        #expect(made?.isAutomatic == true)
        #expect(made?.name == "other")
        #expect(made?.databaseName == "other")
        #expect(made?.authenticationUser == "u")
        #expect(snapshot.database(named: "pgbouncer") == nil)
        #expect(snapshot.database(named: String(repeating: "x", count: 63)) != nil)
        #expect(snapshot.database(named: String(repeating: "x", count: 64)) == nil)
        #expect(snapshot.database(named: "") == nil)
        #expect(try load("[pgbouncer]\n[databases]\n*=dbname=one").snapshot.database(named: "x")?.databaseName == "one")
        #expect(try load("[pgbouncer]").snapshot.database(named: "x") == nil)
    }

    @Test("Names with the same letters and other bytes are other names")
    func exactNames() throws {
        let snapshot = try load("[pgbouncer]\n[databases]\n'\u{e9}' = port=1\n'e\u{301}' = port=2").snapshot
        #expect(snapshot.databases.count == 2)
        #expect(snapshot.database(named: "\u{e9}")?.port == 1)
        #expect(snapshot.database(named: "e\u{301}")?.port == 2)
        #expect(snapshot.databases.names.map { $0.utf8.count } == [3, 2])
    }
}

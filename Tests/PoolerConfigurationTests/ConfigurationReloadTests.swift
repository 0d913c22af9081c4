import Testing

@testable import PoolerConfiguration

@Suite("Reload")
struct ConfigurationReloadTests {
    private func reload(_ old: String, _ new: String) throws -> ConfigurationReload {
        ConfigurationReload(from: try load(old).snapshot, to: try load(new).snapshot)
    }

    @Test("The same files change nothing")
    func nothing() throws {
        let text = "[pgbouncer]\nuser=x\n[databases]\na=password=p\n*=host=h\n[users]\nu=pool_size=1\n[peers]\n1=host=h"
        let reload = try reload(text, text)
        #expect(reload.changedSettings == [])
        #expect(reload.settingsAwaitingRestart == [])
        #expect(reload.databases.isEmpty && reload.users.isEmpty && reload.peers.isEmpty)
        #expect(!reload.fallbackNeedsOtherServers && !reload.serverTLSChanged && !reload.clientTLSChanged)
        #expect(reload.snapshot == (try load(text).snapshot))
    }

    @Test("Settings change at once or wait for a restart")
    func settings() throws {
        let reload = try reload(
            "[pgbouncer]\nlisten_port=1\npool_mode=session\nmax_client_conn=5",
            "[pgbouncer]\nlisten_port=2\npool_mode=transaction\nauth_user=x")
        #expect(reload.changedSettings == ["auth_user", "max_client_conn", "pool_mode"])
        #expect(reload.settingsAwaitingRestart == ["listen_port"])
        #expect(reload.snapshot.settings.listenPort == 1)
        #expect(reload.snapshot.settings.poolMode == .transaction)
        #expect(reload.snapshot.settings.clientConnectionsMax == 100)
        #expect(reload.snapshot.settings.authenticationUser == "x")
    }

    @Test("Databases come, go and change, and some changes need other servers")
    func databases() throws {
        let changes = try reload(
            "[pgbouncer]\n[databases]\ngone=\nsame=host=a\nsize=pool_size=1\nhost=host=a\npassword=password=1",
            "[pgbouncer]\n[databases]\nnew=\nsame=host=a\nsize=pool_size=2\nhost=host=b\npassword=password=2"
        ).databases
        #expect(changes.added.map(\.text) == ["new"])
        #expect(changes.removed.map(\.text) == ["gone"])
        #expect(changes.changed.map(\.text) == ["host", "password", "size"])
        #expect(changes.needingOtherServers.map(\.text) == ["host"])
    }

    @Test(
        "Which keys of a database need other servers",
        arguments: [
            ("dbname=x", true), ("host=x", true), ("port=1", true), ("user=x", true), ("connect_query=x", true),
            ("auth_query=x", true), ("auth_dbname=x", true), ("load_balance_hosts=disable", true),
            ("client_encoding=x", true), ("datestyle=x", true), ("timezone=x", true), ("application_name=x", true),
            ("password=x", false), ("auth_user=x", false), ("pool_size=1", false), ("min_pool_size=1", false),
            ("reserve_pool_size=1", false), ("pool_mode=session", false), ("max_db_connections=1", false),
            ("max_db_client_connections=1", false), ("query_wait_timeout=1", false), ("server_lifetime=1", false),
        ])
    func servers(text: String, needsOthers: Bool) throws {
        let plain = try database("")
        #expect(try database(text).needsOtherServers(than: plain) == needsOthers)
        #expect(try plain.needsOtherServers(than: database(text)) == needsOthers)
    }

    @Test("To say what holds without a word changes nothing")
    func sameDatabaseName() throws {
        #expect(try database("dbname=app") == database(""))
        #expect(try database("dbname=App") != database(""))
    }

    @Test("The entry for all others")
    func fallback() throws {
        func needs(_ old: String, _ new: String) throws -> Bool {
            try reload("[pgbouncer]\n[databases]\n\(old)", "[pgbouncer]\n[databases]\n\(new)").fallbackNeedsOtherServers
        }
        #expect(try needs("*=host=a", "*=host=b"))
        #expect(try needs("*=host=a", ""))
        #expect(try !needs("", "*=host=a"))
        #expect(try !needs("*=pool_size=1", "*=pool_size=2"))
    }

    @Test("Users and peers")
    func usersAndPeers() throws {
        let reload = try reload(
            "[pgbouncer]\n[users]\na=pool_size=1\nb=\n[peers]\n1=host=a\n2=host=a\n3=host=a",
            "[pgbouncer]\n[users]\na=pool_size=2\nc=\n[peers]\n1=host=a pool_size=1\n2=host=b\n4=host=a")
        #expect(reload.users.added.map(\.text) == ["c"])
        #expect(reload.users.removed.map(\.text) == ["b"])
        #expect(reload.users.changed.map(\.text) == ["a"])
        #expect(reload.users.needingOtherServers == [])
        #expect(reload.peers.added == [4])
        #expect(reload.peers.removed == [3])
        #expect(reload.peers.changed == [1, 2])
        #expect(reload.peers.needingOtherServers == [2])
    }

    @Test("TLS towards servers counts as changed unless it was off and is")
    func tls() throws {
        func changes(_ old: String, _ new: String) throws -> Bool {
            try reload("[pgbouncer]\n\(old)", "[pgbouncer]\n\(new)").serverTLSChanged
        }
        #expect(try changes("", "server_tls_sslmode=require"))
        #expect(try changes("", "server_tls_ca_file=a"))
        #expect(try changes("", "server_tls_protocols=all"))
        #expect(try !changes("server_tls_sslmode=disable", "server_tls_sslmode=disable\nserver_tls_ca_file=a"))
        #expect(try reload("[pgbouncer]", "[pgbouncer]\nclient_tls_ca_file=a").clientTLSChanged)
    }
}

import PoolerConfiguration
import Testing

/// What other modules do with this one: without looking inside.
@Suite("The configuration as other modules use it")
struct ModuleUseTests {
    private let texts = [
        "/etc/pool.ini":
            "[pgbouncer]\nauth_type = hba\nauth_hba_file = /etc/rules\nauth_file = /etc/users\n"
            + "[databases]\napp = host=db",
        "/etc/rules": "host all all 10.0.0.0/8 scram-sha-256", "/etc/users": "\"alice\" \"sesame\"",
    ]

    private func read(_ path: String) throws -> [UInt8] { Array((texts[path] ?? "").utf8) }

    @Test("From files to a login")
    func login() throws {
        let loaded = try LoadedConfiguration.load("/etc/pool.ini", read: read)
        var authentication = AuthenticationFiles()
        #expect(authentication.load(for: loaded.snapshot.settings, read: read).isEmpty)
        #expect(loaded.snapshot.settings.authenticationType.method == nil)
        let origin = ClientOrigin(address: NetworkAddress(bytes: [10, 1, 2, 3]), isTLS: false)
        #expect(authentication.rules.match(origin, database: "app", user: "alice")?.method == .scramSHA256)
        #expect(authentication.userList.secrets["alice"]?.revealed == "sesame")
        let database = try #require(loaded.snapshot.database(named: "app"))
        #expect(PoolPolicy(loaded.snapshot, database: database, user: "alice").size == 20)
    }

    @Test("Entries made in code, compared and put into a snapshot")
    func entries() throws {
        var snapshot = ConfigurationSnapshot()
        snapshot.databases["app"] = try DatabaseEntry(name: "app", connectionString: "host=a pool_size=3")
        snapshot.users["alice"] = UserEntry(name: "alice")
        var changed = snapshot
        changed.databases["app"]?.hostList = try HostList("b")
        let reload = ConfigurationReload(from: snapshot, to: changed)
        #expect(reload.databases.needingOtherServers.map(\.text) == ["app"])
        let entry = try #require(changed.databases["app"])
        #expect(try entry.needsOtherServers(than: DatabaseEntry(name: "app", connectionString: "host=a")))
    }

    @Test("The console shows and changes settings")
    func console() throws {
        var settings = SettingTable.defaults
        #expect(try SettingTable.set("default_pool_size", to: "7", in: &settings) == .changed)
        let line = SettingTable.lines(settings).first { $0.key == "default_pool_size" }
        #expect(line?.value == "7" && line?.defaultValue == "20" && line?.isChangeable == true)
    }

    @Test(
        "The method that a type of authentication means",
        arguments: [
            (.any, .trust), (.trust, .trust), (.plain, .password), (.md5, .md5), (.scramSHA256, .scramSHA256),
            (.cert, .cert), (.hba, nil),
        ] as [(AuthenticationType, AuthenticationMethod?)])
    func methods(type: AuthenticationType, method: AuthenticationMethod?) {
        #expect(type.method == method)
    }
}

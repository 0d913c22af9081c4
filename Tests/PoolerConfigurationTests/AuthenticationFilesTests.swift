import Testing

@testable import PoolerConfiguration

@Suite("Files of users and rules")
struct AuthenticationFilesTests {
    private func users(_ text: String) -> (pairs: [String], notes: [String]) {
        var notes = NoteList()
        let list = UserList.parse(Array(text.utf8), path: "users", notes: &notes)
        return (list.secrets.names.map { "\($0):\(list.secrets[$0]?.revealed ?? "")" }, notes.notes.map(\.description))
    }

    @Test(
        "Lists of users",
        arguments: [
            ("", []), ("\"a\" \"b\"", ["a:b"]), (" \"a\"\t\"b\" rest \"c\"\n\"d\" \"e\"", ["a:b", "d:e"]),
            ("; c\n\n\"a\" \"b\"\n;\"x\" \"y\"", ["a:b"]), ("\"a\"\"b\" \"c\"\"\"", ["a\"b:c\""]),
            ("\"a\" \"\"", ["a:"]), ("\"a\"\n\"b\"", ["a:b"]), ("\"a\" x \"b\"", ["a:b"]),
            ("\"a\" \"b\nc\"", ["a:b\nc"]), ("\"a\" \"1\"\n\"a\" \"2\"", ["a:2"]),
            (
                "\"a\" \"SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy\"\r\n",
                ["a:SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy"]
            ),
        ] as [(String, [String])])
    func userLists(text: String, pairs: [String]) {
        let result = users(text)
        #expect(result.pairs == pairs)
        #expect(result.notes == [])
    }

    @Test(
        "A broken list counts up to where it breaks",
        arguments: [
            ("\"a\" \"b\"\n# c\n\"d\" \"e\"", "broken auth file: no quoted user name (users:2)"),
            ("\"a\" \"b\"\nd e", "broken auth file: no quoted user name (users:2)"),
            ("\"a\" \"b\"\n\"d\"", "broken auth file: no quoted password (users:2)"),
            ("\"a\" \"b\"\n\"d\" \"e", "broken auth file: a quote that does not end (users:2)"),
            (
                "\"a\" \"b\"\n\"\(String(repeating: "x", count: 128))\" \"e\"",
                "broken auth file: username too long (users:2)"
            ),
            (
                "\"a\" \"b\"\n\"d\" \"\(String(repeating: "x", count: 65531))\"",
                "broken auth file: password too long (users:2)"
            ),
            ("\"a\" \"b\"\n\"d\" \"e\0\"", "broken auth file: not UTF-8 text (users:2)"),
        ])
    func brokenUserLists(text: String, note: String) {
        let result = users(text)
        #expect(result.pairs == ["a:b"])
        #expect(result.notes == [note])
    }

    @Test("The longest names and passwords")
    func longest() {
        let line = "\"\(String(repeating: "u", count: 127))\" \"\(String(repeating: "p", count: 65530))\""
        #expect(users(line).pairs.map(\.utf8.count) == [127 + 1 + 65530])
    }

    private func maps(_ text: String) -> (maps: IdentityMaps, notes: [String]) {
        var notes = NoteList()
        return (IdentityMaps.parse(Array(text.utf8), path: "ident", notes: &notes), notes.notes.map(\.description))
    }

    @Test("Identity maps")
    func identityMaps() {
        let (maps, notes) = maps(
            """
            # map system user
            web  www.example.org  alice   # comment
            web  www.example.org  "bob"
            any  "Some One"       all
            one  x                "all"
            """)
        #expect(notes == [])
        #expect(maps.allows("www.example.org", as: "alice", map: "web"))
        #expect(maps.allows("www.example.org", as: "bob", map: "web"))
        #expect(!maps.allows("www.example.org", as: "carol", map: "web"))
        #expect(!maps.allows("other", as: "alice", map: "web"))
        #expect(maps.allows("Some One", as: "whoever", map: "any"))
        #expect(!maps.allows("some one", as: "whoever", map: "any"))
        #expect(maps.allows("x", as: "all", map: "one"))
        #expect(!maps.allows("x", as: "bob", map: "one"))
        #expect(!maps.allows("x", as: "bob", map: "none"))
    }

    @Test("Broken lines of identity maps are left out")
    func brokenMaps() {
        let (maps, notes) = maps("m\nm a\nm a b c\nm \"a b\nm , b\nm a b")
        #expect(
            notes == [
                "could not parse ident config line 1: the system's name is missing (ident:1)",
                "could not parse ident config line 2: the user is missing (ident:2)",
                "could not parse ident config line 3: unsupported parameters (ident:3)",
                "could not parse ident config line 4: a quote that does not end (ident:4)",
                "could not parse ident config line 5: the system's name is missing (ident:5)",
            ])
        #expect(maps.maps.count == 1)
        #expect(maps.allows("a", as: "b", map: "m"))
    }

    private let texts = [
        "main.ini": "[pgbouncer]\nauth_type=hba\nauth_file=users\nauth_hba_file=rules\nauth_ident_file=ident",
        "users": "\"a\" \"b\"", "rules": "local all all peer map=m", "ident": "m x y",
    ]

    @Test("All files that the settings name are read")
    func load() throws {
        let files = FileSet(texts)
        var authentication = AuthenticationFiles()
        let notes = authentication.load(for: try files.load().snapshot.settings, read: files.read)
        #expect(notes == [])
        #expect(authentication.userList.secrets["a"]?.revealed == "b")
        #expect(authentication.identityMaps.allows("x", as: "y", map: "m"))
        let rule = authentication.rules.match(ClientOrigin(address: nil, isTLS: false), database: "d", user: "u")
        #expect(rule?.identityMap == "m")
        #expect(!"\(authentication)".contains("\"b\""))
    }

    @Test("A file that is gone leaves what was read of it")
    func gone() throws {
        let files = FileSet(texts)
        let settings = try files.load().snapshot.settings
        var authentication = AuthenticationFiles()
        _ = authentication.load(for: settings, read: files.read)
        let before = authentication
        let notes = authentication.load(for: settings, read: FileSet().read)
        #expect(authentication == before)
        #expect(
            notes.map(\.text) == [
                "could not open auth_file users: No such file or directory",
                "could not open ident config file ident: No such file or directory",
                "could not open hba config file rules: No such file or directory",
            ])
        var fresh = AuthenticationFiles()
        _ = fresh.load(for: settings, read: FileSet().read)
        #expect(fresh == AuthenticationFiles())
        #expect(fresh.rules.match(ClientOrigin(address: nil, isTLS: false), database: "d", user: "u") == nil)
    }

    @Test("Files that the settings name no more are forgotten")
    func forgotten() throws {
        let files = FileSet(texts)
        var authentication = AuthenticationFiles()
        _ = authentication.load(for: try files.load().snapshot.settings, read: files.read)
        _ = authentication.load(for: SettingTable.defaults, read: files.read)
        #expect(authentication == AuthenticationFiles())
    }
}

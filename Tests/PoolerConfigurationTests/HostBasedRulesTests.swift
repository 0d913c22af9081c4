import Testing

@testable import PoolerConfiguration

@Suite("Host-based rules")
struct HostBasedRulesTests {
    private func parse(_ text: String, files: [String: String] = [:]) -> (rules: HostBasedRules, notes: [String]) {
        var notes = NoteList()
        let maps = IdentityMaps.parse(Array("m x y".utf8), path: "ident", notes: &notes)
        let rules = HostBasedRules.parse(
            Array(text.utf8), path: "/etc/pool/rules", maps: maps, files: FileReader(FileSet(files).read),
            notes: &notes)
        return (rules, notes.notes.map(\.description))
    }

    /// Line and method of the rule for a client, such as "3 md5", or "none".
    private func judge(
        _ rules: HostBasedRules, _ address: String?, tls: Bool = false, replication: Bool = false, _ database: String,
        _ user: String
    ) -> String {
        let origin = ClientOrigin(
            address: address.flatMap { NetworkAddress($0) }, isTLS: tls, isPhysicalReplication: replication)
        return rules.match(origin, database: database, user: user).map { "\($0.line) \($0.method.rawValue)" } ?? "none"
    }

    @Test("Unix sockets, TCP and TLS")
    func connectionKinds() {
        let (rules, notes) = parse(
            """
            # comment

            \t
            local     all all                          peer
            hostssl   all all 10.0.0.0/8               cert   # behind
            hostnossl all all 10.0.0.0/8               md5
            host      all all 192.168.1.0 255.255.255.0 password
            hostssl   all all all                      scram-sha-256
            hostssl   all all ::1/128                  trust
            """)
        #expect(notes == [])
        #expect(judge(rules, nil, "d", "u") == "4 peer")
        #expect(judge(rules, "10.1.2.3", tls: true, "d", "u") == "5 cert")
        #expect(judge(rules, "10.1.2.3", "d", "u") == "6 md5")
        #expect(judge(rules, "192.168.1.255", "d", "u") == "7 password")
        #expect(judge(rules, "192.168.1.255", tls: true, "d", "u") == "7 password")
        #expect(judge(rules, "192.168.2.1", "d", "u") == "none")
        #expect(judge(rules, "192.168.2.1", tls: true, "d", "u") == "8 scram-sha-256")
        #expect(judge(rules, "::1", tls: true, "d", "u") == "8 scram-sha-256")
        #expect(judge(rules, "::1", "d", "u") == "none")
    }

    @Test("Names of databases and users")
    func names() {
        let (rules, notes) = parse(
            #"""
            local one , two ,three  alice,"bob ""b""",carol  trust
            local sameuser          all                      md5
            local "all"             "all"                    reject
            local "sameuser"        dora                     password
            local all               replication,sameuser     scram-sha-256
            """#)
        #expect(notes == [])
        #expect(judge(rules, nil, "one", "alice") == "1 trust")
        #expect(judge(rules, nil, "three", "bob \"b\"") == "1 trust")
        #expect(judge(rules, nil, "four", "alice") == "none")
        #expect(judge(rules, nil, "one", "dora") == "none")
        #expect(judge(rules, nil, "erik", "erik") == "2 md5")
        #expect(judge(rules, nil, "all", "all") == "2 md5")
        #expect(judge(rules, nil, "sameuser", "dora") == "4 password")
        #expect(judge(rules, nil, "x", "sameuser") == "5 scram-sha-256")
        #expect(judge(rules, nil, "x", "replication") == "5 scram-sha-256")
    }

    @Test("Physical replication needs its keyword, which is no database")
    func replication() {
        let (rules, notes) = parse(
            """
            host all            admin  all reject
            host db,replication copier all trust
            host "replication"  named  all md5
            """)
        #expect(notes == [])
        #expect(judge(rules, "1.2.3.4", replication: true, "", "copier") == "2 trust")
        #expect(judge(rules, "1.2.3.4", replication: true, "db", "copier") == "2 trust")
        #expect(judge(rules, "1.2.3.4", "db", "copier") == "2 trust")
        #expect(judge(rules, "1.2.3.4", "replication", "copier") == "none")
        #expect(judge(rules, "1.2.3.4", "replication", "named") == "3 md5")
        #expect(judge(rules, "1.2.3.4", replication: true, "replication", "named") == "none")
        #expect(judge(rules, "1.2.3.4", replication: true, "db", "admin") == "none")
    }

    @Test(
        "Masks to the bit",
        arguments: [
            ("128.0.0.0/1", "255.1.1.1", true), ("128.0.0.0/1", "127.1.1.1", false),
            ("10.20.16.0/20", "10.20.31.255", true), ("10.20.16.0/20", "10.20.32.0", false),
            ("1.2.3.4/32", "1.2.3.4", true), ("1.2.3.4/32", "1.2.3.5", false), ("0.0.0.0/0", "9.9.9.9", true),
            ("0.0.0.0/0", "::1", false), ("::/0", "9.9.9.9", false), ("::/0", "fe80::1", true),
            ("fe80::/10", "febf::1", true), ("fe80::/10", "fec0::1", false), ("::1/128", "::1", true),
            ("0.0.0.0/0", "::ffff:9.9.9.9", false), ("1.2.3.4 255.255.255.255", "1.2.3.4", true),
            ("1.2.0.0 255.255.0.255", "1.2.77.0", true), ("1.2.0.0 255.255.0.255", "1.2.77.1", false),
            ("fe80:: ffc0::", "febf::1", true),
        ])
    func masks(range: String, address: String, fits: Bool) {
        let (rules, notes) = parse("host all all \(range) trust")
        #expect(notes == [])
        #expect(judge(rules, address, "d", "u") == (fits ? "1 trust" : "none"))
    }

    @Test("A client of IPv4 at a socket for both is a client of IPv4")
    func mapped() {
        let (rules, _) = parse("host all all 9.9.9.0/24 trust")
        let bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 9, 9, 9, 9]
        let origin = ClientOrigin(address: NetworkAddress(bytes: bytes), isTLS: false)
        #expect(rules.match(origin, database: "d", user: "u")?.method == .trust)
        #expect(NetworkAddress(bytes: [1, 2, 3]) == nil)
    }

    @Test("Maps are for those who have one")
    func identityMaps() {
        let (rules, notes) = parse(
            "local all a peer map=m\nlocal all b peer map=none\nlocal all c peer nap=m\nlocal all d peer map=\"m\"")
        #expect(rules.rules.map(\.identityMap) == ["m"])
        #expect(
            notes == [
                "could not parse hba config line 2: Ident map none is not found in ident config file "
                    + "(/etc/pool/rules:2)",
                "could not parse hba config line 3: Ident map nap=m is malformed. It is not in map=value format. "
                    + "(/etc/pool/rules:3)",
                "could not parse hba config line 4: Ident map  is not found in ident config file (/etc/pool/rules:4)",
            ])
    }

    @Test(
        "Broken lines are left out",
        arguments: [
            ("remote all all md5", "unknown type"), ("\"local\" all all md5", "unknown type"),
            ("local", "a name is missing"), ("local all", "a name is missing"), ("local all all", "no method"),
            ("local all, all", "a name is missing"), ("local ,a all md5", "a name is missing"),
            ("local samerole all md5", "samerole is not supported"),
            ("local samegroup all md5", "samegroup is not supported"),
            ("local all +group md5", "groups such as +group are not supported"),
            ("local all all pam", "unsupported method: pam"), ("local all all plain", "unsupported method: plain"),
            ("local all all md5 x=y", "Ident map x=y is malformed. It is not in map=value format."),
            ("local all all md5 , x", "unsupported parameters"), ("local all all \"md5\"", "no method"),
            ("host all all md5", "failed to parse address - md5"), ("host all all", "did not find address"),
            ("host all all example.org md5", "failed to parse address - example.org"),
            ("host all all samenet md5", "failed to parse address - samenet"),
            ("host all all 1.2.3.4 md5", "invalid mask"), ("host all all 1.2.3.4", "did not find mask"),
            ("host all all 1.2.3.4/33 md5", "invalid mask"), ("host all all ::1/129 md5", "invalid mask"),
            ("host all all 1.2.3.4/ md5", "invalid mask"), ("host all all 1.2.3.4/-1 md5", "invalid mask"),
            ("host all all 1.2.3.4 ffff:: md5", "invalid mask"),
            ("local \"all all md5", "a quote that does not end"), ("local a\0b all md5", "not UTF-8 text"),
            (
                "local @missing all md5",
                "could not load file \"/etc/pool/missing\" in configuration (/etc/pool/missing): "
                    + "No such file or directory"
            ),
        ])
    func broken(line: String, reason: String) {
        let (rules, notes) = parse("\(line)\nlocal all all trust")
        #expect(notes == ["could not parse hba config line 1: \(reason) (/etc/pool/rules:1)"])
        #expect(rules.rules.map(\.line) == [2])
    }

    @Test("A line for LDAP refuses whom it fits instead of letting later lines decide")
    func directory() {
        let (rules, notes) = parse("local all staff ldap ldapserver=\"x\" \"y\nlocal all all trust")
        #expect(judge(rules, nil, "d", "staff") == "1 reject")
        #expect(judge(rules, nil, "d", "other") == "2 trust")
        #expect(notes.count == 1)
    }

    @Test("A base outside its mask is noted and fits nobody")
    func outsideMask() {
        let (rules, notes) = parse("host all all 1.2.3.4/24 trust")
        #expect(notes == ["address does not match mask, so no client fits: hba line 1 (/etc/pool/rules:1)"])
        #expect(judge(rules, "1.2.3.4", "d", "u") == "none")
    }

    @Test("Names come from files, beside the file that names them")
    func nameFiles() {
        let (rules, notes) = parse(
            "local @lists/dbs,four @/users trust",
            files: [
                "/etc/pool/lists/dbs": "one, two # comment\n\n# comment\n\"three 3\"\n@more",
                "/etc/pool/lists/more": "five six", "/users": "all",
            ])
        #expect(notes == [])
        for name in ["one", "two", "three 3", "four", "five", "six"] {
            #expect(judge(rules, nil, name, "u") == "1 trust", "\(name)")
        }
        #expect(judge(rules, nil, "seven", "u") == "none")
    }

    @Test("Files of names that name each other end")
    func nameFileLoop() {
        let (rules, notes) = parse("local @a all trust", files: ["/etc/pool/a": "x\n@b", "/etc/pool/b": "@a"])
        #expect(rules.rules.isEmpty)
        #expect(notes == ["could not parse hba config line 1: files of names name each other (/etc/pool/rules:1)"])
    }
}

import Testing

@testable import PostgresCluster

@Suite("pg_hba.conf")
struct HostBasedAuthenticationTests {
    /// Lines without comments, as fields.
    private func rules(_ networks: [String]) -> [[String]] {
        HostBasedAuthentication.text(trustedNetworks: networks).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: " ").map(String.init) }
    }

    private static let socket = [
        ["local", "all", "postgres", "reject"], ["local", "replication", "all", "reject"],
        ["local", "all", "all", "trust"],
    ]

    private static let superuser = [
        ["hostssl", "all", "postgres", "127.0.0.1/32", "cert"],
        ["host", "all", "postgres", "all", "reject"],
        ["host", "replication", "postgres", "all", "reject"],
    ]

    static let networks: [[String]] = [
        [], ["10.0.0.0/8"], ["203.0.113.7/32", "2001:db8::/32", "::1/128"], ["0.0.0.0/0"], ["127.0.0.1/32"],
    ]

    @Test(
        "The pooler's and the superuser's lines stand first; then each network has two",
        arguments: networks)
    func order(_ networks: [String]) {
        let expected = (networks.isEmpty ? ["0.0.0.0/0", "::/0"] : networks).flatMap { network in
            [
                ["hostssl", "all", "all", network, "scram-sha-256"],
                ["hostssl", "replication", "all", network, "scram-sha-256"],
            ]
        }
        #expect(rules(networks) == Self.socket + Self.superuser + expected)
    }

    @Test("Nothing gets in by TCP without TLS and a proof, and nobody as superuser by the socket", arguments: networks)
    func proofs(_ networks: [String]) {
        for rule in rules(networks).dropFirst(Self.socket.count) {
            let isProof = rule[0] == "hostssl" && ["cert", "scram-sha-256"].contains(rule[4])
            #expect(isProof || rule[4] == "reject", "\(rule)")
        }
        #expect(HostBasedAuthentication.text(trustedNetworks: networks).hasSuffix("\n"))
    }
}

@Suite("postgresql.conf")
struct ConfigurationFileTests {
    static func file(
        listen: String = "127.0.0.1", plan: ClusterPlan = Plans.smallest, dataDirectory: String = "/d/data",
        configurationDirectory: String = "/d/conf"
    ) -> ConfigurationFile {
        ConfigurationFile(
            clusterName: "shop", dataDirectory: dataDirectory, configurationDirectory: configurationDirectory,
            listenAddress: listen, socketDirectory: "/d/sock/25060", port: 25_060,
            configuration: Configuration(plan: plan))
    }

    private func lines(_ file: ConfigurationFile) -> [String] { file.text.split(separator: "\n").map(String.init) }

    static let addresses: [(String, String)] = [
        ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("::", "0.0.0.0,::"),
        ("192.0.2.5", "192.0.2.5,127.0.0.1"), ("::1", "::1,127.0.0.1"),
        ("2001:db8::5", "2001:db8::5,127.0.0.1"), ("127.0.0.2", "127.0.0.2,127.0.0.1"),
    ]

    @Test("127.0.0.1 is always among the addresses: the platform logs in there", arguments: addresses)
    func listenAddresses(listen: String, expected: String) {
        #expect(lines(Self.file(listen: listen)).contains("listen_addresses = '\(expected)'"))
    }

    static let required = [
        "port = '25060'", "cluster_name = 'shop'", #"unix_socket_directories = '"/d/sock/25060"'"#,
        "data_directory = '/d/data'",
        "hba_file = '/d/conf/pg_hba.conf'", "ident_file = '/d/conf/pg_ident.conf'", "ssl = 'on'",
        "ssl_min_protocol_version = 'TLSv1.2'", "ssl_cert_file = '/d/conf/server.crt'",
        "ssl_key_file = '/d/conf/server.key'", "ssl_ca_file = '/d/conf/administrators.crt'",
        "password_encryption = 'scram-sha-256'", "logging_collector = 'off'", "log_destination = 'stderr'",
        "extwlist.custom_path = '/d/conf/extensions'", "superuser_reserved_connections = '3'",
        "shared_preload_libraries = 'pg_stat_statements,pgextwlist'", "max_connections = '25'",
    ]

    @Test("What the platform relies on is set", arguments: required)
    func requiredLine(_ line: String) {
        #expect(lines(Self.file()).contains(line))
    }

    @Test("Every line is a comment or one quoted setting, and no setting stands twice", arguments: Plans.all)
    func form(_ plan: ClusterPlan) throws {
        let text = Self.file(plan: plan).text
        #expect(text.hasSuffix("'\n"))
        let settings = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        let names = settings.map { String($0.prefix { $0 != " " }) }
        #expect(Set(names).count == names.count)
        #expect(settings.allSatisfy { $0.hasSuffix("'") && $0.contains(" = '") })
        #expect(!text.contains("fsync") && !text.contains("full_page_writes"))
    }

    @Test("Directories with quotes and backslashes keep their names")
    func quotedPaths() {
        let file = Self.file(dataDirectory: "/it's/data", configurationDirectory: #"/a\b"#)
        #expect(lines(file).contains("data_directory = '/it''s/data'"))
        #expect(lines(file).contains(#"hba_file = '/a\\b/pg_hba.conf'"#))
    }

    @Test("The same input gives the same text")
    func isStable() {
        #expect(Self.file().text == Self.file().text)
    }
}

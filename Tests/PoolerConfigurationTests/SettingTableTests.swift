import Testing

@testable import PoolerConfiguration

@Suite("Settings")
struct SettingTableTests {
    @Test("Every default reads back as it is written")
    func defaults() {
        for line in SettingTable.lines(SettingTable.defaults) {
            // PgBouncer has no default for it either: the command line counts up from zero.
            let expected = line.key == "verbose" ? "0" : line.defaultValue
            #expect(line.value == expected, "\(line.key)")
        }
        #expect(SettingTable.rows.map(\.name) == SettingTable.rows.map(\.name).sorted())
    }

    @Test("All settings of PgBouncer 1.25 are there, with their defaults and the moment that they apply")
    func completeness() {
        #expect(SettingTable.rows.count == 103)
        let restart = SettingTable.rows.filter { $0.application == .restart }.map(\.name)
        #expect(
            restart == [
                "disable_pqexec", "job_name", "listen_addr", "listen_backlog", "listen_port", "metrics_listen",
                "pidfile",
                "pkt_buf", "resolv_conf", "service_name", "so_reuseport", "track_extra_parameters", "unix_socket_dir",
                "unix_socket_group", "unix_socket_mode", "user", "worker_threads",
            ])
        let withoutDefault = SettingTable.rows.filter { $0.defaultText == nil }.map(\.name)
        #expect(
            withoutDefault == [
                "auth_dbname", "auth_file", "auth_ident_file", "auth_ldap_options", "auth_user",
                "client_tls13_ciphers", "conffile", "server_tls13_ciphers", "service_name", "user", "verbose",
            ])
    }

    /// The value that a text gives a setting, as the console shows it; or why it is refused.
    private func shown(_ name: String, _ text: String) -> String? {
        var settings = SettingTable.defaults
        guard let row = SettingTable.row(name) else { return "no such setting" }
        do {
            try row.binding.write(text, &settings)
        } catch {
            return "refused: \(error.reason)"
        }
        return SettingTable.lines(settings).first { $0.key == name }?.value
    }

    @Test(
        "Texts become values, and values texts",
        arguments: [
            // Whole numbers.
            ("max_client_conn", "100", "100"), ("max_client_conn", "0x10", "16"), ("max_client_conn", "010", "8"),
            ("max_client_conn", "+5", "5"), ("max_client_conn", "0", "0"), ("max_client_conn", "00", "0"),
            ("max_client_conn", "2147483647", "2147483647"),
            ("max_client_conn", "2147483648", "refused: must be from 0 to 2147483647"),
            ("max_client_conn", "99999999999999999999999", "refused: must be from 0 to 2147483647"),
            ("max_client_conn", "-1", "refused: must be from 0 to 2147483647"),
            ("max_client_conn", "", "refused: not a whole number"),
            ("max_client_conn", "-", "refused: not a whole number"),
            ("max_client_conn", "0x", "refused: not a whole number"),
            ("max_client_conn", "08", "refused: not a whole number"),
            ("max_client_conn", "1.5", "refused: not a whole number"),
            ("max_client_conn", "10k", "refused: not a whole number"),
            ("max_client_conn", "1 0", "refused: not a whole number"),
            ("max_db_connections", "-1", "0"), ("max_user_client_connections", "-5", "0"),
            ("listen_port", "0", "refused: must be from 1 to 65535"), ("peer_id", "16383", "16383"),
            ("peer_id", "16384", "refused: must be from 0 to 16383"),
            ("scram_iterations", "0", "refused: must be from 1 to 2147483647"),
            ("worker_threads", "3", "3"), ("max_packet_size", "4294967295", "4294967295"),
            ("max_packet_size", "0", "refused: must be from 1 to 4294967295"),
            // Yes and no.
            ("log_stats", "0", "0"), ("log_stats", "1", "1"), ("log_stats", "2", "1"), ("log_stats", "-1", "1"),
            ("log_stats", "yes", "refused: not a whole number"), ("log_stats", "true", "refused: not a whole number"),
            // Permissions.
            ("unix_socket_mode", "0700", "0700"), ("unix_socket_mode", "511", "0777"), ("unix_socket_mode", "0", "00"),
            ("unix_socket_mode", "070000", "refused: must be from 0 to 4095"),
            // Seconds.
            ("query_timeout", "5", "5"), ("query_timeout", "5.0", "5"), ("query_timeout", "0.25", "0.25"),
            ("query_timeout", "1e3", "1000"), ("query_timeout", "0.3", "0.3"), ("query_timeout", ".5", "0.5"),
            ("query_timeout", "0.0000019", "0.000001"), ("query_timeout", "-0", "0"),
            ("query_timeout", "1e-99999", "0"),
            ("query_timeout", "9223372036854.775808", "refused: must be from 0 to 9000000000000 seconds"),
            ("query_timeout", "1e99999999999999999999", "refused: must be from 0 to 9000000000000 seconds"),
            ("query_timeout", "1e", "refused: not a number of seconds"), ("query_timeout", "0e999999999999", "0"),
            ("query_timeout", "123456789.123456", "123456789.123456"),
            ("query_timeout", "9e12", "9000000000000"),
            ("query_timeout", "1e13", "refused: must be from 0 to 9000000000000 seconds"),
            ("query_timeout", "-1", "refused: must be from 0 to 9000000000000 seconds"),
            ("query_timeout", "inf", "refused: not a number of seconds"),
            ("query_timeout", "nan", "refused: not a number of seconds"),
            ("query_timeout", "0x10", "refused: not a number of seconds"),
            ("query_timeout", "1s", "refused: not a number of seconds"),
            ("query_timeout", "", "refused: not a number of seconds"),
            ("stats_period", "0", "refused: must be at least 1 seconds"), ("stats_period", "2", "2"),
            // Choices.
            ("pool_mode", "Transaction", "transaction"), ("auth_type", "SCRAM-SHA-256", "scram-sha-256"),
            ("auth_type", "hba", "hba"),
            ("auth_type", "peer", "refused: must be one of any, trust, plain, md5, cert, hba, scram-sha-256"),
            ("client_tls_sslmode", "verify-ca", "verify-ca"), ("syslog_facility", "local7", "local7"),
            (
                "syslog_facility", "kern",
                "refused: must be one of auth, authpriv, daemon, user, local0, local1, local2, "
                    + "local3, local4, local5, local6, local7"
            ),
            ("client_tls_dheparams", "none", "none"), ("client_tls_dheparams", "", "auto"),
            // Texts and lists.
            ("auth_user", "asker", "asker"), ("auth_user", "", nil), ("logfile", "", ""),
            ("server_reset_query", "", ""), ("server_check_query", "", ""),
            ("listen_addr", "127.0.0.1, ::1", "127.0.0.1, ::1"),
            ("client_tls_protocols", "all", "all"), ("client_tls_protocols", "", ""),
            ("client_tls_protocols", "tlsv1.4", "refused: unknown TLS version \"tlsv1.4\""),
            ("client_tls_protocols", "tlsv1.2,!tlsv1.2", "refused: no TLS version is left"),
        ] as [(String, String, String?)])
    func values(name: String, text: String, expected: String?) {
        #expect(shown(name, text) == expected)
    }

    @Test(
        "What cannot have its meaning is refused by name, and what asks for nothing is not",
        arguments: [
            ("auth_ldap_options", "ldapurl=x", "LDAP is not supported"), ("auth_ldap_options", "", nil),
            ("dns_zone_check_period", "5", "serials of DNS zones are not watched"), ("dns_zone_check_period", "0", nil),
            ("resolv_conf", "/etc/other", "host names are looked up by the system's resolver"),
            ("resolv_conf", "", nil),
            ("client_tls_dheparams", "legacy", "1024 bits protect nobody"),
            ("service_name", "x", "it is for services of Windows; use job_name"),
            ("auth_type", "ldap", "LDAP is not supported"), ("auth_type", "PAM", "PAM is not supported"),
        ] as [(String, String, String?)])
    func refusals(name: String, text: String, reason: String?) {
        let message = failure("[pgbouncer]\n\(name) = \(text)")
        if let reason {
            #expect(
                message.hasPrefix(
                    "invalid value \"\(text)\" for parameter \(name) in configuration (main.ini:2): \(reason)"))
        } else {
            #expect(message.hasPrefix("no failure"))
        }
    }

    @Test("Lists are read with commas and spaces")
    func lists() {
        #expect(WordList("a, b  c,,\td ").words == ["a", "b", "c", "d"])
        #expect(WordList("").words == [])
        #expect(WordList("alice,bob").contains("bob"))
        #expect(!WordList("alice,bob").contains("bo"))
        #expect(!WordList("alice,bob").contains(""))
    }

    @Test("TLS versions")
    func tlsVersions() throws {
        #expect(try TLSVersionList("secure").versions == [.tls12, .tls13])
        #expect(try TLSVersionList("").versions == [.tls12, .tls13])
        #expect(try TLSVersionList("TLSv1.0 , tlsv1.3").versions == [.tls10, .tls13])
        #expect(try TLSVersionList("!tlsv1.0").versions == [.tls11, .tls12, .tls13])
        #expect(try TLSVersionList("all:!tlsv1.3:!tlsv1.1").versions == [.tls10, .tls12])
    }

    @Test("The check of idle servers is off, an empty query, or a query")
    func serverCheck() {
        var settings = SettingTable.defaults
        #expect(settings.serverCheck == .emptyQuery)
        settings.serverCheckQuery = ""
        #expect(settings.serverCheck == .none)
        settings.serverCheckQuery = "select 1"
        #expect(settings.serverCheck == .query("select 1"))
    }

    @Test("TLS that cannot work is told in PgBouncer's words")
    func tlsProblems() throws {
        func problem(_ lines: String) throws -> String? {
            try load("[pgbouncer]\n\(lines)").snapshot.settings.tlsProblem
        }
        let files = "client_tls_key_file=k\nclient_tls_cert_file=c\n"
        #expect(try problem("") == nil)
        #expect(try problem("client_tls_sslmode=allow")?.hasPrefix("To allow TLS connections from clients") == true)
        #expect(try problem(files + "client_tls_sslmode=require") == nil)
        #expect(
            try problem(files + "client_tls_sslmode=verify-full") == "client_tls_sslmode requires client_tls_ca_file")
        #expect(try problem("auth_type=cert") == "auth_type=cert requires client_tls_sslmode=SSLMODE_VERIFY_FULL")
        let full = files + "client_tls_sslmode=verify-full\nauth_type=cert\n"
        #expect(try problem(full) == "auth_type=cert requires client_tls_ca_file")
        #expect(try problem(full + "client_tls_ca_file=a") == nil)
    }

    @Test("SET changes what a running pooler can change")
    func set() throws {
        var settings = SettingTable.defaults
        #expect(try SettingTable.set("pool_mode", to: "transaction", in: &settings) == .changed)
        #expect(settings.poolMode == .transaction)
        #expect(try SettingTable.set("pool_mode", to: "TRANSACTION", in: &settings) == .unchanged)
        #expect(try SettingTable.set("listen_port", to: "1", in: &settings) == .needsRestart)
        #expect(settings.listenPort == 6432)
        #expect(throws: ValueProblem("unknown parameter: pgbouncer/nonsense")) {
            try SettingTable.set("nonsense", to: "1", in: &settings)
        }
        let before = settings
        #expect(throws: ValueProblem("not a whole number")) {
            try SettingTable.set("default_pool_size", to: "many", in: &settings)
        }
        #expect(settings == before)
        #expect(try SettingTable.set("auth_user", to: "", in: &settings) == .unchanged)
    }
}

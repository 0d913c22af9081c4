import Testing

@testable import PostgresCluster

@Suite("Bootstrap")
struct BootstrapTests {
    private static let verifier = "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy"
    private let statements = Bootstrap.statements(administratorVerifier: verifier)

    @Test("The roles that lead to the server's files are closed before doadmin gets CREATEROLE")
    func rolesAreClosedFirst() throws {
        let closing = try #require(statements.firstIndex { $0.contains("pg_authid") })
        let creating = try #require(statements.firstIndex { $0.contains("CREATEROLE") })
        #expect(closing < creating)
        for role in ["pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"] {
            #expect(statements[closing].contains("'\(role)'"))
        }
    }

    @Test("doadmin is made once, is no superuser, and its password is only a verifier")
    func administrator() {
        let text = statements.joined(separator: "\n")
        #expect(text.contains("IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'doadmin')"))
        #expect(text.contains("ALTER ROLE doadmin LOGIN CREATEDB CREATEROLE PASSWORD '\(Self.verifier)'"))
        #expect(!text.contains(" SUPERUSER") && !text.contains("BYPASSRLS"))
        #expect(text.contains("GRANT pg_monitor, pg_signal_backend TO doadmin"))
    }

    @Test("Nobody but the platform connects to template1 and postgres", arguments: ["template1", "postgres"])
    func templatesAreClosed(_ database: String) {
        #expect(statements.contains("REVOKE CONNECT ON DATABASE \(database) FROM PUBLIC"))
    }

    @Test("A statement is one line, so that the server's log has it whole")
    func oneLine() {
        #expect(
            !(statements + Bootstrap.template1Statements + Bootstrap.template0Statements).contains { $0.contains("\n") }
        )
    }

    @Test("Names agree with each other")
    func names() {
        #expect(Bootstrap.createDefaultDatabase == "CREATE DATABASE defaultdb OWNER doadmin")
        #expect(Bootstrap.defaultDatabaseExists.contains("'\(Bootstrap.defaultDatabaseName)'"))
        #expect(Bootstrap.administratorName == "doadmin")
        #expect(Bootstrap.template1Statements.first == "GRANT CREATE ON SCHEMA public TO PUBLIC")
    }

    @Test("The guard over extensions is in both templates, may be made again, and trusts no schema but the catalogue")
    func extensionGuard() throws {
        #expect(Bootstrap.template1Statements.dropFirst().elementsEqual(Bootstrap.template0Statements))
        let function = try #require(Bootstrap.template0Statements.first)
        #expect(function.hasPrefix("CREATE OR REPLACE FUNCTION pg_catalog.atoll_extension_guard()"))
        // What stands last is looked in last; a name without schema is looked for in pg_temp first otherwise.
        #expect(function.contains(" SET search_path = pg_catalog, pg_temp AS "))
        let trigger = try #require(Bootstrap.template0Statements.last)
        #expect(trigger.contains("IF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger"))
        for tag in ["CREATE EXTENSION", "ALTER EXTENSION", "DROP EXTENSION"] { #expect(trigger.contains("'\(tag)'")) }
    }

    @Test("template0 is closed again by the opposite of what opened it")
    func template0() {
        #expect(Bootstrap.openTemplate0.replacing("true", with: "false") == Bootstrap.closeTemplate0)
    }
}

@Suite("Extensions")
struct ExtensionListTests {
    @Test("No extension is listed twice, and none stands for files or raw pages")
    func allowed() {
        let allowed = Set(ExtensionList.allowed)
        #expect(allowed.count == ExtensionList.allowed.count)
        let dangerous = [
            "adminpack", "file_fdw", "pageinspect", "pg_surgery", "old_snapshot", "amcheck", "plpython3u", "plperlu",
            "pltclu",
        ]
        #expect(allowed.isDisjoint(with: dangerous))
        #expect(allowed.isSuperset(of: ["pgcrypto", "uuid-ossp", "pg_trgm", "hstore", "citext", "postgres_fdw"]))
    }

    @Test("A name is one that stands in a list separated by commas")
    func names() {
        let isPlain = { (byte: UInt8) in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F || byte == 0x2D
        }
        #expect(ExtensionList.allowed.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isPlain) })
    }

    @Test("Scripts belong to allowed extensions, give USAGE only, and are no templates that names are pasted into")
    func scripts() {
        for (path, text) in ExtensionList.scripts {
            let parts = path.split(separator: "/").map(String.init)
            #expect(parts.count == 2 && parts[1] == "after-create.sql")
            #expect(ExtensionList.allowed.contains(parts[0]))
            #expect(text.hasPrefix("GRANT USAGE ON FOREIGN DATA WRAPPER") && text.hasSuffix(";\n"))
            #expect(!text.contains("@"))
        }
    }
}

@Suite("Initialization")
struct InitializationTests {
    @Test("initdb makes a UTF-8 cluster with checksums and without a way in")
    func arguments() {
        let arguments = Initialization.arguments(dataDirectory: "/d/it's")
        #expect(arguments.first == "--pgdata=/d/it's")
        for expected in ["--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=reject"] {
            #expect(arguments.contains(expected))
        }
        #expect(arguments.contains("--username=\(HostBasedAuthentication.superuserName)"))
        #expect(!arguments.contains { $0.hasPrefix("--auth=trust") || $0.hasPrefix("--pwfile") })
    }

    static let failures: [(String, String)] = [
        ("", "it said nothing"), ("\n\n", "it said nothing"), ("something else\n", "something else"),
        (
            """
            initdb: error: directory "/d" exists but is not empty
            initdb: hint: If you want to create a new database system, either remove or empty the directory "/d" or \
            run initdb with an argument other than "/d".
            """, #"initdb: error: directory "/d" exists but is not empty"#
        ),
        (
            """
            2026-11-23 12:52:55.974 UTC [77] FATAL:  could not write to file "pg_wal/xlogtemp.77": No space left on device
            child process exited with exit code 1
            initdb: removing contents of data directory "/d"
            """,
            #"2026-11-23 12:52:55.974 UTC [77] FATAL:  could not write to file "pg_wal/xlogtemp.77": "#
                + "No space left on device"
        ),
        (
            "initdb: error: could not access directory \"/d\": Permission denied\n",
            "initdb: error: could not access directory \"/d\": Permission denied"
        ),
        ("popen failure: Cannot allocate memory\nFATAL: first\nPANIC: second\nbye", "PANIC: second"),
    ]

    @Test("The reason is the last line that names an error", arguments: failures)
    func failure(text: String, expected: String) {
        #expect(Initialization.failure(in: text) == expected)
    }
}

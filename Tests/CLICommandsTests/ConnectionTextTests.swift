import CLICommands
import ControlModel
import Testing

@Suite("The texts of Connection Details")
struct ConnectionTextTests {
    private static func text(
        user: String = "doadmin", password: String = "your_password", host: String = "localhost",
        database: String = "defaultdb", security: ConnectionText.Security = .require
    ) -> ConnectionText {
        ConnectionText(
            user: user, password: password, host: host, port: 25060, database: database, security: security)
    }

    @Test func parameters() {
        #expect(
            Self.text().parameters == """
                username = doadmin
                password = your_password
                host = localhost
                port = 25060
                database = defaultdb
                sslmode = require
                """)
    }

    @Test(arguments: [
        (text(), "postgresql://doadmin:your_password@localhost:25060/defaultdb?sslmode=require"),
        (
            text(user: "a b", password: "p@ss:/?#é", database: "x/y"),
            "postgresql://a%20b:p%40ss%3A%2F%3F%23%C3%A9@localhost:25060/x%2Fy?sslmode=require"
        ),
        (text(host: "::1"), "postgresql://doadmin:your_password@[::1]:25060/defaultdb?sslmode=require"),
        (text(security: .disabled), "postgresql://doadmin:your_password@localhost:25060/defaultdb?sslmode=disable"),
        (
            text(security: .verifyFull(rootCertificate: "/var/lib/at oll/ca.crt")),
            "postgresql://doadmin:your_password@localhost:25060/defaultdb?sslmode=verify-full"
                + "&sslrootcert=/var/lib/at%20oll/ca.crt"
        ),
    ])
    func uri(_ text: ConnectionText, _ expected: String) {
        #expect(text.uri == expected)
    }

    @Test(arguments: [
        (text(), "PGPASSWORD=your_password psql -U doadmin -h localhost -p 25060 -d defaultdb --set=sslmode=require"),
        (
            text(user: "it's", password: "$(id)", database: "two words"),
            "PGPASSWORD='$(id)' psql -U 'it'\\''s' -h localhost -p 25060 -d 'two words' --set=sslmode=require"
        ),
        (
            text(security: .verifyFull(rootCertificate: "/ca.crt")),
            "PGPASSWORD=your_password PGSSLMODE=verify-full PGSSLROOTCERT=/ca.crt "
                + "psql -U doadmin -h localhost -p 25060 -d defaultdb"
        ),
    ])
    func flags(_ text: ConnectionText, _ expected: String) {
        #expect(text.flags == expected)
    }

    private static func keyValue(
        host: String = "localhost", database: String = "", security: ConnectionText.Security = .require
    ) -> ConnectionText {
        ConnectionText(
            kind: .keyValue, user: "default", password: "a/b c", host: host, port: 25101, database: database,
            security: security)
    }

    @Test(arguments: [
        (
            keyValue(), "rediss://default:a%2Fb%20c@localhost:25101",
            "REDISCLI_AUTH='a/b c' redis-cli -h localhost -p 25101 --tls"
        ),
        (
            keyValue(host: "::1", database: "3", security: .verifyFull(rootCertificate: "/a b/ca.crt")),
            "rediss://default:a%2Fb%20c@[::1]:25101/3?ssl_ca_certs=/a%20b/ca.crt",
            "REDISCLI_AUTH='a/b c' redis-cli -h ::1 -p 25101 --tls --cacert '/a b/ca.crt' -n 3"
        ),
        (
            keyValue(security: .disabled), "redis://default:a%2Fb%20c@localhost:25101",
            "REDISCLI_AUTH='a/b c' redis-cli -h localhost -p 25101"
        ),
    ])
    func keyValueTexts(_ text: ConnectionText, _ uri: String, _ flags: String) {
        #expect(text.uri == uri)
        #expect(text.flags == flags)
    }

    @Test func keyValueParameters() {
        #expect(
            Self.keyValue(database: "3").parameters == """
                username = default
                password = a/b c
                host = localhost
                port = 25101
                database = 3
                tls = required
                """)
    }

    @Test func redisClientGetsThePasswordByItsEnvironment() {
        let plan = ShellPlan.redisClient(
            connection: Self.keyValue(database: "3"), arguments: ["GET", "x"],
            environment: ["PATH": "/bin", "REDISCLI_AUTH": "old"], authorityFile: "/proc/self/fd/9")
        #expect(
            plan.arguments == [
                "redis-cli", "-h", "localhost", "-p", "25101", "--tls", "--cacert", "/proc/self/fd/9", "-n", "3", "GET",
                "x",
            ])
        #expect(plan.environment == ["PATH": "/bin", "REDISCLI_AUTH": "a/b c"])
    }

    @Test(arguments: [
        ("save", "valkey", "valkey_save"), ("redis_save", "valkey", "valkey_save"),
        ("valkey_save", "valkey", "valkey_save"), ("frequent_snapshots", "valkey", "frequent_snapshots"),
        ("nothing", "valkey", "nothing"), ("save", "pg", "save"),
    ])
    func keyNames(_ key: String, _ engine: String, _ expected: String) {
        let rows = ConfigurationRows(["valkey_save": .string(""), "frequent_snapshots": .boolean(true)])
        #expect(rows.fullName(of: key, engine: engine) == expected)
    }

    @Test(arguments: [
        ("plain-1.2_3", "plain-1.2_3"), ("", "''"), ("a b", "'a b'"), ("'", "''\\'''"), ("~root", "'~root'"),
        ("a;b", "'a;b'"), ("line\nfeed", "'line\nfeed'"), ("é", "'é'"),
    ])
    func shellWords(_ text: String, _ expected: String) {
        #expect(text.shellQuoted == expected)
    }

    @Test func shellKeepsThePasswordOutOfArgumentsAndEnvironment() {
        let connection = Self.text(user: "a:b", password: "back\\slash:colon")
        let plan = ShellPlan(
            connection: connection, psqlArguments: ["-c", "select 1"],
            environment: ["PATH": "/bin", "PGPASSWORD": "old", "PGSERVICE": "other"], passwordFile: "/proc/self/fd/9",
            authorityFile: "/proc/self/fd/10")
        #expect(plan.arguments == ["psql", "-c", "select 1"])
        #expect(
            plan.environment == [
                "PATH": "/bin", "PGHOST": "localhost", "PGPORT": "25060", "PGUSER": "a:b", "PGDATABASE": "defaultdb",
                "PGPASSFILE": "/proc/self/fd/9", "PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/proc/self/fd/10",
            ])
        #expect(ShellPlan.passwordLine(for: connection) == "localhost:25060:*:a\\:b:back\\\\slash\\:colon\n")
    }
}

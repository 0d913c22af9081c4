import CLICommands
import ControlModel
import Testing

@Suite("Arguments")
struct ArgumentTests {
    @Test(arguments: [
        ("work_mem=16", ["work_mem"], JSONValue.integer(16)),
        ("scale=0.2", ["scale"], .number(0.2)),
        ("jit=false", ["jit"], .boolean(false)),
        ("timezone=UTC", ["timezone"], .string("UTC")),
        ("track_io_timing=off", ["track_io_timing"], .string("off")),
        ("text=\"16\"", ["text"], .string("16")),
        ("empty=", ["empty"], .string("")),
        ("nothing=null", ["nothing"], .null),
        ("equation=a=b", ["equation"], .string("a=b")),
        ("object={}", ["object"], .string("{}")),
        ("pgbouncer.server_lifetime=600", ["pgbouncer", "server_lifetime"], .integer(600)),
        (
            "pgbouncer.ignore_startup_parameters=[\"search_path\"]", ["pgbouncer", "ignore_startup_parameters"],
            .array([.string("search_path")])
        ),
        ("timescaledb.max_background_workers=8", ["timescaledb", "max_background_workers"], .integer(8)),
        ("pg_stat_statements.track=all", ["pg_stat_statements.track"], .string("all")),
        ("pg_partman_bgw.role=owner", ["pg_partman_bgw.role"], .string("owner")),
    ])
    func assignments(_ text: String, _ path: [String], _ value: JSONValue) throws {
        let assignment = try #require(ConfigurationAssignment(text))
        #expect(assignment.key.path == path)
        #expect(assignment.value == value)
    }

    @Test(arguments: ["work_mem", "=16", "", "pgbouncer.=1"])
    func noAssignments(_ text: String) {
        #expect(ConfigurationAssignment(text) == nil)
    }

    private static func merged(_ texts: [String]) throws -> String {
        try ConfigurationAssignment.merged(texts.compactMap { ConfigurationAssignment($0) }).jsonText(pretty: false)
    }

    @Test func assignmentsMergeIntoOneObject() throws {
        #expect(
            try Self.merged(["pgbouncer.a=1", "x=2", "pgbouncer.b=3", "pg_stat_statements.track=all"])
                == #"{"pg_stat_statements.track":"all","pgbouncer":{"a":1,"b":3},"x":2}"#)
    }

    @Test(arguments: [["a=1", "a=2"], ["pgbouncer.a=1", "pgbouncer.a=2"], ["pgbouncer=1", "pgbouncer.a=2"]])
    func keysSetTwiceAreRefused(_ texts: [String]) {
        #expect(throws: CommandError.self) { try Self.merged(texts) }
    }

    @Test func configurationIsSelectedByKeyAndByObject() throws {
        let rows = ConfigurationRows([
            "work_mem": .integer(4), "pgbouncer": .object(["b": .integer(2), "a": .integer(1)]),
            "pg_stat_statements.track": .string("top"),
        ])
        #expect(rows.rows.map(\.key) == ["pg_stat_statements.track", "pgbouncer.a", "pgbouncer.b", "work_mem"])
        #expect(try rows.selecting(["pgbouncer"]).json == ["pgbouncer": .object(["a": .integer(1), "b": .integer(2)])])
        #expect(try rows.selecting(["pg_stat_statements.track"]).json == ["pg_stat_statements.track": .string("top")])
        #expect(throws: CommandError.self) { try rows.selecting(["work"]) }
    }

    @Test(arguments: [
        ("203.0.113.7", "ip_addr", "203.0.113.7"), ("10.0.0.0/8", "ip_addr", "10.0.0.0/8"),
        ("0.0.0.0/0", "ip_addr", "0.0.0.0/0"), ("fd00::/8", "ip_addr", "fd00::/8"), ("::1", "ip_addr", "::1"),
        ("ip_addr:10.1.2.3", "ip_addr", "10.1.2.3"), ("tag:web", "tag", "web"), ("k8s:a-b", "k8s", "a-b"),
        ("droplet:12", "droplet", "12"), ("app:x:y", "app", "x:y"),
    ])
    func sources(_ text: String, _ type: String, _ value: String) {
        #expect(TrustedSource(argument: text) == TrustedSource(type: type, value: value))
    }

    @Test(arguments: [
        "", "host.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0", "tag:", "other:x",
        "ip_addr:web", "fd00::/129", "10.0.0.0/8/8",
    ])
    func noSources(_ text: String) {
        #expect(TrustedSource(argument: text) == nil)
    }

    @Test(arguments: [("45s", 45), ("90m", 5400), ("12h", 43200), ("30d", 2_592_000), ("2w", 1_209_600)])
    func lifetimes(_ text: String, _ seconds: Int) {
        #expect(Lifetime(argument: text)?.seconds == seconds)
    }

    @Test(arguments: ["", "d", "30", "0d", "-1d", "+1d", "1.5d", "1y", "9223372036854775807w", "٣d"])
    func noLifetimes(_ text: String) {
        #expect(Lifetime(argument: text) == nil)
    }
}

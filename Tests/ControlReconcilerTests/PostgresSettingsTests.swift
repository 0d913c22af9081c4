import ControlModel
import PostgresCluster
import Settings
import Testing

@testable import ControlReconciler

@Suite("Advanced configuration between API and table")
struct ClusterConfigurationTests {
    private func configuration(_ stored: [String: JSONValue] = [:]) -> Configuration {
        PostgresSettings.make(for: .sample(configuration: stored))
    }

    private func patched(_ changes: [String: JSONValue], from stored: [String: JSONValue] = [:]) throws -> Configuration
    {
        try PostgresSettings.patched(configuration(stored), with: changes)
    }

    @Test("Nested groups come in as objects and go out as objects")
    func nesting() throws {
        let changes: [String: JSONValue] = [
            "work_mem": .integer(7),
            "pgbouncer": .object(["min_pool_size": .integer(3), "autodb_pool_mode": .string("session")]),
            "timescaledb": .object(["max_background_workers": .integer(8)]),
            "pg_stat_statements.track": .string("all"),
        ]
        let configuration = try patched(changes)
        #expect(configuration.values["pgbouncer.min_pool_size"] == .integer(3))
        #expect(configuration.values["timescaledb.max_background_workers"] == .integer(8))
        #expect(PostgresSettings.stored(configuration) == changes)
        #expect(self.configuration(changes) == configuration)
    }

    @Test("Every value that the table has by default survives storing and reading")
    func roundTrip() throws {
        let shown = PostgresSettings.shown(configuration())
        let settable = shown.filter { $0.key != "synchronous_replication" && $0.key != "stat_monitor_enable" }
        let configuration = try patched(settable)
        #expect(PostgresSettings.stored(configuration) == settable)
        #expect(PostgresSettings.shown(self.configuration(settable)) == shown)
    }

    @Test("Every key with a value in force is shown, in the API's shapes")
    func shown() {
        let shown = PostgresSettings.shown(configuration(["work_mem": .integer(7)]))
        #expect(shown["work_mem"] == .integer(7))
        #expect(shown["max_connections"] == .integer(25))
        #expect(shown["jit"] == .boolean(true))
        #expect(shown["shared_buffers_percentage"] == .number(25))
        #expect(shown["timezone"] == .string("UTC"))
        #expect(shown["backup_hour"] == nil)
        guard case .object(let pooler)? = shown["pgbouncer"] else {
            Issue.record("pgbouncer is no object")
            return
        }
        #expect(pooler.count == 9 && pooler["ignore_startup_parameters"] == .array([]))
        #expect(shown["timescaledb"] == .object(["max_background_workers": .integer(16)]))
        // 56 keys of the API at the top, less the three that have no value.
        #expect(shown.count == 53)
    }

    @Test("Null puts a key back, also a nested one")
    func null() throws {
        let stored: [String: JSONValue] = [
            "work_mem": .integer(7), "jit": .boolean(false),
            "pgbouncer": .object(["min_pool_size": .integer(3), "server_lifetime": .integer(60)]),
        ]
        let configuration = try patched(
            ["work_mem": .null, "pgbouncer": .object(["min_pool_size": .null])], from: stored)
        #expect(
            PostgresSettings.stored(configuration) == [
                "jit": .boolean(false), "pgbouncer": .object(["server_lifetime": .integer(60)]),
            ])
    }

    @Test("Unknown keys are ignored, whatever they hold")
    func unknown() throws {
        let configuration = try patched([
            "fsync": .boolean(false), "x": .object(["y": .array([.null])]), "": .null,
            "pgbouncer": .object(["auth_type": .string("trust"), "x": .object([:])]),
            "work_mem": .integer(7),
        ])
        #expect(configuration.values == ["work_mem": .integer(7)])
    }

    @Test("Rows that this build does not know are dropped from what is stored")
    func unknownStored() {
        let configuration = configuration(["gone": .integer(1), "pgbouncer": .object(["gone": .integer(1)])])
        #expect(configuration.values.isEmpty)
    }

    static let shapes: [([String: JSONValue], String)] = [
        (["work_mem": .object([:])], "work_mem must be an integer from 1 to 1024"),
        (["work_mem": .array([.integer(1)])], "work_mem must be an integer from 1 to 1024"),
        (["work_mem": .array([.string("1")])], "work_mem must be an integer from 1 to 1024"),
        (["work_mem": .number(7.5)], "work_mem must be an integer from 1 to 1024"),
        (["jit": .object(["on": .boolean(true)])], "jit must be true or false"),
        (["pgbouncer": .integer(1)], "pgbouncer must be an object"),
        (["pgbouncer": .array([])], "pgbouncer must be an object"),
        (["timescaledb": .string("")], "timescaledb must be an object"),
        (
            ["pgbouncer": .object(["min_pool_size": .object([:])])],
            "pgbouncer.min_pool_size must be an integer from 0 to 10000"
        ),
        (
            ["pgbouncer": .object(["ignore_startup_parameters": .array([.string("search_path"), .integer(1)])])],
            "pgbouncer.ignore_startup_parameters must be a list"
        ),
        (["max_connections": .integer(24)], "max_connections must be an integer from 25 to 10000"),
    ]

    @Test("A known key in a shape that it does not have is an error, and nothing is taken", arguments: shapes)
    func badShape(changes: [String: JSONValue], reason: String) {
        let withGoodOne = changes.merging(["deadlock_timeout": .integer(2000)]) { $1 }
        expectRefusal(.unprocessableEntity, "Invalid configuration: \(reason)") { _ = try patched(withGoodOne) }
    }

    @Test("What is not built is 501, and lowering what only grows is 422")
    func otherRefusals() {
        expectRefusal(.notImplemented, "backup_hour needs backups") { _ = try patched(["backup_hour": .integer(3)]) }
        expectRefusal(.unprocessableEntity, "Invalid configuration: max_connections cannot be lowered; it is 50.") {
            _ = try patched(["max_connections": .integer(30)], from: ["max_connections": .integer(50)])
        }
    }

    @Test("A null group is nothing to do")
    func nullGroup() throws {
        #expect(try patched(["pgbouncer": .null], from: ["work_mem": .integer(7)]).values == ["work_mem": .integer(7)])
    }

    @Test("The plan is the size's, with the cluster's own storage; an unknown size counts as the smallest")
    func plans() {
        var cluster = Cluster.sample(sizeSlug: "db-s-4vcpu-8gb")
        cluster.storageMiB = 150_000
        #expect(
            PostgresSettings.plan(for: cluster) == ClusterPlan(cpuCount: 4, memoryMiB: 8192, storageMiB: 150_000))
        cluster.sizeSlug = "gone"
        #expect(
            PostgresSettings.plan(for: cluster) == ClusterPlan(cpuCount: 1, memoryMiB: 1024, storageMiB: 150_000))
    }

    static let zones: [(String, Bool)] = [
        ("UTC", true), ("Europe/Helsinki", true), ("Etc/GMT+3", true), ("America/Argentina/Buenos_Aires", true),
        ("Europe", false), ("Europe/", false), ("Europe//Helsinki", false), ("right/UTC", false),
        ("leapseconds", false), ("Europe/Atlantis", false), ("", false), ("..", false),
    ]

    /// PostgreSQL 15 refuses the same ones; a file with such a line keeps it from starting.
    @Test("A time zone is one that PostgreSQL reads: a zone's file, without leap seconds", arguments: zones)
    func timeZone(name: String, isKnown: Bool) {
        #expect(PostgresSettings.isTimeZone(name) == isKnown)
    }
}

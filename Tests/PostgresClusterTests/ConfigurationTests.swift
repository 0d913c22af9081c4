import Settings
import Testing

@testable import PostgresCluster

@Suite("Configuration")
struct ConfigurationTests {
    private func configuration(_ values: [String: SettingValue] = [:]) -> Configuration {
        Configuration(plan: Plans.smallest, values: values)
    }

    private func effective(_ configuration: Configuration, _ name: String) -> SettingValue? {
        ConfigurationTable.keysByName[name].flatMap(configuration.effectiveValue)
    }

    private func parameter(_ configuration: Configuration, _ name: String) -> String? {
        configuration.parameters.first { $0.name == name }?.value
    }

    // MARK: - Changes

    @Test("Lock tables that the plan's memory cannot hold are refused, and nothing of the change is kept")
    func lockTables() throws {
        var changed = configuration()
        #expect(throws: Configuration.ChangeError.self) {
            try changed.apply(["max_connections": .integer(10_000), "max_locks_per_transaction": .integer(6400)])
        }
        #expect(changed == configuration())
        try changed.apply(["max_connections": .integer(100), "max_locks_per_transaction": .integer(256)])
        var large = Configuration(plan: ClusterPlan(cpuCount: 6, memoryMiB: 16_384, storageMiB: 296_960))
        try large.apply(["max_connections": .integer(2000), "max_locks_per_transaction": .integer(1024)])
    }

    @Test("A valid change is kept in the key's own form")
    func valid() throws {
        var changed = configuration()
        try changed.apply([
            "work_mem": .integer(32), "jit": .boolean(false), "bgwriter_lru_multiplier": .integer(3),
            "timezone": .string("Europe/Helsinki"), "pgbouncer.ignore_startup_parameters": .strings(["search_path"]),
        ])
        #expect(
            changed.values == [
                "work_mem": .integer(32), "jit": .boolean(false), "bgwriter_lru_multiplier": .number(3),
                "timezone": .string("Europe/Helsinki"),
                "pgbouncer.ignore_startup_parameters": .strings(["search_path"]),
            ])
    }

    static let refused: [(String, SettingValue, String)] = [
        ("work_mem", .integer(0), "work_mem must be an integer from 1 to 1024"),
        ("work_mem", .integer(1025), "work_mem must be an integer from 1 to 1024"),
        ("work_mem", .string("4MB"), "work_mem must be an integer from 1 to 1024"),
        ("jit", .string("on"), "jit must be true or false"),
        ("track_io_timing", .boolean(true), #"track_io_timing must be one of "off", "on""#),
        ("shared_buffers_percentage", .number(60.1), "shared_buffers_percentage must be a number from 20.0 to 60.0"),
        (
            "timezone", .string("UTC'\nssl = off"),
            "timezone must be the name of a time zone of at most 64 bytes"
        ),
        (
            "pg_partman_bgw.role", .string("a b"),
            "pg_partman_bgw.role must be a name of letters, digits, '_', '-' and '.' of at most 64 bytes"
        ),
        ("log_line_prefix", .string("%u"), ""),
        ("pgbouncer.ignore_startup_parameters", .strings(["role"]), ""),
    ]

    @Test("A value that the key does not take is refused with the key's rule", arguments: refused)
    func invalid(name: String, value: SettingValue, reason: String) {
        var changed = configuration()
        do {
            try changed.apply([name: value])
            Issue.record("\(name) was taken")
        } catch {
            guard case .invalid(let text) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(reason.isEmpty || text == reason)
        }
        #expect(changed == configuration())
    }

    @Test("Unknown keys are passed over")
    func unknown() throws {
        var changed = configuration()
        try changed.apply(["fsync": .boolean(false), "": .integer(1), "jit": .boolean(false)])
        #expect(changed.values == ["jit": .boolean(false)])
        #expect(configuration(["fsync": .boolean(false), "jit": .boolean(true)]).values == ["jit": .boolean(true)])
    }

    static let growing: [(name: String, planned: Int)] = [
        ("max_connections", 25), ("max_worker_processes", 9), ("max_wal_senders", 20),
        ("max_prepared_transactions", 0), ("max_locks_per_transaction", 64),
    ]

    @Test("Keys that only grow take more and never less, also not by null", arguments: growing)
    func growsOnly(name: String, planned: Int) throws {
        var changed = configuration()
        #expect(effective(changed, name) == .integer(planned))
        try changed.apply([name: nil])
        try changed.apply([name: .integer(planned)])
        try changed.apply([name: .integer(planned + 4)])
        let refusal = Configuration.ChangeError.invalid("\(name) cannot be lowered; it is \(planned + 4)")
        #expect(throws: refusal) { try changed.apply([name: .integer(planned + 3)]) }
        #expect(throws: refusal) { try changed.apply([name: nil]) }
        #expect(effective(changed, name) == .integer(planned + 4))
        try changed.apply([name: .integer(planned + 4)])
        #expect(effective(changed, name) == .integer(planned + 4))
    }

    @Test("Null puts a growing key back while that lowers nothing", arguments: growing)
    func growsOnlyNull(name: String, planned: Int) throws {
        var changed = configuration()
        try changed.apply([name: .integer(planned)])
        try changed.apply([name: nil])
        #expect(changed.values.isEmpty)
    }

    @Test("A growing key cannot go below what the plan gives")
    func plannedFloor() {
        var changed = Configuration(plan: Plans.all[4])
        #expect(throws: Configuration.ChangeError.invalid("max_connections cannot be lowered; it is 400")) {
            try changed.apply(["max_connections": .integer(399)])
        }
    }

    static let keysNotBuilt: [(String, SettingValue, String)] = [
        ("backup_hour", .integer(3), "backups"), ("backup_minute", .integer(30), "backups"),
        ("synchronous_replication", .string("quorum"), "standby nodes"),
        ("max_failover_replication_time_lag", .integer(50), "standby nodes"),
        ("stat_monitor_enable", .boolean(true), "pg_stat_monitor"),
    ]

    @Test("What is not built is refused as such, never ignored", arguments: keysNotBuilt)
    func notBuilt(name: String, value: SettingValue, feature: String) {
        var changed = configuration()
        let text = "\(name) needs \(feature), which this version of Atoll does not have yet."
        #expect(throws: Configuration.ChangeError.notBuilt(text)) { try changed.apply([name: value]) }
    }

    @Test("What is not built takes its default and null, and an invalid value is still invalid")
    func notBuiltDefaults() throws {
        var changed = configuration()
        try changed.apply([
            "synchronous_replication": .string("off"), "stat_monitor_enable": .boolean(false), "backup_hour": nil,
        ])
        #expect(throws: Configuration.ChangeError.invalid("backup_hour must be an integer from 0 to 23")) {
            try changed.apply(["backup_hour": .integer(24)])
        }
    }

    @Test("Several changes are taken all or none")
    func allOrNone() throws {
        var changed = configuration()
        try changed.apply(["work_mem": .integer(8)])
        let before = changed
        #expect(throws: Configuration.ChangeError.self) {
            try changed.apply(["autovacuum_naptime": .integer(5), "jit": .boolean(false), "work_mem": .integer(0)])
        }
        #expect(changed == before)
        #expect(throws: Configuration.ChangeError.self) {
            try changed.apply(["autovacuum_naptime": .integer(5), "backup_hour": .integer(1), "work_mem": nil])
        }
        #expect(changed == before)
    }

    @Test("Null puts a key back to its default")
    func null() throws {
        var changed = configuration(["work_mem": .integer(8), "jit": .boolean(false)])
        try changed.apply(["work_mem": nil, "jit": nil, "timezone": nil])
        #expect(changed == configuration())
        #expect(effective(changed, "work_mem") == .integer(10))
        #expect(effective(changed, "jit") == .boolean(true))
    }

    @Test("Every key has a value in force but those of backups and failover", arguments: Plans.all)
    func everyKeyHasAValue(_ plan: ClusterPlan) {
        let without = ConfigurationTable.keys.filter { Configuration(plan: plan).effectiveValue(of: $0) == nil }
        #expect(without.map(\.name) == ["backup_hour", "backup_minute", "max_failover_replication_time_lag"])
    }

    // MARK: - Text for the server

    static let texts: [(String, SettingValue, String, String)] = [
        ("work_mem", .integer(32), "work_mem", "32MB"),
        ("temp_file_limit", .integer(-1), "temp_file_limit", "-1"),
        ("temp_file_limit", .integer(5000), "temp_file_limit", "5000kB"),
        ("log_min_duration_statement", .integer(-1), "log_min_duration_statement", "-1"),
        ("log_min_duration_statement", .integer(0), "log_min_duration_statement", "0ms"),
        ("log_autovacuum_min_duration", .integer(-1), "log_autovacuum_min_duration", "-1"),
        ("max_slot_wal_keep_size", .integer(-1), "max_slot_wal_keep_size", "-1"),
        ("max_slot_wal_keep_size", .integer(100), "max_slot_wal_keep_size", "100MB"),
        ("autovacuum_vacuum_cost_delay", .integer(-1), "autovacuum_vacuum_cost_delay", "-1"),
        ("autovacuum_vacuum_cost_delay", .integer(20), "autovacuum_vacuum_cost_delay", "20ms"),
        ("autovacuum_naptime", .integer(0), "autovacuum_naptime", "1s"),
        ("autovacuum_naptime", .integer(86_400), "autovacuum_naptime", "86400s"),
        ("max_stack_depth", .integer(2_097_152), "max_stack_depth", "2048kB"),
        ("max_stack_depth", .integer(6_291_456), "max_stack_depth", "6144kB"),
        ("max_stack_depth", .integer(2_097_153), "max_stack_depth", "2048kB"),
        ("bgwriter_flush_after", .integer(0), "bgwriter_flush_after", "0kB"),
        ("bgwriter_flush_after", .integer(2048), "bgwriter_flush_after", "2048kB"),
        ("track_activity_query_size", .integer(4096), "track_activity_query_size", "4096B"),
        ("wal_sender_timeout", .integer(0), "wal_sender_timeout", "0ms"),
        ("jit", .boolean(true), "jit", "on"),
        ("jit", .boolean(false), "jit", "off"),
        ("track_io_timing", .string("on"), "track_io_timing", "on"),
        ("autovacuum_vacuum_scale_factor", .number(0.05), "autovacuum_vacuum_scale_factor", "0.05"),
        ("autovacuum_vacuum_scale_factor", .number(1), "autovacuum_vacuum_scale_factor", "1.0"),
        // strtod reports a range error for subnormal numbers, and PostgreSQL refuses the file then.
        ("autovacuum_vacuum_scale_factor", .number(.leastNonzeroMagnitude), "autovacuum_vacuum_scale_factor", "0.0"),
        ("log_line_prefix", .string("%m [%p] %q[user=%u,db=%d,app=%a]"), "log_line_prefix", ""),
        ("pg_stat_statements.track", .string("all"), "pg_stat_statements.track", "all"),
        ("max_connections", .integer(75), "max_connections", "75"),
        ("shared_buffers_percentage", .number(41.5), "shared_buffers", "424MB"),
        ("shared_buffers_percentage", .integer(50), "shared_buffers", "512MB"),
    ]

    @Test("Values stand in the file with PostgreSQL's units", arguments: texts)
    func text(key: String, value: SettingValue, name: String, expected: String) {
        let written = parameter(configuration([key: value]), name)
        if case .string(let text) = value, expected.isEmpty {
            #expect(written == text)
        } else {
            #expect(written == expected)
        }
    }

    @Test("Without settings the file has the plan's values")
    func defaults() {
        let configuration = configuration()
        let expected = [
            "max_connections": "25", "superuser_reserved_connections": "3", "shared_buffers": "256MB",
            "work_mem": "10MB", "max_worker_processes": "9", "max_slot_wal_keep_size": "3072MB",
            "max_wal_senders": "20", "jit": "on", "timezone": "UTC", "log_min_duration_statement": "1000ms",
        ]
        for (name, value) in expected { #expect(parameter(configuration, name) == value, "\(name)") }
    }

    @Test("The share of shared buffers moves the work_mem that nobody set, and not one that somebody did")
    func workMemoryFollows() {
        let values: [String: SettingValue] = ["shared_buffers_percentage": .number(60)]
        #expect(parameter(configuration(values), "work_mem") == "24MB")
        #expect(parameter(configuration(values.merging(["work_mem": .integer(5)]) { $1 }), "work_mem") == "5MB")
    }

    @Test(
        "A parameter stands once, whatever is set; stored keys and those not built do not stand", arguments: Plans.all)
    func oneLineEach(_ plan: ClusterPlan) {
        let values: [String: SettingValue] = [
            "work_mem": .integer(7), "pgbouncer.min_pool_size": .integer(3), "pg_partman_bgw.interval": .integer(4000),
            "synchronous_replication": .string("off"),
        ]
        let names = Configuration(plan: plan, values: values).parameters.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(!names.contains { $0.contains("pgbouncer") || $0.contains("partman") || $0.contains("timescale") })
        #expect(!names.contains { $0.hasPrefix("backup") || $0.hasPrefix("synchronous") || $0.hasPrefix("stat_") })
    }
}

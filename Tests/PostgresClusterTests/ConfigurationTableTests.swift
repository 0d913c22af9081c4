import Settings
import Testing

@testable import PostgresCluster

@Suite("Configuration table")
struct ConfigurationTableTests {
    /// Every key of DigitalOcean's postgres_advanced_config.yml in its order, with its limits.
    static let published: [(name: String, kind: SettingKind)] = [
        ("autovacuum_freeze_max_age", .integer(200_000_000...1_500_000_000)),
        ("autovacuum_max_workers", .integer(1...20)),
        ("autovacuum_naptime", .integer(0...86_400)),
        ("autovacuum_vacuum_threshold", .integer(0...2_147_483_647)),
        ("autovacuum_analyze_threshold", .integer(0...2_147_483_647)),
        ("autovacuum_vacuum_scale_factor", .number(0...1)),
        ("autovacuum_analyze_scale_factor", .number(0...1)),
        ("autovacuum_vacuum_cost_delay", .integer(-1...100)),
        ("autovacuum_vacuum_cost_limit", .integer(-1...10_000)),
        ("backup_hour", .integer(0...23)),
        ("backup_minute", .integer(0...59)),
        ("bgwriter_delay", .integer(10...10_000)),
        ("bgwriter_flush_after", .integer(0...2048)),
        ("bgwriter_lru_maxpages", .integer(0...1_073_741_823)),
        ("bgwriter_lru_multiplier", .number(0...10)),
        ("deadlock_timeout", .integer(500...1_800_000)),
        ("default_toast_compression", .choice(["lz4", "pglz"])),
        ("idle_in_transaction_session_timeout", .integer(0...604_800_000)),
        ("jit", .boolean),
        ("log_autovacuum_min_duration", .integer(-1...2_147_483_647)),
        ("log_error_verbosity", .choice(["TERSE", "DEFAULT", "VERBOSE"])),
        (
            "log_line_prefix",
            .choice([
                "pid=%p,user=%u,db=%d,app=%a,client=%h", "%m [%p] %q[user=%u,db=%d,app=%a]",
                "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h",
            ])
        ),
        ("log_min_duration_statement", .integer(-1...86_400_000)),
        ("max_files_per_process", .integer(1000...4096)),
        ("max_prepared_transactions", .integer(0...10_000)),
        ("max_pred_locks_per_transaction", .integer(64...640)),
        ("max_locks_per_transaction", .integer(64...6400)),
        ("max_stack_depth", .integer(2_097_152...6_291_456)),
        ("max_standby_archive_delay", .integer(1...43_200_000)),
        ("max_standby_streaming_delay", .integer(1...43_200_000)),
        ("max_replication_slots", .integer(8...64)),
        ("max_logical_replication_workers", .integer(4...64)),
        ("max_parallel_workers", .integer(0...96)),
        ("max_parallel_workers_per_gather", .integer(0...96)),
        ("max_worker_processes", .integer(8...96)),
        // ^[_A-Za-z0-9][-._A-Za-z0-9]{0,63}$
        ("pg_partman_bgw.role", .text(maximumBytes: 64, rule: .identifier)),
        ("pg_partman_bgw.interval", .integer(3600...604_800)),
        ("pg_stat_statements.track", .choice(["all", "top", "none"])),
        ("temp_file_limit", .integer(-1...2_147_483_647)),
        ("timezone", .text(maximumBytes: 64, rule: .timeZone)),
        ("track_activity_query_size", .integer(1024...10_240)),
        ("track_commit_timestamp", .choice(["off", "on"])),
        ("track_functions", .choice(["all", "pl", "none"])),
        ("track_io_timing", .choice(["off", "on"])),
        ("max_wal_senders", .integer(20...64)),
        ("wal_sender_timeout", .integer(0...10_800_000)),
        ("wal_writer_delay", .integer(10...200)),
        ("shared_buffers_percentage", .number(20...60)),
        ("pgbouncer.server_reset_query_always", .boolean),
        ("pgbouncer.ignore_startup_parameters", .choices(["extra_float_digits", "search_path"], maximumCount: 32)),
        ("pgbouncer.min_pool_size", .integer(0...10_000)),
        ("pgbouncer.server_lifetime", .integer(60...86_400)),
        ("pgbouncer.server_idle_timeout", .integer(0...86_400)),
        ("pgbouncer.autodb_pool_size", .integer(0...10_000)),
        ("pgbouncer.autodb_pool_mode", .choice(["session", "transaction", "statement"])),
        ("pgbouncer.autodb_max_db_connections", .integer(0...2_147_483_647)),
        ("pgbouncer.autodb_idle_timeout", .integer(0...86_400)),
        ("work_mem", .integer(1...1024)),
        ("timescaledb.max_background_workers", .integer(1...4096)),
        ("synchronous_replication", .choice(["off", "quorum"])),
        ("stat_monitor_enable", .boolean),
        // The API's upper limit is 2^63 - 1, rounded by its JSON.
        ("max_failover_replication_time_lag", .integer(10...Int.max)),
        // The API names no upper limit; ours keeps a mistyped number from taking all memory.
        ("max_connections", .integer(25...10_000)),
        ("max_slot_wal_keep_size", .integer(-1...2_147_483_647)),
    ]

    @Test("A key has the limits that the API publishes", arguments: published)
    func limits(name: String, kind: SettingKind) throws {
        let key = try #require(ConfigurationTable.keysByName[name], "no row for \(name)")
        switch (key.kind, kind) {
        case (.choice(let ours), .choice(let theirs)): #expect(Set(ours) == Set(theirs))
        default: #expect(key.kind == kind)
        }
    }

    @Test("The table has the published keys, each once, and no others")
    func keys() {
        let names = ConfigurationTable.keys.map(\.name)
        #expect(names.count == Self.published.count)
        #expect(Set(names).count == names.count)
        #expect(Set(names) == Set(Self.published.map(\.name)))
        #expect(ConfigurationTable.keysByName.count == names.count)
    }

    @Test("The groups that the API nests are whole, and other names with a dot are one key")
    func groups() {
        let nested = ConfigurationTable.keys.map(\.name).filter { name in
            ConfigurationTable.nestedGroups.contains { name.hasPrefix("\($0).") }
        }
        #expect(nested.count == 10)
        #expect(nested.count { $0.hasPrefix("pgbouncer.") } == 9)
        let dotted = ConfigurationTable.keys.map(\.name).filter { $0.contains(".") && !nested.contains($0) }
        #expect(Set(dotted) == ["pg_partman_bgw.role", "pg_partman_bgw.interval", "pg_stat_statements.track"])
        #expect(!ConfigurationTable.nestedGroups.contains { ConfigurationTable.keysByName[$0] != nil })
    }

    @Test("A default is a value that its key takes, in the key's own form", arguments: published.map(\.name))
    func defaults(name: String) throws {
        let key = try #require(ConfigurationTable.keysByName[name])
        guard let value = key.defaultValue else { return }
        #expect(try key.kind.validate(value, name: name) == value)
    }

    @Test("No two keys write the same server parameter")
    func destinations() {
        let parameters = ConfigurationTable.keys.compactMap { key -> String? in
            guard case .parameter(let name, _, _) = key.destination else { return nil }
            #expect(name == key.name)
            return name
        }
        #expect(Set(parameters).count == parameters.count)
        #expect(parameters.count == 46)
    }

    /// The API's words: "this value can only be increased".
    @Test("The keys that only grow are those that standbys rely on, and each needs a restart")
    func growsOnly() {
        let growing = ConfigurationTable.keys.filter(\.growsOnly)
        #expect(
            Set(growing.map(\.name)) == [
                "max_connections", "max_locks_per_transaction", "max_prepared_transactions", "max_wal_senders",
                "max_worker_processes",
            ])
        #expect(growing.allSatisfy { $0.needsRestart })
    }
}

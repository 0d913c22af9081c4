package import Settings

/// One key of DigitalOcean's advanced configuration for PostgreSQL, and what it means to the server.
package struct ConfigurationKey: Sendable {
    /// Where a value goes.
    package enum Destination: Sendable, Equatable {
        /// A server parameter; `unit` is appended to the number, `divisor` divides it first.
        case parameter(String, unit: String = "", divisor: Int = 1)
        /// `shared_buffers`, as a share of the plan's memory.
        case sharedBuffersPercentage
        /// Kept and returned for another program (the pooler) or an extension that may be added.
        case stored
        /// Names a feature that is not built: any value but the default is refused (501), never ignored.
        case notBuilt(String)
    }

    /// The key as the API has it. Nested keys are written with their group: `pgbouncer.server_lifetime`.
    package var name: String
    package var kind: SettingKind
    package var destination: Destination
    /// PostgreSQL takes the change only at a restart (context `postmaster`).
    package var needsRestart: Bool
    /// May grow but not shrink: standbys and prepared transactions rely on it.
    package var growsOnly: Bool
    /// Value when the user has set none; nil when it follows from the plan (`Configuration.effective`).
    package var defaultValue: SettingValue?

    init(
        _ name: String, _ kind: SettingKind, _ destination: Destination, default defaultValue: SettingValue?,
        needsRestart: Bool = false, growsOnly: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.destination = destination
        self.needsRestart = needsRestart
        self.growsOnly = growsOnly
        self.defaultValue = defaultValue
    }
}

/// Every key of the advanced configuration (DigitalOcean's postgres_advanced_config.yml) with its limits.
///
/// Defaults are PostgreSQL 15's, except where a managed cluster is better served by another (noted in the row).
package enum ConfigurationTable {
    /// Groups that the API shows as nested objects. Other names with a dot are one key.
    package static let nestedGroups: Set<String> = ["pgbouncer", "timescaledb"]

    package static let keys: [ConfigurationKey] =
        autovacuum + backgroundWriter + locksAndTimeouts + logging + memoryAndProcesses + replication + extensions
        + pooler + notBuilt

    /// Rows by name.
    package static let keysByName: [String: ConfigurationKey] = Dictionary(
        keys.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    private static let int32Max = 2_147_483_647

    private static func server(
        _ name: String, _ kind: SettingKind, _ defaultValue: SettingValue?, unit: String = "", divisor: Int = 1,
        needsRestart: Bool = false, growsOnly: Bool = false
    ) -> ConfigurationKey {
        ConfigurationKey(
            name, kind, .parameter(name, unit: unit, divisor: divisor), default: defaultValue,
            needsRestart: needsRestart, growsOnly: growsOnly)
    }

    private static let autovacuum: [ConfigurationKey] = [
        server(
            "autovacuum_freeze_max_age", .integer(200_000_000...1_500_000_000), .integer(200_000_000),
            needsRestart: true),
        server("autovacuum_max_workers", .integer(1...20), .integer(3), needsRestart: true),
        server("autovacuum_naptime", .integer(0...86_400), .integer(60), unit: "s"),
        server("autovacuum_vacuum_threshold", .integer(0...int32Max), .integer(50)),
        server("autovacuum_analyze_threshold", .integer(0...int32Max), .integer(50)),
        server("autovacuum_vacuum_scale_factor", .number(0...1), .number(0.2)),
        server("autovacuum_analyze_scale_factor", .number(0...1), .number(0.1)),
        server("autovacuum_vacuum_cost_delay", .integer(-1...100), .integer(2), unit: "ms"),
        server("autovacuum_vacuum_cost_limit", .integer(-1...10_000), .integer(-1)),
        server("log_autovacuum_min_duration", .integer(-1...int32Max), .integer(600_000), unit: "ms"),
    ]

    private static let backgroundWriter: [ConfigurationKey] = [
        server("bgwriter_delay", .integer(10...10_000), .integer(200), unit: "ms"),
        // The API counts kilobytes, PostgreSQL blocks of 8 kB; its own default is 64 blocks.
        server("bgwriter_flush_after", .integer(0...2048), .integer(512), unit: "kB"),
        server("bgwriter_lru_maxpages", .integer(0...1_073_741_823), .integer(100)),
        server("bgwriter_lru_multiplier", .number(0...10), .number(2)),
    ]

    private static let locksAndTimeouts: [ConfigurationKey] = [
        server("deadlock_timeout", .integer(500...1_800_000), .integer(1000), unit: "ms"),
        server("idle_in_transaction_session_timeout", .integer(0...604_800_000), .integer(0), unit: "ms"),
        server(
            "max_locks_per_transaction", .integer(64...6400), .integer(64), needsRestart: true, growsOnly: true),
        server("max_pred_locks_per_transaction", .integer(64...640), .integer(64), needsRestart: true),
        server("max_prepared_transactions", .integer(0...10_000), .integer(0), needsRestart: true, growsOnly: true),
    ]

    private static let logging: [ConfigurationKey] = [
        server("log_error_verbosity", .choice(["TERSE", "DEFAULT", "VERBOSE"]), .string("DEFAULT")),
        server(
            "log_line_prefix",
            .choice([
                "pid=%p,user=%u,db=%d,app=%a,client=%h", "%m [%p] %q[user=%u,db=%d,app=%a]",
                "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h",
            ]), .string("%m [%p] %q[user=%u,db=%d,app=%a]")),
        // PostgreSQL logs no statement by default; a second is long enough to be worth a line.
        server("log_min_duration_statement", .integer(-1...86_400_000), .integer(1000), unit: "ms"),
        server("track_activity_query_size", .integer(1024...10_240), .integer(1024), unit: "B", needsRestart: true),
        server("track_commit_timestamp", .choice(["off", "on"]), .string("off"), needsRestart: true),
        server("track_functions", .choice(["all", "pl", "none"]), .string("none")),
        server("track_io_timing", .choice(["off", "on"]), .string("off")),
        server("pg_stat_statements.track", .choice(["all", "top", "none"]), .string("top")),
    ]

    private static let memoryAndProcesses: [ConfigurationKey] = [
        ConfigurationKey(
            "shared_buffers_percentage", .number(20...60), .sharedBuffersPercentage, default: .number(25),
            needsRestart: true),
        server("work_mem", .integer(1...1024), nil, unit: "MB"),
        server("temp_file_limit", .integer(-1...int32Max), .integer(-1), unit: "kB"),
        server("max_files_per_process", .integer(1000...4096), .integer(1000), needsRestart: true),
        // Bytes in the API, whole kilobytes in PostgreSQL.
        server("max_stack_depth", .integer(2_097_152...6_291_456), .integer(2_097_152), unit: "kB", divisor: 1024),
        server("max_worker_processes", .integer(8...96), nil, needsRestart: true, growsOnly: true),
        server("max_parallel_workers", .integer(0...96), .integer(8)),
        server("max_parallel_workers_per_gather", .integer(0...96), .integer(2)),
        server("max_connections", .integer(25...10_000), nil, needsRestart: true, growsOnly: true),
        server("jit", .boolean, .boolean(true)),
        server("default_toast_compression", .choice(["lz4", "pglz"]), .string("lz4")),
        server("timezone", .text(maximumBytes: 64, rule: .timeZone), .string("UTC")),
    ]

    private static let replication: [ConfigurationKey] = [
        // The platform's own sessions are walsenders too (`AdminConnection`), hence 20 rather than 10.
        server("max_wal_senders", .integer(20...64), .integer(20), needsRestart: true, growsOnly: true),
        server("wal_sender_timeout", .integer(0...10_800_000), .integer(60_000), unit: "ms"),
        server("wal_writer_delay", .integer(10...200), .integer(200), unit: "ms"),
        server("max_replication_slots", .integer(8...64), .integer(10), needsRestart: true),
        server("max_logical_replication_workers", .integer(4...64), .integer(4), needsRestart: true),
        server("max_slot_wal_keep_size", .integer(-1...int32Max), nil, unit: "MB"),
        server("max_standby_archive_delay", .integer(1...43_200_000), .integer(30_000), unit: "ms"),
        server("max_standby_streaming_delay", .integer(1...43_200_000), .integer(30_000), unit: "ms"),
    ]

    private static let extensions: [ConfigurationKey] = [
        ConfigurationKey(
            "pg_partman_bgw.role", .text(maximumBytes: 64, rule: .identifier), .stored, default: .string("doadmin")),
        ConfigurationKey("pg_partman_bgw.interval", .integer(3600...604_800), .stored, default: .integer(3600)),
        ConfigurationKey("timescaledb.max_background_workers", .integer(1...4096), .stored, default: .integer(16)),
    ]

    private static let pooler: [ConfigurationKey] = [
        ConfigurationKey("pgbouncer.server_reset_query_always", .boolean, .stored, default: .boolean(false)),
        ConfigurationKey(
            "pgbouncer.ignore_startup_parameters",
            .choices(["extra_float_digits", "search_path"], maximumCount: 32), .stored, default: .strings([])),
        ConfigurationKey("pgbouncer.min_pool_size", .integer(0...10_000), .stored, default: .integer(0)),
        ConfigurationKey("pgbouncer.server_lifetime", .integer(60...86_400), .stored, default: .integer(3600)),
        ConfigurationKey("pgbouncer.server_idle_timeout", .integer(0...86_400), .stored, default: .integer(600)),
        ConfigurationKey("pgbouncer.autodb_pool_size", .integer(0...10_000), .stored, default: .integer(0)),
        ConfigurationKey(
            "pgbouncer.autodb_pool_mode", .choice(["session", "transaction", "statement"]), .stored,
            default: .string("transaction")),
        ConfigurationKey(
            "pgbouncer.autodb_max_db_connections", .integer(0...int32Max), .stored, default: .integer(0)),
        ConfigurationKey("pgbouncer.autodb_idle_timeout", .integer(0...86_400), .stored, default: .integer(3600)),
    ]

    private static let notBuilt: [ConfigurationKey] = [
        ConfigurationKey("backup_hour", .integer(0...23), .notBuilt("backups"), default: nil),
        ConfigurationKey("backup_minute", .integer(0...59), .notBuilt("backups"), default: nil),
        ConfigurationKey(
            "synchronous_replication", .choice(["off", "quorum"]), .notBuilt("standby nodes"),
            default: .string("off")),
        ConfigurationKey(
            "max_failover_replication_time_lag", .integer(10...Int.max), .notBuilt("standby nodes"), default: nil),
        ConfigurationKey(
            "stat_monitor_enable", .boolean, .notBuilt("pg_stat_monitor"), default: .boolean(false)),
    ]
}

import Testing

/// A key of the advanced configuration that PostgreSQL 15 has: what the test sets, what the server shall say, and what
/// shall be refused. Limits are those of DigitalOcean's API description.
struct ConfigurationRow: Sendable, CustomTestStringConvertible {
    let key: String
    /// JSON text of a valid value that is not the default.
    let value: String
    /// What `SHOW` says then, with its unit.
    let shown: String
    /// JSON texts outside the limits or of another type.
    let refused: [String]
    let needsRestart: Bool
    let growsOnly: Bool
    /// Name in the server, where it is another one.
    let parameter: String

    var testDescription: String { key }

    init(
        _ key: String, _ value: String, _ shown: String, refused: [String], needsRestart: Bool = false,
        growsOnly: Bool = false, parameter: String? = nil
    ) {
        self.key = key
        self.value = value
        self.shown = shown
        self.refused = refused
        self.needsRestart = needsRestart
        self.growsOnly = growsOnly
        self.parameter = parameter ?? key
    }

    private static let above31 = "2147483648"

    static let reloaded: [ConfigurationRow] = [
        Self("autovacuum_naptime", "30", "30s", refused: ["-1", "86401", "\"x\""]),
        Self("autovacuum_vacuum_threshold", "75", "75", refused: ["-1", above31]),
        Self("autovacuum_analyze_threshold", "80", "80", refused: ["-1", above31]),
        Self("autovacuum_vacuum_scale_factor", "0.3", "0.3", refused: ["-0.1", "1.1"]),
        Self("autovacuum_analyze_scale_factor", "0.05", "0.05", refused: ["-0.1", "1.1"]),
        Self("autovacuum_vacuum_cost_delay", "10", "10ms", refused: ["-2", "101"]),
        Self("autovacuum_vacuum_cost_limit", "500", "500", refused: ["-2", "10001"]),
        Self("log_autovacuum_min_duration", "5000", "5s", refused: ["-2", above31]),
        Self("bgwriter_delay", "300", "300ms", refused: ["9", "10001"]),
        Self("bgwriter_flush_after", "256", "256kB", refused: ["-1", "2049"]),
        Self("bgwriter_lru_maxpages", "200", "200", refused: ["-1", "1073741824"]),
        Self("bgwriter_lru_multiplier", "3.5", "3.5", refused: ["-0.1", "10.1"]),
        Self("deadlock_timeout", "2000", "2s", refused: ["499", "1800001"]),
        Self("idle_in_transaction_session_timeout", "60000", "1min", refused: ["-1", "604800001"]),
        Self("log_error_verbosity", "\"VERBOSE\"", "verbose", refused: ["\"LOUD\"", "1"]),
        Self(
            "log_line_prefix", "\"pid=%p,user=%u,db=%d,app=%a,client=%h\"", "pid=%p,user=%u,db=%d,app=%a,client=%h",
            refused: ["\"%m\"", "\"'\"", "1"]),
        Self("log_min_duration_statement", "2000", "2s", refused: ["-2", "86400001"]),
        Self("track_functions", "\"all\"", "all", refused: ["\"some\"", "true"]),
        Self("track_io_timing", "\"on\"", "on", refused: ["\"yes\"", "1"]),
        Self("pg_stat_statements.track", "\"all\"", "all", refused: ["\"some\"", "true"]),
        Self("work_mem", "8", "8MB", refused: ["0", "1025", "1.5", "\"8MB\""]),
        Self("temp_file_limit", "5000000", "5000000kB", refused: ["-2", above31]),
        Self("max_stack_depth", "4194304", "4MB", refused: ["2097151", "6291457"]),
        Self("max_parallel_workers", "4", "4", refused: ["-1", "97"]),
        Self("max_parallel_workers_per_gather", "1", "1", refused: ["-1", "97"]),
        Self("jit", "false", "off", refused: ["\"off\"", "0"]),
        Self("default_toast_compression", "\"pglz\"", "pglz", refused: ["\"zstd\"", "1"]),
        Self(
            "timezone", "\"Europe/Berlin\"", "Europe/Berlin",
            refused: ["\"Nowhere/Land\"", "\"../../etc/passwd\"", "\"\(String(repeating: "x", count: 65))\"", "1"]),
        Self("wal_sender_timeout", "30000", "30s", refused: ["-1", "10800001"]),
        Self("wal_writer_delay", "100", "100ms", refused: ["9", "201"]),
        Self("max_slot_wal_keep_size", "2048", "2GB", refused: ["-2", above31]),
        Self("max_standby_archive_delay", "60000", "1min", refused: ["0", "43200001"]),
        Self("max_standby_streaming_delay", "45000", "45s", refused: ["0", "43200001"]),
    ]

    static let restarted: [ConfigurationRow] = [
        Self(
            "autovacuum_freeze_max_age", "300000000", "300000000", refused: ["199999999", "1500000001"],
            needsRestart: true),
        Self("autovacuum_max_workers", "4", "4", refused: ["0", "21"], needsRestart: true),
        Self(
            "max_locks_per_transaction", "128", "128", refused: ["63", "6401"], needsRestart: true, growsOnly: true),
        Self("max_pred_locks_per_transaction", "96", "96", refused: ["63", "641"], needsRestart: true),
        Self("max_prepared_transactions", "10", "10", refused: ["-1", "10001"], needsRestart: true, growsOnly: true),
        Self("track_activity_query_size", "2048", "2kB", refused: ["1023", "10241"], needsRestart: true),
        Self("track_commit_timestamp", "\"on\"", "on", refused: ["\"yes\"", "true"], needsRestart: true),
        // 30.5 % of 1 GiB.
        Self(
            "shared_buffers_percentage", "30.5", "312MB", refused: ["19.9", "60.1", "\"30\""], needsRestart: true,
            parameter: "shared_buffers"),
        Self("max_files_per_process", "2000", "2000", refused: ["999", "4097"], needsRestart: true),
        Self("max_worker_processes", "16", "16", refused: ["7", "97"], needsRestart: true, growsOnly: true),
        Self("max_connections", "30", "30", refused: ["24"], needsRestart: true, growsOnly: true),
        Self("max_wal_senders", "24", "24", refused: ["19", "65"], needsRestart: true, growsOnly: true),
        Self("max_replication_slots", "16", "16", refused: ["7", "65"], needsRestart: true),
        Self("max_logical_replication_workers", "6", "6", refused: ["3", "65"], needsRestart: true),
    ]

    /// Kept and returned for the pooler and for extensions that are not part of the server.
    static let stored: [ConfigurationRow] = [
        Self("pgbouncer.server_reset_query_always", "true", "", refused: ["1"]),
        Self(
            "pgbouncer.ignore_startup_parameters", "[\"extra_float_digits\"]", "",
            refused: ["[\"other\"]", "\"search_path\"", "[1]"]),
        Self("pgbouncer.min_pool_size", "1", "", refused: ["-1", "10001"]),
        Self("pgbouncer.server_lifetime", "120", "", refused: ["59", "86401"]),
        Self("pgbouncer.server_idle_timeout", "30", "", refused: ["-1", "86401"]),
        Self("pgbouncer.autodb_pool_size", "5", "", refused: ["-1", "10001"]),
        Self("pgbouncer.autodb_pool_mode", "\"session\"", "", refused: ["\"query\""]),
        Self("pgbouncer.autodb_max_db_connections", "9", "", refused: ["-1", above31]),
        Self("pgbouncer.autodb_idle_timeout", "60", "", refused: ["-1", "86401"]),
        Self("timescaledb.max_background_workers", "8", "", refused: ["0", "4097"]),
        Self("pg_partman_bgw.role", "\"worker\"", "", refused: ["\"-x\"", "\"\""]),
        Self("pg_partman_bgw.interval", "7200", "", refused: ["3599", "604801"]),
    ]

    /// The key and a value as the API takes it: `pgbouncer` and `timescaledb` are objects.
    func json(_ value: String? = nil) -> String {
        let value = value ?? self.value
        let parts = key.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, ["pgbouncer", "timescaledb"].contains(parts[0]) else { return "\"\(key)\":\(value)" }
        return "\"\(parts[0])\":{\"\(parts[1])\":\(value)}"
    }
}

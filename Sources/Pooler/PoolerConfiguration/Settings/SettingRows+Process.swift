// The process, its log, its console and its sockets. `SettingRow` says what each part of a row means.

extension SettingTable {
    private static let count = 0...ConfigurationLimits.integerMax

    static let processRows: [SettingRow] = [
        SettingRow("admin_users", .list(\.adminUsers), ""),
        SettingRow("conffile", .optionalText(\.configurationFile), nil),
        SettingRow("job_name", .text(\.jobName), "pgbouncer", .restart),
        SettingRow("listen_addr", .list(\.listenAddresses), "", .restart),
        SettingRow("listen_backlog", .integer(\.listenBacklog, count), "128", .restart),
        SettingRow("listen_port", .integer(\.listenPort, 1...65535), "6432", .restart),
        SettingRow("log_connections", .boolean(\.logsConnections), "1"),
        SettingRow("log_disconnections", .boolean(\.logsDisconnections), "1"),
        SettingRow("log_pooler_errors", .boolean(\.logsPoolerErrors), "1"),
        SettingRow("log_stats", .boolean(\.logsStatistics), "1"),
        SettingRow("logfile", .optionalText(\.logFile), ""),
        SettingRow("peer_id", .integer(\.peerNumber, 0...ConfigurationLimits.peerNumberMax), "0"),
        SettingRow("pidfile", .optionalText(\.processIDFile), "", .restart),
        SettingRow("so_reuseport", .boolean(\.reusesPort), "0", .restart),
        SettingRow("stats_period", .seconds(\.statisticsPeriodMicroseconds, min: 1_000_000), "60"),
        SettingRow("stats_users", .list(\.statisticsUsers), ""),
        SettingRow("syslog", .boolean(\.logsToSyslog), "0"),
        SettingRow("syslog_facility", .choice(\.syslogFacility), "daemon"),
        SettingRow("syslog_ident", .text(\.syslogIdentity), "pgbouncer"),
        SettingRow("unix_socket_dir", .optionalText(\.unixSocketDirectory), "/tmp", .restart),
        SettingRow("unix_socket_group", .optionalText(\.unixSocketGroup), "", .restart),
        SettingRow("unix_socket_mode", .octalMode(\.unixSocketMode), "0777", .restart),
        SettingRow("user", .optionalText(\.processUser), nil, .restart),
        SettingRow("verbose", .integer(\.verbosity, count), nil),
        // Ours alone.
        SettingRow(
            "metrics_listen",
            .optionalText(
                \.metricsListen,
                check: { text throws(ValueProblem) in if !text.isEmpty { _ = try MetricsPlace(text) } }), "", .restart),
        SettingRow(
            "worker_threads", .integer(\.workerThreads, 0...ConfigurationLimits.workerThreadsMax), "0", .restart),
    ]
}

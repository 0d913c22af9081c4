import PoolerConfiguration

/// Settings that are understood and not carried out yet: whoever changes one is told, at the start and at a reload.
enum UnbuiltSettings {
    private static let names: Set<String> = [
        "admin_users", "application_name_add_host", "autodb_idle_timeout", "client_tls_dheparams",
        "client_tls_ecdhcurve", "dns_max_ttl", "dns_nxdomain_ttl", "job_name", "log_disconnections",
        "log_pooler_errors", "log_stats", "pkt_buf", "pool_idle_timeout", "sbuf_loopcnt", "so_reuseport",
        "stats_period", "stats_users", "suspend_timeout", "syslog", "syslog_facility", "syslog_ident",
        "tcp_defer_accept", "tcp_keepalive", "tcp_keepcnt", "tcp_keepidle", "tcp_keepintvl", "tcp_socket_buffer",
        "tcp_user_timeout", "worker_threads",
    ]

    /// A line for the log for each of them that is not at its default.
    static func warnings(_ settings: PoolerSettings) -> [String] {
        SettingTable.lines(settings)
            .filter { names.contains($0.key) && ($0.value ?? "") != ($0.defaultValue ?? "") }
            .map { "\($0.key) = \($0.value ?? "") has no effect: it is not built yet" }
    }
}

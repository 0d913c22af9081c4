// The rows of the configuration table for the process. `ConfigurationRow` says what each part means.

extension ConfigurationTable {
    static let processRows: [ConfigurationRow] = [
        ConfigurationRow("always-show-logo", .boolean(false), [.immutable]),
        ConfigurationRow("bio_cpulist", .text(""), [.immutable]),
        ConfigurationRow("crash-log-enabled", .boolean(true)),
        ConfigurationRow("crash-memcheck-enabled", .boolean(true)),
        ConfigurationRow("daemonize", .boolean(false), [.immutable]),
        ConfigurationRow("dir", .special(.directory), [.protected]),
        ConfigurationRow("disable-thp", .boolean(true), [.immutable]),
        ConfigurationRow("enable-debug-command", .choice(["no", "yes", "local"], "no"), [.immutable]),
        ConfigurationRow("enable-module-command", .choice(["no", "yes", "local"], "no"), [.immutable]),
        ConfigurationRow("enable-protected-configs", .choice(["no", "yes", "local"], "no"), [.immutable]),
        ConfigurationRow("ignore-warnings", .text("")),
        ConfigurationRow("locale-collate", .text("")),
        ConfigurationRow("logfile", .text(""), [.immutable]),
        ConfigurationRow("loglevel", .choice(["debug", "verbose", "notice", "warning", "nothing"], "notice")),
        ConfigurationRow("oom-score-adj", .choice(["no", "yes", "relative", "absolute"], "no")),
        ConfigurationRow("oom-score-adj-values", .special(.oomScores), [.manyValues]),
        ConfigurationRow("pidfile", .text(""), [.immutable]),
        ConfigurationRow("proc-title-template", .text("{title} {listen-addr} {server-mode}")),
        ConfigurationRow("server_cpulist", .text(""), [.immutable]),
        ConfigurationRow("set-proc-title", .boolean(true), [.immutable]),
        ConfigurationRow(
            "shutdown-on-sigint", .choice(["default", "save", "nosave", "now", "force"], "default"), [.manyValues]),
        ConfigurationRow(
            "shutdown-on-sigterm", .choice(["default", "save", "nosave", "now", "force"], "default"), [.manyValues]),
        ConfigurationRow("shutdown-timeout", .integer(0...2147483647, 10)),
        ConfigurationRow("io", .choice(["auto", "epoll", "io_uring"], "auto"), [.immutable, .hidden]),
        ConfigurationRow("supervised", .choice(["upstart", "systemd", "auto", "no"], "no"), [.immutable]),
        ConfigurationRow("syslog-enabled", .boolean(false), [.immutable]),
        ConfigurationRow(
            "syslog-facility",
            .choice(
                ["user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"], "local0"),
            [.immutable]),
        ConfigurationRow("syslog-ident", .text("redis"), [.immutable]),
        ConfigurationRow("use-exit-on-panic", .boolean(false), [.hidden]),
        ConfigurationRow("watchdog-period", .integer(0...2147483647, 0), [.hidden]),
    ]
}

// The rows of the configuration table for parts that are built later: stored, returned, and without effect until then. `ConfigurationRow` says what each part means.

extension ConfigurationTable {
    static let laterRows: [ConfigurationRow] = [
        ConfigurationRow(
            "acl-pubsub-default", .choice(["allchannels", "resetchannels"], "resetchannels"), partOf: .accessControl),
        ConfigurationRow("aclfile", .text(""), [.immutable], partOf: .accessControl),
        ConfigurationRow("acllog-max-len", .integer(0 ... .max, 128), partOf: .accessControl),
        ConfigurationRow("active-defrag-cycle-max", .integer(1...99, 25), partOf: .defragmentation),
        ConfigurationRow("active-defrag-cycle-min", .integer(1...99, 1), partOf: .defragmentation),
        ConfigurationRow(
            "active-defrag-ignore-bytes", .integer(1 ... .max, 104857600, .bytes), partOf: .defragmentation),
        ConfigurationRow("active-defrag-max-scan-fields", .integer(1 ... .max, 1000), partOf: .defragmentation),
        ConfigurationRow("active-defrag-threshold-lower", .integer(0...1000, 10), partOf: .defragmentation),
        ConfigurationRow("active-defrag-threshold-upper", .integer(0...1000, 100), partOf: .defragmentation),
        ConfigurationRow("activedefrag", .boolean(false), [.debug], partOf: .defragmentation),
        ConfigurationRow("aof-disable-auto-gc", .boolean(false), [.hidden]),
        ConfigurationRow("aof-load-truncated", .boolean(true)),
        ConfigurationRow("aof-rewrite-incremental-fsync", .boolean(true), partOf: .persistence),
        ConfigurationRow("aof-timestamp-enabled", .boolean(false)),
        ConfigurationRow("aof-use-rdb-preamble", .boolean(true)),
        ConfigurationRow("aof_rewrite_cpulist", .text(""), [.immutable], partOf: .persistence),
        ConfigurationRow("appenddirname", .text("appendonlydir"), [.immutable]),
        ConfigurationRow("appendfilename", .text("appendonly.aof"), [.immutable]),
        ConfigurationRow("appendfsync", .choice(["everysec", "always", "no"], "everysec")),
        ConfigurationRow("appendonly", .boolean(false)),
        ConfigurationRow("auto-aof-rewrite-min-size", .integer(0 ... .max, 67108864, .bytes)),
        ConfigurationRow("auto-aof-rewrite-percentage", .integer(0...2147483647, 100)),
        ConfigurationRow("bgsave_cpulist", .text(""), [.immutable]),
        ConfigurationRow(
            "busy-reply-threshold", .integer(0 ... .max, 5000), alias: "lua-time-limit", partOf: .scripting),
        ConfigurationRow("cluster-allow-pubsubshard-when-down", .boolean(true), partOf: .cluster),
        ConfigurationRow("cluster-allow-reads-when-down", .boolean(false), partOf: .cluster),
        ConfigurationRow("cluster-allow-replica-migration", .boolean(true), partOf: .cluster),
        ConfigurationRow("cluster-announce-bus-port", .integer(0...65535, 0), partOf: .cluster),
        ConfigurationRow("cluster-announce-hostname", .text(""), partOf: .cluster),
        ConfigurationRow("cluster-announce-human-nodename", .text(""), partOf: .cluster),
        ConfigurationRow("cluster-announce-ip", .text(""), partOf: .cluster),
        ConfigurationRow("cluster-announce-port", .integer(0...65535, 0), partOf: .cluster),
        ConfigurationRow("cluster-announce-tls-port", .integer(0...65535, 0), partOf: .cluster),
        ConfigurationRow("cluster-config-file", .text("nodes.conf"), [.immutable], partOf: .cluster),
        ConfigurationRow("cluster-enabled", .boolean(false), [.immutable], partOf: .cluster),
        ConfigurationRow("cluster-link-sendbuf-limit", .integer(0 ... .max, 0, .bytes), partOf: .cluster),
        ConfigurationRow("cluster-migration-barrier", .integer(0...2147483647, 1), partOf: .cluster),
        ConfigurationRow("cluster-node-timeout", .integer(0 ... .max, 15000), partOf: .cluster),
        ConfigurationRow("cluster-ping-interval", .integer(0 ... .max, 0), [.hidden], partOf: .cluster),
        ConfigurationRow("cluster-port", .integer(0...65535, 0), [.immutable], partOf: .cluster),
        ConfigurationRow(
            "cluster-preferred-endpoint-type", .choice(["ip", "hostname", "unknown-endpoint"], "ip"), partOf: .cluster),
        ConfigurationRow(
            "cluster-replica-no-failover", .boolean(false), alias: "cluster-slave-no-failover", partOf: .cluster),
        ConfigurationRow(
            "cluster-replica-validity-factor", .integer(0...2147483647, 10), alias: "cluster-slave-validity-factor",
            partOf: .cluster),
        ConfigurationRow("cluster-require-full-coverage", .boolean(true), partOf: .cluster),
        ConfigurationRow("dbfilename", .text("dump.rdb"), [.protected]),
        ConfigurationRow("io-threads", .integer(1...128, 1), [.immutable, .debug], partOf: .threads),
        ConfigurationRow("io-threads-do-reads", .boolean(false), [.immutable, .debug], partOf: .threads),
        ConfigurationRow("jemalloc-bg-thread", .boolean(true), partOf: .defragmentation),
        ConfigurationRow("key-load-delay", .integer(-2147483648...2147483647, 0), [.hidden]),
        ConfigurationRow("loading-process-events-interval-bytes", .integer(1024...2147483647, 2097152), [.hidden]),
        ConfigurationRow("masterauth", .text(""), [.sensitive], partOf: .replication),
        ConfigurationRow("masteruser", .text(""), [.sensitive], partOf: .replication),
        ConfigurationRow(
            "min-replicas-max-lag", .integer(0...2147483647, 10), alias: "min-slaves-max-lag", partOf: .replication),
        ConfigurationRow(
            "min-replicas-to-write", .integer(0...2147483647, 0), alias: "min-slaves-to-write", partOf: .replication),
        ConfigurationRow("no-appendfsync-on-rewrite", .boolean(false)),
        ConfigurationRow(
            "propagation-error-behavior", .choice(["ignore", "panic", "panic-on-replicas"], "ignore"),
            partOf: .replication),
        ConfigurationRow("rdb-del-sync-files", .boolean(false), partOf: .persistence),
        ConfigurationRow("rdb-key-save-delay", .integer(-2147483648...2147483647, 0), [.hidden]),
        ConfigurationRow("rdb-save-incremental-fsync", .boolean(true)),
        ConfigurationRow("rdbchecksum", .boolean(true), [.immutable]),
        ConfigurationRow("rdbcompression", .boolean(true)),
        ConfigurationRow("repl-backlog-size", .integer(1 ... .max, 1048576, .bytes), partOf: .replication),
        ConfigurationRow("repl-backlog-ttl", .integer(0 ... .max, 3600), partOf: .replication),
        ConfigurationRow("repl-disable-tcp-nodelay", .boolean(false), partOf: .replication),
        ConfigurationRow(
            "repl-diskless-load", .choice(["disabled", "on-empty-db", "swapdb"], "disabled"), [.debug],
            partOf: .replication),
        ConfigurationRow("repl-diskless-sync", .boolean(true), [.debug], partOf: .replication),
        ConfigurationRow("repl-diskless-sync-delay", .integer(0...2147483647, 5), partOf: .replication),
        ConfigurationRow("repl-diskless-sync-max-replicas", .integer(0...2147483647, 0), partOf: .replication),
        ConfigurationRow(
            "repl-ping-replica-period", .integer(1...2147483647, 10), alias: "repl-ping-slave-period",
            partOf: .replication),
        ConfigurationRow("repl-timeout", .integer(1...2147483647, 60), partOf: .replication),
        ConfigurationRow("replica-announce-ip", .text(""), alias: "slave-announce-ip", partOf: .replication),
        ConfigurationRow(
            "replica-announce-port", .integer(0...65535, 0), alias: "slave-announce-port", partOf: .replication),
        ConfigurationRow("replica-announced", .boolean(true), partOf: .replication),
        ConfigurationRow("replica-ignore-disk-write-errors", .boolean(false), partOf: .replication),
        ConfigurationRow(
            "replica-ignore-maxmemory", .boolean(true), alias: "slave-ignore-maxmemory", partOf: .replication),
        ConfigurationRow("replica-lazy-flush", .boolean(false), alias: "slave-lazy-flush", partOf: .replication),
        ConfigurationRow(
            "replica-priority", .integer(0...2147483647, 100), alias: "slave-priority", partOf: .replication),
        ConfigurationRow("replica-read-only", .boolean(true), alias: "slave-read-only", [.debug], partOf: .replication),
        ConfigurationRow(
            "replica-serve-stale-data", .boolean(true), alias: "slave-serve-stale-data", partOf: .replication),
        ConfigurationRow(
            "replicaof", .special(.primary), alias: "slaveof", [.immutable, .manyValues], partOf: .replication),
        ConfigurationRow("sanitize-dump-payload", .choice(["no", "yes", "clients"], "no"), [.debug]),
        ConfigurationRow("save", .special(.savePoints), [.manyValues]),
        ConfigurationRow("stop-writes-on-bgsave-error", .boolean(true)),
        ConfigurationRow("tls-client-cert-file", .text(""), partOf: .replication),
        ConfigurationRow("tls-client-key-file", .text(""), partOf: .replication),
        ConfigurationRow("tls-client-key-file-pass", .text(""), partOf: .replication),
        ConfigurationRow("tls-cluster", .boolean(false), partOf: .cluster),
        ConfigurationRow("tls-replication", .boolean(false), partOf: .replication),
    ]
}

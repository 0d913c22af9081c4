// The rows of the configuration table for the data set and what is watched of it. `ConfigurationRow` says what each part means.

extension ConfigurationTable {
    static let keyspaceRows: [ConfigurationRow] = [
        ConfigurationRow("active-expire-effort", .integer(1...10, 1)),
        ConfigurationRow("activerehashing", .boolean(true)),
        ConfigurationRow("databases", .integer(1...2147483647, 16), [.immutable]),
        ConfigurationRow("dynamic-hz", .boolean(true)),
        ConfigurationRow("hash-max-listpack-entries", .integer(0 ... .max, 512), alias: "hash-max-ziplist-entries"),
        ConfigurationRow("hash-max-listpack-value", .integer(0 ... .max, 64, .bytes), alias: "hash-max-ziplist-value"),
        ConfigurationRow("hll-sparse-max-bytes", .integer(0 ... .max, 3000, .bytes)),
        ConfigurationRow("hotkeys-sample-ratio", .integer(0...1_000_000, 100)),
        ConfigurationRow("hz", .integer(0...2147483647, 10)),
        ConfigurationRow("latency-monitor-threshold", .integer(0 ... .max, 0)),
        ConfigurationRow("latency-tracking", .boolean(true)),
        ConfigurationRow("latency-tracking-info-percentiles", .special(.percentiles), [.manyValues]),
        ConfigurationRow("lazyfree-lazy-eviction", .boolean(false), [.debug]),
        ConfigurationRow("lazyfree-lazy-expire", .boolean(false), [.debug]),
        ConfigurationRow("lazyfree-lazy-server-del", .boolean(false), [.debug]),
        ConfigurationRow("lazyfree-lazy-user-del", .boolean(false), [.debug]),
        ConfigurationRow("lazyfree-lazy-user-flush", .boolean(false), [.debug]),
        ConfigurationRow("lfu-decay-time", .integer(0...2147483647, 1)),
        ConfigurationRow("lfu-log-factor", .integer(0...2147483647, 10)),
        ConfigurationRow("list-compress-depth", .integer(0...2147483647, 0), [.debug]),
        ConfigurationRow(
            "list-max-listpack-size", .integer(-2147483648...2147483647, -2), alias: "list-max-ziplist-size"),
        ConfigurationRow("maxmemory", .integer(0 ... .max, 0, .bytes)),
        ConfigurationRow("maxmemory-clients", .integer(-100 ... .max, 0, .bytesOrPercent)),
        ConfigurationRow("maxmemory-eviction-tenacity", .integer(0...100, 10)),
        ConfigurationRow(
            "maxmemory-policy",
            .choice(
                [
                    "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu",
                    "allkeys-random", "noeviction",
                ], "noeviction")),
        ConfigurationRow("maxmemory-samples", .integer(1...2147483647, 5)),
        ConfigurationRow("notify-keyspace-events", .special(.events)),
        ConfigurationRow("rdb-version", .integer(9...11, 10)),
        ConfigurationRow("set-max-intset-entries", .integer(0 ... .max, 512)),
        ConfigurationRow("set-max-listpack-entries", .integer(0 ... .max, 128)),
        ConfigurationRow("set-max-listpack-value", .integer(0 ... .max, 64)),
        ConfigurationRow("slowlog-log-slower-than", .integer(-1 ... .max, 10000)),
        ConfigurationRow("slowlog-max-len", .integer(0 ... .max, 128)),
        ConfigurationRow("stream-node-max-bytes", .integer(0 ... .max, 4096, .bytes)),
        ConfigurationRow("stream-node-max-entries", .integer(0 ... .max, 100)),
        ConfigurationRow("tracking-table-max-keys", .integer(0 ... .max, 1000000)),
        ConfigurationRow("zset-max-listpack-entries", .integer(0 ... .max, 128), alias: "zset-max-ziplist-entries"),
        ConfigurationRow("zset-max-listpack-value", .integer(0 ... .max, 64, .bytes), alias: "zset-max-ziplist-value"),
    ]
}

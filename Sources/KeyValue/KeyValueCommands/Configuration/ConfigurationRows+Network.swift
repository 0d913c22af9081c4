// The rows of the configuration table for connections. `ConfigurationRow` says what each part means.

extension ConfigurationTable {
    static let networkRows: [ConfigurationRow] = [
        ConfigurationRow("bind", .special(.addresses), [.manyValues]),
        ConfigurationRow("bind-source-addr", .text("")),
        ConfigurationRow("client-output-buffer-limit", .special(.outputLimits), [.manyValues]),
        ConfigurationRow("client-query-buffer-limit", .integer(1048576 ... .max, 1073741824, .bytes), [.debug]),
        // Ours, set by the control plane: who may come, and that clients from the network do not configure the server.
        ConfigurationRow("managed", .boolean(false), [.immutable, .hidden]),
        ConfigurationRow("maxclients", .integer(1...4294967295, 10000)),
        ConfigurationRow("port", .integer(0...65535, 6379)),
        ConfigurationRow("protected-mode", .boolean(true)),
        ConfigurationRow("proto-max-bulk-len", .integer(1048576 ... .max, 536870912, .bytes), [.debug]),
        ConfigurationRow("requirepass", .text(""), [.sensitive]),
        ConfigurationRow("socket-mark-id", .integer(0...4294967295, 0), [.immutable]),
        ConfigurationRow("tcp-backlog", .integer(0...2147483647, 511), [.immutable]),
        ConfigurationRow("tcp-keepalive", .integer(0...2147483647, 300)),
        ConfigurationRow("timeout", .integer(0...2147483647, 0)),
        ConfigurationRow("tls-auth-clients", .choice(["no", "yes", "optional"], "yes")),
        ConfigurationRow("tls-ca-cert-dir", .text("")),
        ConfigurationRow("tls-ca-cert-file", .text("")),
        ConfigurationRow("tls-cert-file", .text("")),
        ConfigurationRow("tls-ciphers", .text("")),
        ConfigurationRow("tls-ciphersuites", .text("")),
        ConfigurationRow("tls-dh-params-file", .text("")),
        ConfigurationRow("tls-key-file", .text("")),
        ConfigurationRow("tls-key-file-pass", .text("")),
        ConfigurationRow("tls-port", .integer(0...65535, 0)),
        ConfigurationRow("tls-prefer-server-ciphers", .boolean(false)),
        ConfigurationRow("tls-protocols", .text("")),
        ConfigurationRow("tls-session-cache-size", .integer(0...2147483647, 20480)),
        ConfigurationRow("tls-session-cache-timeout", .integer(0...2147483647, 300)),
        ConfigurationRow("tls-session-caching", .boolean(true)),
        ConfigurationRow("trusted-networks", .special(.networks), [.manyValues, .hidden]),
        ConfigurationRow("unixsocket", .text(""), [.immutable]),
        ConfigurationRow("unixsocketperm", .integer(0...0o777, 0, .octal), [.immutable]),
    ]
}

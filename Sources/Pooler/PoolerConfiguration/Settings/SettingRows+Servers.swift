// Connections to servers, and looking for them. `SettingRow` says what each part of a row means.

extension SettingTable {
    static let serverRows: [SettingRow] = [
        SettingRow("dns_max_ttl", .seconds(\.nameLifetimeMicroseconds), "15"),
        SettingRow("dns_nxdomain_ttl", .seconds(\.missingNameLifetimeMicroseconds), "15"),
        SettingRow("server_check_delay", .seconds(\.serverCheckDelayMicroseconds), "30"),
        SettingRow("server_check_query", .text(\.serverCheckQuery), "<empty>"),
        SettingRow("server_connect_timeout", .seconds(\.serverConnectTimeoutMicroseconds), "15"),
        SettingRow("server_fast_close", .boolean(\.serverFastClose), "0"),
        SettingRow("server_idle_timeout", .seconds(\.serverIdleTimeoutMicroseconds), "600"),
        SettingRow("server_lifetime", .seconds(\.serverLifetimeMicroseconds), "3600"),
        SettingRow("server_login_retry", .seconds(\.serverLoginRetryMicroseconds), "15"),
        SettingRow("server_reset_query", .optionalText(\.serverResetQuery), "DISCARD ALL"),
        SettingRow("server_reset_query_always", .boolean(\.serverResetQueryAlways), "0"),
    ]
}

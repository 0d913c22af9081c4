// Pools, their limits, and what is done for sessions. `SettingRow` says what each part of a row means.

extension SettingTable {
    private static let count = 0...ConfigurationLimits.integerMax

    static let poolRows: [SettingRow] = [
        SettingRow("application_name_add_host", .boolean(\.addsHostToApplicationName), "0"),
        SettingRow("default_pool_size", .integer(\.defaultPoolSize, count), "20"),
        SettingRow("disable_pqexec", .boolean(\.refusesSimpleQuery), "0", .restart),
        SettingRow("ignore_startup_parameters", .list(\.ignoredStartupParameters), ""),
        SettingRow("login_notify_message", .optionalText(\.loginNotice), ""),
        SettingRow("max_client_conn", .integer(\.clientConnectionsMax, count), "100"),
        SettingRow("max_db_client_connections", .limit(\.databaseClientConnectionsMax), "0"),
        SettingRow("max_db_connections", .limit(\.databaseConnectionsMax), "0"),
        SettingRow("max_prepared_statements", .integer(\.preparedStatementsMax, count), "200"),
        SettingRow("max_user_client_connections", .limit(\.userClientConnectionsMax), "0"),
        SettingRow("max_user_connections", .limit(\.userConnectionsMax), "0"),
        SettingRow("min_pool_size", .integer(\.minPoolSize, count), "0"),
        SettingRow("pool_mode", .choice(\.poolMode), "session"),
        SettingRow("reserve_pool_size", .integer(\.reservePoolSize, count), "0"),
        SettingRow("reserve_pool_timeout", .seconds(\.reservePoolTimeoutMicroseconds), "5"),
        SettingRow("server_round_robin", .boolean(\.serverRoundRobin), "0"),
        SettingRow("track_extra_parameters", .list(\.trackedExtraParameters), "IntervalStyle", .restart),
    ]
}

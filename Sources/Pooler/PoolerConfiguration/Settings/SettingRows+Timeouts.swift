// How long clients, queries, transactions and pools may take. `SettingRow` says what each part of a row means.

extension SettingTable {
    static let timeoutRows: [SettingRow] = [
        SettingRow("autodb_idle_timeout", .seconds(\.automaticDatabaseIdleTimeoutMicroseconds), "3600"),
        SettingRow("cancel_wait_timeout", .seconds(\.cancelWaitTimeoutMicroseconds), "10"),
        SettingRow("client_idle_timeout", .seconds(\.clientIdleTimeoutMicroseconds), "0"),
        SettingRow("client_login_timeout", .seconds(\.clientLoginTimeoutMicroseconds), "60"),
        SettingRow("idle_transaction_timeout", .seconds(\.idleTransactionTimeoutMicroseconds), "0"),
        SettingRow("pool_idle_timeout", .seconds(\.poolIdleTimeoutMicroseconds), "0"),
        SettingRow("query_timeout", .seconds(\.queryTimeoutMicroseconds), "0"),
        SettingRow("query_wait_notify", .seconds(\.queryWaitNotifyMicroseconds), "5"),
        SettingRow("query_wait_timeout", .seconds(\.queryWaitTimeoutMicroseconds), "120"),
        SettingRow("suspend_timeout", .seconds(\.suspendTimeoutMicroseconds), "10"),
        SettingRow("transaction_timeout", .seconds(\.transactionTimeoutMicroseconds), "0"),
    ]
}

/// A line of section [users]. What is nil comes from the database's entry or the settings: `PoolPolicy` says how.
package struct UserEntry: Equatable, Sendable {
    package let name: String

    package var poolSize: Int?
    package var reservePoolSize: Int?
    package var poolMode: PoolMode?
    package var connectionsMax: Int?
    package var clientConnectionsMax: Int?
    package var queryTimeoutMicroseconds: Int64?
    package var queryWaitTimeoutMicroseconds: Int64?
    package var idleTransactionTimeoutMicroseconds: Int64?
    package var transactionTimeoutMicroseconds: Int64?
    package var clientIdleTimeoutMicroseconds: Int64?

    package init(name: String) { self.name = name }
}

extension UserEntry: ConfiguredEntry {
    package static let keyNoun = "user"

    package static let keys = Dictionary(keys: [
        EntryKey<UserEntry>("pool_size", .override(\.poolSize, from: 0)),
        EntryKey("reserve_pool_size", .override(\.reservePoolSize, from: 0)),
        EntryKey("pool_mode", .overrideChoice(\.poolMode)),
        EntryKey("max_user_connections", .override(\.connectionsMax, from: 1)),
        EntryKey("max_user_client_connections", .override(\.clientConnectionsMax, from: 1)),
        EntryKey("query_timeout", .overrideSeconds(\.queryTimeoutMicroseconds, from: 1)),
        EntryKey("query_wait_timeout", .overrideSeconds(\.queryWaitTimeoutMicroseconds, from: 0)),
        EntryKey("idle_transaction_timeout", .overrideSeconds(\.idleTransactionTimeoutMicroseconds, from: 1)),
        EntryKey("transaction_timeout", .overrideSeconds(\.transactionTimeoutMicroseconds, from: 1)),
        EntryKey("client_idle_timeout", .overrideSeconds(\.clientIdleTimeoutMicroseconds, from: 1)),
    ])

    package init(checking name: String) throws(ValueProblem) {
        guard (1...ConfigurationLimits.userNameBytesMax).contains(name.utf8.count) else {
            throw ValueProblem("a user name has 1 to \(ConfigurationLimits.userNameBytesMax) bytes")
        }
        self.init(name: name)
    }
}

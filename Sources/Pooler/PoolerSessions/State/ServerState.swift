/// What the session of a server connection has, compared with how it was after login.
///
/// One owner; told of every statement that completes there (through `ClientState`), of every ParameterStatus, and of
/// what the pooler itself has sent.
package struct ServerState: Sendable {
    /// Settings that were changed since login, as far as known.
    package internal(set) var variables = TransactionalVariables()
    /// What the server said at the end of its login: the values to which RESET returns.
    package private(set) var defaults = ParameterReports()
    /// What it said last.
    package private(set) var reports = ParameterReports()
    /// Names in reports since the last idle moment.
    var pendingReports: [String] = []
    /// Fingerprint of the settings that some client wanted and that are in force now; nil if unknown.
    package internal(set) var satisfied: Int? = 0
    /// The client that may have changed settings in ways that nobody saw; 0: nobody.
    package internal(set) var unknownSettingsOwner: UInt64 = 0
    package init() {}

    /// A ParameterStatus during login; or while no client is served, when the server's configuration was loaded again.
    package mutating func reportedAtRest(_ name: String, _ value: String) {
        defaults.update(name, value)
        reports.update(name, value)
    }

    /// A ParameterStatus at any later time, also one that the pooler's own statements caused.
    package mutating func reported(_ name: String, _ value: String) {
        reports.update(name, value)
        if !pendingReports.contains(name) { pendingReports.append(name) }
    }

    /// The statements of a difference have completed. In a block they belong to its transaction.
    package mutating func applied(_ difference: SettingsDifference, for client: ClientState) {
        if variables.isOpen {
            variables.change { $0.settings = difference.settings }
        } else {
            variables.learn { $0.settings = difference.settings }
            pendingReports.removeAll(keepingCapacity: true)
        }
        satisfied = client.wantedFingerprint
        if difference.resetsAll { unknownSettingsOwner = 0 }
    }

    /// DISCARD ALL has completed here, sent by the pooler: everything is as after login, but what was loaded.
    package mutating func discardedAll() {
        variables = TransactionalVariables()
        pendingReports.removeAll(keepingCapacity: true)
        satisfied = 0
        unknownSettingsOwner = 0
    }
}

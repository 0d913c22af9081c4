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
    package internal(set) var pendingReports: [String] = []
    /// Fingerprint of the settings that some client wanted and that are in force now; nil if unknown.
    package internal(set) var satisfied: Int? = 0
    /// What a client has left behind and that has to be cleaned before another client comes.
    package internal(set) var residue: PinReasons = []
    /// The client whose sequence values currval would tell; 0: nobody's.
    package internal(set) var sequenceOwner: UInt64 = 0

    package init() {}

    /// A ParameterStatus during login.
    package mutating func reportedAtLogin(_ name: String, _ value: String) {
        defaults.update(name, value)
        reports.update(name, value)
    }

    /// A ParameterStatus at any later time, also one that the pooler's own statements caused.
    package mutating func reported(_ name: String, _ value: String) {
        reports.update(name, value)
        if !pendingReports.contains(name) { pendingReports.append(name) }
    }
}

package import SessionStatements

/// What a client's session needs from a server, kept while it has none.
///
/// Told in order of each statement that completed (`completed`), each error (`failed`) and each ReadyForQuery
/// (`ready`) of the server that serves the client; `ServerState` is changed along with it. A text without effects in
/// `StatementEffects.tracked` need not be told, and BEGIN, COMMIT and the like only while `hasUncommitted`.
package struct ClientState: Sendable {
    /// Who the client is, for `ServerState.sequenceOwner`; not 0.
    package let identifier: UInt64
    /// What the client gave at its start: the values to which its RESET returns.
    package let startup: SettingList
    package internal(set) var variables = TransactionalVariables()
    /// What must be in force on a server for this client: startup settings, and what the client has set since.
    package internal(set) var wanted: SettingList
    /// Fingerprint of `wanted`.
    package internal(set) var wantedFingerprint: Int
    /// Statements that the client prepared by SQL; not undone by rollbacks.
    package internal(set) var statements: [String: SQLPreparedStatement] = [:]
    /// Why the client keeps its server, as of the last probe.
    package internal(set) var pins: PinReasons = []
    /// What a probe has to find out before the server may be released.
    package internal(set) var suspicion: ProbeScope = []
    /// Whether currval or lastval was ever called outside of a transaction block: from then on it and nextval pin.
    package internal(set) var readsSequences = false
    /// What the client was told last by ParameterStatus.
    package internal(set) var told = ParameterReports()
    /// How the client's next text is to be read.
    package internal(set) var lexicalRules = LexicalRules()
    /// Settings that the client changes in ways whose values only the server can tell.
    var settingNames: Set<String> = []
    /// An error came since the last ReadyForQuery.
    var hasFailed = false
    /// `wanted` may have to be made anew.
    var isChanged = false

    package init(identifier: UInt64, startup: SettingList) {
        self.identifier = identifier
        self.startup = startup
        wanted = startup
        wantedFingerprint = startup.fingerprint
    }

    /// Goes on where another process has left off: what the client has set, while it had no server.
    mutating func restore(_ settings: [SettingList.Entry], named names: Set<String>, readsSequences: Bool) {
        variables.learn { values in for entry in settings { values.settings[entry.name] = entry.value } }
        settingNames = names
        self.readsSequences = readsSequences
        wanted = startup.overridden(by: variables.values.settings)
        wantedFingerprint = wanted.fingerprint
    }

    /// Whether statements that begin or end transactions have to be told.
    package var hasUncommitted: Bool { variables.isOpen }

    /// The channels that the client listens on, as of the last commit.
    package var channels: Set<String> { variables.committed.channels }
}

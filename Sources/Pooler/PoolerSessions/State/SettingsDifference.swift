/// What has to be sent to a server in front of a client's message, so that the client finds its settings there.
///
/// One Query message; when the server is idle it is one transaction, so that a value that the server refuses changes
/// nothing. To be asked for at checkout, and after each ReadyForQuery that does not say that a block has failed: RESET
/// takes a server to its own value, which need not be the client's.
package struct SettingsDifference: Hashable, Sendable {
    /// The text of the Query.
    package let text: String
    /// What the server has when the text has completed.
    let settings: SettingList
    /// Begins with a reset of everything.
    let resetsAll: Bool

    /// Nil if the server is as the client needs it, which is found out by comparing two numbers in most cases.
    /// - Parameter discardsSequences: Whether the session tells values of sequences that are not the client's.
    package init?(client: ClientState, server: ServerState, discardsSequences: Bool = false) {
        let hasForeignSettings =
            server.unknownSettingsOwner != 0 && server.unknownSettingsOwner != client.identifier
        let isSatisfied = server.satisfied == client.wantedFingerprint
        if isSatisfied, !hasForeignSettings, !discardsSequences { return nil }
        var changes = SettingChanges(client: client, server: server, resetsAll: hasForeignSettings)
        if !isSatisfied || hasForeignSettings { changes.compare() }
        if discardsSequences { changes.statements.append("DISCARD SEQUENCES") }
        if changes.statements.isEmpty { return nil }
        text = changes.statements.joined(separator: "; ")
        settings = changes.settings
        resetsAll = hasForeignSettings
    }

    static func hasChanges(client: ClientState, server: ServerState) -> Bool {
        var changes = SettingChanges(client: client, server: server, resetsAll: false)
        changes.compare()
        return !changes.statements.isEmpty
    }
}

/// The statements that lead from a server's settings to a client's.
private struct SettingChanges {
    let wanted: SettingList
    let server: ServerState
    let resetsAll: Bool
    /// What the server has before, and after the statements.
    var settings: SettingList
    var statements: [String] = []

    init(client: ClientState, server: ServerState, resetsAll: Bool) {
        wanted = client.wanted
        self.server = server
        self.resetsAll = resetsAll
        settings = server.variables.values.settings
        if resetsAll {
            statements = ["RESET SESSION AUTHORIZATION", "RESET ROLE", "RESET ALL"]
            settings = SettingList()
        }
    }

    /// A setting may be changeable only for the user who logged in: authorization and role go first if they are to be
    /// reset, and last if they are to be set.
    mutating func compare() {
        let identities = ["session_authorization", "role"]
        let names = namesToChange()
        guard !names.isEmpty else { return }
        let hasIdentity = identities.contains { settings[$0] != nil }
        if hasIdentity {
            statements.append("RESET SESSION AUTHORIZATION")
            if settings["role"] != nil { statements.append("RESET ROLE") }
            for identity in identities { settings[identity] = nil }
        }
        for name in names where !identities.contains(name) { change(name) }
        for identity in identities where wanted[identity] != nil { change(identity) }
    }

    private func namesToChange() -> [String] {
        let names = Set(wanted.entries.map(\.name)).union(settings.entries.map(\.name))
        return names.filter { !isInForce($0) }.sorted()
    }

    private func isInForce(_ name: String) -> Bool {
        guard let value = wanted[name] else { return settings[name] == nil }
        if let present = settings[name] { return present == value }
        // Never set, or just reset: then the value at login is in force. In a block a report may be of SET LOCAL.
        let reports = resetsAll || server.variables.isOpen ? server.defaults : server.reports
        return reports.value(ofSetting: name).map { value == SettingValue(raw: $0, of: name) } ?? false
    }

    private mutating func change(_ name: String) {
        statements.append(SettingSQL.statement(name, wanted[name]))
        settings[name] = wanted[name]
    }
}

/// SET and RESET as text.
private enum SettingSQL {
    static func statement(_ name: String, _ value: SettingValue?) -> String {
        let text: String
        switch value {
        case nil: return name == "session_authorization" ? "RESET SESSION AUTHORIZATION" : "RESET \(quoted(name: name))"
        case .timeZoneInterval(let interval): return "SET TIME ZONE \(interval)"
        case .text(let item): text = literal(item)
        case .list(let items): text = items.map(literal).joined(separator: ", ")
        }
        return name == "session_authorization"
            ? "SET SESSION AUTHORIZATION \(text)" : "SET \(quoted(name: name)) = \(text)"
    }

    /// Parts that are plain stay as they are; others are quoted: a name from a startup packet may be anything.
    private static func quoted(name: String) -> String {
        name.split(separator: ".", omittingEmptySubsequences: false).map { part in
            "\"" + part.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }.joined(separator: ".")
    }

    /// Right for both values of standard_conforming_strings.
    private static func literal(_ text: String) -> String {
        var result = text.utf8.contains(UInt8(ascii: "\\")) ? "E'" : "'"
        for scalar in text.unicodeScalars {
            if scalar == "'" || scalar == "\\" { result.unicodeScalars.append(scalar) }
            result.unicodeScalars.append(scalar)
        }
        return result + "'"
    }
}

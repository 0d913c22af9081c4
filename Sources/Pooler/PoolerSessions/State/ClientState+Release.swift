// Whether a server may go to another client, and what has to be done first.

/// What may be done with a server whose ReadyForQuery said idle and that owes no answer.
package enum ReleaseDecision: Hashable, Sendable {
    /// Nothing of the client is left on it but settings, which are known.
    case release
    /// Ask first (`SessionProbe`), and tell the answer to `ClientState.probed`.
    case probe(ProbeScope)
    /// The client keeps it.
    case pinned(PinReasons)
}

/// What has to be done with a server whose client is gone, before another client comes.
package enum CleaningAction: Hashable, Sendable {
    case none
    /// A Query message's text. Prepared statements of the pooler stay.
    case query(String)
    /// DISCARD ALL, then `ServerState.discardedAll`; prepared statements are gone too.
    case discardAll
    /// What is left cannot be undone.
    case close
}

extension ClientState {
    /// Asked when nothing is outstanding and the server is idle.
    package var releaseDecision: ReleaseDecision {
        if !suspicion.isEmpty { return .probe(suspicion) }
        return pins.isEmpty ? .release : .pinned(pins)
    }

    /// Settings whose values a probe of `ProbeScope.namedSettings` asks for: those that the client sets by ways that do
    /// not tell the value, and those of its own that `pg_settings` does not list.
    package var probedSettingNames: [String] {
        settingNames.union(variables.values.settings.entries.map(\.name).filter { $0.contains(".") }).sorted()
    }

    /// The client has gone, or must go, while the server is idle and was not released yet.
    package var cleaning: CleaningAction {
        if pins.contains(.loadedLibrary) { return .close }
        let scope = suspicion.union(pins.endingScope)
        if scope.contains(.statements) || pins.contains(.unknown) || pins.contains(.setting) { return .discardAll }
        var statements: [String] = []
        if scope.contains(.cursors) { statements.append("CLOSE ALL") }
        if scope.contains(.channels) { statements.append("UNLISTEN *") }
        if scope.contains(.locks) { statements.append("SELECT pg_catalog.pg_advisory_unlock_all()") }
        if scope.contains(.temporary) { statements.append("DISCARD TEMP") }
        if pins.contains(.sequence) { statements.append("DISCARD SEQUENCES") }
        // Settings that a function may have changed are reset in front of the next client.
        return statements.isEmpty ? .none : .query(statements.joined(separator: "; "))
    }

    /// The answer to a probe of `scope`, which was `suspicion`.
    package mutating func probed(_ scope: ProbeScope, _ findings: ProbeFindings, on server: inout ServerState) {
        for reason in PinReason.allCases {
            guard case .probe(let subject) = reason.ending, subject.isSubset(of: .objects), reason != .unknown else {
                continue
            }
            guard scope.isSuperset(of: subject) else { continue }
            if findings.found.isSuperset(of: subject) {
                pins.insert(PinReasons(reason))
            } else {
                pins.remove(PinReasons(reason))
            }
        }
        if scope.isSuperset(of: .objects) { pins.remove(PinReasons(.unknown)) }
        suspicion.subtract(scope)
        learn(findings, isComplete: scope.contains(.allSettings), on: &server)
    }

    /// The probe was answered with an error: what is left on the server is not known.
    package mutating func probeFailed() {
        suspicion = []
        pins.insert(PinReasons(.unknown))
    }

    /// Settings as the server has them; a complete list also tells what is not set any more.
    private mutating func learn(_ findings: ProbeFindings, isComplete: Bool, on server: inout ServerState) {
        for (name, raw) in findings.settings {
            learn(name, raw.map { SettingValue(raw: $0, of: name) }, on: &server)
        }
        if isComplete {
            let listed = Set(findings.settings.map(\.name))
            for entry in server.variables.values.settings.entries
            where !listed.contains(entry.name) && Self.isListed(entry.name) { learn(entry.name, nil, on: &server) }
        }
        if isChanged { settle(&server, isIdle: true) }
    }

    private mutating func learn(_ name: String, _ value: SettingValue?, on server: inout ServerState) {
        if server.variables.values.settings[name] != value {
            server.variables.learn { $0.settings[name] = value }
            isChanged = true
        }
        if wanted[name] != value {
            variables.learn { $0.settings[name] = value }
            isChanged = true
        }
    }

    /// Whether pg_settings has the setting: not those with a dot of which no library knows, nor the identities.
    private static func isListed(_ name: String) -> Bool {
        !name.contains(".") && name != "role" && name != "session_authorization"
    }
}

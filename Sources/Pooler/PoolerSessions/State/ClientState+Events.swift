// What changes a client's state while a server serves it. Each change is made to the server's state as well: both see
// the same statements, and differ only in where RESET returns to.

package import PostgresWire

extension ClientState {
    /// A statement has completed: its CommandComplete has come.
    /// - Parameters:
    ///   - step: Of the text's plan.
    ///   - isRollback: The tag was `ROLLBACK`, which COMMIT says as well when the transaction had failed.
    ///   - isInBlock: The last ReadyForQuery before did not say idle.
    ///   - isRewritten: A PREPARE went to the server under one of the pooler's own names, or an EXECUTE called such.
    package mutating func completed(
        _ step: SessionPlan.Step, isRollback: Bool = false, isInBlock: Bool, isRewritten: Bool = false,
        on server: inout ServerState
    ) {
        suspect(step.suspicion, isInBlock: isInBlock, on: &server)
        switch step.change {
        case .none, .begin: break
        case .commit: isRollback ? rollback(&server) : commit(&server)
        case .rollback: rollback(&server)
        case .savepoint(let name): both(&server) { $0.savepoint(name) }
        case .release(let name): both(&server) { $0.release(name) }
        case .rollbackToSavepoint(let name): both(&server) { $0.rollback(to: name) }
        case .set(let entries): change(&server) { $0.set(entries) }
        case .setUntrackable(let name): change(&server) { $0.untrackable.insert(name) }
        case .reset(let name): change(&server) { $0.reset(name) }
        case .resetAll: change(&server) { $0.resetAll() }
        case .prepare(let name, let statement):
            statements[name] = statement
            if !isRewritten { suspicion.insert(.statements) }
        case .execute(let name):
            if let statement = statements[name] { suspect(statement.suspicion, isInBlock: isInBlock, on: &server) }
        case .deallocate(let name): statements[name] = nil
        case .deallocateAll: statements.removeAll()
        case .listen(let channel): change(&server) { $0.channels.insert(channel) }
        case .unlisten(let channel): change(&server) { $0.channels.remove(channel) }
        case .unlistenAll: change(&server) { $0.channels.removeAll() }
        case .load: pins.insert(PinReasons(.loadedLibrary))
        case .discardAll: discardAll(&server)
        case .discardSequences: pins.remove(PinReasons(.sequence))
        }
    }

    /// An ErrorResponse has come for a statement; it may have left behind what no rollback takes away. Steps behind it
    /// do not complete.
    package mutating func failed(during step: SessionPlan.Step?, isInBlock: Bool, on server: inout ServerState) {
        hasFailed = true
        guard let step else { return }
        suspect(step.suspicion, isInBlock: isInBlock, on: &server)
        if case .execute(let name) = step.change, let statement = statements[name] {
            suspect(statement.suspicion, isInBlock: isInBlock, on: &server)
        }
    }

    /// ReadyForQuery has come. Only then does an implicit transaction end, and only when idle do reports of settings
    /// tell of the session rather than of the transaction.
    package mutating func ready(_ status: TransactionStatus, on server: inout ServerState) {
        if status == .idle {
            if variables.isOpen { hasFailed ? rollback(&server) : commit(&server) }
            if !server.pendingReports.isEmpty { foldReports(&server) }
        }
        if isChanged, status != .failed { settle(&server, isIdle: status == .idle) }
        hasFailed = false
    }

    /// Statements whose texts nobody knows are on their way.
    package mutating func suspectEverything(on server: inout ServerState) {
        suspicion.formUnion(.all)
        server.unknownSettingsOwner = identifier
    }

    // MARK: - Parts

    private mutating func both(_ server: inout ServerState, _ body: (inout TransactionalVariables) -> Void) {
        body(&variables)
        body(&server.variables)
        isChanged = true
    }

    private mutating func change(_ server: inout ServerState, _ body: (inout TransactionalVariables.Values) -> Void) {
        variables.change(body)
        server.variables.change(body)
        isChanged = true
    }

    private mutating func commit(_ server: inout ServerState) {
        if variables.isOpen { both(&server) { $0.commit() } }
    }

    private mutating func rollback(_ server: inout ServerState) {
        if variables.isOpen { both(&server) { $0.rollback() } }
    }

    private mutating func suspect(_ new: Suspicion, isInBlock: Bool, on server: inout ServerState) {
        suspicion.formUnion(new.scope)
        if !new.endings.isEmpty, !pins.isEmpty { suspicion.formUnion(new.endings.intersection(pins.endingScope)) }
        if !new.settingNames.isEmpty { settingNames.formUnion(new.settingNames) }
        if new.hidesSettings { server.unknownSettingsOwner = identifier }
        if new.readsSequences, !isInBlock { readsSequences = true }
        if readsSequences, new.changesSequences || new.readsSequences { pins.insert(PinReasons(.sequence)) }
    }

    private mutating func discardAll(_ server: inout ServerState) {
        change(&server) {
            $0.resetAll()
            $0.reset("session_authorization")
            $0.channels.removeAll()
        }
        commit(&server)
        statements.removeAll()
        settingNames.removeAll()
        suspicion = []
        pins.formIntersection(PinReasons(.loadedLibrary))
        server.unknownSettingsOwner = 0
    }

    /// What the server has reported is in force now, by whatever way it came about.
    private mutating func foldReports(_ server: inout ServerState) {
        for reported in server.pendingReports {
            guard let raw = server.reports[reported] else { continue }
            let name = reported.lowercased()
            guard Self.canBeSet(name) else { continue }
            let value = SettingValue(raw: raw, of: name)
            if server.variables.values.settings[name] != nil || raw != server.defaults[reported] {
                server.variables.learn { $0.settings[name] = value }
                isChanged = true
            }
            let isReset = variables.values.areAllReset || variables.values.resets.contains(name)
            let isKnown = variables.values.settings[name] != nil || (wanted[name] ?? value) != value
            let isNew = isKnown || (wanted[name] == nil && raw != server.defaults[reported])
            if !isReset, isNew {
                variables.learn { $0.settings[name] = value }
                isChanged = true
            }
        }
        server.pendingReports.removeAll(keepingCapacity: true)
    }

    /// Of what is reported, some is not a setting of the client's.
    private static func canBeSet(_ name: String) -> Bool {
        switch name {
        case "is_superuser", "server_version", "server_encoding", "integer_datetimes", "in_hot_standby": false
        default: true
        }
    }

    /// What the client wants from now on, and whether the server has it: after a RESET it may not.
    mutating func settle(_ server: inout ServerState, isIdle: Bool) {
        isChanged = false
        if isIdle {
            variables.learn { $0.forgetResets() }
            server.variables.learn { $0.forgetResets() }
        }
        wanted = startup.overridden(by: variables.values.settings)
        wantedFingerprint = wanted.fingerprint
        server.satisfied = SettingsDifference.hasChanges(client: self, server: server) ? nil : wantedFingerprint
        if variables.values.untrackable.isEmpty {
            pins.remove(PinReasons(.setting))
        } else {
            pins.insert(PinReasons(.setting))
        }
    }
}

extension TransactionalVariables.Values {
    /// Settings that RESET ALL leaves alone (GUC_NO_RESET_ALL in PostgreSQL's source).
    private static func survivesResetAll(_ name: String) -> Bool { name == "role" || name == "session_authorization" }

    mutating func set(_ entries: [SettingList.Entry]) {
        for entry in entries {
            settings[entry.name] = entry.value
            untrackable.remove(entry.name)
            resets.remove(entry.name)
            // PostgreSQL goes back to no role with a new authorization.
            if entry.name == "session_authorization" { settings["role"] = nil }
        }
    }

    mutating func reset(_ name: String) {
        settings[name] = nil
        untrackable.remove(name)
        resets.insert(name)
        if name == "session_authorization" { reset("role") }
    }

    mutating func forgetResets() {
        resets.removeAll()
        areAllReset = false
    }

    mutating func resetAll() {
        settings.removeAll { !Self.survivesResetAll($0.name) }
        untrackable = untrackable.filter(Self.survivesResetAll)
        areAllReset = true
    }
}

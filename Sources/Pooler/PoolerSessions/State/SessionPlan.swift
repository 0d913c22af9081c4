package import SessionStatements

/// What the completion of a text's statements changes, one step for each CommandComplete. Made once for a text: kept
/// with a prepared statement, or with an outstanding Query.
package struct SessionPlan: Hashable, Sendable {
    package struct Step: Hashable, Sendable {
        package var change = SessionChange.none
        /// Holds also if the statement fails: locks, for one, are not given back by an error.
        package var suspicion = Suspicion()
    }

    package let effects: StatementEffects
    package let steps: [Step]
    /// The statements behind the steps, for those who rewrite the text.
    package let statements: [Statement]

    /// Reads the text of a Query or Parse.
    package init(text: UnsafeRawBufferPointer, rules: LexicalRules) {
        statements = StatementScan.statements(of: text, rules)
        var effects: StatementEffects = statements.count > 1 ? .several : []
        for statement in statements { effects.formUnion(statement.effects) }
        self.effects = effects
        let reading = StatementReading(text: text, rules: rules)
        steps = statements.map(reading.step)
    }
}

/// From statements to steps.
private struct StatementReading {
    let text: UnsafeRawBufferPointer
    let rules: LexicalRules

    func step(_ statement: Statement) -> SessionPlan.Step {
        var step = SessionPlan.Step()
        step.suspicion = suspicion(of: statement.effects)
        switch statement.kind {
        case .begin: step.change = .begin
        case .commit, .prepareTransaction: step.change = .commit
        case .rollback: step.change = .rollback
        case .savepoint: step.change = .savepoint(name(statement))
        case .release: step.change = .release(name(statement))
        case .rollbackToSavepoint: step.change = .rollbackToSavepoint(name(statement))
        case .set: step.change = SettingStatement(text: text, rules: rules).change(set: statement)
        case .reset: step.change = SettingStatement(text: text, rules: rules).change(reset: statement)
        case .prepare: step.change = .prepare(name(statement), prepared(statement))
        case .execute: step.change = .execute(name(statement))
        case .deallocate: step.change = statement.isAll ? .deallocateAll : .deallocate(name(statement))
        case .listen: step.change = .listen(name(statement))
        case .unlisten: step.change = statement.isAll ? .unlistenAll : .unlisten(name(statement))
        case .load: step.change = .load
        case .discard: discard(statement, &step)
        case .routine:
            step.suspicion.scope.formUnion(.all)
        case .other where statement.effects.contains(.setConfig): setConfig(statement, &step)
        case .other where statement.effects.contains(.execute):
            // CREATE TABLE … AS EXECUTE: which statement is executed is not told here.
            step.suspicion.scope.formUnion(.objects)
        case .other, .setTransaction, .notify, .declareCursor, .closeCursor, .createTemporary, .drop: break
        }
        return step
    }

    private func suspicion(of effects: StatementEffects) -> Suspicion {
        var suspicion = Suspicion()
        if effects.contains(.advisoryLock) { suspicion.scope.insert(.locks) }
        if effects.contains(.holdCursor) { suspicion.scope.insert(.cursors) }
        if effects.contains(.temporaryObject) { suspicion.scope.insert(.temporary) }
        if effects.contains(.advisoryUnlock) { suspicion.endings.insert(.locks) }
        if effects.contains(.closeCursor) { suspicion.endings.insert(.cursors) }
        if effects.contains(.drop) { suspicion.endings.insert(.temporary) }
        if effects.contains(.deallocate) { suspicion.endings.insert(.statements) }
        if effects.contains(.unlisten) { suspicion.endings.insert(.channels) }
        if effects.contains(.opaque) {
            suspicion.scope.formUnion([.objects, .namedSettings])
            suspicion.hidesSettings = true
        }
        if effects.contains(.settingsUpdate) {
            suspicion.scope.insert(.allSettings)
            suspicion.hidesSettings = true
        }
        suspicion.changesSequences = effects.contains(.sequenceChange)
        suspicion.readsSequences = effects.contains(.sequenceRead)
        return suspicion
    }

    private func discard(_ statement: Statement, _ step: inout SessionPlan.Step) {
        switch statement.discardTarget {
        case .all: step.change = .discardAll
        case .sequences: step.change = .discardSequences
        case .temporary: step.suspicion.endings.insert(.temporary)
        case .plans: break
        }
    }

    private func prepared(_ statement: Statement) -> SQLPreparedStatement {
        var suspicion = suspicion(of: statement.preparedEffects)
        if statement.preparedEffects.contains(.setConfig) {
            suspicion.formUnion(SetConfigStatement(statement.value.bytes(of: text), rules).suspicion)
        }
        return SQLPreparedStatement(
            types: [UInt8](statement.types.bytes(of: text)), text: [UInt8](statement.value.bytes(of: text)),
            suspicion: suspicion)
    }

    private func setConfig(_ statement: Statement, _ step: inout SessionPlan.Step) {
        let reading = SetConfigStatement(statement.range.bytes(of: text), rules)
        if let entries = reading.entries, !statement.effects.contains(.opaque) {
            step.change = .set(entries)
        } else {
            step.suspicion.formUnion(reading.suspicion)
            if reading.hasUnknownName { step.change = .setUntrackable("set_config") }
        }
    }

    /// The name as PostgreSQL knows it, or as written if that is not understood.
    private func name(_ statement: Statement) -> String {
        let bytes = statement.name.bytes(of: text)
        return LiteralText.name(bytes) ?? String(decoding: bytes, as: UTF8.self)
    }
}

/// A statement that calls set_config.
private struct SetConfigStatement {
    /// What it sets beyond the transaction; nil if the text does not say that for certain.
    let entries: [SettingList.Entry]?
    /// What has to be asked after it.
    let suspicion: Suspicion
    /// A name that is no constant: the server lists no settings with a dot, so that it cannot be found out.
    let hasUnknownName: Bool

    init(_ text: UnsafeRawBufferPointer, _ rules: LexicalRules) {
        let (calls, areCertain) = SetConfigCall.read(
            text, standardConformingStrings: rules.standardConformingStrings)
        let lasting = calls.filter { $0.isLocal != true }
        var suspicion = Suspicion()
        suspicion.settingNames = lasting.compactMap(\.name)
        if !suspicion.settingNames.isEmpty { suspicion.scope = .namedSettings }
        hasUnknownName = lasting.contains { $0.name == nil }
        suspicion.hidesSettings = hasUnknownName
        self.suspicion = suspicion
        entries =
            areCertain
            ? lasting.compactMap { call in
                guard let name = call.name, let value = call.value else { return nil }
                return SettingList.Entry(name: name, value: SettingValue(raw: value, of: name))
            } : nil
    }
}

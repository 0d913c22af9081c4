// A client's session state where it changes servers: settings are put in force on the server that it gets, and what
// cannot move with it keeps its server. What statements do is known from their texts (`SessionPlan`), what texts do not
// tell is asked of the server before it goes to another client (`SessionProbe`).

import Bytes
import PostgresWire
import SessionStatements

/// A plan that replies and statements share.
final class SharedPlan {
    let plan: SessionPlan

    init(_ plan: SessionPlan) { self.plan = plan }
}

extension LoopPooler {
    // MARK: - Settings

    /// The server becomes the client's: has its settings put in force, in front of its request.
    @inline(__always)
    func restoreSession(_ client: ClientPointer, _ server: ServerPointer) {
        if server.pointee.satisfiedFingerprint == client.pointee.wantedFingerprint,
            server.pointee.reportsFingerprint == client.pointee.toldFingerprint,
            server.pointee.flags.isDisjoint(with: .hidesSettings), !bringsForeignSequences(client, server)
        {
            return
        }
        restoreSettings(client, server)
    }

    @inline(never)
    private func restoreSettings(_ client: ClientPointer, _ server: ServerPointer) {
        guard let session = client.pointee.details.session else { return }
        let discardsSequences = bringsForeignSequences(client, server)
        guard
            let difference = SettingsDifference(
                client: session, server: server.pointee.details.session, discardsSequences: discardsSequences)
        else { return tellReports(client, server) }
        if discardsSequences { server.pointee.sequences.discarded() }
        server.pointee.output.pointee.appendMessage(UInt8(ascii: "Q"), text: difference.text)
        expect(server, ExpectedReply(.query, [.swallowed, .settings]))
        server.pointee.unnamedOwner = 0
        server.pointee.details.difference = difference
        log(.debug, client, "settings restored: \(difference.text)")
        // Values that no server has accepted yet may be refused: the request waits until they are in force.
        if client.pointee.provenFingerprint != client.pointee.wantedFingerprint { client.pointee.flags.insert(.held) }
        if let connection = server.pointee.connection { scheduleSend(connection) }
    }

    /// The settings are in force.
    func settingsRestored(_ client: ClientPointer?, _ server: ServerPointer) {
        guard let difference = server.pointee.details.difference else { return }
        server.pointee.details.difference = nil
        guard let client, let session = client.pointee.details.session,
            server.pointee.flags.isDisjoint(with: .settingsRefused)
        else { return }
        server.pointee.details.session.applied(difference, for: session)
        client.pointee.provenFingerprint = client.pointee.wantedFingerprint
        if client.pointee.flags.contains(.held) {
            client.pointee.flags.remove(.held)
            server.pointee.flags.insert(.resumesClient)
        }
        mirror(client, server)
        tellReports(client, server)
    }

    /// The server refused the client's settings: the client goes, as PostgreSQL lets nobody in who asks for such.
    func settingsRefused(_ client: ClientPointer?, _ server: ServerPointer, _ message: ByteSlice) {
        server.pointee.flags.insert(.settingsRefused)
        guard let client else { return }
        let error = ErrorText(message)
        server.pointee.flags.insert(.closeWhenFree)
        endClient(client, reason: "invalid server parameter", error: (error.code, error.message))
    }

    /// Tells the client what its server has otherwise than it knows.
    private func tellReports(_ client: ClientPointer, _ server: ServerPointer) {
        guard var session = client.pointee.details.session else { return }
        client.pointee.details.session = nil
        for report in session.reportsToTell(of: server.pointee.details.session) {
            guard session.tell(report.name, report.value) else { continue }
            client.pointee.output.pointee.appendParameterStatus(name: report.name, value: report.value)
            scheduleSend(client.pointee.connection)
        }
        client.pointee.details.session = session
        mirror(client, server)
    }

    /// A ParameterStatus came; true if the client is to have it.
    func reportedParameter(_ server: ServerPointer, _ client: ClientPointer?, _ message: ByteSlice) -> Bool {
        guard let nameEnd = message.zero(from: messageHeaderByteCount), let valueEnd = message.zero(from: nameEnd + 1)
        else { return true }
        let name = message.slice(messageHeaderByteCount, nameEnd).text
        let value = message.slice(nameEnd + 1, valueEnd).text
        server.pointee.details.session.reported(name, value)
        server.pointee.flags.insert(.sessionTouched)
        server.pointee.reportsFingerprint = server.pointee.details.session.reports.fingerprint
        guard let client, server.pointee.details.difference == nil, client.pointee.details.session != nil else {
            return server.pointee.details.difference == nil
        }
        let isNew = client.pointee.details.session?.tell(name, value) ?? true
        mirror(client, server)
        return isNew
    }

    /// Copies what is compared often to where it costs least.
    func mirror(_ client: ClientPointer, _ server: ServerPointer) {
        mirror(server)
        guard let session = client.pointee.details.session else { return }
        client.pointee.wantedFingerprint = session.wantedFingerprint
        client.pointee.toldFingerprint = session.told.fingerprint
        set(&client.pointee.flags, .uncommitted, session.hasUncommitted)
        set(&client.pointee.flags, .suspicious, session.releaseDecision != .release)
    }

    func mirror(_ server: ServerPointer) {
        // No fingerprint is this one but for a chance of 2^-64, and then settings are restored once too often.
        server.pointee.satisfiedFingerprint = server.pointee.details.session.satisfied ?? Int.min
        server.pointee.reportsFingerprint = server.pointee.details.session.reports.fingerprint
        set(&server.pointee.flags, .hidesSettings, server.pointee.details.session.unknownSettingsOwner != 0)
    }

    private func set<Flags: OptionSet>(_ flags: inout Flags, _ flag: Flags.Element, _ isOn: Bool) {
        if isOn { flags.insert(flag) } else { flags.remove(flag) }
    }

    // MARK: - Statements

    /// What the text of a Query may do to the session.
    @inline(__always)
    func effects(_ client: ClientPointer, text: ByteSlice) -> StatementEffects {
        guard let session = client.pointee.details.session else { return [] }
        return StatementScan.effects(of: text, session.lexicalRules)
    }

    /// What the text of a Query, of these effects, does to the session; nil for nothing.
    @inline(__always)
    func plan(
        _ client: ClientPointer, _ server: ServerPointer, _ effects: StatementEffects, text: ByteSlice
    ) -> Unmanaged<SharedPlan>? {
        guard matters(client, server, effects), let session = client.pointee.details.session else { return nil }
        return makePlan(client, session.lexicalRules, text)
    }

    /// What a FunctionCall does to the session: it names a function by a number, which may be any.
    func functionCallPlan(_ client: ClientPointer) -> Unmanaged<SharedPlan> {
        Array("CALL unknown()".utf8).withUnsafeBytes { makePlan(client, LexicalRules(), $0) }
    }

    /// Whether statements have to be told to the model of the session.
    @inline(__always)
    private func matters(_ client: ClientPointer, _ server: ServerPointer, _ effects: StatementEffects) -> Bool {
        if !effects.isDisjoint(with: .tracked) { return true }
        // The end of a transaction matters if it has changed something, or may when it comes to it.
        return !effects.isDisjoint(with: .transaction)
            && (client.pointee.flags.contains(.uncommitted) || server.pointee.plansOwedCount > 0)
    }

    private func makePlan(
        _ client: ClientPointer, _ rules: LexicalRules, _ text: ByteSlice
    ) -> Unmanaged<SharedPlan> {
        let plan = SessionPlan(text: text, rules: rules)
        if plan.statements.contains(where: { $0.preparedEffects.contains(.sequenceRead) }) {
            client.pointee.pool?.pointee.tellsSequences = true
        }
        return Unmanaged.passRetained(SharedPlan(plan))
    }

    /// What a prepared statement does to the session when it is executed; nil for nothing. The caller gets no reference.
    @inline(__always)
    func plan(_ client: ClientPointer, _ statement: PreparedStatementPointer) -> Unmanaged<SharedPlan>? {
        if !statement.pointee.isRead { read(client, statement) }
        return statement.pointee.plan
    }

    private func read(_ client: ClientPointer, _ statement: PreparedStatementPointer) {
        statement.pointee.isRead = true
        guard let session = client.pointee.details.session, let end = statement.body.zero(from: 0) else { return }
        let text = statement.body.slice(0, end)
        let effects = StatementScan.effects(of: text, session.lexicalRules)
        statement.pointee.sequenceEffects = effects.intersection(.ofSequences)
        guard !effects.isDisjoint(with: StatementEffects.tracked.union(.transaction)) else { return }
        statement.pointee.plan = makePlan(client, session.lexicalRules, text)
    }

    /// Parse or Bind where statements are the server's own (`max_prepared_statements` is 0), so that nobody knows what an
    /// Execute will do: what is prepared may touch the session, or what is bound was prepared before. False if the
    /// message is not there as a whole.
    func readUnmapped(
        _ client: ClientPointer, _ server: ServerPointer, _ message: ByteSlice, _ byteCount: Int
    ) -> Bool {
        switch message.byte(at: 0) {
        case UInt8(ascii: "P"):
            guard message.count == byteCount else { return false }
            guard let nameEnd = message.zero(from: messageHeaderByteCount),
                let textEnd = message.zero(from: nameEnd + 1)
            else { return true }
            if nameEnd == messageHeaderByteCount { server.pointee.flags.insert(.parsedUnmapped) }
            let effects = effects(client, text: message.slice(nameEnd + 1, textEnd))
            if !effects.isDisjoint(with: .advancing) { server.pointee.sequences.advanced(by: client.pointee.id) }
            if effects.contains(.sequenceRead) { client.pointee.pool?.pointee.tellsSequences = true }
            if !effects.isDisjoint(with: .tracked) { suspectEverything(client, server) }
        case UInt8(ascii: "B"):
            guard let portalEnd = message.zero(from: messageHeaderByteCount),
                let nameEnd = message.zero(from: portalEnd + 1)
            else { return message.count == byteCount }
            let isKnown = nameEnd == portalEnd + 1 && server.pointee.flags.contains(.parsedUnmapped)
            if !isKnown { suspectEverything(client, server) }
        default: break
        }
        return true
    }

    private func suspectEverything(_ client: ClientPointer, _ server: ServerPointer) {
        server.pointee.sequences.advanced(by: client.pointee.id)
        withSession(client, server) { session, state in session.suspectEverything(on: &state) }
    }

    /// A Bind of a statement: what Execute of the portal will do.
    @inline(__always)
    func noteBound(_ server: ServerPointer, portal: ByteSlice, _ plan: Unmanaged<SharedPlan>?) {
        if portal.isEmpty {
            guard plan != nil || server.pointee.unnamedPortalPlan != nil else { return }
            _ = plan?.retain()
            server.pointee.unnamedPortalPlan?.release()
            server.pointee.unnamedPortalPlan = plan
        } else if plan != nil || !server.pointee.details.portalPlans.isEmpty {
            server.pointee.details.portalPlans[portal.array] = plan?.takeUnretainedValue()
        }
    }

    /// What an Execute does; the caller gets a reference.
    @inline(__always)
    func executedPlan(_ server: ServerPointer, _ message: ByteSlice) -> Unmanaged<SharedPlan>? {
        if message.count > messageHeaderByteCount, message.byte(at: messageHeaderByteCount) == 0 {
            return server.pointee.unnamedPortalPlan?.retain()
        }
        return server.pointee.details.portalPlans.isEmpty ? nil : namedPortalPlan(server, message)
    }

    private func namedPortalPlan(_ server: ServerPointer, _ message: ByteSlice) -> Unmanaged<SharedPlan>? {
        guard let end = message.zero(from: messageHeaderByteCount),
            let plan = server.pointee.details.portalPlans[message.slice(messageHeaderByteCount, end).array]
        else { return nil }
        return Unmanaged.passRetained(plan)
    }

    // MARK: - Outcomes

    /// A statement of a text that matters has completed.
    func completed(_ plan: SharedPlan, on server: ServerPointer, _ tag: ByteSlice) {
        let step = server.pointee.planStep
        server.pointee.planStep += 1
        guard let client = server.pointee.client, step < plan.plan.steps.count else { return }
        var done = plan.plan.steps[step]
        // The client's own server listens for it.
        if case .listen = done.change { done.suspicion.scope.insert(.channels) }
        let pool = server.pointee.pool
        let isInBlock = server.pointee.transactionStatus != UInt8(ascii: "I")
        withSession(client, server) { session, state in
            // Where others ask later for what they have advanced, this one may.
            if done.suspicion.changesSequences, !isInBlock, pool.pointee.tellsSequencesLater {
                session.readsSequences = true
            }
            session.completed(done, isRollback: tag.equals("ROLLBACK"), isInBlock: isInBlock, on: &state)
            if session.readsSequences { pool.pointee.tellsSequencesLater = true }
        }
        if case .discardAll = done.change { server.pointee.sequences.discarded() }
        if case .discardSequences = done.change { server.pointee.sequences.discarded() }
    }

    /// A statement of a text that matters has failed.
    func failed(_ plan: SharedPlan?, on server: ServerPointer) {
        guard let client = server.pointee.client else { return }
        guard plan != nil || client.pointee.flags.contains(.uncommitted) else { return }
        let step = server.pointee.planStep
        withSession(client, server) { session, state in
            let failedStep = plan.flatMap { step < $0.plan.steps.count ? $0.plan.steps[step] : nil }
            session.failed(
                during: failedStep, isInBlock: server.pointee.transactionStatus != UInt8(ascii: "I"), on: &state)
        }
    }

    /// ReadyForQuery has come, after something that matters.
    func sessionReady(_ server: ServerPointer, _ status: UInt8) {
        guard let client = server.pointee.client, let status = TransactionStatus(rawValue: status) else { return }
        withSession(client, server) { session, state in session.ready(status, on: &state) }
        guard status == .idle else { return }
        server.pointee.flags.remove(.sessionTouched)
        server.pointee.details.portalPlans.removeAll()
    }

    /// Changes both models, which are taken out meanwhile so that they are not copied.
    private func withSession(
        _ client: ClientPointer, _ server: ServerPointer, _ body: (inout ClientState, inout ServerState) -> Void
    ) {
        guard var session = client.pointee.details.session else { return }
        client.pointee.details.session = nil
        body(&session, &server.pointee.details.session)
        client.pointee.details.session = session
        server.pointee.flags.insert(.sessionTouched)
        mirror(client, server)
    }

    // MARK: - Release

    /// Whether the server must stay with the client, for now or for longer. Nothing is owed by it.
    @inline(__always)
    func mustKeep(_ client: ClientPointer, _ server: ServerPointer) -> Bool {
        client.pointee.flags.contains(.suspicious) && isKept(client, server)
    }

    @inline(never)
    private func isKept(_ client: ClientPointer, _ server: ServerPointer) -> Bool {
        guard let session = client.pointee.details.session else { return false }
        switch session.releaseDecision {
        case .release: return false
        case .pinned: return true
        case .probe(let scope):
            probe(session, scope, server)
            return true
        }
    }

    private func probe(_ session: ClientState, _ scope: ProbeScope, _ server: ServerPointer) {
        server.pointee.output.pointee.appendMessage(
            UInt8(ascii: "Q"), text: SessionProbe.text(scope, names: session.probedSettingNames))
        server.pointee.details.probe = SessionQuestion(scope: scope)
        expect(server, ExpectedReply(.query, [.swallowed, .probe]))
        server.pointee.unnamedOwner = 0
        if let connection = server.pointee.connection { scheduleSend(connection) }
    }

    /// A row of the answer to a probe.
    func probeAnswered(_ server: ServerPointer, row message: ByteSlice) {
        let body = message.slice(messageHeaderByteCount, message.count)
        let isRead = server.pointee.details.probe?.findings.read(dataRow: body) ?? false
        if !isRead { server.pointee.details.probe?.isFailed = true }
    }

    /// The answer to a probe is complete.
    func probeEnded(_ server: ServerPointer) {
        guard let question = server.pointee.details.probe else { return }
        server.pointee.details.probe = nil
        guard let client = server.pointee.client else { return }
        withSession(client, server) { session, state in
            if question.isFailed {
                session.probeFailed()
            } else {
                session.probed(question.scope, question.findings, on: &state)
            }
        }
    }

    /// The client is gone: what else has to be undone on its server, before its transaction is rolled back.
    func cleaning(of client: ClientPointer, _ server: ServerPointer) -> CleaningAction {
        guard var session = client.pointee.details.session else { return .none }
        if server.pointee.transactionStatus != UInt8(ascii: "I"), session.hasUncommitted {
            var step = SessionPlan.Step()
            step.change = .rollback
            session.completed(step, isInBlock: true, on: &server.pointee.details.session)
            session.ready(.idle, on: &server.pointee.details.session)
            mirror(server)
        }
        // What is still running may do anything.
        return server.pointee.plansOwedCount > 0 ? .discardAll : session.cleaning
    }
}

/// A probe that is under way.
struct SessionQuestion {
    let scope: ProbeScope
    var findings = ProbeFindings()
    var isFailed = false

    init(scope: ProbeScope) { self.scope = scope }
}

extension SettingList {
    /// The settings of a startup packet; of those that come twice the last one holds.
    init(startup settings: [SessionParameter]) {
        self.init()
        for setting in settings {
            let name = setting.name.lowercased()
            self[name] = SettingValue(raw: setting.value, of: name)
        }
    }
}

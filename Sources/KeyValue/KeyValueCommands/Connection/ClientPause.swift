import RESP

/// CLIENT PAUSE: until when clients are held back, and which.
package struct ClientPause {
    package enum Scope: Sendable { case write, all }

    /// Milliseconds since 1970; 0: no pause.
    package private(set) var until: Int64 = 0
    package private(set) var scope = Scope.write
    /// Clients held back, in order.
    private var clients: [ClientReference] = []

    /// Clients that wait for keys which are being migrated, in order.
    private var writers: [ClientReference] = []
    /// Keys that are being migrated.
    var heldKeyCount = 0

    @inline(__always) package var isActive: Bool { until > 0 }
    /// Whether any request may have to wait.
    @inline(__always) var mayHoldBack: Bool { until | Int64(truncatingIfNeeded: heldKeyCount) != 0 }
    /// Due keys stay, since removing them is a write.
    @inline(__always) var keepsExpiredKeys: Bool { isActive }

    /// Begins a pause, or prolongs and widens the one under way.
    package mutating func begin(until: Int64, scope: Scope) {
        self.scope = isActive && self.scope == .all ? .all : scope
        self.until = max(self.until, until)
    }

    package var heldBackCount: Int { clients.count + writers.count }

    mutating func add(_ client: ClientReference) { clients.append(client) }
    mutating func addWriter(_ client: ClientReference) { writers.append(client) }
    mutating func remove(_ client: ClientReference) {
        clients.removeAll { $0 == client }
        writers.removeAll { $0 == client }
    }

    /// Returns who waits for keys.
    mutating func takeWriters() -> [ClientReference] {
        defer { writers = [] }
        return writers
    }

    /// Ends the pause and returns who was held back.
    mutating func end() -> [ClientReference] {
        defer { clients = [] }
        until = 0
        scope = .write
        return clients
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Whether the client has to wait with this request: for the end of the pause, or for keys that are being migrated.
    func holdBack(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: RESP.Arguments
    ) -> Bool {
        if pointee.pause.heldKeyCount > 0, holdBackForKeys(client, command, arguments) { return true }
        guard pointee.pause.isActive, !client.pointee.flags.contains(.internalClient),
            isAffectedByPause(client, command)
        else { return false }
        client.pointee.flags.insert(.paused)
        pointee.pause.add(client)
        return true
    }

    private func isAffectedByPause(_ client: ClientReference, _ command: UnsafeMutablePointer<Command>) -> Bool {
        let isExec = command.pointee.row.name == "exec"
        // Everything, also what would end the pause, as in Redis.
        if pointee.pause.scope == .all { return true }
        let writes: CommandFlags = [.write, .mayReplicate]
        if isExec {
            return client.pointee.details.transaction?.requests.contains {
                !$0.command.pointee.flags.isDisjoint(with: writes)
            } ?? false
        }
        if client.pointee.flags.contains(.inTransaction) { return false }
        return !command.pointee.flags.isDisjoint(with: writes)
    }

    /// Ends the pause: those held back go on.
    package func endPause() {
        for client in pointee.pause.end() {
            client.pointee.flags.remove(.paused)
            resumeLater(client)
        }
    }

    func endPauseIfDue() {
        if pointee.pause.isActive, pointee.pause.until <= pointee.now { endPause() }
    }
}

// SUSPEND: nothing is read from anybody, once everything that was read has been passed on and sent.

import Bytes
import PoolerConfiguration

extension LoopPooler {
    /// Begins; `advanceSuspend` goes on at the end of each turn.
    func beginSuspend() {
        suspendTime = now
        let timeout = directory.snapshot.settings.suspendTimeoutMicroseconds * 1000
        if timeout > 0 { scheduleMaintenance(within: timeout) }
        advanceSuspend()
    }

    /// Whether everybody is at rest.
    var isSuspended: Bool {
        guard suspendTime != 0, logins.isEmpty else { return false }
        return pools.values.allSatisfy { pool in
            pool.pointee.waiting.isEmpty
                && pool.pointee.clients.allSatisfy { $0.pointee.flags.contains(.suspended) }
                && pool.pointee.active.allSatisfy { $0.pointee.flags.contains(.suspended) }
                && pool.pointee.idle.allSatisfy { $0.pointee.flags.contains(.suspended) }
                && pool.pointee.busy.isEmpty && pool.pointee.connecting.isEmpty
                && pool.pointee.replication.waiting.isEmpty
                && pool.pointee.replication.servers.allSatisfy { isReplicationAtRest($0) }
        }
    }

    /// Stops reading from those at rest; after `suspend_timeout` those that are not are closed.
    func advanceSuspend() {
        guard suspendTime != 0 else { return }
        let timeout = directory.snapshot.settings.suspendTimeoutMicroseconds * 1000
        let isLate = timeout > 0 && now - suspendTime >= timeout
        if isLate { logins.forEach { endClient($0, reason: "suspend_timeout", error: Self.suspendError) } }
        for pool in pools.values { advanceSuspend(pool, isLate: isLate) }
    }

    private static let suspendError = ("08P01", "suspend_timeout")

    private func advanceSuspend(_ pool: PoolPointer, isLate: Bool) {
        suspendReplication(pool, isLate: isLate)
        // Clients first: their servers answer what they have asked for.
        pool.pointee.clients.forEach { client in
            guard client.pointee.state != .replicating, !client.pointee.flags.contains(.suspended) else { return }
            if isAtRest(client) {
                client.pointee.flags.insert(.suspended)
                actions.append(.pauseReading(client.pointee.connection))
            } else if isLate {
                endClient(client, reason: "suspend_timeout", error: Self.suspendError)
            }
        }
        if isLate {
            pool.pointee.waiting.forEach { endClient($0, reason: "suspend_timeout", error: Self.suspendError) }
        }
        guard pool.pointee.waiting.isEmpty else { return }
        for list in [pool.pointee.active, pool.pointee.idle] { list.forEach { suspend($0) } }
        for list in [pool.pointee.busy, pool.pointee.connecting] where isLate {
            list.forEach { endServer($0, reason: "suspend_timeout") }
        }
    }

    // MARK: - Replication

    /// A client and its own server are no longer read from, both at once: their bytes pass as they are, in no order of
    /// questions and answers.
    private func suspendReplication(_ pool: PoolPointer, isLate: Bool) {
        pool.pointee.replication.servers.forEach { server in
            let isAtRest = isReplicationAtRest(server)
            if isLate, !isAtRest { return endServer(server, reason: "suspend_timeout") }
            guard server.pointee.state == .replicating, !server.pointee.flags.contains(.suspended),
                let client = server.pointee.client, let connection = server.pointee.connection
            else { return }
            server.pointee.flags.insert(.suspended)
            client.pointee.flags.insert(.suspended)
            actions.append(.pauseReading(connection))
            actions.append(.pauseReading(client.pointee.connection))
        }
        guard isLate else { return }
        pool.pointee.replication.waiting.forEach {
            endClient($0, reason: "suspend_timeout", error: Self.suspendError)
        }
    }

    /// Whether the server is not read from, nor its client, and all that was read is sent.
    private func isReplicationAtRest(_ server: ServerPointer) -> Bool {
        guard server.pointee.flags.contains(.suspended), let client = server.pointee.client else { return false }
        return server.pointee.output.pointee.isEmpty && client.pointee.output.pointee.isEmpty
    }

    // MARK: - Others

    private func isAtRest(_ client: ClientPointer) -> Bool {
        let isWhole = client.pointee.remainingByteCount == 0 && client.pointee.pending.isEmpty
        guard isWhole, client.pointee.output.pointee.isEmpty else { return false }
        return client.pointee.server.map { $0.pointee.replies.isEmpty && $0.pointee.output.pointee.isEmpty } ?? true
    }

    private func suspend(_ server: ServerPointer) {
        guard !server.pointee.flags.contains(.suspended), server.pointee.replies.isEmpty,
            server.pointee.partial.isEmpty, server.pointee.remainingByteCount == 0,
            server.pointee.output.pointee.isEmpty, let connection = server.pointee.connection
        else { return }
        server.pointee.flags.insert(.suspended)
        actions.append(.pauseReading(connection))
    }

    /// Reads again from everybody.
    func endSuspend() {
        suspendTime = 0
        for pool in pools.values {
            pool.pointee.clients.forEach { client in
                guard client.pointee.flags.contains(.suspended) else { return }
                client.pointee.flags.remove(.suspended)
                if !client.pointee.flags.contains(.paused) {
                    actions.append(.resumeReading(client.pointee.connection))
                }
            }
            for list in [pool.pointee.active, pool.pointee.idle, pool.pointee.replication.servers] {
                list.forEach { server in
                    guard server.pointee.flags.contains(.suspended), let connection = server.pointee.connection
                    else { return }
                    server.pointee.flags.remove(.suspended)
                    if !server.pointee.flags.contains(.paused) { actions.append(.resumeReading(connection)) }
                }
            }
            assign(pool)
        }
    }
}

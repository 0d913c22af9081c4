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
        // Clients first: their servers answer what they have asked for.
        pool.pointee.clients.forEach { client in
            guard !client.pointee.flags.contains(.suspended) else { return }
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
            for list in [pool.pointee.active, pool.pointee.idle] {
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

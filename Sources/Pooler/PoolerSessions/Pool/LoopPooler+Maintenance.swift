// What happens because time passes.

import Bytes
import PoolerConfiguration

extension LoopPooler {
    /// How often pools are looked at while anything can become due.
    private static let intervalMax: Int64 = 1_000_000_000
    private static let intervalMin: Int64 = 1_000_000

    /// `advance` must be called within that time.
    func scheduleMaintenance(within nanoseconds: Int64) {
        let wanted = now + max(nanoseconds, Self.intervalMin)
        if maintenanceTime == 0 || wanted < maintenanceTime { maintenanceTime = wanted }
    }

    /// How long `advance` may be put off, in nanoseconds; nil for as long as nothing happens.
    package var timeToMaintenance: Int64? {
        maintenanceTime == 0 ? nil : max(0, maintenanceTime - now)
    }

    /// Does what has become due.
    package func advance() {
        guard maintenanceTime != 0, now >= maintenanceTime else { return }
        maintenanceTime = 0
        if clientCount > 0 || serverCount > 0 { scheduleMaintenance(within: Self.intervalMax) }
        endLongLogins()
        if !doomedClients.isEmpty { endDoomedClients() }
        for pool in pools.values { advance(pool) }
        for pool in peerPools.values { endLongCancels(pool) }
        if let predecessorPool { endLongCancels(predecessorPool) }
    }

    private func endLongLogins() {
        let timeout = directory.snapshot.settings.clientLoginTimeoutMicroseconds * 1000
        guard timeout > 0 else { return }
        logins.forEach { client in
            guard now - client.pointee.connectTime >= timeout else { return }
            endClient(client, reason: "client_login_timeout", error: ("08P01", "client_login_timeout"))
        }
    }

    private func advance(_ pool: PoolPointer) {
        endLongWaits(pool)
        endLongReplicationWaits(pool)
        endLongConnects(pool)
        endLongCancels(pool)
        endIdleServers(pool)
        endLongUses(pool)
        assign(pool)
    }

    private func endLongWaits(_ pool: PoolPointer) {
        let settings = pool.pointee.settings
        while settings.queryWaitTimeout > 0, let client = pool.pointee.waiting.first {
            let waited = now - client.pointee.stateTime
            guard waited >= settings.queryWaitTimeout else {
                scheduleMaintenance(within: settings.queryWaitTimeout - waited)
                break
            }
            if client.pointee.state == .lookingUp {
                pool.pointee.waiting.remove(client)
                answer(client, .failed(AuthQuery.clientFailure))
            } else {
                endClient(client, reason: "query_wait_timeout", error: ("08P01", "query_wait_timeout"))
            }
        }
        guard settings.queryWaitNotify > 0 else { return }
        var next = pool.pointee.waiting.first
        while let client = next, now - client.pointee.stateTime >= settings.queryWaitNotify {
            next = client.pointee.nextInList
            guard client.pointee.state == .waiting, !client.pointee.flags.contains(.wasNotified) else { continue }
            client.pointee.flags.insert(.wasNotified)
            client.pointee.output.pointee.appendReport(
                UInt8(ascii: "N"), severity: "NOTICE", code: "00000",
                message: "No server connection available in postgres backend, client being queued")
            scheduleSend(client.pointee.connection)
        }
        guard let client = next else { return }
        scheduleMaintenance(within: settings.queryWaitNotify - (now - client.pointee.stateTime))
    }

    private func endLongConnects(_ pool: PoolPointer) {
        let settings = pool.pointee.settings
        for list in [pool.pointee.connecting, pool.pointee.replication.servers] {
            list.forEach { server in
                guard server.pointee.state != .replicating, settings.connectTimeout > 0,
                    now - server.pointee.stateTime >= settings.connectTimeout
                else { return }
                endServer(server, reason: "connect timeout")
            }
        }
        pool.pointee.busy.forEach { server in
            guard server.pointee.cancelCount == 0, now - server.pointee.stateTime >= limits.abandonedTimeout
            else { return }
            endServer(server, reason: "server did not become free")
        }
    }

    private func endIdleServers(_ pool: PoolPointer) {
        let settings = pool.pointee.settings
        pool.pointee.idle.forEach { server in
            if isOutdated(server) { return endServer(server, reason: "server lifetime over") }
            let idle = now - server.pointee.stateTime
            guard settings.serverIdleTimeout > 0, idle >= settings.serverIdleTimeout,
                pool.pointee.serverCount > settings.minPoolSize
            else { return }
            endServer(server, reason: "server idle timeout")
        }
    }
}

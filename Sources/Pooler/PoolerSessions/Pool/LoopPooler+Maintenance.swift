// What happens because time passes.

import Bytes
import PoolerConfiguration

extension LoopPooler {
    /// How often pools are looked at while anything can become due.
    static let intervalMax: Int64 = 1_000_000_000
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
        if mailbox.hasMail { readMail() }
        guard maintenanceTime != 0, now >= maintenanceTime else { return }
        maintenanceTime = 0
        if clientCount > 0 || serverCount > 0 { scheduleMaintenance(within: Self.intervalMax) }
        endLongLogins()
        if !doomedClients.isEmpty { endDoomedClients() }
        sampleStatistics()
        if suspendTime != 0 { advanceSuspend() }
        makeReadyPools()
        for pool in pools.values { advance(pool) }
        for pool in peerPools.values { endLongCancels(pool) }
        if let predecessorPool { endLongCancels(predecessorPool) }
        removeUnusedPools()
    }

    /// Forgets pools that nobody has used for long: `pool_idle_timeout`, and `autodb_idle_timeout` for databases that the
    /// entry for all others made.
    private func removeUnusedPools() {
        let settings = directory.snapshot.settings
        for (key, pool) in pools {
            guard pool.pointee.isUnused else {
                pool.pointee.unusedSince = 0
                continue
            }
            if pool.pointee.unusedSince == 0 { pool.pointee.unusedSince = now }
            // Servers that it has to keep are being connected again and again.
            if pool.pointee.settings.minPoolSize > 0, isKeptReady(pool) { continue }
            let isAutomatic = directory.snapshot.database(named: key.database)?.isAutomatic ?? false
            // Of a name that somebody has tried and no server knows nothing is kept but the pause between attempts.
            if isAutomatic, pool.pointee.details.welcome == nil, now >= pool.pointee.retryTime {
                removePool(key)
                continue
            }
            let timeouts = [
                settings.poolIdleTimeoutMicroseconds,
                isAutomatic ? settings.automaticDatabaseIdleTimeoutMicroseconds : 0,
            ].filter { $0 > 0 }
            guard let timeout = timeouts.min() else { continue }
            let left = pool.pointee.unusedSince + timeout * 1000 - now
            guard left <= 0 else {
                scheduleMaintenance(within: left)
                continue
            }
            let age = (now - pool.pointee.unusedSince) / 1_000_000_000
            actions.append(
                .log(
                    .log,
                    "cleaning up idle pool for user \(key.user) on db \(key.database) because: pool idle timeout "
                        + "(age= \(age)s)"))
            removePool(key)
        }
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
        if pool.pointee.settings.closesFast { closeFast(pool) }
        assign(pool)
    }

    private func endLongWaits(_ pool: PoolPointer) {
        let settings = pool.pointee.settings
        // Whatever is shorter: a query must not take longer because it has waited.
        let limits = [(settings.queryWaitTimeout, "query_wait_timeout"), (settings.queryTimeout, "query_timeout")]
        while let (timeout, reason) = limits.filter({ $0.0 > 0 }).min(by: { $0.0 < $1.0 }),
            let client = pool.pointee.waiting.first
        {
            let waited = now - client.pointee.stateTime
            guard waited >= timeout else {
                scheduleMaintenance(within: timeout - waited)
                break
            }
            if client.pointee.state == .lookingUp {
                pool.pointee.waiting.remove(client)
                answer(client, .failed(AuthQuery.clientFailure))
            } else {
                endClient(client, reason: reason, error: ("08P01", reason))
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

// What an administrator asks of a loop, by console or signal.

import PoolerConfiguration

extension LoopPooler {
    /// Does it; false if there is nothing to do it to.
    @discardableResult
    package func perform(_ command: LoopCommand) -> Bool {
        switch command {
        case .follow(let switches): follow(switches)
        case .reconnect(let database): forEachPool(of: database) { reconnect($0) }
        case .kill(let database): forEachPool(of: database) { kill($0) }
        case .killClient(let id):
            guard let client = client(id) else { return false }
            endClient(client, reason: "admin forced disconnect", error: ("08P01", "admin forced disconnect"))
        }
        return true
    }

    /// Whether what the console waits for has come about here.
    package func holds(_ condition: LoopCondition) -> Bool {
        switch condition {
        case .paused(let database):
            return pools(of: database).allSatisfy {
                $0.pointee.active.isEmpty && $0.pointee.busy.isEmpty && $0.pointee.replication.servers.isEmpty
            }
        case .suspended: return isSuspended
        case .reconnected(let database):
            return pools(of: database).allSatisfy { pool in
                let isOfNow = { (server: ServerPointer) in server.pointee.generation == pool.pointee.generation }
                return pool.pointee.active.allSatisfy(isOfNow) && pool.pointee.busy.allSatisfy(isOfNow)
                    && pool.pointee.connecting.allSatisfy(isOfNow)
            }
        }
    }

    /// Whether there is any server, or one on its way.
    package var hasServers: Bool { pools.values.contains { $0.pointee.serverCount > 0 } }

    func pools(of database: String?) -> [PoolPointer] {
        pools.filter { key, _ in database == nil || key.database == database }.map(\.value)
    }

    private func forEachPool(of database: String?, _ body: (PoolPointer) -> Void) {
        for pool in pools(of: database) { body(pool) }
    }

    // MARK: - Pause and end

    private func follow(_ switches: PoolerSwitches) {
        let old = self.switches
        self.switches = switches
        for (key, pool) in pools {
            let isPaused = switches.isPaused(key.database)
            guard isPaused != pool.pointee.isPaused else { continue }
            pool.pointee.isPaused = isPaused
            if isPaused { pause(pool) } else { assign(pool) }
        }
        if switches.ending == .waitingForServers, old.ending != .waitingForServers {
            for pool in pools.values {
                for list in [pool.pointee.waiting, pool.pointee.replication.waiting] {
                    list.forEach { refuseAtEnd($0) }
                }
            }
        }
        if switches.mode == .suspended, old.mode != .suspended { beginSuspend() }
        if switches.mode != .suspended, old.mode == .suspended { endSuspend() }
    }

    /// The process ends as soon as servers are free: nobody gets one any more.
    func refuseAtEnd(_ client: ClientPointer) {
        endClient(client, reason: "server shutting down", error: ("08P01", "server shutting down"))
    }

    private func pause(_ pool: PoolPointer) {
        for list in [pool.pointee.idle, pool.pointee.connecting] {
            list.forEach { endServer($0, reason: "pause mode") }
        }
        // It was no failure of the server's.
        pool.pointee.retryTime = 0
        pool.pointee.retryDelay = 0
    }

    // MARK: - Reconnect and kill

    /// Has the pool's servers replaced as they come back.
    func reconnect(_ pool: PoolPointer) {
        pool.pointee.generation += 1
        pool.pointee.retryTime = 0
        pool.pointee.refusal = nil
        pool.pointee.details.welcome = nil
        pool.pointee.idle.forEach { endServer($0, reason: "database configuration changed") }
        endReplication(pool, reason: "database configuration changed")
        if pool.pointee.settings.closesFast { closeFast(pool) }
        assign(pool)
    }

    /// With `server_fast_close` servers that are marked do not wait for the end of a session, only for that of a
    /// transaction.
    func closeFast(_ pool: PoolPointer) {
        pool.pointee.active.forEach { server in
            guard server.pointee.isFree, isOutdated(server) else { return }
            endServer(server, reason: "database configuration changed")
        }
    }

    private func kill(_ pool: PoolPointer) {
        for list in [pool.pointee.waiting, pool.pointee.replication.waiting, pool.pointee.clients] {
            list.forEach { endClient($0, reason: "database removed", error: ("08P01", "database removed")) }
        }
        for list in [pool.pointee.active, pool.pointee.idle, pool.pointee.busy, pool.pointee.connecting] {
            list.forEach { endServer($0, reason: "database removed") }
        }
        endReplication(pool, reason: "database removed")
    }

    private func client(_ id: UInt64) -> ClientPointer? {
        if let client = clientsByID[id] { return client }
        for pool in pools.values {
            for list in [pool.pointee.waiting, pool.pointee.replication.waiting] {
                if let client = list.first(where: { $0.pointee.id == id }) { return client }
            }
        }
        return nil
    }
}

// What an administrator asks of the pools, by signal or console.

extension LoopPooler {
    /// Whether any client has a server now.
    package var hasActiveServers: Bool {
        pools.values.contains {
            !$0.pointee.active.isEmpty || !$0.pointee.busy.isEmpty || !$0.pointee.replication.servers.isEmpty
        }
    }

    /// Gives no server out until `resume`, and closes those that come back: PAUSE. Of one database, or of all.
    package func pause(database: String? = nil) {
        if database == nil { isPaused = true }
        forEachPool(of: database) { pool in
            pool.pointee.isPaused = true
            closeIdle(pool, reason: "server disconnected by admin")
        }
    }

    /// Ends `pause`.
    package func resume(database: String? = nil) {
        if database == nil { isPaused = false }
        forEachPool(of: database) { pool in
            pool.pointee.isPaused = false
            assign(pool)
        }
    }

    /// Replaces all servers by new ones, as they come back: RECONNECT.
    package func reconnect(database: String? = nil) {
        forEachPool(of: database) { pool in
            pool.pointee.generation += 1
            pool.pointee.retryTime = 0
            closeIdle(pool, reason: "database configuration changed")
            endReplication(pool, reason: "database configuration changed")
            assign(pool)
        }
    }

    private func forEachPool(of database: String?, _ body: (PoolPointer) -> Void) {
        for (key, pool) in pools where database == nil || key.database == database { body(pool) }
    }

    func closeIdle(_ pool: PoolPointer, reason: String) {
        pool.pointee.idle.forEach { endServer($0, reason: reason) }
    }
}

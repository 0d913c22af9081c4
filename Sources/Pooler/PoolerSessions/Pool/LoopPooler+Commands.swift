// What an administrator asks of the pools, by signal or console.

package import PoolerConfiguration

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

    private func closeIdle(_ pool: PoolPointer, reason: String) {
        pool.pointee.idle.forEach { endServer($0, reason: reason) }
    }

    /// Takes over what a new configuration changes: the directory has it already.
    package func follow(_ change: ConfigurationReload) {
        followPeers(change.snapshot)
        for (key, pool) in pools {
            guard let database = change.snapshot.database(named: key.database) else {
                endPool(pool, database: key.database)
                continue
            }
            let details = pool.pointee.details
            let credential =
                details.isUserForced ? directory.credential(database, user: key.user) : details.target.credential
            let fresh = directory.details(database, user: key.user, credential: credential)
            details.places = fresh.places
            details.takesPlacesInTurn = fresh.takesPlacesInTurn
            details.target = fresh.target
            pool.pointee.settings = PoolSettings(change.snapshot, database, user: key.user)
            if change.serverTLSChanged || change.databases.needingOtherServers.contains(ExactName(key.database))
                || (database.isAutomatic && change.fallbackNeedsOtherServers)
            {
                reconnect(pool)
            }
        }
    }

    private func reconnect(_ pool: PoolPointer) {
        pool.pointee.generation += 1
        pool.pointee.details.welcome = nil
        closeIdle(pool, reason: "database configuration changed")
        endReplication(pool, reason: "database configuration changed")
        requestServers(pool)
    }

    /// The pool's database is in no file any more.
    private func endPool(_ pool: PoolPointer, database: String) {
        for list in [pool.pointee.waiting, pool.pointee.replication.waiting, pool.pointee.clients] {
            list.forEach { endClient($0, reason: "database removed", error: ("08P01", "database removed")) }
        }
        pool.pointee.generation += 1
        closeIdle(pool, reason: "database configuration changed")
    }
}

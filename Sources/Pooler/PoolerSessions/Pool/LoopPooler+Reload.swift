// What another configuration, or other files beside it, change for pools and for clients that are there already.

package import PoolerConfiguration
import PostgresWire

extension LoopPooler {
    /// Takes over what a new configuration and the files beside it change: the directory has them already.
    package func follow(_ change: ConfigurationReload) {
        followPeers(change.snapshot)
        endUnwelcome()
        for (key, pool) in pools {
            guard let database = change.snapshot.database(named: key.database) else {
                endPool(pool, database: key.database)
                continue
            }
            follow(change, pool, database, key)
        }
        readyPools = nil
        makeReadyPools()
    }

    /// Makes the pools that have servers also while nobody is connected, where they are not.
    func makeReadyPools() {
        let keys = readyPools ?? findReadyPools()
        readyPools = keys
        for key in keys where pools[key] == nil && !isRetired && !switches.isDisabled(key.database) {
            // Each loop makes its own.
            guard group.homes.isHome(number, of: key),
                let database = directory.snapshot.database(named: key.database)
            else { continue }
            requestServers(pool(of: database, key.user, .none))
        }
    }

    /// Those of databases with a smallest size whose user is known without a client.
    private func findReadyPools() -> [PoolKey] {
        directory.snapshot.databases.sorted.compactMap { database in
            guard let user = database.forcedUser,
                PoolPolicy(directory.snapshot, database: database, user: user).minSize > 0
            else { return nil }
            return PoolKey(database: database.name, user: user)
        }
    }

    /// Whether the pool has servers also while nobody is connected. Those of automatic databases do not: anybody could
    /// have any number of them made.
    func isKeptReady(_ pool: PoolPointer) -> Bool {
        guard let database = directory.snapshot.database(named: pool.pointee.details.database) else { return false }
        return database.forcedUser == pool.pointee.details.user && !database.isAutomatic
            && !switches.isDisabled(database.name)
    }

    private func follow(_ change: ConfigurationReload, _ pool: PoolPointer, _ database: DatabaseEntry, _ key: PoolKey) {
        let details = pool.pointee.details
        let credential =
            details.isUserForced
            ? directory.credential(database, user: key.user)
            : directory.credential(details.target.credential, ofUser: key.user)
        let fresh = directory.details(database, user: key.user, credential: credential)
        if fresh.target.credential != details.target.credential {
            // What was refused may be taken now.
            pool.pointee.refusal = nil
            pool.pointee.retryTime = 0
        }
        details.places = fresh.places
        details.takesPlacesInTurn = fresh.takesPlacesInTurn
        details.target = fresh.target
        pool.pointee.settings = PoolSettings(change.snapshot, database, user: key.user)
        if change.serverTLSChanged || change.databases.needingOtherServers.contains(ExactName(key.database))
            || (database.isAutomatic && change.fallbackNeedsOtherServers)
            || !(details.isUserForced || directory.isUserPossible(key.user, database))
        {
            reconnect(pool)
        }
    }

    /// The pool's database is in no file any more.
    private func endPool(_ pool: PoolPointer, database: String) {
        for list in [pool.pointee.waiting, pool.pointee.replication.waiting, pool.pointee.clients] {
            list.forEach { endClient($0, reason: "database removed", error: ("3D000", "database removed")) }
        }
        pool.pointee.generation += 1
        pool.pointee.idle.forEach { endServer($0, reason: "database configuration changed") }
    }

    /// Ends clients that would not be let in any more: by the rules for addresses, or as users that are gone.
    private func endUnwelcome() {
        var lists = [logins]
        for pool in pools.values {
            lists += [pool.pointee.waiting, pool.pointee.replication.waiting, pool.pointee.clients]
        }
        for list in lists {
            list.forEach { client in
                let details = client.pointee.details
                guard let startup = details.startup, let failure = directory.objection(to: startup, details) else {
                    return
                }
                endClient(client, reason: failure.message, error: (failure.code.rawValue, failure.message))
            }
        }
    }
}

// How many servers a pool has, and when it connects more.

import Bytes

extension LoopPooler {
    /// The first pause after a failure to connect, in nanoseconds; it doubles.
    private static let retryDelayMin: Int64 = 100_000_000

    /// Connects as many servers as are needed and allowed: all at once, not one after the other.
    func requestServers(_ pool: PoolPointer) {
        guard !pool.pointee.isPaused else { return }
        guard now >= pool.pointee.retryTime else {
            if wantedCount(pool) > 0 { scheduleMaintenance(within: pool.pointee.retryTime - now) }
            return
        }
        var wanted = wantedCount(pool)
        if pool.pointee.isShortOfSlots || pool.pointee.retryDelay > 0 {
            // One attempt at a time until one succeeds.
            wanted = min(wanted, pool.pointee.connecting.isEmpty ? 1 : 0)
        }
        while wanted > 0, connect(pool) { wanted -= 1 }
    }

    /// Servers that clients wait for and that are not on their way, and those missing from the smallest size.
    private func wantedCount(_ pool: PoolPointer) -> Int {
        let coming = pool.pointee.connecting.count + pool.pointee.busy.count
        let asked = pool.pointee.waiting.count - coming
        let missing = pool.pointee.clientCount > 0 ? pool.pointee.settings.minPoolSize - pool.pointee.serverCount : 0
        return max(asked, missing)
    }

    /// Begins one connection, unless a limit is reached.
    private func connect(_ pool: PoolPointer) -> Bool {
        let settings = pool.pointee.settings
        let details = pool.pointee.details
        if settings.poolSize > 0, pool.pointee.serverCount >= settings.poolSize {
            guard isReserveDue(pool) else { return false }
        }
        guard details.databaseLimit.hasRoom || evict({ $0.pointee.details.databaseLimit === details.databaseLimit })
        else { return false }
        guard details.userLimit.hasRoom || evict({ $0.pointee.details.userLimit === details.userLimit }) else {
            return false
        }
        details.databaseLimit.force()
        details.userLimit.force()
        let server = makeServer(pool)
        server.pointee.flags.insert(.counted)
        pool.pointee.connecting.append(server)
        actions.append(.connect(server))
        scheduleMaintenance(within: settings.connectTimeout)
        return true
    }

    func makeServer(_ pool: PoolPointer) -> ServerPointer {
        let places = pool.pointee.details.places
        let place = places[pool.pointee.nextPlace % places.count]
        if pool.pointee.details.takesPlacesInTurn { pool.pointee.nextPlace += 1 }
        let server = ServerPointer.allocate(capacity: 1)
        server.initialize(
            to: Server(
                id: nextID(), pool: pool, now: now, output: unconnectedOutput, details: ServerDetails(place: place)))
        serverCount += 1
        return server
    }

    /// Whether the first client has waited long enough for a server of the reserve, and one is left.
    private func isReserveDue(_ pool: PoolPointer) -> Bool {
        let settings = pool.pointee.settings
        guard settings.reservePoolSize > 0, settings.reserveTimeout > 0, let first = pool.pointee.waiting.first,
            pool.pointee.serverCount < settings.poolSize + settings.reservePoolSize
        else { return false }
        let waited = now - first.pointee.stateTime
        guard waited >= settings.reserveTimeout else {
            scheduleMaintenance(within: settings.reserveTimeout - waited)
            return false
        }
        log(.warning, first, "taking connection from reserve_pool")
        return true
    }

    /// Closes the server that has been idle longest among pools that the condition holds for; false if there is none.
    private func evict(_ condition: (PoolPointer) -> Bool) -> Bool {
        var oldest: ServerPointer?
        for pool in pools.values where condition(pool) && pool.pointee.waiting.isEmpty {
            pool.pointee.idle.forEach { server in
                if server.pointee.stateTime < oldest?.pointee.stateTime ?? .max { oldest = server }
            }
        }
        guard let oldest else { return false }
        endServer(oldest, reason: "evicted")
        return true
    }

    // MARK: - How it went

    /// A server is logged in.
    func loggedIn(_ server: ServerPointer, _ parameters: [SessionParameter]) {
        let pool = server.pointee.pool
        pool.pointee.connecting.remove(server)
        pool.pointee.retryDelay = 0
        pool.pointee.retryTime = 0
        pool.pointee.isShortOfSlots = false
        server.pointee.state = .idle
        server.pointee.stateTime = now
        if pool.pointee.details.welcome == nil { pool.pointee.details.welcome = parameters }
        for parameter in parameters {
            server.pointee.details.session.reportedAtRest(parameter.name, parameter.value)
        }
        mirror(server)
        welcomeWaiting(pool)
        park(server)
        requestServers(pool)
    }

    /// A server could not be connected or logged in: the next attempt waits, twice as long each time.
    func connectFailed(_ pool: PoolPointer) {
        let most = max(Self.retryDelayMin, pool.pointee.settings.loginRetry)
        pool.pointee.retryDelay = min(max(pool.pointee.retryDelay * 2, Self.retryDelayMin), most)
        pool.pointee.retryTime = now + pool.pointee.retryDelay
        if !pool.pointee.details.takesPlacesInTurn { pool.pointee.nextPlace += 1 }
        scheduleMaintenance(within: pool.pointee.retryDelay)
    }
}

// How many servers a pool has, and when it connects more.

import Bytes
import PostgresWire

extension LoopPooler {
    /// The first pause after a failure to connect, in nanoseconds; it doubles.
    private static let retryDelayMin: Int64 = 100_000_000

    /// Connects as many servers as are needed and allowed: side by side, not one after the other.
    func requestServers(_ pool: PoolPointer) {
        if !pool.pointee.replication.waiting.isEmpty { requestReplicationServers(pool) }
        guard !pool.pointee.isPaused else { return }
        guard now >= pool.pointee.retryTime else {
            refuseWaiting(pool)
            if max(askedCount(pool), missingCount(pool)) > 0 {
                scheduleMaintenance(within: pool.pointee.retryTime - now)
            }
            return
        }
        let asked = askedCount(pool)
        var wanted = max(asked, missingCount(pool))
        // After a failure, and where nobody knows which host takes connections, one attempt at a time until one succeeds.
        let isUncertain = pool.pointee.retryDelay > 0 || isChoosingHost(pool)
        wanted = min(wanted, (isUncertain ? 1 : pool.pointee.pace.attemptsMax) - pool.pointee.connecting.count)
        // Only for those who wait are others' servers closed, not for the smallest size.
        var begun = 0
        while begun < wanted, connect(pool, evicts: begun < asked) { begun += 1 }
    }

    /// Whether it is not known which of several hosts, of which one is to be used, takes connections.
    private func isChoosingHost(_ pool: PoolPointer) -> Bool {
        !pool.pointee.details.takesPlacesInTurn && pool.pointee.details.places.count > 1
            && pool.pointee.serverCount == pool.pointee.connecting.count + pool.pointee.replication.servers.count
    }

    /// Servers that clients wait for and that are not on their way.
    private func askedCount(_ pool: PoolPointer) -> Int {
        pool.pointee.waiting.count - pool.pointee.connecting.count - pool.pointee.busy.count
    }

    /// Servers missing from the smallest size.
    private func missingCount(_ pool: PoolPointer) -> Int {
        guard pool.pointee.settings.minPoolSize > 0, !isRetired, switches.ending == .none, suspendTime == 0,
            pool.pointee.clientCount > 0 || isKeptReady(pool)
        else { return 0 }
        return pool.pointee.settings.minPoolSize - pool.pointee.serverCount
    }

    /// Begins one connection, unless a limit is reached.
    private func connect(_ pool: PoolPointer, evicts: Bool) -> Bool {
        let settings = pool.pointee.settings
        if settings.poolSize > 0, pool.pointee.serverCount >= settings.poolSize {
            guard isReserveDue(pool) else { return false }
        }
        guard takePlaces(pool, evicts: evicts) else { return false }
        // Whoever comes from now on learns how this attempt goes.
        pool.pointee.refusal = nil
        let server = makeServer(pool)
        server.pointee.flags.insert(.counted)
        pool.pointee.connecting.append(server)
        actions.append(.connect(server))
        scheduleMaintenance(within: settings.connectTimeout)
        return true
    }

    /// Takes the places of one more server among those of its database and user; false if there are none. If it may
    /// close others' servers for it, the pool waits for its turn.
    func takePlaces(_ pool: PoolPointer, evicts: Bool) -> Bool {
        let details = pool.pointee.details
        let (database, user) = (details.databaseLimit, details.userLimit)
        if evicts, !database.hasRoom { evict { $0.pointee.details.databaseLimit === database } }
        if evicts, !user.hasRoom { evict { $0.pointee.details.userLimit === user } }
        let waiter = LimitWaiter(
            mailbox: mailbox, pool: PoolKey(database: details.database, user: details.user))
        guard let full = ConnectionLimit.take(database, user, for: waiter, waits: evicts) else { return true }
        if evicts { beginHunt(full) }
        return false
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
    @discardableResult
    func evict(_ condition: (PoolPointer) -> Bool) -> Bool {
        var oldest: ServerPointer?
        for pool in pools.values where condition(pool) && pool.pointee.waiting.isEmpty {
            pool.pointee.idle.forEach { server in
                if server.pointee.stateTime < oldest?.pointee.stateTime ?? .max { oldest = server }
            }
        }
        // Its place is for another: its own pool must not take it again.
        if let oldest { endServer(oldest, reason: "evicted", isReplaced: false) }
        return oldest != nil
    }

    // MARK: - How it went

    /// Tells those who wait why servers cannot be had, if that is known not to be a matter of waiting.
    func refuseWaiting(_ pool: PoolPointer) {
        guard let refusal = pool.pointee.refusal, !hasServersToCome(pool) else { return }
        pool.pointee.waiting.forEach { client in
            if client.pointee.state == .lookingUp {
                pool.pointee.waiting.remove(client)
                answer(client, .failed(lookUpFailure(client, pool, refusal)))
            } else {
                endClient(client, reason: refusal.message, error: (refusal.code.rawValue, refusal.message))
            }
        }
    }

    /// Of the database that it asks for itself a client may hear; what else is wrong is for the log.
    private func lookUpFailure(_ client: ClientPointer, _ pool: PoolPointer, _ refusal: LoginFailure) -> LoginFailure {
        let isItsOwn = pool.pointee.details.database == client.pointee.details.database
        return isItsOwn && refusal.code == .unknownDatabase ? refusal : AuthQuery.clientFailure
    }

    /// Whether those who wait may get a server that is there: one that is to be closed when it is free is none.
    private func hasServersToCome(_ pool: PoolPointer) -> Bool {
        [pool.pointee.idle, pool.pointee.active, pool.pointee.busy].contains { list in
            !list.allSatisfy { isOutdated($0) }
        }
    }

    /// A server is logged in.
    func loggedIn(_ server: ServerPointer, _ parameters: [SessionParameter]) {
        let pool = server.pointee.pool
        pool.pointee.retryDelay = 0
        pool.pointee.retryTime = 0
        pool.pointee.pace.succeeded()
        // What servers report has come from strings that end with a zero.
        if pool.pointee.details.welcome == nil { pool.pointee.details.welcome = try? PoolGreeting(parameters) }
        for parameter in parameters {
            server.pointee.details.session.reportedAtRest(parameter.name, parameter.value)
        }
        mirror(server)
        welcomeWaiting(pool)
        // Until now it has counted as one that is on its way: those who are let in may ask for servers at once.
        pool.pointee.connecting.remove(server)
        park(server)
        requestServers(pool)
    }

    /// A server could not be connected or logged in: the next attempt waits, twice as long each time.
    func connectFailed(_ server: ServerPointer, _ pool: PoolPointer) {
        pool.pointee.retryDelay = nextRetryDelay(pool.pointee.retryDelay, pool)
        pool.pointee.retryTime = now + pool.pointee.retryDelay
        let details = pool.pointee.details
        // Not when another attempt has led away from the host already.
        let present = details.places[pool.pointee.nextPlace % details.places.count]
        if !details.takesPlacesInTurn, server.pointee.details.place == present {
            pool.pointee.nextPlace += 1
        }
        scheduleMaintenance(within: pool.pointee.retryDelay)
    }

    /// The pause after a failure, by the one before.
    func nextRetryDelay(_ last: Int64, _ pool: PoolPointer) -> Int64 {
        min(max(last * 2, Self.retryDelayMin), max(Self.retryDelayMin, pool.pointee.settings.loginRetry))
    }
}

// Connections for replication. Each client has a server of its own, which is connected for it, logged in with the
// client's own settings and options, and closed with it. Nothing that passes is looked at: COPY in both directions may
// begin at any time, and nobody else depends on where messages end. Limits of time for queries and transactions
// therefore do not apply; those for waiting do.

import Bytes
import PostgresWire

extension LoopPooler {
    /// It is known who the client is: it waits for a server of its own.
    func admitForReplication(_ client: ClientPointer, _ pool: PoolPointer) {
        guard !pool.pointee.settings.refusesSimpleQueries else {
            // Commands of replication are simple queries, all of them.
            return endClient(client, reason: "PQexec disallowed", error: ("08P01", "PQexec disallowed"))
        }
        client.pointee.state = .awaitingOwnServer
        pool.pointee.replication.waiting.append(client)
        scheduleMaintenance(within: pool.pointee.settings.queryWaitTimeout)
        requestReplicationServers(pool)
    }

    /// Connects servers for the clients that have none yet, first come first served, as far as limits allow.
    func requestReplicationServers(_ pool: PoolPointer) {
        guard !pool.pointee.isPaused, !pool.pointee.replication.waiting.isEmpty else { return }
        guard now >= pool.pointee.replication.retryTime else {
            return scheduleMaintenance(within: pool.pointee.replication.retryTime - now)
        }
        var next = pool.pointee.replication.waiting.first
        while let client = next {
            next = client.pointee.nextInList
            guard client.pointee.server == nil else { continue }
            guard hasRoom(pool, for: client), takePlaces(pool, evicts: true) else { return }
            connectOwnServer(client, pool)
        }
    }

    /// Whether the pool's size allows one more server; an idle one makes room for a client that came first.
    private func hasRoom(_ pool: PoolPointer, for client: ClientPointer) -> Bool {
        let size = pool.pointee.settings.poolSize
        guard size > 0, pool.pointee.serverCount >= size else { return true }
        if let rival = pool.pointee.waiting.first, rival.pointee.stateTime < client.pointee.stateTime { return false }
        var oldest: ServerPointer?
        pool.pointee.idle.forEach { server in
            if server.pointee.stateTime < oldest?.pointee.stateTime ?? .max { oldest = server }
        }
        if let oldest { endServer(oldest, reason: "evicted", isReplaced: false) }
        return pool.pointee.serverCount < size
    }

    private func connectOwnServer(_ client: ClientPointer, _ pool: PoolPointer) {
        let server = makeServer(pool)
        server.pointee.flags.formUnion([.counted, .forReplication])
        server.pointee.client = client
        client.pointee.server = server
        pool.pointee.replication.servers.append(server)
        actions.append(.connect(server))
        scheduleMaintenance(within: pool.pointee.settings.connectTimeout)
    }

    /// As whom the client's own server is logged in: with the client's settings, because a session for physical
    /// replication takes none later.
    func replicationTarget(_ target: ServerLogin.Target, _ startup: StartupParameters) -> ServerLogin.Target {
        var target = target
        target.replication = startup.replication
        for setting in startup.settings {
            target.settings.removeAll { $0.name.lowercased() == setting.name.lowercased() }
            target.settings.append(setting)
        }
        target.options = startup.options
        if startup.replication == .physical { target.connectQuery = nil }
        return target
    }

    /// The client's own server is logged in: the client is let in, and bytes begin to pass.
    func beginReplication(_ client: ClientPointer, _ server: ServerPointer, _ parameters: [SessionParameter]) {
        let pool = server.pointee.pool
        pool.pointee.replication.retryDelay = 0
        pool.pointee.replication.retryTime = 0
        pool.pointee.replication.waiting.remove(client)
        pool.pointee.clients.append(client)
        server.pointee.state = .replicating
        server.pointee.stateTime = now
        client.pointee.state = .replicating
        client.pointee.stateTime = now
        pool.pointee.statistics.assignmentCount &+= 1
        pool.pointee.statistics.queuedAssignmentCount &+= 1
        // What servers report has come from strings that end with a zero.
        if let welcome = try? PoolGreeting(parameters) { greet(client, pool, welcome, own: []) }
        guard !client.pointee.pending.isEmpty, let connection = server.pointee.connection else { return }
        server.pointee.output.pointee.append(client.pointee.pending.readable)
        client.pointee.pending.release()
        scheduleSend(connection)
    }

    // MARK: - Bytes

    /// Bytes came from a client that has its own server.
    func passToOwnServer(_ client: ClientPointer, _ bytes: ByteSlice) {
        guard let server = client.pointee.server, let connection = server.pointee.connection else { return }
        server.pointee.pool.pointee.statistics.receivedByteCount &+= UInt64(bytes.count)
        server.pointee.output.pointee.append(bytes)
        scheduleSend(connection)
        if server.pointee.output.pointee.count > limits.outputByteCountMax { pauseReading(client) }
    }

    /// Bytes came from a client's own server.
    func passFromOwnServer(_ server: ServerPointer, _ bytes: ByteSlice) {
        guard let client = server.pointee.client else { return }
        server.pointee.pool.pointee.statistics.sentByteCount &+= UInt64(bytes.count)
        client.pointee.output.pointee.append(bytes)
        scheduleSend(client.pointee.connection)
        if client.pointee.output.pointee.count > limits.outputByteCountMax { pauseReading(server) }
    }

    // MARK: - Ends

    /// The login of a client's own server has failed. Other clients may fare better: only this one is told, unless it
    /// is a matter of time.
    func replicationLoginFailed(_ server: ServerPointer, _ failure: ServerLoginFailure) {
        if let told = failure.clientFailure, let client = server.pointee.client {
            server.pointee.client = nil
            client.pointee.server = nil
            endClient(
                client, reason: "login failed", error: (told.code.rawValue, "server login failed: \(told.message)"))
        }
        endServer(server, reason: failure.serverError == nil ? failure.reason : "login failed")
    }

    /// A client's own server is gone. A client that was let in goes with it; one that waits goes on waiting.
    func ownServerEnded(_ client: ClientPointer, _ pool: PoolPointer, reason: String) {
        client.pointee.server = nil
        guard client.pointee.state == .awaitingOwnServer else {
            // Not told: what has passed may end in the middle of a message.
            return endClient(client, reason: reason)
        }
        let delay = nextRetryDelay(pool.pointee.replication.retryDelay, pool)
        pool.pointee.replication.retryDelay = delay
        pool.pointee.replication.retryTime = now + delay
        scheduleMaintenance(within: delay)
    }

    /// Ends those who have waited too long for a server of their own.
    func endLongReplicationWaits(_ pool: PoolPointer) {
        let timeout = pool.pointee.settings.queryWaitTimeout
        guard timeout > 0 else { return }
        while let client = pool.pointee.replication.waiting.first {
            let waited = now - client.pointee.stateTime
            guard waited >= timeout else { return scheduleMaintenance(within: timeout - waited) }
            endClient(client, reason: "query_wait_timeout", error: ("08P01", "query_wait_timeout"))
        }
    }

    /// Ends the servers of the pool that are for replication, and their clients: such a server is never released, so
    /// that it could be replaced then.
    func endReplication(_ pool: PoolPointer, reason: String) {
        pool.pointee.replication.servers.forEach { endServer($0, reason: reason) }
    }
}

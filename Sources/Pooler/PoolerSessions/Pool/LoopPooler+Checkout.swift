// Who has which server.

import Bytes
import PoolerConfiguration

extension LoopPooler {
    // MARK: - From the pool to a client

    /// An idle server that may be used at once, while nobody waits for one.
    @inline(__always)
    func idleServer(_ pool: PoolPointer) -> ServerPointer? {
        guard pool.pointee.waiting.isEmpty, !pool.pointee.isPaused, let server = pool.pointee.idle.first,
            !needsCheck(server)
        else { return nil }
        return server
    }

    @inline(__always)
    func needsCheck(_ server: ServerPointer) -> Bool {
        let settings = server.pointee.pool.pointee.settings.checkDelay
        return now &- server.pointee.stateTime > settings && server.pointee.pool.pointee.settings.checkQuery != nil
    }

    /// Gives an idle server to a client.
    @inline(__always)
    func link(_ client: ClientPointer, _ server: ServerPointer) {
        let pool = server.pointee.pool
        assert(server.pointee.isFree && server.pointee.cancelCount == 0, "a server in use is given out")
        pool.pointee.idle.remove(server)
        pool.pointee.active.append(server)
        server.pointee.state = .active
        server.pointee.client = client
        server.pointee.transactionCount = 0
        server.pointee.stateTime = now
        client.pointee.server = server
        client.pointee.state = .active
        pool.pointee.statistics.assignmentCount &+= 1
        restoreSession(client, server)
    }

    /// Has the client wait for a server: its request is kept.
    func enqueue(_ client: ClientPointer) {
        guard let pool = client.pointee.pool else { return }
        guard switches.ending != .waitingForServers else { return refuseAtEnd(client) }
        pool.pointee.clients.remove(client)
        pool.pointee.waiting.append(client)
        client.pointee.state = .waiting
        client.pointee.stateTime = now
        client.pointee.flags.remove(.wasNotified)
        scheduleMaintenance(within: min(pool.pointee.settings.queryWaitTimeout, pool.pointee.settings.queryWaitNotify))
        if !pool.pointee.isAssigning { assign(pool) }
    }

    /// Takes a client out of the queue.
    func dequeue(_ client: ClientPointer, _ pool: PoolPointer) {
        pool.pointee.waiting.remove(client)
        pool.pointee.clients.append(client)
        pool.pointee.statistics.waitTime.add(now - client.pointee.stateTime)
        client.pointee.stateTime = now
        if client.pointee.flags.contains(.paused) { resumeReading(client) }
    }

    /// Gives idle servers to waiting clients, first come first served, and asks for more servers if they do not do.
    func assign(_ pool: PoolPointer) {
        guard !pool.pointee.isAssigning else { return }
        pool.pointee.isAssigning = true
        while !pool.pointee.isPaused, let client = pool.pointee.waiting.first, let server = checkedServer(pool) {
            if client.pointee.state == .lookingUp {
                pool.pointee.waiting.remove(client)
                beginLookup(client, server)
                continue
            }
            dequeue(client, pool)
            pool.pointee.statistics.queuedAssignmentCount &+= 1
            link(client, server)
            relayPending(client)
        }
        pool.pointee.isAssigning = false
        requestServers(pool)
    }

    /// An idle server that is fit for use. Those that were idle for long are checked first, one for each who waits.
    private func checkedServer(_ pool: PoolPointer) -> ServerPointer? {
        while let server = pool.pointee.idle.first {
            guard needsCheck(server) else { return server }
            guard pool.pointee.busy.count < pool.pointee.waiting.count,
                let query = pool.pointee.settings.checkQuery
            else { return nil }
            runOwn(query, on: server)
        }
        return nil
    }

    // MARK: - Back to the pool

    /// Nothing is owed by the server and no transaction is open.
    @inline(__always)
    func becameFree(_ server: ServerPointer) {
        guard server.pointee.state == .active, let client = server.pointee.client else {
            return becameFreeWithoutClient(server)
        }
        guard client.pointee.remainingByteCount == 0 else { return }
        releaseIfIdle(client, server)
    }

    /// Takes the server from the client unless it may keep it.
    @inline(__always)
    func releaseIfIdle(_ client: ClientPointer, _ server: ServerPointer) {
        let pool = server.pointee.pool
        if pool.pointee.settings.mode == .session { return keepForSession(client, server) }
        if mustKeep(client, server) { return }
        client.pointee.server = nil
        client.pointee.state = .idle
        client.pointee.requestTime = 0
        client.pointee.transactionTime = 0
        server.pointee.client = nil
        pool.pointee.active.remove(server)
        if pool.pointee.settings.resetsAlways {
            pool.pointee.idle.prepend(server)
            runOwn(pool.pointee.settings.resetQuery, on: server)
        } else {
            park(server)
        }
        if !client.pointee.pending.isEmpty { beginPendingRequest(client) }
    }

    /// In session mode the client keeps its server, unless that is to be closed soon.
    private func keepForSession(_ client: ClientPointer, _ server: ServerPointer) {
        let pool = server.pointee.pool
        guard pool.pointee.settings.closesFast, isOutdated(server) else { return }
        endClient(client, reason: "server_fast_close")
    }

    /// Puts a server that nobody has, and that is in no list, where it belongs.
    @inline(__always)
    func park(_ server: ServerPointer) {
        let pool = server.pointee.pool
        server.pointee.state = .idle
        server.pointee.stateTime = now
        if pool.pointee.settings.usesRoundRobin {
            pool.pointee.idle.append(server)
        } else {
            pool.pointee.idle.prepend(server)
        }
        if server.pointee.cancelCount > 0 || isOutdated(server) { return removeFromService(server) }
        if !pool.pointee.replication.waiting.isEmpty { requestReplicationServers(pool) }
        if !pool.pointee.waiting.isEmpty { assign(pool) }
    }

    /// Whether an idle server is to be used no more.
    @inline(__always)
    func isOutdated(_ server: ServerPointer) -> Bool {
        let pool = server.pointee.pool
        return server.pointee.flags.contains(.closeWhenFree) || pool.pointee.isPaused
            || server.pointee.generation != pool.pointee.generation
            || now &- server.pointee.connectTime > pool.pointee.settings.serverLifetime && !isUnusedOnce(server)
    }

    /// With a lifetime of 0 a server serves once: it is not over before that.
    private func isUnusedOnce(_ server: ServerPointer) -> Bool {
        server.pointee.pool.pointee.settings.serverLifetime == 0 && server.pointee.transactionCount == 0
    }

    /// An idle server cannot be used: it is closed, or waits until cancel requests to it are over.
    private func removeFromService(_ server: ServerPointer) {
        let pool = server.pointee.pool
        guard !isOutdated(server) else {
            if pool.pointee.isPaused { return endServer(server, reason: "server disconnected by admin") }
            let isOld =
                server.pointee.generation == pool.pointee.generation
                && !server.pointee.flags.contains(.closeWhenFree)
            return endServer(server, reason: isOld ? "server lifetime over" : "database configuration changed")
        }
        pool.pointee.idle.remove(server)
        pool.pointee.busy.append(server)
        server.pointee.state = .busy
    }

    // MARK: - The pooler's own requests

    /// Runs a query of the pooler's on an idle server, which is then busy until it is free again.
    func runOwn(_ query: String, on server: ServerPointer) {
        let pool = server.pointee.pool
        pool.pointee.idle.remove(server)
        pool.pointee.busy.append(server)
        server.pointee.state = .busy
        server.pointee.stateTime = now
        sendOwn(query, on: server)
        scheduleMaintenance(within: limits.abandonedTimeout)
    }

    func sendOwn(_ query: String, on server: ServerPointer) {
        server.pointee.output.pointee.appendMessage(UInt8(ascii: "Q"), text: query)
        expect(server, ExpectedReply(.query, [.swallowed, .cleaning]))
        server.pointee.unnamedOwner = 0
        if let connection = server.pointee.connection { scheduleSend(connection) }
    }

    private func becameFreeWithoutClient(_ server: ServerPointer) {
        guard server.pointee.state == .busy, server.pointee.cancelCount == 0 else { return }
        let pool = server.pointee.pool
        pool.pointee.busy.remove(server)
        if server.pointee.flags.contains(.needsReset) {
            server.pointee.flags.remove(.needsReset)
            pool.pointee.idle.prepend(server)
            return runOwn(pool.pointee.settings.resetQuery, on: server)
        }
        park(server)
    }

    /// The last cancel request to a server is over.
    func cancelsAreOver(_ server: ServerPointer) {
        if server.pointee.state == .busy, server.pointee.isFree { becameFreeWithoutClient(server) }
    }

    /// A request of the pooler's own has failed.
    func failedSwallowed(_ server: ServerPointer, _ reply: ExpectedReply, _ message: ByteSlice) {
        log(.warning, server, "query of the pooler failed: \(ErrorText(message).message)")
        server.pointee.flags.insert(.closeWhenFree)
    }

    // MARK: - A client leaves

    /// The client of an active server is gone: what it left behind is ended, and the server cleaned.
    func abandon(_ server: ServerPointer, by client: ClientPointer) {
        let pool = server.pointee.pool
        server.pointee.client = nil
        client.pointee.server = nil
        guard !server.pointee.flags.contains(.forReplication) else {
            return endServer(server, reason: "replication client was closed")
        }
        pool.pointee.active.remove(server)
        server.pointee.state = .busy
        server.pointee.stateTime = now
        pool.pointee.busy.append(server)
        scheduleMaintenance(within: limits.abandonedTimeout)
        let isMidMessage = client.pointee.remainingByteCount > 0 && !client.pointee.flags.contains(.discardsRest)
        if isMidMessage || server.pointee.connection == nil {
            return endServer(server, reason: "client disconnect in the middle of a message")
        }
        if server.pointee.remainingByteCount > 0 { server.pointee.flags.insert(.discardsRest) }
        let cleaning = cleaning(of: client, server)
        if case .close = cleaning { return endServer(server, reason: "unclean server") }
        if pool.pointee.settings.mode == .session, !pool.pointee.settings.resetQuery.isEmpty {
            server.pointee.flags.insert(.needsReset)
        }
        if server.pointee.flags.contains(.paused) { resumeReading(server) }
        endRequests(of: server)
        switch cleaning {
        case .none, .close: break
        case .query(let text): sendOwn(text, on: server)
        case .discardAll: sendOwn("DISCARD ALL", on: server)
        }
        if server.pointee.isFree { becameFreeWithoutClient(server) }
    }

    /// Ends COPY, an extended request and the transaction that a client left open.
    private func endRequests(of server: ServerPointer) {
        if server.pointee.flags.contains(.copyingIn) {
            server.pointee.output.pointee.appendMessage(UInt8(ascii: "f"), text: "client disconnected")
            server.pointee.flags.remove(.copyingIn)
            expect(server, ExpectedReply(.copyEnd))
        }
        if !server.pointee.flags.isDisjoint(with: [.unsynced, .skipping]) {
            server.pointee.flags.subtract([.unsynced, .skipping])
            server.pointee.output.pointee.appendMessage(UInt8(ascii: "S"))
            expect(server, ExpectedReply(.sync))
        }
        if server.pointee.readyOwedCount > 0 || server.pointee.transactionStatus != UInt8(ascii: "I") {
            // A transaction may be open when all that was sent is answered. Outside one this is only a warning.
            sendOwn("ROLLBACK", on: server)
        }
        if let connection = server.pointee.connection { scheduleSend(connection) }
    }
}

// Clients and servers come and go.

package import Bytes
import PoolerConfiguration

extension LoopPooler {
    // MARK: - Clients

    /// Somebody connected. The record is valid until the end of the turn in which the client leaves.
    package func clientConnected(
        connection: UnsafeMutableRawPointer, output: UnsafeMutablePointer<OutputBuffer>, details: ClientDetails
    ) -> ClientPointer {
        let client = ClientPointer.allocate(capacity: 1)
        client.initialize(
            to: Client(id: nextID(), output: output, connection: connection, now: now, details: details))
        details.login = ClientLogin(
            policy: directory.startupPolicy, environment: directory.environment, isLocal: details.isUnixSocket)
        clientCount += 1
        logins.append(client)
        scheduleMaintenance(within: Self.intervalMax)
        return client
    }

    /// The client's connection is over: the shell has closed it already.
    package func clientEnded(_ client: ClientPointer, reason: String) {
        guard client.pointee.state != .closed else { return }
        remove(client, reason: reason)
    }

    /// Ends a client; it is told the error, if there is one.
    func endClient(_ client: ClientPointer, reason: String, error: (code: String, message: String)? = nil) {
        guard client.pointee.state != .closed else { return }
        if let error, !isWithinMessage(client) {
            logError(client, error.message)
            client.pointee.output.pointee.appendReport(
                UInt8(ascii: "E"), severity: "FATAL", code: error.code, message: error.message)
        }
        actions.append(.close(client.pointee.connection, afterSending: true))
        remove(client, reason: reason)
    }

    /// Forgets a client whose connection goes elsewhere.
    func letGo(_ client: ClientPointer) { remove(client, reason: "handed over") }

    private func remove(_ client: ClientPointer, reason: String) {
        logEnd(client, reason)
        let server = client.pointee.server
        let pool = client.pointee.pool
        switch client.pointee.state {
        case .login: logins.remove(client)
        case .lookingUp where client.pointee.details.lookupServer != nil:
            client.pointee.details.lookupServer?.pointee.details.lookupClient = nil
        case .lookingUp, .awaitingWelcome, .waiting: pool?.pointee.waiting.remove(client)
        case .awaitingOwnServer: pool?.pointee.replication.waiting.remove(client)
        case .idle, .active, .replicating: pool?.pointee.clients.remove(client)
        case .cancelling where client.pointee.details.carrier != nil: pool?.pointee.cancelsActive.remove(client)
        case .cancelling: pool?.pointee.cancelsWaiting.remove(client)
        case .console:
            consolePool.pointee.clients.remove(client)
            actions.append(.console(.ended(client: client.pointee.id)))
        case .closed: return
        }
        client.pointee.state = .closed
        forgetDerivation(client)
        if client.pointee.flags.contains(.doomed) { doomedClients.removeAll { $0 == client } }
        client.pointee.details.carrier?.pointee.details.asking = nil
        client.pointee.details.carrier = nil
        if let server { abandon(server, by: client) }
        forgetStatements(client)
        if let key = client.pointee.details.cancelKey {
            directory.cancelKeys.remove(key)
            clientsByID[client.pointee.id] = nil
        }
        leaveHome(client)
        if !moves.isEmpty { moves[client.pointee.id] = nil }
        for limit in client.pointee.details.limits { limit.give() }
        client.pointee.details.limits = []
        if client.pointee.flags.contains(.paused) { pausedClients.removeAll { $0 == client } }
        clientCount -= 1
        client.pointee.nextInList = goneClients
        goneClients = client
    }

    // MARK: - Servers

    /// The connection to a server is there.
    package func serverConnected(
        _ server: ServerPointer, connection: UnsafeMutableRawPointer, output: UnsafeMutablePointer<OutputBuffer>
    ) {
        guard server.pointee.state != .closed else { return }
        server.pointee.connection = connection
        server.pointee.output = output
        if server.pointee.state == .cancelling { return sendCancel(server) }
        server.pointee.state = .login
        logConnection(server)
        beginLogin(server)
    }

    /// The connection to a server is over or did not come about: the shell has closed it already.
    package func serverEnded(_ server: ServerPointer, reason: String) {
        guard server.pointee.state != .closed else { return }
        server.pointee.connection = nil
        endServer(server, reason: reason)
    }

    /// A server cannot be used, for a reason of the shell's.
    package func serverFailed(_ server: ServerPointer, reason: String) { endServer(server, reason: reason) }

    /// Ends a server. Its client, if it has one, is told unless the server did it.
    ///
    /// - Parameter isReplaced: whether its pool may connect another at once.
    func endServer(_ server: ServerPointer, reason: String, isReplaced: Bool = true) {
        guard server.pointee.state != .closed else { return }
        let state = server.pointee.state
        let pool = server.pointee.pool
        logEnd(server, reason)
        let client = server.pointee.client
        removeFromLists(server)
        server.pointee.state = .closed
        server.pointee.client = nil
        if let connection = server.pointee.connection {
            if state == .idle { server.pointee.output.pointee.appendMessage(UInt8(ascii: "X")) }
            actions.append(.close(connection, afterSending: state == .idle))
        } else {
            actions.append(.stopConnecting(server))
        }
        let isAwaited = !server.pointee.replies.isEmpty
        forget(server)
        if let client, server.pointee.flags.contains(.forReplication) {
            ownServerEnded(client, pool, reason: reason)
        } else if let client {
            endClient(client, of: server, reason: reason, isWaiting: isAwaited)
        }
        let wasComing = state == .connecting || state == .login
        if wasComing, !server.pointee.flags.contains(.forReplication) { connectFailed(server, pool) }
        if state == .cancelling { return startCancels(pool) }
        if isReplaced { requestServers(pool) }
    }

    private func removeFromLists(_ server: ServerPointer) {
        let pool = server.pointee.pool
        switch server.pointee.state {
        case _ where server.pointee.flags.contains(.forReplication): pool.pointee.replication.servers.remove(server)
        case .connecting, .login: pool.pointee.connecting.remove(server)
        case .idle: pool.pointee.idle.remove(server)
        case .active: pool.pointee.active.remove(server)
        case .busy: pool.pointee.busy.remove(server)
        case .cancelling: pool.pointee.cancels.remove(server)
        case .replicating, .closed: break
        }
    }

    /// Gives back what the server held.
    private func forget(_ server: ServerPointer) {
        forgetDerivation(server)
        while let kind = server.pointee.replies.firstKind {
            _ = kind
            commit(server, server.pointee.replies.first)
            server.pointee.replies.removeFirst()
        }
        forgetStatements(server)
        server.pointee.unnamedPortalPlan?.release()
        server.pointee.unnamedPortalPlan = nil
        if server.pointee.flags.contains(.counted) {
            let details = server.pointee.pool.pointee.details
            details.databaseLimit.give()
            details.userLimit.give()
        }
        if server.pointee.flags.contains(.paused) { pausedServers.removeAll { $0 == server } }
        if let client = server.pointee.details.lookupClient {
            server.pointee.details.lookupClient = nil
            client.pointee.details.lookupServer = nil
            answer(client, .failed(AuthQuery.clientFailure))
        }
        if let asking = server.pointee.details.asking {
            endClient(asking, reason: "cancel request")
        }
        if let cancelled = server.pointee.details.cancelled { cancelArrived(cancelled) }
        server.pointee.details.cancelled = nil
        if server.pointee.cancelCount > 0 { endCarriers(of: server) }
        serverCount -= 1
        server.pointee.nextInList = goneServers
        goneServers = server
    }

    /// A transaction of several statements in statement mode.
    func refuseTransaction(_ server: ServerPointer, _ client: ClientPointer) {
        let text = "transaction blocks not allowed in statement pooling mode"
        endClient(client, reason: text, error: ("08P01", text))
        endServer(server, reason: text)
    }

    // MARK: - Slow peers

    func pauseReading(_ client: ClientPointer) {
        guard !client.pointee.flags.contains(.paused) else { return }
        client.pointee.flags.insert(.paused)
        client.pointee.pauseTurn = turnNumber
        pausedClients.append(client)
        actions.append(.pauseReading(client.pointee.connection))
    }

    func pauseReading(_ server: ServerPointer) {
        guard !server.pointee.flags.contains(.paused), let connection = server.pointee.connection else { return }
        server.pointee.flags.insert(.paused)
        server.pointee.pauseTurn = turnNumber
        pausedServers.append(server)
        actions.append(.pauseReading(connection))
    }

    func resumeReading(_ client: ClientPointer) {
        client.pointee.flags.remove(.paused)
        pausedClients.removeAll { $0 == client }
        if !client.pointee.flags.contains(.suspended) { actions.append(.resumeReading(client.pointee.connection)) }
    }

    func resumeReading(_ server: ServerPointer) {
        server.pointee.flags.remove(.paused)
        pausedServers.removeAll { $0 == server }
        guard !server.pointee.flags.contains(.suspended) else { return }
        if let connection = server.pointee.connection { actions.append(.resumeReading(connection)) }
    }

    /// Reads again from those whose peers have taken enough; in the turns behind the one that paused them, so that the
    /// kernel has heard of the pause.
    func resumeDrained() {
        for server in pausedServers where server.pointee.pauseTurn != turnNumber {
            let waiting = server.pointee.client.map { $0.pointee.output.pointee.count } ?? 0
            if waiting <= limits.outputByteCountResume { resumeReading(server) }
        }
        for client in pausedClients where client.pointee.pauseTurn != turnNumber {
            if client.pointee.state == .console {
                resumeConsole(client)
                continue
            }
            let isHeld = client.pointee.state == .waiting || client.pointee.flags.contains(.held)
            let waiting = isHeld ? client.pointee.pending.count : 0
            let output = client.pointee.server.map { $0.pointee.output.pointee.count } ?? 0
            if waiting <= limits.waitingByteCountMax, output <= limits.outputByteCountResume { resumeReading(client) }
        }
    }
}

// Clients at rest go from one process to the next: here one is written down and let go, or made again.

package import Bytes
import PoolerConfiguration
import PostgresWire

extension LoopPooler {
    // MARK: - The old process

    /// Numbers of clients that could be handed over now: whose session is known wholly and who have no server. At most
    /// so many.
    package func clientsAtRest(atMost countMax: Int) -> [UInt64] {
        var found: [UInt64] = []
        for pool in pools.values {
            for list in [pool.pointee.waiting, pool.pointee.clients] {
                var next = list.first
                while let client = next, found.count < countMax {
                    next = client.pointee.nextInList
                    if isAtRest(client) { found.append(client.pointee.id) }
                }
            }
        }
        return found
    }

    private func isAtRest(_ client: ClientPointer) -> Bool {
        guard client.pointee.state == .idle || client.pointee.state == .waiting,
            client.pointee.flags.isDisjoint(with: [.discardsRest, .skipsToSync, .held, .uncommitted, .suspicious]),
            client.pointee.remainingByteCount == 0, client.pointee.output.pointee.isEmpty,
            client.pointee.details.channel == nil, let session = client.pointee.details.session
        else { return false }
        return session.isAtRest
    }

    /// The connection of a client that is there and at rest.
    package func connection(ofClientAtRest id: UInt64) -> UnsafeMutableRawPointer? {
        guard let client = clientsByID[id], isAtRest(client) else { return nil }
        return client.pointee.connection
    }

    /// The connection of a client that is there.
    package func connection(ofClient id: UInt64) -> UnsafeMutableRawPointer? { clientsByID[id]?.pointee.connection }

    /// Writes a client at rest down and lets it go; its connection is the shell's.
    /// - Parameter received: what came from it and was not given to the pooler.
    package func handOver(_ id: UInt64, received: [UInt8]) -> ClientHandover? {
        guard let client = clientsByID[id], isAtRest(client), let session = client.pointee.details.session else {
            return nil
        }
        let details = client.pointee.details
        var handover = ClientHandover()
        handover.user = details.user
        handover.database = details.database
        handover.version = details.startup?.version ?? .v3_0
        handover.startupSettings = details.startup?.settings ?? []
        handover.credential = details.identity?.credential ?? .none
        handover.cancelProcessID = details.cancelKey?.processID ?? 0
        handover.cancelSecret = details.cancelKey?.secret ?? []
        handover.isTracked = client.pointee.flags.contains(.tracked)
        handover.write(session)
        client.pointee.statements.forEach { named in
            handover.statements.append(
                ClientHandover.Statement(name: named.name.array, body: named.pointee.statement.body.array))
        }
        handover.unnamed = client.pointee.unnamed?.body.array
        handover.received = client.pointee.pending.readable.array + received
        letGo(client)
        return handover
    }

    /// Closes idle servers of pools that have more servers than clients are left.
    package func closeSpareServers() {
        for pool in pools.values where pool.pointee.waiting.isEmpty {
            while pool.pointee.serverCount > pool.pointee.clientCount, let server = pool.pointee.idle.last {
                endServer(server, reason: "another process has taken over", isReplaced: false)
            }
        }
    }

    // MARK: - The new process

    /// Where a client that another process has written down belongs, with several loops: it is counted for the pool.
    package func enterHome(_ handover: ClientHandover) -> (loop: Int, home: PoolKey)? {
        guard group.loopCount > 1, let database = directory.snapshot.database(named: handover.database) else {
            return nil
        }
        let key = PoolKey(database: database.name, user: database.forcedUser ?? handover.user)
        return (group.homes.enter(key), key)
    }

    /// A client that another process has written down; it is closed again, with an error, if its database is unknown
    /// here. Limits were checked when it came: it has its places also where there are none left.
    /// - Parameter home: the pool that it has been counted for, by `enterHome`.
    package func adopt(
        _ handover: ClientHandover, connection: UnsafeMutableRawPointer, output: UnsafeMutablePointer<OutputBuffer>,
        details: ClientDetails, home: PoolKey? = nil
    ) -> ClientPointer {
        let client = ClientPointer.allocate(capacity: 1)
        client.initialize(
            to: Client(id: nextID(), output: output, connection: connection, now: now, details: details))
        clientCount += 1
        logins.append(client)
        details.user = handover.user
        details.database = handover.database
        var startup = StartupParameters(version: handover.version)
        startup.user = handover.user
        startup.database = handover.database
        startup.settings = handover.startupSettings
        details.startup = startup
        details.home = home
        forcePlaces(client)
        guard let database = directory.snapshot.database(named: handover.database) else {
            let text = "no such database: \(handover.database)"
            endClient(client, reason: text, error: ("3D000", text))
            return client
        }
        details.identity = ClientIdentity(user: handover.user, credential: handover.credential, isChannelBound: false)
        let pool = pool(of: database, handover.user, handover.credential)
        client.pointee.pool = pool
        logins.remove(client)
        pool.pointee.clients.append(client)
        client.pointee.state = .idle
        restore(client, handover, pool)
        log(.log, client, "taken over from another process")
        handover.received.withUnsafeBytes { client.pointee.pending.append($0) }
        if !client.pointee.pending.isEmpty { beginPendingRequest(client) }
        return client
    }

    private func restore(_ client: ClientPointer, _ handover: ClientHandover, _ pool: PoolPointer) {
        let session = ClientState(handover, identifier: client.pointee.id)
        client.pointee.wantedFingerprint = session.wantedFingerprint
        client.pointee.toldFingerprint = session.told.fingerprint
        client.pointee.details.session = session
        if session.readsSequences {
            pool.pointee.tellsSequences = true
            pool.pointee.tellsSequencesLater = true
        }
        if handover.isTracked || pool.pointee.settings.mode != .session { client.pointee.flags.insert(.tracked) }
        if let key = CancelKey(processID: handover.cancelProcessID, secret: handover.cancelSecret) {
            client.pointee.details.cancelKey = key
            directory.cancelKeys.adopt(key, client: client.pointee.id, loop: number)
        }
        clientsByID[client.pointee.id] = client
        for statement in handover.statements {
            statement.name.withUnsafeBytes { name in
                let prepared = statement.body.withUnsafeBytes { statementTable.take(body: $0) }
                _ = client.pointee.statements.insert(name, nameHash.hash(name), prepared)
            }
        }
        client.pointee.unnamed = handover.unnamed.map { body in
            body.withUnsafeBytes { statementTable.take(body: $0) }
        }
    }
}

extension ClientState {
    /// Whether all that the session is can be written down.
    fileprivate var isAtRest: Bool {
        pins.isEmpty && suspicion.isEmpty && statements.isEmpty && !hasUncommitted && channels.isEmpty
            && variables.committed.untrackable.isEmpty
    }

    fileprivate init(_ handover: ClientHandover, identifier: UInt64) {
        self.init(identifier: identifier, startup: SettingList(startup: handover.startupSettings))
        for parameter in handover.told { _ = tell(parameter.name, parameter.value) }
        restore(handover.settings, named: Set(handover.settingNames), readsSequences: handover.readsSequences)
    }
}

extension ClientHandover {
    fileprivate mutating func write(_ session: ClientState) {
        readsSequences = session.readsSequences
        told = session.told.reports.map { SessionParameter($0.name, $0.value) }
        settings = session.variables.committed.settings.entries
        settingNames = session.settingNames.sorted()
    }
}

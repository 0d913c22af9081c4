// A client is served on the home loop of its pool (`PoolHomes`). It comes in on another one, and moves as soon as it is
// known where it belongs: before it has proved itself, and again for a question to auth_query, whose pool has a home of
// its own. While a client moves it is read from no more, and still among the logins of the loop that it leaves.

package import Bytes
import PoolerConfiguration

extension LoopPooler {
    /// A client that is to leave, once the shell can let go of its connection.
    struct Move {
        let client: ClientPointer
        let loop: Int
        let errand: MoveErrand
    }

    /// Whether the client belongs here for the pool; else it is on its way to where it does, for the errand.
    func isAtHome(_ client: ClientPointer, _ key: PoolKey, else errand: @autoclosure () -> MoveErrand) -> Bool {
        guard group.loopCount > 1 else { return true }
        let loop = enter(client, key)
        guard loop != number else { return true }
        move(client, to: loop, for: errand())
        return false
    }

    /// Counts the client for the pool, and no longer for the one it was counted for: the pool's loop.
    private func enter(_ client: ClientPointer, _ key: PoolKey) -> Int {
        let loop = group.homes.enter(key)
        leaveHome(client)
        client.pointee.details.home = key
        return loop
    }

    func leaveHome(_ client: ClientPointer) {
        guard let home = client.pointee.details.home else { return }
        client.pointee.details.home = nil
        group.homes.leave(home)
    }

    /// The client's login has told who it wants to be.
    func begin(_ client: ClientPointer, _ startup: StartupParameters) {
        // Who is refused anyway, and clients of the console, are served where they came in.
        guard !wantsConsole(startup), let database = directory.snapshot.database(named: startup.database) else {
            return decide(client, startup)
        }
        let key = PoolKey(database: database.name, user: database.forcedUser ?? startup.user)
        if isAtHome(client, key, else: .startup(startup)) { decide(client, startup) }
    }

    func begin(_ client: ClientPointer, _ identity: ClientIdentity) {
        let details = client.pointee.details
        guard let startup = details.startup, !wantsConsole(startup),
            let database = directory.snapshot.database(named: details.database)
        else { return admit(client, identity) }
        let key = PoolKey(database: database.name, user: database.forcedUser ?? identity.user)
        if isAtHome(client, key, else: .admission(identity)) { admit(client, identity) }
    }

    /// The client brings a cancel request: it goes where the client is that the key was given to.
    func beginCancel(_ client: ClientPointer, processID: UInt32, secret: [UInt8]) {
        if group.loopCount > 1, let loop = directory.cancelKeys.loop(processID: processID, secret: secret),
            loop != number
        {
            return move(client, to: loop, for: .cancel(processID: processID, secret: secret))
        }
        cancel(client, processID: processID, secret: secret)
    }

    /// The answer to the question for the client's secret is there; the client is among the logins.
    func begin(_ client: ClientPointer, _ lookup: SecretLookup) {
        let details = client.pointee.details
        guard case .found(let user, _) = lookup, let startup = details.startup,
            !wantsConsole(startup), let database = directory.snapshot.database(named: startup.database)
        else { return proceed(client, lookup) }
        let key = PoolKey(database: database.name, user: database.forcedUser ?? user)
        if isAtHome(client, key, else: .answer(lookup)) { proceed(client, lookup) }
    }

    // MARK: - Leaving

    private func move(_ client: ClientPointer, to loop: Int, for errand: MoveErrand) {
        moves[client.pointee.id] = Move(client: client, loop: loop, errand: errand)
        actions.append(.pauseReading(client.pointee.connection))
    }

    /// Whether anybody is to leave.
    @inline(__always)
    package var hasMoves: Bool { !moves.isEmpty }

    /// Those who are to leave, with their connections.
    package var movingClients: [(id: UInt64, connection: UnsafeMutableRawPointer)] {
        moves.values.map { ($0.client.pointee.id, $0.client.pointee.connection) }
    }

    /// The shell has let go of the connection of a client that is to leave.
    /// - Returns: the client, and the number of the loop that it belongs to; nil if it has ended meanwhile.
    package func takeMoving(_ id: UInt64) -> (client: MovingClient, loop: Int)? {
        guard let move = moves.removeValue(forKey: id) else { return nil }
        let client = move.client
        logins.remove(client)
        client.pointee.state = .closed
        clientCount -= 1
        client.pointee.nextInList = goneClients
        goneClients = client
        let moving = MovingClient(
            id: id, connectTime: client.pointee.connectTime, details: client.pointee.details, errand: move.errand)
        return (moving, move.loop)
    }

    /// The connection of a client that is to leave has ended, or is about to.
    package func moveFailed(_ id: UInt64) {
        guard let move = moves[id] else { return }
        endClient(move.client, reason: "client unexpected eof")
    }

    // MARK: - Arriving

    /// A client has come from another loop.
    package func arrived(
        _ moving: MovingClient, connection: UnsafeMutableRawPointer, output: UnsafeMutablePointer<OutputBuffer>
    ) -> ClientPointer {
        let client = ClientPointer.allocate(capacity: 1)
        client.initialize(
            to: Client(
                id: moving.id, output: output, connection: connection, now: now, connectTime: moving.connectTime,
                details: moving.details))
        clientCount += 1
        logins.append(client)
        scheduleMaintenance(within: Self.intervalMax)
        switch moving.errand {
        case .startup(let startup): decide(client, startup)
        case .lookUp: lookUp(client)
        case .answer(let lookup): proceed(client, lookup)
        case .admission(let identity): admit(client, identity)
        case .cancel(let processID, let secret): cancel(client, processID: processID, secret: secret)
        }
        return client
    }

    /// A client is lost on its way: its connection could not be watched.
    package func lost(_ moving: MovingClient) {
        for limit in moving.details.limits { limit.give() }
        moving.details.limits = []
        if let home = moving.details.home { group.homes.leave(home) }
        moving.details.home = nil
    }
}

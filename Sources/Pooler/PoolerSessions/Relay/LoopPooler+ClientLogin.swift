// From a client's first byte until it may send requests: `ClientLogin` says what follows, here it is done.

import Bytes
import PoolerConfiguration
import PostgresWire

extension LoopPooler {
    /// Bytes came from a client that has not logged in.
    func loginReceived(_ client: ClientPointer, _ bytes: ByteSlice) {
        stepLogin(client) { login, output in login.receive(bytes, into: &output) }
    }

    /// TLS is there.
    package func clientSecured(_ client: ClientPointer) {
        guard client.pointee.state == .login, let channel = client.pointee.details.channel else { return }
        stepLogin(client) { login, output in login.secured(channel, into: &output) }
    }

    /// Takes a step of the login, and does what follows.
    func stepLogin(
        _ client: ClientPointer, _ step: (inout ClientLogin, inout OutputBuffer) -> ClientLoginEvent
    ) {
        // Taken out, so that it is not copied.
        guard var login = client.pointee.details.login else { return }
        client.pointee.details.login = nil
        let event = step(&login, &client.pointee.output.pointee)
        client.pointee.details.login = login
        if !client.pointee.output.pointee.isEmpty { scheduleSend(client.pointee.connection) }
        follow(client, event)
    }

    private func follow(_ client: ClientPointer, _ event: ClientLoginEvent) {
        switch event {
        case .needsBytes: break
        case .needsTLS:
            actions.append(.secureClient(client, received: client.pointee.details.login?.takeLeftover() ?? []))
        case .cancel(let processID, let secret): beginCancel(client, processID: processID, secret: secret)
        case .startup(let startup): begin(client, startup)
        case .needsSecret: lookUp(client)
        case .needsKeys(let derivation): derive(derivation, for: client)
        case .authenticated(let identity): begin(client, identity)
        case .failed(let failure): fail(client, failure)
        }
    }

    /// The login has failed; what the client is told is in the output.
    private func fail(_ client: ClientPointer, _ failure: LoginFailure) {
        if failure.isTold { logError(client, failure.message) }
        if let detail = failure.detail { log(.log, client, "login failed: \(detail)") }
        endClient(client, reason: failure.message)
    }

    private func refuse(_ client: ClientPointer, _ failure: LoginFailure) {
        stepLogin(client) { login, output in login.refuse(failure, into: &output) }
    }

    // MARK: - Who it is

    func decide(_ client: ClientPointer, _ startup: StartupParameters) {
        let details = client.pointee.details
        var startup = startup
        if directory.snapshot.settings.addsHostToApplicationName { startup.nameApplication(from: details.peer) }
        details.user = startup.user
        details.database = startup.database
        details.startup = startup
        if wantsConsole(startup) { return decideConsole(client, startup) }
        guard switches.ending == .none else {
            return refuse(client, LoginFailure(.protocolViolation, "pooler is shutting down"))
        }
        guard directory.limits.clients.take() else {
            return refuse(
                client, LoginFailure(.tooManyConnections, "no more connections allowed (max_client_conn)"))
        }
        details.limits.append(directory.limits.clients)
        if directory.snapshot.database(named: startup.database) != nil {
            guard take(directory.limits.databaseClients(startup.database), "max_db_client_connections", client) else {
                return
            }
        }
        proceed(client, startup)
    }

    /// The same for a client of the console, which has a place of its own in no limit but that of its database; and
    /// none of them keeps administrators out.
    private func decideConsole(_ client: ClientPointer, _ startup: StartupParameters) {
        guard startup.replication == .none else {
            return refuse(client, LoginFailure(.featureNotSupported, "the console has no replication"))
        }
        directory.limits.clients.force()
        client.pointee.details.limits.append(directory.limits.clients)
        let access = ConsoleAccess(user: startup.user, directory.snapshot.settings)
        let limit = directory.limits.databaseClients(startup.database)
        if isOwner(client, startup) || access == .administration {
            limit.force()
            client.pointee.details.limits.append(limit)
        } else if !take(limit, "max_db_client_connections", client) {
            return
        }
        guard !isOwner(client, startup) else {
            let plan = AuthenticationPlan(.any, .unknown)
            return stepLogin(client) { login, output in login.proceed(with: plan, into: &output) }
        }
        proceed(client, startup)
    }

    /// Has the client prove who it is.
    private func proceed(_ client: ClientPointer, _ startup: StartupParameters) {
        switch directory.plan(for: startup, client.pointee.details) {
        case .success(let plan):
            // Whoever is not known is counted once auth_query has told of him, or is in the configuration.
            let isCounted = plan.account.isKnown || directory.snapshot.users[startup.user] != nil
            guard !isCounted || takeUserPlace(client, startup.user), mayUseConsole(client, plan, startup) else {
                return
            }
            stepLogin(client) { login, output in login.proceed(with: plan, into: &output) }
        case .failure(let failure): refuse(client, failure)
        }
    }

    /// Whether the client asks for no console, or may use it; else it was refused.
    private func mayUseConsole(
        _ client: ClientPointer, _ plan: AuthenticationPlan, _ startup: StartupParameters
    ) -> Bool {
        guard wantsConsole(startup), plan.account != .unknown,
            ConsoleAccess(user: startup.user, directory.snapshot.settings) == nil
        else { return true }
        refuse(client, LoginFailure(.invalidAuthorization, "not allowed"))
        return false
    }

    /// Takes a place; false if there is none and the client was refused.
    private func take(_ limit: ConnectionLimit, _ name: String, _ client: ClientPointer) -> Bool {
        guard limit.take() else {
            refuse(client, LoginFailure(.tooManyConnections, "client connections exceeded (\(name))"))
            return false
        }
        client.pointee.details.limits.append(limit)
        return true
    }

    /// Takes the client's place among those of its user, once; false if there is none and it was refused.
    private func takeUserPlace(_ client: ClientPointer, _ user: String) -> Bool {
        let details = client.pointee.details
        let limit = directory.limits.userClients(user)
        guard !details.limits.contains(where: { $0 === limit }) else { return true }
        let isConsole = details.startup.map { wantsConsole($0) } ?? false
        if isConsole, ConsoleAccess(user: user, directory.snapshot.settings) == .administration {
            limit.force()
            details.limits.append(limit)
            return true
        }
        return take(limit, "max_user_client_connections", client)
    }

    /// Takes the client's places, free or not.
    func forcePlaces(_ client: ClientPointer) {
        let details = client.pointee.details
        details.limits = [
            directory.limits.clients, directory.limits.databaseClients(details.database),
            directory.limits.userClients(details.user),
        ]
        for limit in details.limits { limit.force() }
    }

    // MARK: - auth_query

    /// Has a server of auth_user's asked for the client's secret.
    func lookUp(_ client: ClientPointer) {
        let snapshot = directory.snapshot
        guard let startup = client.pointee.details.startup else { return }
        let own = snapshot.database(named: startup.database)
        guard let user = directory.authUser(own) else { return answer(client, .failed(AuthQuery.clientFailure)) }
        let database: DatabaseEntry
        do throws(LoginFailure) {
            database = try lookUpDatabase(client, startup, own)
        } catch {
            return answer(client, .failed(error))
        }
        guard isAtHome(client, PoolKey(database: database.name, user: user), else: .lookUp) else { return }
        logins.remove(client)
        let pool = pool(database, user: user) { self.directory.credential(database, user: user) }
        client.pointee.pool = pool
        client.pointee.state = .lookingUp
        client.pointee.stateTime = now
        pool.pointee.waiting.append(client)
        scheduleMaintenance(within: pool.pointee.settings.queryWaitTimeout)
        assign(pool)
    }

    /// The database that is asked for secrets.
    private func lookUpDatabase(
        _ client: ClientPointer, _ startup: StartupParameters, _ own: DatabaseEntry?
    ) throws(LoginFailure) -> DatabaseEntry {
        let snapshot = directory.snapshot
        let name =
            own?.authenticationDatabase ?? snapshot.settings.authenticationDatabase ?? own?.name ?? startup.database
        guard name != DatabaseEntry.consoleName else {
            log(.error, client, "cannot use the reserved \"\(name)\" database as an auth_dbname")
            throw LoginFailure(.protocolViolation, "bouncer config error")
        }
        guard let database = snapshot.database(named: name) else {
            log(.error, client, "authentication database \"\(name)\" is not configured.")
            throw LoginFailure(.protocolViolation, "bouncer config error")
        }
        guard !switches.isDisabled(name) else {
            throw LoginFailure(.protocolViolation, "authentication database \"\(name)\" is disabled")
        }
        return database
    }

    /// An idle server of auth_user's is there for the question.
    func beginLookup(_ client: ClientPointer, _ server: ServerPointer) {
        let pool = server.pointee.pool
        let database = client.pointee.details.startup.flatMap { directory.snapshot.database(named: $0.database) }
        let text = database?.authenticationQuery ?? directory.snapshot.settings.authenticationQuery
        pool.pointee.idle.remove(server)
        pool.pointee.busy.append(server)
        server.pointee.state = .busy
        server.pointee.stateTime = now
        var lookup = AuthQuery()
        // A user's name comes from a string that ends with a zero: it holds none.
        try? lookup.start(text, user: client.pointee.details.user, into: &server.pointee.output.pointee)
        server.pointee.details.lookup = lookup
        server.pointee.details.lookupClient = client
        client.pointee.details.lookupServer = server
        if let connection = server.pointee.connection { scheduleSend(connection) }
        scheduleMaintenance(within: limits.abandonedTimeout)
    }

    /// Bytes came from a server that is asked for a secret.
    func lookupReceived(_ server: ServerPointer, _ bytes: ByteSlice) {
        guard let event = server.pointee.details.lookup?.receive(bytes) else { return }
        let client = server.pointee.details.lookupClient
        switch event {
        case .needsBytes: return
        case .answered(let lookup): endLookup(server, client, lookup)
        case .queryFailed(let error):
            log(.warning, server, "auth_query failed: \(error.message)")
            endLookup(server, client, .failed(AuthQuery.clientFailure))
        case .broken(let reason):
            endServer(server, reason: reason)
        }
    }

    private func endLookup(_ server: ServerPointer, _ client: ClientPointer?, _ lookup: SecretLookup) {
        server.pointee.details.lookup = nil
        server.pointee.details.lookupClient = nil
        if let client {
            client.pointee.details.lookupServer = nil
            // Still busy, so that it counts: the client may ask for a server of the same pool at once.
            answer(client, lookup)
        }
        server.pointee.pool.pointee.busy.remove(server)
        park(server)
    }

    /// Gives the client the answer to the question for its secret.
    func answer(_ client: ClientPointer, _ lookup: SecretLookup) {
        if client.pointee.state == .lookingUp {
            client.pointee.state = .login
            client.pointee.pool = nil
            logins.append(client)
        }
        begin(client, lookup)
    }

    /// Goes on with the client's login.
    func proceed(_ client: ClientPointer, _ lookup: SecretLookup) {
        if case .found(let user, _) = lookup, !takeUserPlace(client, user) { return }
        stepLogin(client) { login, output in login.proceed(with: lookup, into: &output) }
    }

    // MARK: - Into the pool

    /// It is known who the client is.
    func admit(_ client: ClientPointer, _ identity: ClientIdentity) {
        let details = client.pointee.details
        details.identity = identity
        details.user = identity.user
        (details.login?.takeLeftover() ?? []).withUnsafeBytes { client.pointee.pending.append($0) }
        details.login = nil
        if let startup = details.startup, wantsConsole(startup) {
            // Where nobody is asked who he is, the lists go by what he says.
            let access =
                isOwner(client, startup)
                ? .administration : ConsoleAccess(user: identity.user, directory.snapshot.settings)
            guard let access else { return endClient(client, reason: "not allowed", error: ("28000", "not allowed")) }
            return admitConsole(client, access)
        }
        guard let database = directory.snapshot.database(named: details.database) else {
            let text = "no such database: \(details.database)"
            return endClient(client, reason: text, error: ("3D000", text))
        }
        guard !switches.isDisabled(database.name) else {
            let text = "database \"\(database.name)\" is disabled"
            return endClient(client, reason: text, error: ("08P01", text))
        }
        let pool = pool(of: database, identity.user, identity.credential)
        logins.remove(client)
        client.pointee.pool = pool
        client.pointee.stateTime = now
        if let startup = details.startup, startup.replication != .none { return admitForReplication(client, pool) }
        guard pool.pointee.details.welcome == nil else {
            pool.pointee.clients.append(client)
            return welcome(client, pool)
        }
        client.pointee.state = .awaitingWelcome
        pool.pointee.waiting.append(client)
        scheduleMaintenance(within: pool.pointee.settings.queryWaitTimeout)
        requestServers(pool)
    }

    /// The pool for clients of a database, which have proved themselves with a credential.
    func pool(of database: DatabaseEntry, _ user: String, _ credential: ServerCredential) -> PoolPointer {
        let serverUser = database.forcedUser ?? user
        let pool = pool(database, user: serverUser) {
            database.forcedUser == nil ? credential : self.directory.credential(database, user: serverUser)
        }
        if database.forcedUser == nil { learn(credential, pool) }
        return pool
    }

    /// Keeps what the client has proved itself with, for servers.
    private func learn(_ credential: ServerCredential, _ pool: PoolPointer) {
        let details = pool.pointee.details
        switch credential {
        // Neither opens a server; what an earlier client brought may.
        case .none, .scramVerifier: return
        case .password, .md5, .scramKeys: break
        }
        guard details.target.credential != credential else { return }
        details.target.credential = credential
        // What was refused may be taken now.
        pool.pointee.refusal = nil
        pool.pointee.retryTime = 0
    }

    /// The pool of a database's entry and the user of its servers.
    private func pool(
        _ database: DatabaseEntry, user: String, credential: () -> ServerCredential
    ) -> PoolPointer {
        pool(PoolKey(database: database.name, user: user)) {
            (
                self.directory.details(database, user: user, credential: credential()),
                PoolSettings(self.directory.snapshot, database, user: user)
            )
        }
    }

    /// The client's session begins; its own values of what it is told.
    private func beginSession(
        _ client: ClientPointer, _ pool: PoolPointer, _ welcome: PoolGreeting
    ) -> [PoolGreeting.Own] {
        let settings = client.pointee.details.startup?.settings ?? []
        var session = ClientState(identifier: client.pointee.id, startup: SettingList(startup: settings))
        session.toldAll(welcome.told)
        let own = welcome.own(settings)
        for item in own { _ = session.tell(welcome.parameters[item.index].name, item.value) }
        client.pointee.wantedFingerprint = session.wantedFingerprint
        client.pointee.toldFingerprint = session.told.fingerprint
        client.pointee.details.session = session
        if pool.pointee.settings.mode != .session { client.pointee.flags.insert(.tracked) }
        return own
    }

    /// Lets in those who waited to be told what servers are like.
    func welcomeWaiting(_ pool: PoolPointer) {
        pool.pointee.waiting.forEach { client in
            guard client.pointee.state == .awaitingWelcome else { return }
            dequeue(client, pool)
            welcome(client, pool)
        }
    }

    private func welcome(_ client: ClientPointer, _ pool: PoolPointer) {
        guard let welcome = pool.pointee.details.welcome else { return }
        client.pointee.state = .idle
        greet(client, pool, welcome, own: beginSession(client, pool, welcome))
        if !client.pointee.pending.isEmpty { beginPendingRequest(client) }
    }

    /// Tells the client that it is in, what its session is like, and how to cancel what it does.
    func greet(
        _ client: ClientPointer, _ pool: PoolPointer, _ welcome: PoolGreeting, own: [PoolGreeting.Own]
    ) {
        let details = client.pointee.details
        let version = details.startup?.version ?? .v3_0
        let key = directory.cancelKeys.issue(for: version, client: client.pointee.id, loop: number)
        details.cancelKey = key
        clientsByID[client.pointee.id] = client
        ClientWelcome.write(
            welcome, own: own, key: key, notice: directory.snapshot.settings.loginNotice ?? "",
            into: &client.pointee.output.pointee)
        scheduleSend(client.pointee.connection)
        pool.pointee.statistics.clientLoginCount += 1
        noteLogin(client)
    }

    func noteLogin(_ client: ClientPointer) {
        guard directory.snapshot.settings.logsConnections else { return }
        let details = client.pointee.details
        let tls = details.channel?.summary ?? "no"
        let replication = details.startup?.replication.parameterValue ?? "no"
        log(
            .log, client,
            "login attempt: db=\(details.database) user=\(details.user) tls=\(tls) replication=\(replication)")
    }
}

// Who may come in and where they are led, and the counts that are shared by all pools.

package import PoolerConfiguration
import PostgresWire

/// Who may come in and where they are led: the configuration with all its files, and what logins share. Replaced part by
/// part when it is read anew.
package final class PoolerDirectory {
    package var snapshot: ConfigurationSnapshot
    package var userList = UserList()
    package var rules = HostBasedRules()
    package var identityMaps = IdentityMaps()
    package let environment: LoginEnvironment
    package let cancelKeys: CancelKeys
    package let limits = LimitRegistry()
    /// The user of the system that the pooler runs as.
    package var ownUserID: UInt32?
    /// The name of a user of the system; nil for none.
    package var systemUserName: (UInt32) -> String? = { _ in nil }
    private(set) var startupPolicy: StartupPolicy
    /// What TLS is begun with where that is not what the settings say: the last ones that worked. Set before `replace`.
    package var clientTLSMode: TLSMode?
    package var serverTLSMode: TLSMode?

    package init(
        _ snapshot: ConfigurationSnapshot, environment: LoginEnvironment = LoginEnvironment(),
        cancelKeys: CancelKeys = CancelKeys()
    ) {
        self.snapshot = snapshot
        self.environment = environment
        self.cancelKeys = cancelKeys
        startupPolicy = Self.startupPolicy(snapshot.settings, snapshot.settings.clientTLS.mode)
        follow()
    }

    /// Takes another configuration over.
    package func replace(_ snapshot: ConfigurationSnapshot) {
        self.snapshot = snapshot
        startupPolicy = Self.startupPolicy(snapshot.settings, clientTLSMode ?? snapshot.settings.clientTLS.mode)
        environment.scramIterations = snapshot.settings.scramIterations
        follow()
    }

    private func follow() {
        cancelKeys.setPeerID(UInt16(clamping: snapshot.settings.peerNumber))
        environment.scramIterations = snapshot.settings.scramIterations
        limits.follow(snapshot)
    }

    private static func startupPolicy(_ settings: PoolerSettings, _ mode: TLSMode) -> StartupPolicy {
        let tls: StartupPolicy.TLS =
            switch mode {
            case .disable: .refused
            case .allow, .prefer: .offered
            case .require, .verifyAuthority, .verifyFull: .required
            }
        return StartupPolicy(
            tls: tls, trackedParameters: settings.trackedExtraParameters.words,
            ignoredParameters: settings.ignoredStartupParameters.words)
    }

    // MARK: - Who may come in

    /// How a client has to prove who it is.
    func plan(for startup: StartupParameters, _ client: ClientDetails) -> Result<AuthenticationPlan, LoginFailure> {
        let account = account(of: startup)
        let method: AuthenticationPlan.Method
        switch snapshot.settings.authenticationType {
        case .any where startup.database == DatabaseEntry.consoleName: method = .any
        case .any:
            guard snapshot.database(named: startup.database)?.forcedUser != nil else {
                return .failure(
                    LoginFailure(
                        .protocolViolation, "bouncer config error", detail: "auth_type=any requires forced user"))
            }
            method = .any
        case .trust: method = .trust
        case .plain: method = .plain
        case .md5: method = .md5
        case .scramSHA256: method = .scram
        case .cert: method = .certificate(certificateEvidence(startup, client, map: nil))
        case .hba:
            guard let ruled = ruledMethod(startup, client) else {
                return .failure(.noRule)
            }
            method = ruled
        }
        // Where nobody is asked, nobody need be known.
        return .success(AuthenticationPlan(method, method == .any ? .unknown : account))
    }

    private func account(of startup: StartupParameters) -> AuthenticationPlan.Account {
        if let secret = userList.secrets[startup.user] { return .known(StoredSecret(secret.revealed)) }
        let database = snapshot.database(named: startup.database)
        guard database != nil || startup.database == DatabaseEntry.consoleName, authUser(database) != nil else {
            return .unknown
        }
        return .lookUp
    }

    /// Who asks for secrets that the auth file does not have.
    func authUser(_ database: DatabaseEntry?) -> String? {
        database?.authenticationUser ?? snapshot.settings.authenticationUser
    }

    private func ruledMethod(_ startup: StartupParameters, _ client: ClientDetails) -> AuthenticationPlan.Method? {
        let origin = ClientOrigin(
            address: client.address, isTLS: client.channel != nil,
            isPhysicalReplication: startup.replication == .physical)
        guard let rule = rules.match(origin, database: startup.database, user: startup.user) else { return nil }
        switch rule.method {
        case .trust: return .trust
        case .reject: return .reject
        case .password: return .plain
        case .md5: return .md5
        case .scramSHA256: return .scram
        case .cert: return .certificate(certificateEvidence(startup, client, map: rule.identityMap))
        case .peer: return .peer(peerEvidence(startup, client, map: rule.identityMap))
        }
    }

    private func certificateEvidence(
        _ startup: StartupParameters, _ client: ClientDetails, map: String?
    ) -> AuthenticationPlan.Evidence {
        guard client.channel != nil else { return .refused("TLS connection is required") }
        guard let name = client.certificateName else { return .refused("no client certificate") }
        return isAllowed(name, as: startup.user, map)
            ? .matches : .refused("TLS certificate name mismatch: \(name) is not \(startup.user)")
    }

    private func peerEvidence(
        _ startup: StartupParameters, _ client: ClientDetails, map: String?
    ) -> AuthenticationPlan.Evidence {
        guard let number = client.systemUserID, let name = systemUserName(number) else {
            return .refused("no user at the other end")
        }
        return isAllowed(name, as: startup.user, map) ? .matches : .refused("\(name) is not \(startup.user)")
    }

    private func isAllowed(_ name: String, as user: String, _ map: String?) -> Bool {
        guard let map else { return ExactName(name) == ExactName(user) }
        return identityMaps.allows(name, as: user, map: map)
    }

    // MARK: - Who may stay

    /// Why a client that is there would not be let in any more; nil if it may try, or has proved itself already.
    func objection(to startup: StartupParameters, _ client: ClientDetails) -> LoginFailure? {
        guard startup.database != DatabaseEntry.consoleName else { return nil }
        if let database = snapshot.database(named: startup.database), !isUserPossible(startup.user, database) {
            return .userGone(startup.user)
        }
        guard snapshot.settings.authenticationType == .hba else { return nil }
        switch ruledMethod(startup, client) {
        case nil: return .noRule
        case .reject?: return .rejected
        default: return nil
        }
    }

    /// Whether anybody can log in under the name: who is in the auth file, or may be found by auth_query.
    func isUserPossible(_ user: String, _ database: DatabaseEntry) -> Bool {
        snapshot.settings.authenticationType == .any || userList.secrets[user] != nil || authUser(database) != nil
    }

    // MARK: - Where they are led

    /// What a pool is, from the database's entry and its servers' user.
    func details(_ database: DatabaseEntry, user: String, credential: ServerCredential) -> PoolDetails {
        var settings: [SessionParameter] = []
        for (name, value) in [
            ("client_encoding", database.clientEncoding), ("datestyle", database.dateStyle),
            ("timezone", database.timeZone), ("application_name", database.applicationName),
        ] {
            if let value { settings.append(SessionParameter(name, value)) }
        }
        let target = ServerLogin.Target(
            user: user, database: database.databaseName, credential: credential, tls: serverTLS, settings: settings,
            connectQuery: database.connectQuery)
        let details = PoolDetails(
            database: database.name, user: user, places: places(database), target: target,
            databaseLimit: limits.databaseServers(database.name), userLimit: limits.userServers(user))
        details.takesPlacesInTurn = database.hostBalancing == .roundRobin
        details.isUserForced = database.forcedUser != nil
        return details
    }

    private var serverTLS: ServerLogin.TLS {
        switch serverTLSMode ?? snapshot.settings.serverTLS.mode {
        case .disable: .never
        case .allow, .prefer: .preferred
        case .require, .verifyAuthority, .verifyFull: .required
        }
    }

    /// Where another pooler of the group listens.
    func places(_ peer: PeerEntry) -> [ServerPlace] {
        let port = UInt16(clamping: peer.port)
        return (peer.hostList?.hosts ?? []).map { ServerPlace(host: $0, port: port) }
    }

    private func places(_ database: DatabaseEntry) -> [ServerPlace] {
        let port = UInt16(clamping: database.port)
        guard let hosts = database.hostList?.hosts else {
            let directory = snapshot.settings.unixSocketDirectory ?? "/tmp"
            return [ServerPlace(host: .socketDirectory(directory), port: port)]
        }
        return hosts.map { ServerPlace(host: $0, port: port) }
    }

    /// What servers of a user that the configuration names are shown.
    func credential(_ database: DatabaseEntry, user: String) -> ServerCredential {
        if database.forcedUser == user, let password = database.password { return .password(password.revealed) }
        return ServerCredential(stored: StoredSecret(userList.secrets[user]?.revealed))
    }

    /// What clients of a user have brought, as far as the auth file does not know better now.
    func credential(_ learnt: ServerCredential, ofUser user: String) -> ServerCredential {
        guard let secret = userList.secrets[user] else { return learnt }
        switch (StoredSecret(secret.revealed), learnt) {
        case (.plain(let password), _): return .password(password)
        case (.md5(let verifier), .password(let password))
        where MD5Password.verifier(user: user, password: password) == verifier: return learnt
        case (.md5(let verifier), _): return .md5(verifier)
        // Keys of a password before are for the server to refuse: its error says what is wrong.
        case (.scram, _), (.unusable, _): return learnt
        }
    }
}

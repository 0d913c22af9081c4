// Keys that logins wait for are derived elsewhere: which are under way, and who waits for them.

package import PostgresWire

/// Who waits for keys.
enum LoginPointer: Hashable {
    case client(ClientPointer)
    case server(ServerPointer)
}

/// Derivations and those who wait for them: each is done once, however many wait, and not at all if nobody waits any
/// more when its turn comes.
struct DerivationQueue {
    private var waiting: [KeyDerivation: Set<LoginPointer>] = [:]
    /// Not begun, in the order in which they were asked for; some may have nobody who waits.
    private var queued: [KeyDerivation] = []
    private var running: Set<KeyDerivation> = []

    /// Somebody waits from now on.
    mutating func add(_ login: LoginPointer, _ derivation: KeyDerivation) {
        if waiting[derivation] == nil, !running.contains(derivation) { queued.append(derivation) }
        waiting[derivation, default: []].insert(login)
    }

    /// Somebody waits no more.
    mutating func remove(_ login: LoginPointer, _ derivation: KeyDerivation) {
        waiting[derivation]?.remove(login)
        guard waiting[derivation]?.isEmpty == true else { return }
        waiting[derivation] = nil
        if let index = queued.firstIndex(of: derivation) { queued.remove(at: index) }
    }

    /// The next one to begin, if one may.
    mutating func next() -> KeyDerivation? {
        guard running.count < LoginLimits.derivationCountMax, !queued.isEmpty else { return nil }
        let derivation = queued.removeFirst()
        running.insert(derivation)
        return derivation
    }

    /// One is done: those who wait for it.
    mutating func end(_ derivation: KeyDerivation) -> Set<LoginPointer> {
        running.remove(derivation)
        return waiting.removeValue(forKey: derivation) ?? []
    }
}

extension LoopPooler {
    /// A client's login needs keys.
    func derive(_ derivation: KeyDerivation, for client: ClientPointer) {
        client.pointee.details.derivation = derivation
        derivations.add(.client(client), derivation)
        beginDerivations()
    }

    /// A login to a server needs keys.
    func derive(_ derivation: KeyDerivation, for server: ServerPointer) {
        server.pointee.details.derivation = derivation
        derivations.add(.server(server), derivation)
        beginDerivations()
    }

    /// What `PoolerAction.derive` asked for.
    package func derived(_ derivation: KeyDerivation, _ keys: Result<ScramKeys, ScramError>) {
        for login in derivations.end(derivation) {
            switch login {
            case .client(let client):
                client.pointee.details.derivation = nil
                guard client.pointee.state == .login else { continue }
                stepLogin(client) { login, output in login.derived(keys, into: &output) }
            case .server(let server):
                server.pointee.details.derivation = nil
                guard server.pointee.state == .login else { continue }
                stepLogin(server) { login, output in login.derived(keys, into: &output) }
            }
        }
        beginDerivations()
    }

    /// The client leaves.
    func forgetDerivation(_ client: ClientPointer) {
        guard let derivation = client.pointee.details.derivation else { return }
        client.pointee.details.derivation = nil
        derivations.remove(.client(client), derivation)
    }

    /// The server ends.
    func forgetDerivation(_ server: ServerPointer) {
        guard let derivation = server.pointee.details.derivation else { return }
        server.pointee.details.derivation = nil
        derivations.remove(.server(server), derivation)
    }

    private func beginDerivations() {
        while let derivation = derivations.next() { actions.append(.derive(derivation)) }
    }
}

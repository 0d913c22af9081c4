/// How a client has to prove who it is where rules decide.
package enum AuthenticationMethod: String, Equatable, Sendable {
    case trust
    case reject
    /// The password in clear.
    case password
    case md5
    case scramSHA256 = "scram-sha-256"
    case cert
    /// By the system's user at the other end of a Unix socket.
    case peer
}

extension AuthenticationType {
    /// The method for every client; nil where rules decide.
    package var method: AuthenticationMethod? {
        switch self {
        case .any, .trust: .trust
        case .plain: .password
        case .md5: .md5
        case .scramSHA256: .scramSHA256
        case .cert: .cert
        case .hba: nil
        }
    }
}

/// Where a client comes from and what it wants, for the rules to judge.
package struct ClientOrigin: Equatable, Sendable {
    /// Nil: a Unix socket.
    package let address: NetworkAddress?
    package let isTLS: Bool
    /// `replication=true`, without a database; with one it is a client like any other.
    package let isPhysicalReplication: Bool

    package init(address: NetworkAddress?, isTLS: Bool, isPhysicalReplication: Bool = false) {
        self.address = address
        self.isTLS = isTLS
        self.isPhysicalReplication = isPhysicalReplication
    }
}

/// The rules of `auth_hba_file`: the first that fits decides.
package struct HostBasedRules: Equatable, Sendable {
    var rules: [HostBasedRule] = []

    package init() {}

    /// The rule for a client; nil if none fits, which refuses it.
    package func match(_ origin: ClientOrigin, database: String, user: String) -> HostBasedRule? {
        rules.first { $0.fits(origin, database: database, user: user) }
    }
}

/// One line of an `auth_hba_file`.
package struct HostBasedRule: Equatable, Sendable {
    /// The first word.
    enum ConnectionKind: String, Equatable, Sendable {
        case local, host, hostssl, hostnossl
    }

    let connectionKind: ConnectionKind
    let databases: NameSet
    let users: NameSet
    /// Nil: all.
    let network: AddressRange?
    package let method: AuthenticationMethod
    /// The map that says who may be whom, with `cert` and `peer`; nil: the names must be the same.
    package let identityMap: String?
    /// For messages.
    package let line: Int

    func fits(_ origin: ClientOrigin, database: String, user: String) -> Bool {
        guard fits(origin) else { return false }
        let isDatabaseRight =
            origin.isPhysicalReplication ? databases.hasReplication : databases.contains(database, beside: user)
        return isDatabaseRight && users.contains(user, beside: database)
    }

    private func fits(_ origin: ClientOrigin) -> Bool {
        guard let address = origin.address else { return connectionKind == .local }
        switch connectionKind {
        case .local: return false
        case .hostssl where !origin.isTLS: return false
        case .hostnossl where origin.isTLS: return false
        case .host, .hostssl, .hostnossl: return network?.contains(address) ?? true
        }
    }
}

/// The names that a rule is for.
struct NameSet: Equatable, Sendable {
    var hasAll = false
    /// The database is the one with the user's name.
    var hasSameUser = false
    var hasReplication = false
    var names: Set<ExactName> = []

    func contains(_ name: String, beside other: String) -> Bool {
        hasAll || (hasSameUser && ExactName(name) == ExactName(other)) || names.contains(ExactName(name))
    }
}

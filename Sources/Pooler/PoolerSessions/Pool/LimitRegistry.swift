import PoolerConfiguration
import Synchronization

/// The counts that must not be exceeded, over all pools of all loops.
package final class LimitRegistry: Sendable {
    /// What a limit counts beside all clients.
    private enum Kind: CaseIterable { case databaseServers, userServers, databaseClients, userClients }

    private struct State {
        /// By name.
        var limits: [Kind: [String: ConnectionLimit]] = [:]
        var snapshot = ConfigurationSnapshot()
    }

    /// All clients.
    package let clients = ConnectionLimit()
    private let state = Mutex(State())

    package init() {}

    /// Takes the greatest counts from a configuration.
    func follow(_ snapshot: ConfigurationSnapshot) {
        let limits = state.withLock { state in
            state.snapshot = snapshot
            return state.limits
        }
        clients.countMax = snapshot.settings.clientConnectionsMax
        for (kind, named) in limits {
            for (name, limit) in named { limit.countMax = Self.countMax(kind, name, snapshot) }
        }
    }

    package func databaseServers(_ name: String) -> ConnectionLimit { limit(.databaseServers, name) }
    package func userServers(_ name: String) -> ConnectionLimit { limit(.userServers, name) }
    package func databaseClients(_ name: String) -> ConnectionLimit { limit(.databaseClients, name) }
    package func userClients(_ name: String) -> ConnectionLimit { limit(.userClients, name) }

    private func limit(_ kind: Kind, _ name: String) -> ConnectionLimit {
        state.withLock { state in
            if let known = state.limits[kind]?[name] { return known }
            // A copy of the names would be another reference to each limit.
            if Self.isFull(state.limits[kind, default: [:]]) {
                Self.forgetUnused(&state.limits[kind, default: [:]])
            }
            let limit = ConnectionLimit(countMax: Self.countMax(kind, name, state.snapshot))
            state.limits[kind, default: [:]][name] = limit
            return limit
        }
    }

    /// Names, of one kind, above which those that nobody uses are forgotten: under an entry for all databases anybody may
    /// try any number of names.
    static let unusedNamesMax = 1024

    /// At each doubling, so that the cost is a constant for each new name.
    private static func isFull(_ limits: borrowing [String: ConnectionLimit]) -> Bool {
        limits.count >= unusedNamesMax && limits.count == limits.capacity
    }

    /// Forgets the limits that no pool, no client and no letter has: another object for the same name counts the same.
    /// Under the lock, without which nobody gets another reference.
    private static func forgetUnused(_ limits: inout [String: ConnectionLimit]) {
        for name in Array(limits.keys) where limits[name]?.count == 0 {
            if isKnownUniquelyReferenced(&limits[name]) { limits[name] = nil }
        }
    }

    /// How many names there are, of all kinds.
    var nameCount: Int { state.withLock { state in state.limits.values.reduce(0) { $0 + $1.count } } }

    private static func countMax(_ kind: Kind, _ name: String, _ snapshot: ConfigurationSnapshot) -> Int {
        let settings = snapshot.settings
        return switch kind {
        case .databaseServers: snapshot.database(named: name)?.connectionsMax ?? settings.databaseConnectionsMax
        case .userServers: snapshot.users[name]?.connectionsMax ?? settings.userConnectionsMax
        case .databaseClients:
            snapshot.database(named: name)?.clientConnectionsMax ?? settings.databaseClientConnectionsMax
        case .userClients: snapshot.users[name]?.clientConnectionsMax ?? settings.userClientConnectionsMax
        }
    }

    // MARK: - For the console

    func databaseServersMax(_ name: String) -> Int { countMax(.databaseServers, name) }
    func userServersMax(_ name: String) -> Int { countMax(.userServers, name) }
    func databaseClientsMax(_ name: String) -> Int { countMax(.databaseClients, name) }
    func userClientsMax(_ name: String) -> Int { countMax(.userClients, name) }

    private func countMax(_ kind: Kind, _ name: String) -> Int {
        state.withLock { Self.countMax(kind, name, $0.snapshot) }
    }

    func databaseServerCount(_ name: String) -> Int { count(.databaseServers, name) }
    func userServerCount(_ name: String) -> Int { count(.userServers, name) }
    func databaseClientCount(_ name: String) -> Int { count(.databaseClients, name) }
    func userClientCount(_ name: String) -> Int { count(.userClients, name) }

    private func count(_ kind: Kind, _ name: String) -> Int { state.withLock { $0.limits[kind]?[name] }?.count ?? 0 }

    /// Users that are connected on either side.
    var userNames: [String] {
        let limits = state.withLock { $0.limits }
        return [Kind.userServers, .userClients].flatMap { kind in
            (limits[kind] ?? [:]).filter { $0.value.count > 0 }.map(\.key)
        }
    }
}

import IOLoop
import PoolerConfiguration
import PoolerSessions

/// Who searches for names: the system's resolver, or a test's.
protocol NameSearching {
    /// Begins to search; false if that cannot be done now.
    func search(_ name: String, id: UInt64) -> Bool
    /// Answers that have come since the last time.
    func takeAnswers() -> [HostNameResolver.Answer]
}

extension HostNameResolver: NameSearching {}

/// Where servers are to be connected to whose hosts have names: searches that are under way, and addresses that are
/// left to try. Loop only.
final class HostSearches {
    /// What to do about a server.
    enum Step: Equatable {
        case connect(address: String)
        /// A search is under way; `takeAnswers` goes on.
        case wait
        /// There is no address, or none is left.
        case fail
    }

    /// What searches have found.
    struct Answers {
        var steps: [(server: ServerPointer, step: Step)] = []
        /// Names that stand for other addresses now.
        var moves: [(name: String, addresses: [String])] = []
    }

    private let resolver: any NameSearching
    private var names = HostNames()
    private var searches: [UInt64: String] = [:]
    private var lastSearch: UInt64 = 0
    /// By name, in the order in which they asked.
    private var waiting: [String: [ServerPointer]] = [:]
    /// Addresses that a server that is being connected has not been tried at.
    private var left: [ServerPointer: [String]] = [:]

    init(resolver: any NameSearching) {
        self.resolver = resolver
    }

    /// A server is to be connected.
    func begin(_ server: ServerPointer, host name: String, now: Int64) -> Step {
        if case .known(let addresses) = names.look(up: name, now: now) { return begin(server, addresses) }
        if waiting[name] == nil {
            guard resolver.search(name, id: lastSearch + 1) else { return .fail }
            lastSearch += 1
            searches[lastSearch] = name
        }
        waiting[name, default: []].append(server)
        return .wait
    }

    private func begin(_ server: ServerPointer, _ addresses: [String]) -> Step {
        guard let first = addresses.first else { return .fail }
        left[server] = addresses.count > 1 ? Array(addresses.dropFirst()) : nil
        return .connect(address: first)
    }

    /// The address could not be connected to: the next one.
    func next(_ server: ServerPointer) -> Step {
        guard var addresses = left.removeValue(forKey: server), !addresses.isEmpty else { return .fail }
        let address = addresses.removeFirst()
        if !addresses.isEmpty { left[server] = addresses }
        return .connect(address: address)
    }

    /// Searches that are under way.
    var searchCount: Int { searches.count }

    /// The names that are known now.
    func report(now: Int64) -> [HostNameReport] { names.report(now: now) }

    /// The server is connected, or wanted no more.
    func forget(_ server: ServerPointer) {
        left[server] = nil
        // While nobody waits there is nothing to go over.
        if !waiting.isEmpty { for name in waiting.keys { waiting[name]?.removeAll { $0 == server } } }
    }

    /// What has been found since the last time.
    func takeAnswers(now: Int64, _ settings: PoolerSettings) -> Answers {
        var answers = Answers()
        for answer in resolver.takeAnswers() {
            guard let name = searches.removeValue(forKey: answer.id) else { continue }
            let isMove = names.found(
                name, answer.addresses, now: now, lifetime: settings.nameLifetimeMicroseconds * 1000,
                missingLifetime: settings.missingNameLifetimeMicroseconds * 1000)
            if isMove { answers.moves.append((name, answer.addresses)) }
            for server in waiting.removeValue(forKey: name) ?? [] {
                // What may not be kept serves those who waited for it.
                var addresses = answer.addresses
                if case .known(let known) = names.look(up: name, now: now) { addresses = known }
                answers.steps.append((server, begin(server, addresses)))
            }
        }
        return answers
    }
}

import IOLoop
import PoolerConfiguration
import PoolerSessions
import Testing

@testable import PoolerServer

@Suite("Searches for the hosts of servers")
struct HostSearchesTests {
    /// Finds what a test says, when it says so.
    private final class Resolver: NameSearching {
        var searched: [(name: String, id: UInt64)] = []
        var isBusy = false
        private var answers: [HostNameResolver.Answer] = []

        func search(_ name: String, id: UInt64) -> Bool {
            guard !isBusy else { return false }
            searched.append((name, id))
            return true
        }

        func takeAnswers() -> [HostNameResolver.Answer] {
            defer { answers = [] }
            return answers
        }

        /// The oldest search ends.
        func find(_ addresses: [String]) {
            answers.append(HostNameResolver.Answer(id: searched.removeFirst().id, addresses: addresses))
        }
    }

    private let resolver = Resolver()
    private let searches: HostSearches
    private let settings = SettingTable.defaults
    /// Told apart by their addresses; nothing is read from them.
    private let servers = (1...4).compactMap { ServerPointer(bitPattern: $0 * 0x1000) }

    init() { searches = HostSearches(resolver: resolver) }

    private func steps(now: Int64 = 0) -> [HostSearches.Step] {
        searches.takeAnswers(now: now, settings).steps.map(\.step)
    }

    @Test("Who asks while a search is under way waits for it; each is given another address first")
    func severalAddresses() {
        for server in servers.prefix(3) { #expect(searches.begin(server, host: "h", now: 0) == .wait) }
        #expect(resolver.searched.map(\.name) == ["h"])
        #expect(steps().isEmpty)
        resolver.find(["10.0.0.1", "10.0.0.2"])
        #expect(steps() == ["10.0.0.1", "10.0.0.2", "10.0.0.1"].map { .connect(address: $0) })
        #expect(searches.begin(servers[3], host: "h", now: 1) == .connect(address: "10.0.0.2"))
        #expect(searches.searchCount == 0)
    }

    @Test("An address that cannot be reached is followed by the others, each once")
    func nextAddresses() {
        _ = searches.begin(servers[0], host: "h", now: 0)
        resolver.find(["10.0.0.1", "10.0.0.2", "10.0.0.3"])
        #expect(steps() == [.connect(address: "10.0.0.1")])
        #expect(searches.next(servers[0]) == .connect(address: "10.0.0.2"))
        #expect(searches.next(servers[0]) == .connect(address: "10.0.0.3"))
        #expect(searches.next(servers[0]) == .fail)
    }

    @Test("Whoever is connected, or wanted no more, has no addresses left")
    func forgotten() {
        for server in servers.prefix(2) { _ = searches.begin(server, host: "h", now: 0) }
        searches.forget(servers[0])
        resolver.find(["10.0.0.1", "10.0.0.2"])
        #expect(steps() == [.connect(address: "10.0.0.1")])
        searches.forget(servers[1])
        #expect(searches.next(servers[1]) == .fail)
    }

    @Test("A name without addresses fails for all who wait; so does a search that cannot begin")
    func missing() {
        for server in servers.prefix(2) { _ = searches.begin(server, host: "h", now: 0) }
        resolver.find([])
        #expect(steps() == [.fail, .fail])
        #expect(searches.begin(servers[0], host: "h", now: 1) == .fail)
        #expect(resolver.searched.isEmpty)
        resolver.isBusy = true
        #expect(searches.begin(servers[0], host: "other", now: 1) == .fail)
    }

    @Test("After dns_max_ttl a name is searched again, and a move is told")
    func moved() {
        _ = searches.begin(servers[0], host: "h", now: 0)
        resolver.find(["10.0.0.1", "10.0.0.2"])
        _ = steps()
        let later = settings.nameLifetimeMicroseconds * 1000 + 1
        #expect(searches.begin(servers[1], host: "h", now: later) == .wait)
        resolver.find(["10.0.0.3"])
        let answers = searches.takeAnswers(now: later, settings)
        #expect(answers.moves.map(\.name) == ["h"])
        #expect(answers.moves.map(\.addresses) == [["10.0.0.3"]])
        #expect(answers.steps.map(\.step) == [.connect(address: "10.0.0.3")])
    }
}

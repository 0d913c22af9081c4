// Control is killed at random moments while a client changes everything that it can; whatever was acknowledged must be
// there afterwards. Changes that were under way when it died may have happened or not, and are not looked at.

import Foundation
import SeededRandom
import Synchronization
import Testing

/// What the API has acknowledged.
private struct AcknowledgedState: Sendable {
    /// Name to password.
    var users: [String: String] = [:]
    var deletedUsers: Set<String> = []
    var databases: Set<String> = []
    var deletedDatabases: Set<String> = []
    /// nil: a change was under way.
    var deadlockTimeout: Int? = 1000
    var rules: Set<String>? = []
    /// Name to id.
    var clusters: [String: String] = [:]
    /// Id to the number of its OS user, while it had one.
    var deletedClusters: [String: uid_t?] = [:]
    var requests = 0
}

extension PlatformTests {
    @Suite(.serialized, .platform(cluster: "steady"))
    struct FaultKillTests {
        static let rounds = 18
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        @Test func whatWasAcknowledgedOutlivesControl() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("whatWasAcknowledgedOutlivesControl: seed \(seed)")
            var random = SeededGenerator(seed: seed)
            let steady = try await platform.cluster("steady")
            let postmaster = try steady.postmasterPID()
            let client = ChangingClient(platform: platform, cluster: steady)
            var gaps: [Int] = []
            for round in 0..<Self.rounds {
                let loopSeed = random.next()
                client.expectsDeath.store(false, ordering: .sequentiallyConsistent)
                let loops = (0..<ChangingClient.lanes).map { lane in
                    Task { try await client.run(round: round, lane: lane, seed: loopSeed &+ UInt64(lane)) }
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 30...1800, using: &random)))
                client.expectsDeath.store(true, ordering: .sequentiallyConsistent)
                try await platform.end(SIGKILL)
                let began = Date()
                for loop in loops { _ = try? await loop.value }
                #expect(try await steady.psql("SELECT 1").output == "1\n", "in the gap of round \(round)")
                #expect(try steady.postmasterPID() == postmaster)
                try await platform.start()
                gaps.append(Int(Date().timeIntervalSince(began) * 1000))
                try await client.verify(sample: 6, random: &random)
                #expect(try steady.postmasterPID() == postmaster, "round \(round)")
            }
            try await client.verify(sample: .max, random: &random)
            let state = client.state
            print(
                "\(Self.rounds) kills of control: \(state.requests) changes acknowledged, \(state.users.count) users, "
                    + "\(state.databases.count) databases, \(state.clusters.count) clusters live at the end; "
                    + "start after a kill, with the gap's checks: \(gaps.sorted()[gaps.count / 2]) ms median")
            try await client.verifyClusters()
            try await client.verifyEverythingCanBeDeleted()
            try await verifyRulesOutliveControl(steady)
        }

        /// A rule that shuts us out is in force before and after the kill.
        private func verifyRulesOutliveControl(_ cluster: ClusterUnderTest) async throws {
            let path = "/v2/databases/\(cluster.id)/firewall"
            let out = #"{"rules":[{"type":"ip_addr","value":"203.0.113.9"}]}"#
            #expect(try await platform.request("PUT", path, body: out).status == 204)
            try await platform.end(SIGKILL)
            #expect(try await !cluster.psql("SELECT 1").isSuccess)
            try await platform.start()
            #expect(try await !cluster.psql("SELECT 1").isSuccess)
            #expect(try await platform.request("PUT", path, body: #"{"rules":[]}"#).status == 204)
            #expect(try await cluster.psql("SELECT 1").output == "1\n")
        }
    }
}

/// Changes one thing after the other and keeps account of what was acknowledged.
private final class ChangingClient: Sendable {
    let platform: PlatformUnderTest
    let cluster: ClusterUnderTest
    /// Control is about to be killed; before that no request may fail.
    let expectsDeath = Atomic<Bool>(false)
    private let account = Mutex(AcknowledgedState())

    init(platform: PlatformUnderTest, cluster: ClusterUnderTest) {
        self.platform = platform
        self.cluster = cluster
    }

    var state: AcknowledgedState { account.withLock { $0 } }
    private var path: String { "/v2/databases/\(cluster.id)" }

    private func change(_ body: (inout sending AcknowledgedState) -> Void) {
        account.withLock { state in
            body(&state)
        }
    }

    /// So many work at once; what has one value only is changed in one lane only.
    static let lanes = 3

    /// Works until the API is gone.
    func run(round: Int, lane: Int, seed: UInt64) async throws {
        do {
            try await change(round: round, lane: lane, seed: seed)
        } catch {
            if !expectsDeath.load(ordering: .sequentiallyConsistent) {
                Issue.record("a client stopped early: \(error)")
            }
        }
    }

    private func change(round: Int, lane: Int, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        for number in 0... {
            let name = "r\(round)l\(lane)n\(number)"
            switch Int.random(in: 0..<15, using: &random) {
            case 0...3: try await createUser("u\(name)")
            case 4: try await deleteUser(takeUser(&random))
            case 5, 6: try await resetPassword(takeUser(&random))
            case 7, 8: try await createDatabase("d\(name)")
            case 9: try await deleteDatabase(takeDatabase(&random))
            case 10, 11, 12:
                if lane == 0 { try await configure(Int.random(in: 500...9000, using: &random)) }
                if lane == 1 {
                    try await setRules((0..<2).map { _ in "10.\(UInt8.random(in: 0...255, using: &random)).0.0/16" })
                }
                if lane == 2 { try await createCluster("c\(name)") }
            case 13: if lane == 2 { try await deleteCluster(takeCluster(&random)) }
            default: _ = try await platform.clusterNames()
            }
        }
    }

    /// Takes a user out of the account, as its next change is not acknowledged yet.
    private func takeUser(_ random: inout SeededGenerator) -> String? {
        let number = random.next()
        return account.withLock { state in
            let names = state.users.keys.sorted()
            guard !names.isEmpty else { return nil }
            let name = names[Int(number % UInt64(names.count))]
            state.users[name] = nil
            return name
        }
    }

    private func takeDatabase(_ random: inout SeededGenerator) -> String? {
        let number = random.next()
        return account.withLock { state in
            let names = state.databases.sorted()
            guard !names.isEmpty else { return nil }
            return state.databases.remove(names[Int(number % UInt64(names.count))])
        }
    }

    private func takeCluster(_ random: inout SeededGenerator) -> String? {
        let number = random.next()
        return account.withLock { state in
            let names = state.clusters.keys.sorted()
            guard !names.isEmpty else { return nil }
            return state.clusters.removeValue(forKey: names[Int(number % UInt64(names.count))])
        }
    }

    /// The answer to a change. Any answer that is no success is a failure of the test, a lost connection is not.
    private func send(_ method: String, _ path: String, _ body: String? = nil, expect status: Int) async throws
        -> APIAnswer
    {
        let answer = try await platform.request(method, path, body: body)
        guard answer.status == status else {
            Issue.record("\(method) \(path) \(body ?? ""): \(answer.status) \(answer.body)")
            throw TestFailure(answer.body)
        }
        change { $0.requests += 1 }
        return answer
    }

    private static func password(in answer: APIAnswer) throws -> String {
        guard let user = answer.object["user"] as? [String: Any], let password = user["password"] as? String else {
            throw TestFailure("no password in \(answer.body)")
        }
        return password
    }

    private func createUser(_ name: String) async throws {
        let password = try Self.password(
            in: try await send("POST", path + "/users", #"{"name":"\#(name)"}"#, expect: 201))
        change { $0.users[name] = password }
    }

    private func deleteUser(_ name: String?) async throws {
        guard let name else { return }
        _ = try await send("DELETE", path + "/users/\(name)", expect: 204)
        change { $0.deletedUsers.insert(name) }
    }

    private func resetPassword(_ name: String?) async throws {
        guard let name else { return }
        let answer = try await send("POST", path + "/users/\(name)/reset_auth", "{}", expect: 200)
        let password = try Self.password(in: answer)
        change { $0.users[name] = password }
    }

    private func createDatabase(_ name: String) async throws {
        _ = try await send("POST", path + "/dbs", #"{"name":"\#(name)"}"#, expect: 201)
        change { $0.databases.insert(name) }
    }

    private func deleteDatabase(_ name: String?) async throws {
        guard let name else { return }
        _ = try await send("DELETE", path + "/dbs/\(name)", expect: 204)
        change { $0.deletedDatabases.insert(name) }
    }

    private func configure(_ milliseconds: Int) async throws {
        change { $0.deadlockTimeout = nil }
        let body = #"{"config":{"deadlock_timeout":\#(milliseconds)}}"#
        _ = try await send("PATCH", path + "/config", body, expect: 200)
        change { $0.deadlockTimeout = milliseconds }
    }

    private func setRules(_ networks: [String]) async throws {
        let rules = Set(networks + ["127.0.0.1"])
        let list = rules.sorted().map { #"{"type":"ip_addr","value":"\#($0)"}"# }.joined(separator: ",")
        change { $0.rules = nil }
        _ = try await send("PUT", path + "/firewall", #"{"rules":[\#(list)]}"#, expect: 204)
        change { $0.rules = rules }
    }

    private func createCluster(_ name: String) async throws {
        // Two besides the steady one are enough for two cores.
        guard state.clusters.count < 2 else { return }
        let id = try await platform.requestCluster(name)
        change { ($0.clusters[name], $0.requests) = (id, $0.requests + 1) }
    }

    private func deleteCluster(_ id: String?) async throws {
        guard let id else { return }
        let user = platform.userID(ofCluster: id)
        _ = try await send("DELETE", "/v2/databases/\(id)", expect: 204)
        change { $0.deletedClusters[id] = .some(user) }
    }

    // MARK: - Looking

    private func loginWorks(_ name: String, _ password: String) async throws -> Bool {
        try await cluster.psql("SELECT current_user", user: name, password: password).output == "\(name)\n"
    }

    func verify(sample: Int, random: inout SeededGenerator) async throws {
        let state = state
        for (name, password) in state.users.shuffled(using: &random).prefix(sample) {
            #expect(try await loginWorks(name, password), "user \(name)")
        }
        let roles = try await cluster.psql("SELECT rolname FROM pg_roles UNION ALL SELECT datname FROM pg_database")
        let found = Set(roles.output.split(separator: "\n").map(String.init))
        #expect(found.isSuperset(of: state.users.keys), "users \(Set(state.users.keys).subtracting(found))")
        #expect(found.isSuperset(of: state.databases), "databases \(state.databases.subtracting(found))")
        #expect(found.isDisjoint(with: state.deletedUsers), "\(found.intersection(state.deletedUsers))")
        #expect(found.isDisjoint(with: state.deletedDatabases), "\(found.intersection(state.deletedDatabases))")
        if let wanted = state.deadlockTimeout {
            let shown = try await platform.request("GET", path + "/config")
            #expect((shown.object["config"] as? [String: Any])?["deadlock_timeout"] as? Int == wanted)
            let inForce = try await cluster.psql(
                "SELECT setting FROM pg_settings WHERE name = 'deadlock_timeout'")
            #expect(inForce.output == "\(wanted)\n")
        }
        if let wanted = state.rules {
            let answer = try await platform.request("GET", path + "/firewall")
            let rules = (answer.object["rules"] as? [[String: Any]] ?? []).compactMap { $0["value"] as? String }
            #expect(Set(rules) == wanted)
            let file = try String(
                contentsOfFile: "\(platform.directory)/clusters/\(cluster.id)/conf/pg_hba.conf", encoding: .utf8)
            for network in wanted { #expect(file.contains(network), "\(file)") }
        }
        let names = try await platform.clusterNames()
        #expect(Set(names).isSuperset(of: state.clusters.keys))
        for id in state.deletedClusters.keys { #expect(try await platform.state(ofCluster: id) == nil) }
    }

    /// Every acknowledged cluster comes up; of every deleted one nothing is left.
    func verifyClusters() async throws {
        for (name, id) in state.clusters {
            try await platform.awaitState(ofCluster: id, "online", seconds: 90)
            #expect(try await platform.cluster(name).psql("SELECT 1").output == "1\n")
        }
        for (id, user) in state.deletedClusters {
            var remains: [String] = []
            try await PlatformTests.until("nothing of \(id) is left; there is \(remains)") {
                remains = try await platform.remains(ofCluster: id, port: nil, userID: user)
                return remains.isEmpty
            }
        }
    }

    /// Also what a kill left half made can be seen, used and removed by the API.
    func verifyEverythingCanBeDeleted() async throws {
        let users = try await platform.request("GET", path + "/users").object["users"] as? [[String: Any]] ?? []
        for name in users.compactMap({ $0["name"] as? String }) where name != "doadmin" {
            if state.users[name] == nil {
                let reset = try await platform.request("POST", path + "/users/\(name)/reset_auth", body: "{}")
                #expect(reset.status == 200, "\(name): \(reset.body)")
                #expect(try await loginWorks(name, try Self.password(in: reset)), "\(name)")
            }
            let answer = try await platform.request("DELETE", path + "/users/\(name)")
            #expect(answer.status == 204, "\(name): \(answer.body)")
        }
        let databases = try await platform.request("GET", path + "/dbs").object["dbs"] as? [[String: Any]] ?? []
        for name in databases.compactMap({ $0["name"] as? String }) where name != "defaultdb" {
            let answer = try await platform.request("DELETE", path + "/dbs/\(name)")
            #expect(answer.status == 204, "\(name): \(answer.body)")
        }
        for id in state.clusters.values { try await deleteCluster(id) }
    }
}

import Foundation
import SeededRandom
import Testing

extension PlatformTests {
    /// Several clients at once, and clusters by the dozen.
    @Suite(.serialized, .platform())
    struct RaceTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        private func awaitNothing(of id: String, port: Int?, userID: uid_t?) async throws {
            var remains: [String] = []
            try await until("nothing of \(id) is left; there is \(remains)", seconds: 60) {
                remains = try await platform.remains(ofCluster: id, port: port, userID: userID)
                return remains.isEmpty
            }
        }

        @Test func oneOfTwoGetsTheName() async throws {
            var ids: [String] = []
            for round in 0..<10 {
                let body = PlatformUnderTest.createBody("same-\(round)")
                async let first = platform.request("POST", "/v2/databases", body: body)
                async let second = platform.request("POST", "/v2/databases", body: body)
                let answers = try await [first, second]
                #expect(answers.map(\.status).sorted() == [201, 422], "\(answers.map(\.body))")
                let all = try await platform.request("GET", "/v2/databases")
                let mine = (all.object["databases"] as? [[String: Any]] ?? []).filter {
                    $0["name"] as? String == "same-\(round)"
                }
                #expect(mine.count == 1)
                let id = try #require(mine.first?["id"] as? String)
                ids.append(id)
                #expect(try await platform.request("DELETE", "/v2/databases/\(id)").status == 204)
            }
            for id in ids { try await awaitNothing(of: id, port: nil, userID: nil) }
        }

        @Test func fiveAtOnceAreMade() async throws {
            let began = Date()
            let ids = try await inParallel(5) { try await platform.requestCluster("five-\($0)") }
            for id in ids { try await platform.awaitState(ofCluster: id, "online", seconds: 120) }
            print("five clusters at once: all online after \(Int(Date().timeIntervalSince(began) * 1000)) ms")
            let users = ids.map { platform.userID(ofCluster: $0) }
            for (index, id) in ids.enumerated() {
                let cluster = try await platform.cluster("five-\(index)")
                #expect(try await cluster.psql("SELECT 1").output == "1\n")
                #expect(cluster.id == id)
            }
            _ = try await inParallel(5) { try await platform.request("DELETE", "/v2/databases/\(ids[$0])").status }
            for (id, user) in zip(ids, users) { try await awaitNothing(of: id, port: nil, userID: user) }
        }

        @Test func deletedWhileBeingMade() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("deletedWhileBeingMade: seed \(seed)")
            var random = SeededGenerator(seed: seed)
            for round in 0..<3 {
                let delays = (0..<5).map { _ in Int.random(in: 0..<3000, using: &random) }
                let ids = try await inParallel(5) { index in
                    let id = try await platform.requestCluster("brief-\(round)-\(index)")
                    try await Task.sleep(for: .milliseconds(delays[index]))
                    let answer = try await platform.request("DELETE", "/v2/databases/\(id)")
                    #expect(answer.status == 204, "\(answer.body)")
                    return id
                }
                for id in ids { try await awaitNothing(of: id, port: nil, userID: nil) }
            }
            #expect(try await platform.clusterNames().isEmpty)
        }

        @Test func thirtyInARowLeaveNothing() async throws {
            let sharedBefore = try FileManager.default.contentsOfDirectory(atPath: "/dev/shm").count
            var milliseconds: [Int] = []
            for number in 0..<30 {
                let began = Date()
                let id = try await platform.requestCluster("row-\(number)")
                try await until("row-\(number) is online\n\(platform.upLog.suffix(2000))", seconds: 60) {
                    try await platform.state(ofCluster: id)?.status == "online"
                }
                milliseconds.append(Int(Date().timeIntervalSince(began) * 1000))
                let cluster = try await platform.cluster("row-\(number)")
                if number % 5 == 0 { try await use(cluster) }
                let user = platform.userID(ofCluster: id)
                // Every third is killed rather than stopped: that is when shared memory is left behind.
                if number % 3 == 0 { kill(try cluster.postmasterPID(), SIGKILL) }
                #expect(try await platform.request("DELETE", "/v2/databases/\(id)").status == 204)
                try await awaitNothing(of: id, port: cluster.port, userID: user)
            }
            milliseconds.sort()
            print(
                "create to online, 30 in a row: median \(milliseconds[15]) ms, min \(milliseconds[0]) ms, "
                    + "max \(milliseconds[29]) ms")
            print(
                "entries of /dev/shm before and after: \(sharedBefore), "
                    + "\(try FileManager.default.contentsOfDirectory(atPath: "/dev/shm").count)")
            for folder in ["clusters", "run"] {
                let left = try FileManager.default.contentsOfDirectory(atPath: "\(platform.directory)/\(folder)")
                #expect(Set(left).isSubset(of: ["control.lock", "control.json"]), "\(left)")
            }
            #expect(ProcessTable.with("shim --run-directory \(platform.directory)/").isEmpty)
        }

        /// Leaves rows of every kind in the state database.
        private func use(_ cluster: ClusterUnderTest) async throws {
            let path = "/v2/databases/\(cluster.id)"
            let requests: [(String, String, String, Int)] = [
                ("POST", "/users", #"{"name":"guest"}"#, 201), ("POST", "/dbs", #"{"name":"shop"}"#, 201),
                ("POST", "/users/guest/reset_auth", "{}", 200),
                ("PUT", "/firewall", #"{"rules":[{"type":"ip_addr","value":"127.0.0.1"}]}"#, 204),
                ("PATCH", "/config", #"{"config":{"work_mem":8}}"#, 200),
            ]
            for (method, suffix, body, status) in requests {
                let answer = try await platform.request(method, path + suffix, body: body)
                #expect(answer.status == status, "\(method) \(suffix): \(answer.status) \(answer.body)")
            }
        }
    }

    /// Results in the order of their numbers.
    static func inParallel<Result: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            for index in 0..<count { group.addTask { (index, try await body(index)) } }
            var results: [(Int, Result)] = []
            for try await result in group { results.append(result) }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

import Foundation
import Testing

extension PlatformTests {
    /// A 1 GB cluster has 25 connections, 3 of them kept back: 22 are the user's, and the platform takes none of them.
    @Suite(.serialized, .platform(cluster: "slots"))
    struct SlotTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        @Test func exactlyTwentyTwoOfThirtySessionsWork() async throws {
            let cluster = try await platform.cluster("slots")
            let mark = platform.parent + "/slots-taken"
            // Longer than the collector's quarter of a minute: it works at least once while all slots are taken.
            async let report = Python.run(
                "slots.py", ["30", "20", mark], environment: platform.clientEnvironment(cluster))
            try await PlatformTests.until("all slots are taken") { FileManager.default.fileExists(atPath: mark) }
            try await theAPIWorks(cluster)
            let metrics = try await metricsWhileFull(cluster)
            #expect(metrics.contains("atoll_postgres_connections_max{"))
            let result = try await report
            let refusal = "remaining connection slots are reserved for non-replication superuser connections"
            #expect(
                result.output == """
                    sessions that work: 22
                    refusals: 8 FATAL:  \(refusal)
                    refused while full: all
                    sessions that still work: 22

                    """, "\(result)")
            #expect(try await cluster.value("SELECT 1") == "1")
        }

        private func theAPIWorks(_ cluster: ClusterUnderTest) async throws {
            let full = try await cluster.psql("SELECT 1")
            #expect(full.errors.contains("remaining connection slots are reserved"), "\(full)")
            for number in 1...5 {
                let made = try await cluster.api("POST", "/users", ["name": "extra\(number)"])
                #expect(made.status == 201, "\(made.body)")
            }
            #expect(try await cluster.names("users").count == 6)
            #expect(try await cluster.api("POST", "/dbs", ["name": "extra"]).status == 201)
            #expect(try await cluster.api("PATCH", "/config", ["config": ["work_mem": 5]]).status == 200)
            #expect(try await cluster.api("POST", "/users/extra1/reset_auth").status == 200)
            for number in 1...5 { #expect(try await cluster.api("DELETE", "/users/extra\(number)").status == 204) }
            #expect(try await cluster.api("DELETE", "/dbs/extra").status == 204)
            #expect(try await platform.cluster("slots").status == "online")
        }

        /// Scrapes until a reading shows 22 sessions: the collector has been there while they were.
        private func metricsWhileFull(_ cluster: ClusterUnderTest) async throws -> String {
            let answer = try await platform.request("GET", "/v2/databases/metrics/credentials")
            let credentials = try #require(answer.object["credentials"] as? [String: String])
            let login = "\(credentials["basic_auth_username"] ?? ""):\(credentials["basic_auth_password"] ?? "")"
            let base = ["-sS", "-m", "10", "--cacert", platform.authorityFile]
            let address = "https://localhost:\(platform.metricsPort)/metrics"
            let anonymous = try await Shell.run("/usr/bin/curl", base + ["-w", "%{http_code}", address])
            #expect(anonymous.output.hasSuffix("401"), "\(anonymous)")
            var text = ""
            try await PlatformTests.until("the metrics show 22 sessions", seconds: 19, interval: .milliseconds(250)) {
                let scraped = try await Shell.run("/usr/bin/curl", base + ["-u", login, address])
                text = scraped.output
                let counts = text.split(separator: "\n").filter { $0.hasPrefix("atoll_postgres_connections{") }
                    .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
                return counts.reduce(0, +) == 22 && text.contains("atoll_postgres_up")
            }
            return text
        }
    }
}

import Foundation
import Testing

extension PlatformTests {
    /// The advanced configuration: what the API takes is what the server says.
    @Suite(.serialized, .platform(cluster: "config"))
    struct ConfigurationTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        private func patch(_ members: [String], _ cluster: ClusterUnderTest) async throws -> APIAnswer {
            try await platform.request(
                "PATCH", "/v2/databases/\(cluster.id)/config", body: "{\"config\":{\(members.joined(separator: ","))}}")
        }

        /// The value that the API returns for a row, as JSON text.
        private func returned(_ row: ConfigurationRow, _ cluster: ClusterUnderTest) async throws -> String {
            var found = try await cluster.api("GET", "/config").object["config"] as? [String: Any] ?? [:]
            var key = row.key
            if let dot = key.firstIndex(of: "."), let group = found[String(key[..<dot])] as? [String: Any] {
                found = group
                key = String(key[key.index(after: dot)...])
            }
            guard let value = found[key] else { return "absent" }
            let data = try JSONSerialization.data(
                withJSONObject: value, options: [.fragmentsAllowed, .withoutEscapingSlashes])
            return String(decoding: data, as: UTF8.self)
        }

        private func show(_ row: ConfigurationRow, _ cluster: ClusterUnderTest) async throws -> String {
            try await cluster.value("SHOW \(row.parameter)")
        }

        @Test(arguments: ConfigurationRow.reloaded)
        func aReloadIsEnough(row: ConfigurationRow) async throws {
            let cluster = try await platform.cluster("config")
            let pid = try cluster.postmasterPID()
            let before = try await show(row, cluster)
            #expect(before != row.shown, "the row's value is the default")
            let answer = try await patch([row.json()], cluster)
            #expect(answer.status == 200, "\(answer.body)")
            // In force for the next session, and told by the API.
            #expect(try await show(row, cluster) == row.shown)
            #expect(try await returned(row, cluster) == row.value)
            // null puts the default back.
            #expect(try await patch([row.json("null")], cluster).status == 200)
            #expect(try await show(row, cluster) == before)
            #expect(try cluster.postmasterPID() == pid)
        }

        @Test func aRestartAppliesTheRest() async throws {
            let cluster = try await platform.cluster("config")
            let pid = try cluster.postmasterPID()
            let rows = ConfigurationRow.restarted
            for row in rows { #expect(try await show(row, cluster) != row.shown, "\(row.key)") }
            let answer = try await patch(rows.map { $0.json() }, cluster)
            #expect(answer.status == 200, "\(answer.body)")
            let now = try await platform.await(cluster: "config", status: "online")
            for row in rows {
                #expect(try await show(row, now) == row.shown, "\(row.key)")
                #expect(try await returned(row, now) == row.value, "\(row.key)")
            }
            #expect(try now.postmasterPID() != pid)
            #expect(try await now.value("SELECT count(*) FROM pg_settings WHERE pending_restart") == "0")
            for row in rows where row.growsOnly { try await cannotShrink(row, now) }
        }

        private func cannotShrink(_ row: ConfigurationRow, _ cluster: ClusterUnderTest) async throws {
            let value = try #require(Int(row.value))
            for lower in ["\(value - 1)", "null"] {
                let answer = try await patch([row.json(lower)], cluster)
                #expect(answer.status == 422, "\(row.key) \(lower): \(answer.body)")
            }
            #expect(try await returned(row, cluster) == row.value)
            #expect(try await show(row, cluster) == row.shown)
            #expect(try await patch([row.json()], cluster).status == 200)
        }

        @Test(arguments: ConfigurationRow.stored)
        func othersSettingsAreKept(row: ConfigurationRow) async throws {
            let cluster = try await platform.cluster("config")
            let pid = try cluster.postmasterPID()
            let answer = try await patch([row.json()], cluster)
            #expect(answer.status == 200, "\(answer.body)")
            #expect(try await returned(row, cluster) == row.value)
            #expect(try cluster.postmasterPID() == pid)
        }

        @Test func outOfRangeIsRefused() async throws {
            let cluster = try await platform.cluster("config")
            let before = try await cluster.api("GET", "/config").object["config"] as? NSDictionary
            for row in ConfigurationRow.reloaded + ConfigurationRow.restarted + ConfigurationRow.stored {
                // All or nothing: a valid neighbour is not taken either.
                let neighbour = row.key == "work_mem" ? "bgwriter_lru_maxpages" : "work_mem"
                for value in row.refused + ["{}"] {
                    let answer = try await patch([row.json(value), "\"\(neighbour)\":77"], cluster)
                    #expect([400, 422].contains(answer.status), "\(row.key) \(value): \(answer.status) \(answer.body)")
                }
            }
            let after = try await cluster.api("GET", "/config").object["config"] as? NSDictionary
            #expect(before != nil && before == after)
            #expect(try await cluster.value("SHOW work_mem; SHOW bgwriter_lru_maxpages") != "77MB\n77")
        }

        @Test(arguments: [
            "\"backup_hour\":3", "\"backup_minute\":30", "\"synchronous_replication\":\"quorum\"",
            "\"max_failover_replication_time_lag\":60", "\"stat_monitor_enable\":true",
        ])
        func whatIsNotBuiltSaysSo(member: String) async throws {
            let cluster = try await platform.cluster("config")
            let answer = try await patch([member, "\"autovacuum_naptime\":77"], cluster)
            #expect(answer.status == 501, "\(answer.body)")
            #expect(try await cluster.value("SHOW autovacuum_naptime") == "1min")
        }

        @Test func unknownKeysAreIgnored() async throws {
            let cluster = try await platform.cluster("config")
            let answer = try await patch(
                ["\"no_such_key\":1", "\"archive_command\":\"touch /tmp/x\"", "\"pgbouncer\":{\"other\":1}"], cluster)
            #expect(answer.status == 200, "\(answer.body)")
            let config = try await cluster.api("GET", "/config").body
            #expect(!config.contains("no_such_key") && !config.contains("archive_command"))
            // A default that belongs to something not built may be said.
            #expect(try await patch(["\"synchronous_replication\":\"off\""], cluster).status == 200)
        }

        /// Every key of the file that DigitalOcean publishes is in the tables above or named here.
        @Test func everyPublishedKeyIsKnown() async throws {
            let cluster = try await platform.cluster("config")
            let known = Set(
                (ConfigurationRow.reloaded + ConfigurationRow.restarted + ConfigurationRow.stored).map(\.key))
            let config = try await cluster.api("GET", "/config").object["config"] as? [String: Any] ?? [:]
            let notBuilt: Set = ["synchronous_replication", "stat_monitor_enable"]
            for (key, value) in config where !notBuilt.contains(key) {
                guard let group = value as? [String: Any] else {
                    #expect(known.contains(key), "\(key)")
                    continue
                }
                for name in group.keys { #expect(known.contains("\(key).\(name)"), "\(key).\(name)") }
            }
            #expect(config.count >= 48)
        }
    }
}

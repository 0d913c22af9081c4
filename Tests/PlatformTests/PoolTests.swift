import Foundation
import Testing

extension PlatformTests {
    /// Connection pools of a cluster from outside: API, command line, psql and the processes themselves.
    @Suite(.serialized, .platform(cluster: "pooled"))
    struct PoolTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        /// A pool by the API.
        private func makePool(
            _ cluster: ClusterUnderTest, _ name: String, size: Int, user: String? = "doadmin",
            database: String = "defaultdb", mode: String = "transaction"
        ) async throws {
            var body: [String: Any] = ["name": name, "mode": mode, "size": size, "db": database]
            body["user"] = user
            let answer = try await cluster.api("POST", "/pools", body)
            guard answer.status == 201 else { throw TestFailure("pool \(name): \(answer.status) \(answer.body)") }
        }

        private func remove(_ cluster: ClusterUnderTest, _ names: String...) async throws {
            for name in names { #expect(try await cluster.api("DELETE", "/pools/\(name)").status == 204, "\(name)") }
        }

        /// One statement through a pool.
        private func psql(
            _ cluster: ClusterUnderTest, pool: String, _ sql: String, user: String? = nil, password: String? = nil
        ) async throws -> CommandResult {
            let uri = cluster.uri(user: user, password: password, database: pool)
                .replacing(":\(cluster.port)/", with: ":\(cluster.port + 1)/")
            return try await Shell.run("/usr/bin/psql", ["-X", "-q", "-A", "-t", uri, "-c", sql])
        }

        private func poolerPID(_ cluster: ClusterUnderTest) async throws -> Int32? {
            let answer = try await platform.request("GET", "/atoll/v1/databases/\(cluster.id)/pooler")
            return ((answer.object["pooler"] as? [String: Any])?["pid"] as? Int).map(Int32.init)
        }

        @Test func poolsServeTheirUserAndNobodyElse() async throws {
            let cluster = try await platform.cluster("pooled")
            let password = try await cluster.makeUser("app")
            try await makePool(cluster, "one-user", size: 3)
            try await makePool(cluster, "everybody", size: 3, user: nil, mode: "session")
            let who = "SELECT current_user || ' ' || current_database()"
            let served = try await psql(cluster, pool: "one-user", who)
            #expect(served.output == "doadmin defaultdb\n", "\(served)")
            let inbound = try await psql(cluster, pool: "everybody", who, user: "app", password: password)
            #expect(inbound.output == "app defaultdb\n", "\(inbound)")
            for (pool, user, secret) in [
                ("one-user", "app", password), ("one-user", "doadmin", "wrong"), ("everybody", "app", "wrong"),
                ("defaultdb", "doadmin", cluster.password), ("everybody", "postgres", "wrong"),
            ] {
                let refused = try await psql(cluster, pool: pool, "SELECT 1", user: user, password: secret)
                #expect(!refused.isSuccess && refused.errors.contains("FATAL"), "\(refused)")
            }
            let plain = cluster.uri(database: "everybody").replacing(":\(cluster.port)/", with: ":\(cluster.port + 1)/")
                .replacing("sslmode=verify-full", with: "sslmode=disable")
            #expect(try await !Shell.run("/usr/bin/psql", ["-X", plain, "-c", "SELECT 1"]).isSuccess)
            // The smallest cluster has 22 connections.
            let refused = try await cluster.api(
                "POST", "/pools", ["name": "more", "mode": "session", "size": 17, "db": "defaultdb"])
            #expect(refused.status == 422 && refused.body.contains("at most 16"), "\(refused.body)")
            for (key, value) in [("db", "nowhere"), ("user", "nobody"), ("mode", "none"), ("name", "pgbouncer")] {
                var body: [String: Any] = ["name": "more", "mode": "session", "size": 1, "db": "defaultdb"]
                body[key] = value
                #expect(try await cluster.api("POST", "/pools", body).status == 422, "\(key)")
            }
            try await remove(cluster, "one-user", "everybody")
            #expect(try await poolerPID(cluster) == nil)
            #expect(try await cluster.api("DELETE", "/users/app").status == 204)
        }

        @Test func everyOperationOfPydo() async throws {
            let cluster = try await platform.cluster("pooled")
            let result = try await Python.run(
                "pydo_pools.py", [platform.apiURL, try platform.token(), platform.authorityFile, cluster.id])
            #expect(result.isSuccess && result.output == "done\n", "\(result)")
        }

        @Test func poolsFollowLoginsThatSQLChanges() async throws {
            let cluster = try await platform.cluster("pooled")
            try await makePool(cluster, "everybody", size: 3, user: nil)
            for password in ["first", "second"] {
                let verb = password == "first" ? "CREATE" : "ALTER"
                let changed = try await cluster.psql("\(verb) ROLE sql_made LOGIN PASSWORD '\(password)'")
                #expect(changed.isSuccess, "\(changed)")
                let start = ContinuousClock.now
                try await PlatformTests.until("the login with the password \(password)", seconds: 10) {
                    try await psql(cluster, pool: "everybody", "SELECT 1", user: "sql_made", password: password)
                        .isSuccess
                }
                #expect(ContinuousClock.now - start < .seconds(10))
            }
            let old = try await psql(cluster, pool: "everybody", "SELECT 1", user: "sql_made", password: "first")
            #expect(!old.isSuccess)
            _ = try await cluster.psql("DROP ROLE sql_made")
            try await PlatformTests.until("no login of a dropped role", seconds: 10) {
                try await !psql(cluster, pool: "everybody", "SELECT 1", user: "sql_made", password: "second").isSuccess
            }
            try await remove(cluster, "everybody")
        }

        /// A change of one pool, a new control process and a restart of the server reach no client of another pool.
        @Test func clientsStayThroughChanges() async throws {
            let cluster = try await platform.cluster("pooled")
            try await makePool(cluster, "stays", size: 3)
            try await makePool(cluster, "changes", size: 3)
            let before = try await poolerPID(cluster)
            let lines = (1...16).map { "SELECT \($0);\n\\! sleep 0.5\n" }.joined()
            let uri = cluster.uri(database: "stays").replacing(":\(cluster.port)/", with: ":\(cluster.port + 1)/")
            async let client = Shell.run("/usr/bin/psql", ["-X", "-q", "-A", "-t", uri], input: lines)
            try await Task.sleep(for: .seconds(1))
            let change: [String: Any] = ["mode": "session", "size": 5, "db": "defaultdb", "user": "doadmin"]
            #expect(try await cluster.api("PUT", "/pools/changes", change).status == 204)
            try await remove(cluster, "changes")
            try await platform.end(SIGKILL)
            try await platform.start()
            kill(try cluster.postmasterPID(), SIGINT)
            let result = try await client
            #expect(result.output == (1...16).map { "\($0)\n" }.joined(), "\(result)")
            #expect(try await poolerPID(cluster) == before)
            _ = try await platform.await(cluster: "pooled", status: "online")
            try await remove(cluster, "stays")
        }

        @Test func aPoolerThatIsKilledComesBack() async throws {
            let cluster = try await platform.cluster("pooled")
            try await makePool(cluster, "web", size: 3)
            let first = try #require(try await poolerPID(cluster))
            kill(first, SIGKILL)
            try await PlatformTests.until("the next pooler") {
                guard let pid = try await poolerPID(cluster), pid != first else { return false }
                return try await psql(cluster, pool: "web", "SELECT 1").isSuccess
            }
            try await remove(cluster, "web")
        }

        @Test func trustedSourcesHoldForPools() async throws {
            let cluster = try await platform.cluster("pooled")
            try await makePool(cluster, "web", size: 3)
            func trust(_ sources: [String]) async throws {
                let rules = sources.map { ["type": "ip_addr", "value": $0] }
                #expect(try await cluster.api("PUT", "/firewall", ["rules": rules]).status == 204)
            }
            try await trust(["10.0.0.0/8"])
            #expect(try await !psql(cluster, pool: "web", "SELECT 1").isSuccess)
            try await trust(["127.0.0.0/8"])
            #expect(try await psql(cluster, pool: "web", "SELECT 1").isSuccess)
            try await trust([])
            try await remove(cluster, "web")
        }

        /// A dropped database or user, a changed password, a restart, trusted sources: by the API and by SQL.
        @Test func clientsGetTheRightErrorWhenThingsChange() async throws {
            let cluster = try await platform.cluster("pooled")
            let result = try await Python.run(
                "pools_follow.py",
                [
                    platform.apiURL, try platform.token(), platform.authorityFile, cluster.id,
                    "\(try cluster.postmasterPID())",
                ], timeoutSeconds: 600)
            #expect(result.isSuccess && result.output.hasSuffix("all checks passed\n"), "\(result)")
            _ = try await platform.await(cluster: "pooled", status: "online")
        }

        // MARK: - Figures

        /// The platform's metrics, as Prometheus gets them.
        private func scrape() async throws -> String {
            let answer = try await platform.request("GET", "/v2/databases/metrics/credentials")
            let credentials = try #require(answer.object["credentials"] as? [String: String])
            let login = "\(credentials["basic_auth_username"] ?? ""):\(credentials["basic_auth_password"] ?? "")"
            return try await Shell.run(
                "/usr/bin/curl",
                [
                    "-sS", "-m", "10", "--cacert", platform.authorityFile, "-u", login,
                    "https://localhost:\(platform.metricsPort)/metrics",
                ]
            ).output
        }

        @Test func poolsAreMeasured() async throws {
            let cluster = try await platform.cluster("pooled")
            try await makePool(cluster, "measured", size: 3)
            for _ in 0..<3 { #expect(try await psql(cluster, pool: "measured", "SELECT 1").isSuccess) }
            let answer = try await platform.request("GET", "/atoll/v1/databases/\(cluster.id)/pooler/figures")
            let figures = try #require(answer.object["figures"] as? [String: Any], "\(answer.body)")
            let pools = try #require(figures["pools"] as? [[String: Any]])
            #expect(pools.count == 1 && pools[0]["pool"] as? String == "measured", "\(pools)")
            #expect(pools[0]["transactions"] as? Int == 3 && pools[0]["size"] as? Int == 3, "\(pools)")
            #expect((pools[0]["transaction"] as? [String: Any])?["count"] as? Int == 3, "\(pools)")
            // The collector comes by each quarter of a minute.
            let line =
                "atoll_pooler_transactions_total{cluster=\"pooled\",cluster_id=\"\(cluster.id)\","
                + "database=\"measured\",user=\"doadmin\"} 3"
            try await PlatformTests.until("the platform tells it", seconds: 60) { try await scrape().contains(line) }
            #expect(try await scrape().contains("pgbouncer_pools_server_idle_connections{cluster=\"pooled\""))
            try await remove(cluster, "measured")
            try await PlatformTests.until("nothing is told of a pool that has gone", seconds: 60) {
                try await !scrape().contains("measured")
            }
        }

        @Test func topShowsPoolsAtWork() async throws {
            let cluster = try await platform.cluster("pooled")
            try await makePool(cluster, "top", size: 3)
            #expect(try await psql(cluster, pool: "top", "SELECT 1").isSuccess)
            let table = try await platform.atoll("db", "pool", "top", "pooled", "--once")
            #expect(table.isSuccess && table.output.contains("\ntop   doadmin"), "\(table)")
            #expect(!table.output.contains("\u{1B}"))
            let terminal = try await Shell.run(
                try await Python.executable(),
                [
                    Python.repository + "/Tests/PlatformTests/Scripts/pool_top.py", PlatformUnderTest.executable,
                    "pooled",
                ],
                environment: ["ATOLL_DATA": platform.directory])
            #expect(terminal.isSuccess && terminal.output == "all checks passed\n", "\(terminal)")
            // A reader that has had enough ends it.
            let piped = try await Shell.bash(
                "ATOLL_DATA=\(platform.directory) \(PlatformUnderTest.executable) db pool top pooled --format json | head -n 2"
            )
            let lines = piped.output.split(separator: "\n")
            #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix(#"{"pools":[{"clients_active":"#) }, "\(piped)")
            try await remove(cluster, "top")
        }

        /// 22 slots, ten of them taken by direct clients, a hundred clients of a pool of 22: nobody is refused, and the
        /// platform comes in whenever it wants.
        @Test func aFullServerIsStillWatched() async throws {
            let cluster = try await platform.cluster("pooled")
            try await makePool(cluster, "crowd", size: 22)
            let sleepers = "for n in 1 2 3 4 5 6 7 8 9 10; do psql -X -c 'SELECT pg_sleep(25)' & done; wait"
            async let held = Shell.bash(sleepers, environment: platform.clientEnvironment(cluster))
            try await Task.sleep(for: .seconds(1))
            let uri = cluster.uri(database: "crowd").replacing(":\(cluster.port)/", with: ":\(cluster.port + 1)/")
            let script = platform.parent + "/crowd.sql"
            try "SELECT pg_sleep(0.01);\n".write(toFile: script, atomically: true, encoding: .utf8)
            async let crowd = Shell.run(
                "/usr/lib/postgresql/15/bin/pgbench",
                ["-n", "-f", script, "-c", "100", "-j", "2", "-T", "20", uri], timeoutSeconds: 120)
            try await Task.sleep(for: .seconds(2))
            for round in 1...20 {
                // Roles are read from the server each time, by a session like the collector's.
                let made = try await cluster.api("POST", "/users", ["name": "watcher"])
                #expect(made.status == 201, "\(round): \(made.body)")
                #expect(try await cluster.api("DELETE", "/users/watcher").status == 204, "\(round)")
                #expect(
                    try await !scrape().contains("atoll_postgres_up{cluster=\"pooled\",cluster_id=\"\(cluster.id)\"} 0")
                )
            }
            let result = try await crowd
            #expect(result.isSuccess && result.output.contains("number of failed transactions: 0 "), "\(result)")
            #expect(!result.errors.contains("FATAL"), "\(result)")
            _ = try await held
            try await remove(cluster, "crowd")
        }

        /// The tutorial's comparison on the smallest cluster: 22 direct clients at most, 40 through a pool of 22.
        @Test func theBenchmarkGoesThroughThePool() async throws {
            let cluster = try await platform.cluster("pooled")
            #expect(try await cluster.api("POST", "/dbs", ["name": "benchmark"]).status == 201)
            try await makePool(cluster, "test-pool", size: 22, database: "benchmark")
            let bench = try await platform.atoll(
                ["bench", "pg", "pooled", "--scale", "1", "--time", "3", "--clients", "40", "--format", "json"],
                timeoutSeconds: 300)
            #expect(bench.isSuccess, "\(bench)")
            let benchmark = APIAnswer(headText: "", body: bench.output).object["benchmark"] as? [String: Any]
            let runs = try #require(benchmark?["runs"] as? [[String: Any]])
            #expect(runs.map { $0["path"] as? String } == ["direct", "direct", "pool"], "\(bench)")
            #expect(runs.map { $0["clients"] as? Int } == [40, 22, 40], "\(bench)")
            #expect(runs[2]["failed_connections"] as? Int == 0 && runs[2]["tps"] as? Double ?? 0 > 0, "\(bench)")
            #expect(runs[2]["pooler_cpu_seconds"] as? Double ?? 0 > 0, "\(bench)")
            try await remove(cluster, "test-pool")
        }

        @Test func aDeletedClusterLeavesNoPooler() async throws {
            let cluster = try await platform.createCluster("gone")
            try await makePool(cluster, "web", size: 3)
            let pid = try #require(try await poolerPID(cluster))
            let deleted = try await platform.atoll("db", "delete", "gone", "--force")
            #expect(deleted.isSuccess, "\(deleted)")
            try await PlatformTests.until("nothing is left of the cluster") {
                let digits = cluster.id.filter { $0 != "-" }.prefix(12)
                let rest = try await Shell.bash(
                    "ls -d \(platform.directory)/{clusters/\(cluster.id),sock/\(cluster.port),run/\(digits)*} "
                        + "2>/dev/null; getent passwd | grep -c \(digits)")
                return rest.output == "0\n" && kill(pid, 0) != 0
            }
        }
    }
}

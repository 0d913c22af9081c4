import Foundation
import Testing

extension PlatformTests {
    /// The pgbench tutorial's first step, smaller: its database, its data, and a run with many clients.
    @Suite(.serialized, .platform(cluster: "bench"))
    struct PgbenchTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        static let pgbench = "/usr/lib/postgresql/15/bin/pgbench"

        @Test func pgbenchRunsOverTLSWithoutAFailure() async throws {
            let cluster = try await platform.cluster("bench")
            let environment = platform.clientEnvironment(cluster)
            let made = try await Shell.run(
                "/usr/bin/psql", ["-X", "-c", "CREATE DATABASE benchmark;"], environment: environment)
            #expect(made.output == "CREATE DATABASE\n", "\(made)")
            let address = ["-h", cluster.host, "-p", "\(cluster.port)", "-U", "doadmin"]
            let filled = try await Shell.run(
                Self.pgbench, address + ["-i", "-s", "10", "-q", "benchmark"], environment: environment,
                timeoutSeconds: 300)
            #expect(filled.isSuccess && filled.errors.contains("done in"), "\(filled)")
            #expect(
                try await cluster.value("SELECT count(*) FROM pgbench_accounts", database: "benchmark") == "1000000")
            async let run = Shell.run(
                Self.pgbench, address + ["-c", "20", "-j", "2", "-T", "10", "benchmark"], environment: environment)
            var encrypted = ""
            try await PlatformTests.until("20 sessions with TLS") {
                encrypted = try await cluster.value(
                    """
                    SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
                    WHERE application_name = 'pgbench' AND ssl AND version >= 'TLSv1.2'
                    """)
                return encrypted == "20"
            }
            let result = try await run
            #expect(result.isSuccess, "\(result)")
            #expect(result.output.contains("number of failed transactions: 0 (0.000%)"), "\(result)")
            #expect(result.output.contains("number of clients: 20"), "\(result)")
            let history = try await cluster.value("SELECT count(*) > 0 FROM pgbench_history", database: "benchmark")
            #expect(history == "t")
            // Every transaction moves the same amount in three tables.
            let sums = """
                SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history)
                AND (SELECT sum(bbalance) FROM pgbench_branches) = (SELECT sum(delta) FROM pgbench_history)
                """
            #expect(try await cluster.value(sums, database: "benchmark") == "t")
        }

        /// The smallest cluster lets 22 clients in. The comparison says so, and goes on with those.
        @Test func benchmarkIsRunShownAndKept() async throws {
            let bench = try await platform.atoll(
                ["bench", "pg", "bench", "--scale", "1", "--time", "2", "--clients", "5,40", "--database", "compared"],
                timeoutSeconds: 300)
            #expect(bench.isSuccess, "\(bench)")
            let rows = bench.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            #expect(rows[1][0...1] == ["5", "direct"] && (Double(rows[1][2]) ?? 0) > 0, "\(bench)")
            #expect(rows[2][0...2] == ["40", "direct", "-"], "\(bench)")
            #expect(rows[3][0...3] == ["22", "direct", "(most", "admitted)"], "\(bench)")
            #expect(bench.output.contains("FATAL: remaining connection slots are reserved"), "\(bench)")

            let kept = try await platform.request("GET", "/atoll/v1/benchmarks")
            let benchmark = try #require((kept.object["benchmarks"] as? [[String: Any]])?.first)
            let id = try #require(benchmark["id"] as? String)
            let shown = try await platform.atoll(["bench", "show", id, "--format", "json"])
            let whole = try #require(APIAnswer(headText: "", body: shown.output).object["benchmark"] as? [String: Any])
            let runs = try #require(whole["runs"] as? [[String: Any]])
            #expect(runs.map { $0["failed_connections"] as? Int == 0 } == [true, false, true], "\(shown)")
            for run in [runs[0], runs[2]] {
                let median = try #require(run["latency_average_ms"] as? Double)
                let p95 = try #require(run["latency_p95_ms"] as? Double)
                let p99 = try #require(run["latency_p99_ms"] as? Double)
                #expect(median > 0 && p95 > 0 && p99 >= p95, "\(run)")
                // A run of two seconds is logged whole.
                #expect(run["latency_samples"] as? Int == run["transactions"] as? Int, "\(run)")
            }
            let rest = try await Shell.bash("ls -d \(NSTemporaryDirectory())/atoll-pgbench-* 2>/dev/null | wc -l")
            #expect(rest.output == "0\n", "files of a benchmark were left: \(rest)")
        }

        @Test func benchmarkEndsWithItsCommand() async throws {
            let command = "\(PlatformUnderTest.executable) bench pg bench --scale 1 --time 60 --clients 2"
            let ended = try await Shell.bash(
                "exec timeout --signal=INT 6 \(command)", environment: ["ATOLL_DATA": platform.directory])
            #expect(ended.errors.contains("atoll: the benchmark was interrupted"), "\(ended)")
            try await PlatformTests.until("no session of pgbench") { () async throws -> Bool in
                try await platform.cluster("bench").value(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbench'") == "0"
            }
        }
    }
}

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
    }
}

import Foundation
import Testing

extension PlatformTests {
    /// `atoll pooler` by itself, between a PostgreSQL and real clients; `Scripts/Pooler` starts all three.
    @Suite(.serialized)
    struct PoolerTests {
        enum Client: String, CaseIterable { case psql, psycopg, asyncpg, sqlalchemy, django }
        enum Mode: String, CaseIterable { case session, transaction, statement }
        enum Restart: String, CaseIterable { case load, clients, failures }
        enum Link: String, CaseIterable { case physical, logical, peers }
        enum Fault: String, CaseIterable { case killed, paused, restarted, crowd }

        /// Clients of the crowd of half-open ones, and what else a test has open.
        static let descriptorCount: UInt64 = 12_000
        static let hasDescriptors: Bool = {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            return limit.rlim_max >= descriptorCount || getuid() == 0
        }()

        private func expectSuccess(
            _ script: String, _ arguments: [String] = [], timeoutSeconds: Int = 300
        ) async throws {
            let result = try await Python.run(
                "Pooler/\(script)", ["\(PlatformUnderTest.executable) pooler"] + arguments,
                environment: ["PYTHONDONTWRITEBYTECODE": "1"], timeoutSeconds: timeoutSeconds)
            #expect(result.isSuccess && result.output.hasSuffix("all checks passed\n"), "\(result)")
        }

        @Test(arguments: Client.allCases, Mode.allCases)
        func everyClientInEveryMode(client: Client, mode: Mode) async throws {
            try await expectSuccess("client_\(client).py", ["\(mode)"])
        }

        @Test(arguments: Mode.allCases) func noStateOfASessionReachesAnother(mode: Mode) async throws {
            try await expectSuccess("session_state.py", ["\(mode)"])
        }

        @Test(arguments: Fault.allCases) func faultsUnderLoad(fault: Fault) async throws {
            try await expectSuccess("faults.py", ["\(fault)"])
        }

        @Test(arguments: Restart.allCases) func onlineRestartDropsNobody(restart: Restart) async throws {
            try await expectSuccess("online_restart.py", ["\(restart)"])
        }

        @Test(arguments: Link.allCases) func replicationAndPeers(link: Link) async throws {
            try await expectSuccess("replication.py", ["\(link)"])
        }

        @Test(.enabled(if: hasDescriptors, "needs 12,000 descriptors")) func clientsThatMeanNoGood() async throws {
            try await expectSuccess("hostile_clients.py", timeoutSeconds: 600)
        }

        @Test func serversThatLie() async throws { try await expectSuccess("lying_server.py", timeoutSeconds: 600) }
    }
}

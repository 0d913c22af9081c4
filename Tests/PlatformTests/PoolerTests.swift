import Foundation
import Testing

extension PlatformTests {
    /// `atoll pooler` by itself, between a PostgreSQL and real clients; `Scripts/Pooler` starts all three.
    @Suite(.serialized)
    struct PoolerTests {
        enum Client: String, CaseIterable { case psql, psycopg, asyncpg, sqlalchemy, django }
        enum Mode: String, CaseIterable { case session, transaction, statement }
        enum Restart: String, CaseIterable { case clients, failures }
        enum Link: String, CaseIterable { case physical, logical, peers }
        enum Loops: String, CaseIterable { case limits, moves, console, ends, restart }
        enum Fault: String, CaseIterable { case killed, paused, restarted, crowd }

        /// Whether what needs a machine to itself, because it counts on things being done in time, is run too.
        static let isLong = ProcessInfo.processInfo.environment["ATOLL_LONG_TESTS"] != nil
        static let whenLong: ConditionTrait = .enabled(if: isLong, "only with ATOLL_LONG_TESTS=1, on a quiet machine")

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

        @Test func metricsUnderLoad() async throws { try await expectSuccess("metrics.py") }

        @Test(arguments: Loops.allCases) func severalLoopsServeAsOne(scene: Loops) async throws {
            try await expectSuccess("loops.py", ["\(scene)"])
        }

        @Test(whenLong, arguments: Fault.allCases) func faultsUnderLoad(fault: Fault) async throws {
            try await expectSuccess("faults.py", ["\(fault)"])
        }

        @Test(arguments: Restart.allCases) func onlineRestartDropsNobody(restart: Restart) async throws {
            try await expectSuccess("online_restart.py", ["\(restart)"])
        }

        @Test(arguments: Link.allCases) func replicationAndPeers(link: Link) async throws {
            try await expectSuccess("replication.py", ["\(link)"])
        }

        @Test(whenLong) func onlineRestartUnderLoad() async throws {
            try await expectSuccess("online_restart.py", ["load"])
        }

        @Test(whenLong) func clientsThatMeanNoGood() async throws {
            try await expectSuccess("hostile_clients.py", timeoutSeconds: 600)
        }

        @Test(whenLong) func serversThatLie() async throws {
            try await expectSuccess("lying_server.py", timeoutSeconds: 600)
        }
    }
}

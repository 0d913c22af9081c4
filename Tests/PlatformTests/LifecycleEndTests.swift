import Foundation
import Testing

extension PlatformTests {
    /// How a platform ends by signals, and the essential life in both ways of running it.
    @Suite(.serialized)
    struct LifecycleEndTests {
        @Test(arguments: [SIGTERM, SIGINT])
        func aSignalEndsEverythingCleanly(signal: Int32) async throws {
            try await withPlatform { platform in
                let cluster = try await platform.createCluster("ends")
                #expect(try await cluster.psql("CREATE TABLE t (n int); INSERT INTO t VALUES (7)").isSuccess)
                #expect(try await platform.end(signal) == 0)
                #expect(ProcessTable.with(platform.directory + "/").isEmpty)
                #expect(
                    PlatformUnderTest.isFree(port: cluster.port) && PlatformUnderTest.isFree(port: platform.apiPort))
                #expect(!FileManager.default.fileExists(atPath: platform.directory + "/run/control.json"))
                #expect(platform.postgresLog(cluster).contains("database system is shut down"))
                try await platform.start()
                _ = try await platform.await(cluster: "ends", status: "online")
                #expect(!platform.postgresLog(cluster).contains("not properly shut down"))
                #expect(try await cluster.psql("SELECT n FROM t").output == "7\n")
            }
        }

        /// A signal that comes while clusters are being made, and a second signal while the first is being obeyed.
        @Test func signalsAtBadMoments() async throws {
            try await withPlatform { platform in
                let ids = [
                    try await platform.requestCluster("young-a"), try await platform.requestCluster("young-b"),
                ]
                try await Task.sleep(for: .milliseconds(Int.random(in: 0..<1500)))
                kill(platform.controlPID, SIGTERM)
                try await Task.sleep(for: .milliseconds(30))
                #expect(try await platform.end(SIGTERM) == 0)
                #expect(ProcessTable.with(platform.directory + "/").isEmpty)
                try await platform.start()
                for id in ids { try await platform.awaitState(ofCluster: id, "online") }
            }
        }

        @Test func anOpenTransactionOutlivesControl() async throws {
            try await withPlatform { platform in
                let cluster = try await platform.createCluster("lasting")
                #expect(try await cluster.psql("CREATE TABLE t (n int)").isSuccess)
                let postmaster = try cluster.postmasterPID()
                let session = Task {
                    try await cluster.psql("BEGIN; INSERT INTO t VALUES (1); SELECT pg_sleep(3); COMMIT;")
                }
                try await until("the session sleeps") {
                    try await cluster.psql(
                        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
                    ).output == "1\n"
                }
                #expect(try await platform.end(SIGUSR1) == 0)
                #expect(!FileManager.default.fileExists(atPath: platform.directory + "/run/control.json"))
                #expect(try await cluster.psql("SELECT 1").output == "1\n")
                try await platform.start()
                let result = try await session.value
                #expect(result.isSuccess, "\(result)")
                #expect(try await cluster.psql("SELECT count(*) FROM t").output == "1\n")
                #expect(try cluster.postmasterPID() == postmaster)
                #expect(try await platform.cluster("lasting").status == "online")
            }
        }

        static var runners: [PlatformUnderTest.Runner] {
            PlatformUnderTest.isRoot ? PlatformUnderTest.Runner.allCases : [.current]
        }

        @Test(arguments: runners)
        func theEssentialLife(runner: PlatformUnderTest.Runner) async throws {
            try await withPlatform(runner: runner) { platform in
                let cluster = try await platform.createCluster("life")
                #expect(try await cluster.psql("CREATE TABLE t (n int); INSERT INTO t VALUES (1)").isSuccess)
                var status = stat()
                lstat(cluster.dataDirectory, &status)
                let uid = platform.userID(ofCluster: cluster.id)
                switch (runner, PlatformUnderTest.isRoot) {
                case (.ordinaryUser, _): #expect(status.st_uid == uid_t(PlatformUnderTest.nobody.userID) && uid == nil)
                case (.current, true): #expect(status.st_uid == uid && uid != nil)
                case (.current, false): #expect(status.st_uid == getuid())
                }
                let first = try cluster.postmasterPID()
                kill(first, SIGKILL)
                try await until("a new server", seconds: 60) {
                    try await cluster.psql("SELECT n FROM t").output == "1\n" && (try? cluster.postmasterPID()) != first
                }
                let second = try cluster.postmasterPID()
                try await platform.end(SIGKILL)
                #expect(try await cluster.psql("SELECT n FROM t").output == "1\n")
                try await platform.start()
                _ = try await platform.await(cluster: "life", status: "online")
                #expect(try cluster.postmasterPID() == second)
                #expect(try await platform.end() == 0)
                try await platform.start()
                _ = try await platform.await(cluster: "life", status: "online")
                #expect(try await cluster.psql("SELECT n FROM t").output == "1\n")
                let deleted = try await platform.request("DELETE", "/v2/databases/\(cluster.id)")
                #expect(deleted.status == 204)
                var remains: [String] = []
                try await until("nothing is left; there is \(remains)") {
                    remains = try await platform.remains(
                        ofCluster: cluster.id, port: cluster.port, userID: platform.userID(ofCluster: cluster.id))
                    return remains.isEmpty
                }
                #expect(try await platform.end() == 0)
                #expect(ProcessTable.with(platform.directory + "/").isEmpty)
            }
        }
    }
}

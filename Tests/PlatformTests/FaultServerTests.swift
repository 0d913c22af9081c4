import Foundation
import Testing

extension PlatformTests {
    /// Processes that die and files that go: each ends in a running cluster or in a status with the reason.
    @Suite(.serialized, .platform(cluster: "faults"))
    struct FaultServerTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        /// The cluster with one committed row, `value`.
        private func cluster(holding value: Int) async throws -> ClusterUnderTest {
            let cluster = try await platform.await(cluster: "faults", status: "online")
            let result = try await cluster.psql(
                "DROP TABLE IF EXISTS kept; CREATE TABLE kept (n int); INSERT INTO kept VALUES (\(value))")
            guard result.isSuccess else { throw TestFailure("\(result)") }
            return cluster
        }

        /// Waits until another server than before serves, and looks for the row.
        private func expectRecovery(_ cluster: ClusterUnderTest, from pid: Int32, value: Int) async throws {
            var seen: [String] = []
            try await until("a server after \(pid); \(seen)\n\(platform.upLog.suffix(3000))", seconds: 60) {
                if let state = try await platform.state(ofCluster: cluster.id) {
                    let text = "\(state.status): \(state.message)"
                    if seen.last != text { seen.append(text) }
                    if state.status == "offline" { #expect(!state.message.isEmpty, "offline without a reason") }
                }
                return try await cluster.psql("SELECT n FROM kept", timeoutSeconds: 5).output == "\(value)\n"
                    && (try? cluster.postmasterPID()) != pid
            }
            _ = try await platform.await(cluster: "faults", status: "online")
            print("seen from the death of a server to its return: \(seen)")
        }

        @Test func aKilledPostmasterComesBack() async throws {
            for value in 1...3 {
                let cluster = try await cluster(holding: value)
                let pid = try cluster.postmasterPID()
                kill(pid, SIGKILL)
                try await expectRecovery(cluster, from: pid, value: value)
            }
            let saysWhy = platform.upLog.contains("The server was ended by SIGKILL")
            #expect(saysWhy)
        }

        @Test func aKilledShimIsReplaced() async throws {
            let cluster = try await cluster(holding: 10)
            let (pid, shim) = (try cluster.postmasterPID(), try platform.shimPID(cluster))
            kill(shim, SIGKILL)
            try await expectRecovery(cluster, from: pid, value: 10)
            #expect(try platform.shimPID(cluster) != shim)
            #expect(ProcessTable.with("shim --run-directory \(platform.directory)/").count == 1)
        }

        @Test func shimAndPostmasterKilledAtOnce() async throws {
            let cluster = try await cluster(holding: 11)
            let (pid, shim) = (try cluster.postmasterPID(), try platform.shimPID(cluster))
            kill(shim, SIGKILL)
            kill(pid, SIGKILL)
            try await expectRecovery(cluster, from: pid, value: 11)
        }

        @Test func everythingKilledAtOnce() async throws {
            let cluster = try await cluster(holding: 12)
            let (pid, shim) = (try cluster.postmasterPID(), try platform.shimPID(cluster))
            kill(platform.controlPID, SIGKILL)
            kill(shim, SIGKILL)
            kill(pid, SIGKILL)
            try await platform.end(SIGKILL)
            try await platform.start()
            try await expectRecovery(cluster, from: pid, value: 12)
        }

        @Test func aKilledBackendHarmsNobodyForLong() async throws {
            let cluster = try await cluster(holding: 20)
            let postmaster = try cluster.postmasterPID()
            let session = Task {
                try await cluster.psql("SELECT pg_sleep(60)", timeoutSeconds: 65)
            }
            var backend: Int32 = 0
            try await until("the session sleeps") {
                let found = try await cluster.psql(
                    "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'")
                backend = Int32(found.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
                return backend > 0
            }
            kill(backend, SIGKILL)
            #expect(try await !session.value.isSuccess)
            try await until("it serves again") { try await cluster.psql("SELECT n FROM kept").output == "20\n" }
            #expect(try cluster.postmasterPID() == postmaster)
            _ = try await platform.await(cluster: "faults", status: "online")
        }

        @Test func aServerThatCannotStartSaysWhy() async throws {
            let cluster = try await cluster(holding: 30)
            let file = cluster.dataDirectory + "/global/pg_control"
            #expect(rename(file, file + ".aside") == 0)
            kill(try cluster.postmasterPID(), SIGKILL)
            try await platform.awaitState(ofCluster: cluster.id, "offline", message: "global/pg_control")
            let user = try await platform.request(
                "POST", "/v2/databases/\(cluster.id)/users", body: #"{"name":"nobody-home"}"#)
            #expect(user.status == 412 || user.status == 503, "\(user.status) \(user.body)")
            let listed = try await platform.atoll("status")
            #expect(listed.isSuccess && listed.output.contains("offline"), "\(listed)")
            #expect(rename(file + ".aside", file) == 0)
            try await platform.awaitState(ofCluster: cluster.id, "online")
            #expect(try await cluster.psql("SELECT n FROM kept").output == "30\n")
        }

        /// Never initialised again over a directory that is away.
        @Test func aDataDirectoryThatIsAwayIsWaitedFor() async throws {
            let cluster = try await cluster(holding: 40)
            let aside = platform.parent + "/aside"
            #expect(rename(cluster.dataDirectory, aside) == 0)
            let pid =
                Int32(
                    try String(contentsOfFile: aside + "/postmaster.pid", encoding: .utf8).prefix { $0.isNumber }) ?? 0
            kill(pid, SIGKILL)
            try await platform.awaitState(ofCluster: cluster.id, "offline", message: "data directory is missing")
            try await Task.sleep(for: .milliseconds(500))
            #expect(!FileManager.default.fileExists(atPath: cluster.dataDirectory + "/PG_VERSION"))
            rmdir(cluster.dataDirectory)
            #expect(rename(aside, cluster.dataDirectory) == 0)
            try await platform.awaitState(ofCluster: cluster.id, "online")
            #expect(try await cluster.psql("SELECT n FROM kept").output == "40\n")
        }

        @Test func allClustersAwayAtTheStart() async throws {
            let cluster = try await cluster(holding: 50)
            try await platform.end()
            let clusters = platform.directory + "/clusters"
            #expect(rename(clusters, platform.parent + "/clusters-aside") == 0)
            try await platform.start()
            try await platform.awaitState(ofCluster: cluster.id, "offline", message: "data directory is missing")
            #expect(!FileManager.default.fileExists(atPath: cluster.dataDirectory + "/PG_VERSION"))
            try await platform.end()
            try FileManager.default.removeItem(atPath: clusters)
            #expect(rename(platform.parent + "/clusters-aside", clusters) == 0)
            try await platform.start()
            try await platform.awaitState(ofCluster: cluster.id, "online")
            #expect(try await cluster.psql("SELECT n FROM kept").output == "50\n")
        }

        @Test func aPortThatSomebodyTookIsNamed() async throws {
            let cluster = try await cluster(holding: 60)
            try await platform.end()
            let holder = try await PortHolder(port: cluster.port)
            defer { holder.release() }
            try await platform.start()
            try await platform.awaitState(ofCluster: cluster.id, "offline", message: "Port \(cluster.port) is in use")
            holder.release()
            try await platform.awaitState(ofCluster: cluster.id, "online")
            #expect(try await cluster.psql("SELECT n FROM kept").output == "60\n")
        }

        /// Runs last in the list: a restart of control under a cluster that is down goes on where the old one was.
        @Test func controlDiesWhileAServerIsDown() async throws {
            let cluster = try await cluster(holding: 70)
            let pid = try cluster.postmasterPID()
            try await platform.end(SIGKILL)
            kill(pid, SIGKILL)
            try await platform.start()
            try await expectRecovery(cluster, from: pid, value: 70)
        }
    }
}

import Foundation
import Testing

extension PlatformTests {
    /// `atoll up --daemon`, `status`, `down`.
    @Suite(.serialized)
    struct DaemonTests {
        /// A platform that only daemons run on; they are ended whatever happens.
        private func withDaemons(_ body: (PlatformUnderTest) async throws -> Void) async throws {
            try await withPlatform(starting: false) { platform in
                do {
                    try await body(platform)
                } catch {
                    _ = try? await platform.atoll("down", timeoutSeconds: 60)
                    throw error
                }
                if try await platform.atoll("status").isSuccess { _ = try await platform.atoll("down") }
            }
        }

        private func up(_ platform: PlatformUnderTest) async throws -> CommandResult {
            try await platform.atoll(platform.upArguments + ["--daemon"], timeoutSeconds: 60)
        }

        @Test func lifeInTheBackground() async throws {
            try await withDaemons { platform in
                let down = try await platform.atoll("status")
                #expect(down.code == 1 && down.errors.contains("does not run"), "\(down)")
                let first = try await up(platform)
                #expect(first.isSuccess, "\(first)")
                let token = try platform.token()
                for text in ["Atoll is up", token, platform.apiURL, platform.directory + "/logs/control.log", " down"] {
                    #expect(first.output.contains(text), "\(text): \(first)")
                }
                let log = try String(contentsOfFile: platform.directory + "/logs/control.log", encoding: .utf8)
                #expect(!log.contains(token) && !log.contains("Atoll is up"), "\(log)")
                try await platform.createCluster("background")
                let table = try await platform.atoll("status")
                #expect(table.isSuccess && table.output.contains("background") && table.output.contains("1 online"))
                let json = try await platform.atoll("status", "--format", "json")
                let object = try #require(
                    try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
                #expect(object["api_url"] as? String == platform.apiURL)
                #expect(object["data_directory"] as? String == platform.directory)
                let pid = try #require(object["process"] as? Int)
                #expect(ProcessTable.isAlive(Int32(pid)))
                #expect((object["databases"] as? [[String: Any]])?.first?["status"] as? String == "online")

                let stopped = try await platform.atoll("down")
                #expect(stopped.isSuccess && stopped.output.contains("Atoll is down"), "\(stopped)")
                #expect(!ProcessTable.isAlive(Int32(pid)))
                #expect(ProcessTable.with(platform.directory + "/").isEmpty)
                let again = try await platform.atoll("down")
                #expect(again.code == 1 && again.errors.contains("does not run"), "\(again)")
            }
        }

        @Test func databasesAreKept() async throws {
            try await withDaemons { platform in
                #expect(try await up(platform).isSuccess)
                let cluster = try await platform.createCluster("kept")
                let postmaster = try cluster.postmasterPID()
                let kept = try await platform.atoll("down", "--keep-databases")
                #expect(kept.isSuccess && kept.output.contains("databases are running"), "\(kept)")
                #expect(try await platform.atoll("status").code == 1)
                #expect(try await cluster.psql("SELECT 1").output == "1\n")
                let second = try await up(platform)
                #expect(second.isSuccess && !second.output.contains("dop_v1_"), "\(second)")
                #expect(try cluster.postmasterPID() == postmaster)
                #expect(try await platform.atoll("db", "delete", "kept", "--force").isSuccess)
                #expect(try await platform.atoll("down").isSuccess)
            }
        }

        @Test func ofTwoDaemonsAtOnceOneWins() async throws {
            try await withDaemons { platform in
                async let first = up(platform)
                async let second = up(platform)
                let results = try await [first, second]
                #expect(results.map(\.code).sorted() == [0, 1], "\(results)")
                for result in results where result.code == 1 {
                    #expect(result.errors.contains("already runs"), "\(result)")
                }
                #expect(try await platform.atoll("status").isSuccess)
                #expect(try await platform.atoll("down").isSuccess)
                #expect(ProcessTable.with(platform.directory + "/").isEmpty)
            }
        }

        /// What the caller has open (a lock, a pipe of a script) must not stay open in the background.
        @Test func aDaemonKeepsNothingOfItsCaller() async throws {
            try await withDaemons { platform in
                let arguments = platform.upArguments.joined(separator: " ")
                let result = try await Shell.bash(
                    "exec 9>\(platform.parent)/held; \(PlatformUnderTest.executable) \(arguments) --daemon",
                    timeoutSeconds: 60)
                #expect(result.isSuccess, "\(result)")
                let json = try await platform.atoll("status", "--format", "json")
                let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
                let pid = try #require(object?["process"] as? Int)
                let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap {
                    try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\($0)")
                }
                #expect(!open.contains { $0.hasSuffix("/held") }, "\(open)")
            }
        }
    }
}

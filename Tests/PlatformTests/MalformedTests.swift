import Foundation
import Testing

extension PlatformTests {
    /// A thousand broken requests to the live process (`Scripts/malformed_requests.py`).
    @Suite(.serialized, .platform(cluster: "target"))
    struct MalformedTests {
        /// More than this is growth without bound: the largest body is a megabyte or so.
        static let growthMiBMax = 96.0
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        private func send(_ count: Int, seed: UInt32) async throws -> [String: Any] {
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("Scripts/malformed_requests.py").path
            let result = try await Shell.run(
                "/usr/bin/env",
                [
                    "python3", script, "\(platform.apiPort)", platform.authorityFile, platform.tokenFile,
                    try await platform.cluster("target").id, "\(count)", "\(seed)",
                ], timeoutSeconds: 300)
            guard result.isSuccess,
                let summary = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
            else { throw TestFailure("\(result)") }
            return summary
        }

        @Test func aThousandBrokenRequests() async throws {
            let pid = platform.controlPID
            _ = try await send(100, seed: 1)
            let before = try ProcessTable.residentMiB(pid)
            let seed = UInt32.random(in: 2...UInt32.max)
            let summary = try await send(1000, seed: seed)
            let after = try ProcessTable.residentMiB(pid)
            let failures = summary["failures"] as? [[String: Any]] ?? []
            print("malformed requests, seed \(seed): \(summary["statuses"] ?? ""), RSS \(before) → \(after) MiB")
            #expect(failures.isEmpty, "seed \(seed): \(failures)")
            #expect(after - before < Self.growthMiBMax, "\(before) → \(after) MiB")
            #expect(platform.controlPID == pid && ProcessTable.isAlive(pid))
            #expect(!platform.upLog.contains("Fatal error"))
            let cluster = try await platform.cluster("target")
            // Some of the requests were right by chance; the trusted sources would keep us out.
            let open = try await platform.request(
                "PUT", "/v2/databases/\(cluster.id)/firewall", body: #"{"rules":[]}"#)
            #expect(open.status == 204, "\(open.body)")
            #expect(cluster.status == "online")
            #expect(try await cluster.psql("SELECT 1").output == "1\n")
            let user = try await platform.request(
                "POST", "/v2/databases/\(cluster.id)/users", body: #"{"name":"sound-afterwards"}"#)
            #expect(user.status == 201, "\(user.body)")
        }

        /// Connections that say nothing, or half of something, take nothing from the others.
        @Test func idleConnectionsDoNoHarm() async throws {
            let holder = Process()
            holder.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            holder.arguments = [
                "python3", "-c",
                """
                import socket, ssl, time
                c = ssl.create_default_context(cafile="\(platform.authorityFile)")
                held = []
                for n in range(200):
                    s = socket.create_connection(("localhost", \(platform.apiPort)))
                    if n % 2:
                        s = c.wrap_socket(s, server_hostname="localhost")
                        s.sendall(b"GET /v2/account HTTP/1.1\\r\\nHost: localhost\\r\\nX-Slow: ")
                    held.append(s)
                print("held", flush=True)
                time.sleep(60)
                """,
            ]
            let output = Pipe()
            holder.standardOutput = output
            try holder.run()
            defer { kill(holder.processIdentifier, SIGKILL) }
            #expect(output.fileHandleForReading.availableData.starts(with: Data("held".utf8)))
            for _ in 0..<5 { #expect(try await platform.request("GET", "/v2/account").status == 200) }
        }
    }
}

import Foundation
import Testing

extension PlatformTests {
    /// How `atoll up` starts, starts again, and refuses to start.
    @Suite(.serialized)
    struct LifecycleStartTests {
        /// Path below the data directory, mode as root, and as an ordinary user.
        static let modes: [(path: String, mode: UInt32)] = [
            ("", 0o711), ("ca", 0o711), ("clusters", 0o711), ("logs", 0o700), ("run", 0o700),
            ("admin.token", 0o600), ("secrets.key", 0o600), ("state.db", 0o600), ("ca/ca.key", 0o600),
            ("ca/control.key", 0o600), ("ca/ca.crt", 0o644), ("run/control.lock", 0o600),
        ]

        static func mode(_ path: String) -> UInt32? {
            var status = stat()
            return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
        }

        @Test func firstAndSecondStart() async throws {
            try await withPlatform { platform in
                let token = try platform.token()
                let said = platform.upLog
                #expect(token.wholeMatch(of: /dop_v1_[0-9a-f]{64}/) != nil)
                for text in [platform.apiURL, token, platform.tokenFile, platform.authorityFile, "atoll db create"] {
                    #expect(said.contains(text), "the first start does not print \(text):\n\(said)")
                }
                for (path, mode) in Self.modes {
                    let found = Self.mode("\(platform.directory)/\(path)").map { String($0, radix: 8) }
                    #expect(found == String(mode, radix: 8), "\(path)")
                }
                let before = try await platform.createCluster("stays")
                let directory = "\(platform.directory)/clusters/\(before.id)"
                #expect(Self.mode(directory) == 0o711)
                #expect(Self.mode(directory + "/data") == 0o700)
                let keyMode = PlatformUnderTest.isRoot ? UInt32(0o640) : 0o600
                #expect(Self.mode(directory + "/conf/server.key") == keyMode)
                let authority = try String(contentsOfFile: platform.authorityFile, encoding: .utf8)
                let postmaster = try before.postmasterPID()
                try await platform.end(SIGUSR1)

                let logged = platform.upLog.count
                let began = Date()
                try await platform.start()
                print("second start: \(Int(Date().timeIntervalSince(began) * 1000)) ms (one cluster adopted)")
                let second = String(platform.upLog.dropFirst(logged))
                #expect(try platform.token() == token)
                #expect(!platform.upLog.dropFirst(logged).contains(token), "\(second)")
                #expect(second.contains(platform.tokenFile) && second.contains(platform.apiURL), "\(second)")
                #expect(second.contains("server adopted"), "\(second)")
                #expect(try String(contentsOfFile: platform.authorityFile, encoding: .utf8) == authority)
                let after = try await platform.cluster("stays")
                #expect(after.id == before.id && after.password == before.password && after.port == before.port)
                #expect(try after.postmasterPID() == postmaster)
                #expect(try await after.psql("SELECT 1").output == "1\n")
            }
        }

        @Test func aSecondControlProcessIsRefused() async throws {
            try await withPlatform { platform in
                for arguments in [platform.upArguments, platform.upArguments + ["--daemon"]] {
                    let second = try await platform.atoll(arguments, timeoutSeconds: 30)
                    #expect(second.code == 1, "\(second)")
                    #expect(second.errors.contains("already runs"), "\(second)")
                    #expect(second.errors.contains("\(platform.controlPID)"), "\(second)")
                    #expect(second.errors.contains("atoll down"), "\(second)")
                }
                #expect(try await platform.atoll("status").isSuccess)
            }
        }

        @Test(arguments: [false, true])
        func ofTwoStartsAtOnceOneWins(isExisting: Bool) async throws {
            try await withPlatform(starting: false) { platform in
                if isExisting {
                    try await platform.start()
                    try await platform.end()
                }
                let logs = [platform.parent + "/first.log", platform.parent + "/second.log"]
                let processes = try logs.map { try platform.launchAnother(log: $0) }
                defer { for process in processes where process.isRunning { process.terminate() } }
                try await until("one of the two ends") { processes.contains { !$0.isRunning } }
                try await until("the other serves") { try await platform.atoll("status").isSuccess }
                #expect(processes.count(where: \.isRunning) == 1)
                for (process, log) in zip(processes, logs) where !process.isRunning {
                    let said = try String(contentsOfFile: log, encoding: .utf8)
                    #expect(process.terminationStatus == 1, "\(said)")
                    #expect(said.contains("already runs"), "\(said)")
                }
                for process in processes where process.isRunning {
                    process.terminate()
                    process.waitUntilExit()
                    #expect(process.terminationStatus == 0)
                }
            }
        }

        /// Asking for the state must never get in the way of a start.
        @Test func statusDuringAStartDoesNoHarm() async throws {
            try await withPlatform(starting: false) { platform in
                for _ in 0..<5 {
                    let asking = Task {
                        while !Task.isCancelled { _ = try await platform.atoll("status", timeoutSeconds: 10) }
                    }
                    defer { asking.cancel() }
                    try await platform.start()
                    try await platform.end()
                }
            }
        }

        @Test func oneLineOfTheJSONLogIsOneObject() async throws {
            try await withPlatform(extraArguments: ["--log-format", "json"], starting: false) { platform in
                let process = Process()
                process.executableURL = URL(fileURLWithPath: PlatformUnderTest.executable)
                process.arguments = platform.upArguments
                let log = URL(fileURLWithPath: platform.parent + "/log.json")
                try Data().write(to: log)
                process.standardError = try FileHandle(forWritingTo: log)
                process.standardOutput = FileHandle.nullDevice
                process.standardInput = FileHandle.nullDevice
                try process.run()
                defer { if process.isRunning { process.terminate() } }
                try await until("it serves") { try await platform.atoll("status").isSuccess }
                _ = try await platform.requestCluster("logged")
                _ = try await platform.atoll("db", "delete", "logged", "--force")
                process.terminate()
                process.waitUntilExit()
                #expect(process.terminationStatus == 0)
                let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
                #expect(lines.count > 4)
                for line in lines {
                    let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
                    #expect(object is [String: Any], "\(line)")
                }
            }
        }

        @Test func namesAreInTheCertificates() async throws {
            let extra = ["--listen", "0.0.0.0", "--hostname", "db.example.test", "--domain", "example.test"]
            try await withPlatform(extraArguments: extra) { platform in
                let cluster = try await platform.createCluster("named")
                #expect(cluster.host == "db.example.test")
                for name in ["localhost", "db.example.test", "example.test", "shop.example.test"] {
                    for (port, more) in [(platform.apiPort, []), (cluster.port, ["-starttls", "postgres"])] {
                        let result = try await Shell.run(
                            "/usr/bin/openssl",
                            [
                                "s_client", "-connect", "127.0.0.1:\(port)", "-servername", name, "-verify_hostname",
                                name, "-verify_return_error", "-CAfile", platform.authorityFile,
                            ] + more)
                        #expect(result.output.contains("Verify return code: 0 (ok)"), "\(name) \(port): \(result)")
                    }
                }
                let foreign = try await Shell.run(
                    "/usr/bin/openssl",
                    [
                        "s_client", "-connect", "127.0.0.1:\(platform.apiPort)", "-verify_hostname", "example.org",
                        "-verify_return_error", "-CAfile", platform.authorityFile,
                    ])
                #expect(!foreign.isSuccess)
                let shown = try await Shell.run(
                    "/usr/bin/openssl",
                    ["x509", "-in", platform.directory + "/ca/control.crt", "-noout", "-ext", "subjectAltName"])
                for name in ["DNS:localhost", "DNS:db.example.test", "DNS:*.example.test", "IP Address:127.0.0.1"] {
                    #expect(shown.output.contains(name), "\(shown)")
                }
                // From another address of this machine, by the name, verified.
                let uri = cluster.uri() + "&hostaddr=127.0.0.1"
                let psql = try await Shell.run("/usr/bin/psql", ["-XAtc", "SELECT 1", uri])
                #expect(psql.output == "1\n", "\(psql)")
            }
        }

        static let badFlags: [[String]] = [
            ["--port", "0"], ["--port", "70000"], ["--port", "http"], ["--metrics-port", "-1"],
            ["--postgres-port", "65536"], ["--listen", "localhost"], ["--listen", "300.1.1.1"],
            ["--log-format", "xml"], ["--requests-per-minute", "0"], ["--requests-per-hour", "-5"],
            ["--no-such-flag"], ["surplus"], ["--data"],
        ]

        @Test(arguments: badFlags)
        func aBadFlagIsRefused(flags: [String]) async throws {
            let result = try await Shell.run(
                PlatformUnderTest.executable, ["up"] + flags, environment: ["ATOLL_DATA": "/tmp/atoll-test-never"],
                timeoutSeconds: 10)
            #expect(result.code == 64, "\(result)")
            #expect(result.errors.hasPrefix("atoll: ") && result.errors.contains("Usage: "), "\(result)")
            #expect(!FileManager.default.fileExists(atPath: "/tmp/atoll-test-never"))
        }

        @Test(arguments: ["--port", "--metrics-port"])
        func aTakenPortIsNamed(flag: String) async throws {
            try await withPlatform(starting: false) { platform in
                let port = flag == "--port" ? platform.apiPort : platform.metricsPort
                let holder = try await PortHolder(port: port)
                defer { holder.release() }
                for arguments in [platform.upArguments, platform.upArguments + ["--daemon"]] {
                    let result = try await platform.atoll(arguments, timeoutSeconds: 60)
                    #expect(result.code == 1, "\(result)")
                    #expect(result.errors.contains("\(port)"), "\(result)")
                    #expect(result.errors.lowercased().contains("in use"), "\(result)")
                    #expect(!result.output.contains("Atoll is up"), "\(result)")
                }
                holder.release()
                try await platform.start()
            }
        }

        @Test(.enabled(if: PlatformUnderTest.isRoot, "needs root: only then children have users of their own"))
        func aDirectoryThatOthersCannotPassIsNamed() async throws {
            try await withPlatform(starting: false) { platform in
                chmod(platform.parent, 0o700)
                for arguments in [platform.upArguments, platform.upArguments + ["--daemon"]] {
                    let result = try await platform.atoll(arguments, timeoutSeconds: 30)
                    #expect(result.code == 1, "\(result)")
                    #expect(result.errors.contains("Directory \(platform.parent) "), "\(result)")
                    #expect(result.errors.contains("chmod o+x"), "\(result)")
                }
                chmod(platform.parent, 0o755)
                try await platform.start()
            }
        }
    }
}

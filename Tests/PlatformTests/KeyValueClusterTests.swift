import Foundation
import Testing

extension PlatformTests {
    /// Managed key-value clusters, with DigitalOcean's own Python client, redis-py and redis-cli.
    @Suite(.serialized, .platform())
    struct KeyValueClusterTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        @Test func everyOperationOfTheClient() async throws {
            let result = try await Python.run(
                "valkey_tour.py", [platform.apiURL, try platform.token(), platform.authorityFile])
            #expect(result.isSuccess && result.output.hasSuffix("done\n"), "\(result)\n\(platform.upLog)")
            #expect(try await platform.clusterNames() == [])
            #expect(platform.upLog.contains("a client sent SHUTDOWN; starting it again."))
        }

        /// A tutorial for people, line by line in redis-cli, beside a real redis-server.
        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/redis-server"), "needs redis-server"))
        func tutorialOnDatabasesAndKeys() async throws {
            let result = try await Python.run(
                "keys_tutorial.py",
                [
                    PlatformUnderTest.executable, platform.directory, platform.apiURL, try platform.token(),
                    platform.authorityFile,
                ], timeoutSeconds: 300)
            #expect(result.isSuccess && result.output.hasSuffix("done\n"), "\(result)\n\(platform.upLog)")
        }

        /// `atoll db` from nothing to a prompt, for each engine.
        @Test(arguments: ["valkey", "redis"])
        func commandLine(engine: String) async throws {
            let name = "cli-\(engine)"
            let made = try await platform.atoll("db", "create", "--engine", engine, name)
            #expect(made.isSuccess && made.output.contains("online"), "\(made)")
            func shell(_ words: String...) async throws -> String {
                let result = try await platform.atoll(["db", "shell", name, "--"] + words)
                return result.output + result.errors
            }
            #expect(try await shell("SET", "greeting", "hello") == "OK\n")
            #expect(try await shell("GET", "greeting") == "hello\n")
            let other = try await platform.atoll(
                "db", "shell", name, "--database", "3", input: "GET greeting\nDBSIZE\n")
            #expect(other.output == "\n0\n", "\(other)")
            let set = try await platform.atoll(
                "db", "config", "set", name, "save=900 1 300 10 60 10000", "dbfilename=nextfile.rdb")
            #expect(set.isSuccess, "\(set)")
            try await PlatformTests.until("the file's new name") {
                try await shell("CONFIG", "GET", "dbfilename") == "dbfilename\nnextfile.rdb\n"
            }
            #expect(try await shell("CONFIG", "GET", "save") == "save\n900 1 300 10 60 10000\n")
            #expect(try await shell("GET", "greeting") == "hello\n", "kept over the change of its file")
            let shown = try await platform.atoll("db", "config", "get", name, "persistence", "\(engine)_save")
            #expect(shown.output.contains("\(engine)_persistence") && shown.output.contains("900 1 300 10 60 10000"))
            let unknown = try await platform.atoll("db", "config", "set", name, "work_mem=5")
            #expect(!unknown.isSuccess && unknown.errors.contains("has no key \"work_mem\""), "\(unknown)")
            for words in [["user", "list"], ["database", "list"]] {
                let refused = try await platform.atoll(["db"] + words + [name])
                #expect(!refused.isSuccess && refused.errors.contains("not supported for"), "\(refused)")
            }
            let flags = try await platform.atoll("db", "connection", name, "--format", "flags")
            let ping = try await Shell.bash(flags.output.trimmingCharacters(in: .newlines) + " PING")
            #expect(ping.output == "PONG\n", "\(flags) \(ping)")
            #expect(try await platform.atoll("db", "delete", name, "--force").isSuccess)
        }

        /// Secrets stand in no argument and no log, and nothing runs as root.
        @Test func processIsItsOwnUsersAndAdoptedAfterAKill() async throws {
            let cluster = try await platform.createCluster("adopted", arguments: ["--engine", "valkey"])
            func pid() async throws -> Int32 {
                let result = try await platform.atoll("db", "shell", "adopted", "--", "INFO", "server")
                let line = result.output.split(whereSeparator: \.isNewline).first { $0.hasPrefix("process_id:") }
                return try #require(line.flatMap { Int32($0.dropFirst("process_id:".count)) }, "\(result)")
            }
            let before = try await pid()
            let status = try String(contentsOfFile: "/proc/\(before)/status", encoding: .utf8)
            #expect(status.contains("NoNewPrivs:\t1"))
            if PlatformUnderTest.isRoot {
                let user = "atoll-kv-\(cluster.id.filter { $0 != "-" }.prefix(12))"
                #expect(try await Shell.bash("ps -o user:64= -p \(before)").output == "\(user)\n")
                let outside = "setpriv --reuid nobody --clear-groups ls \(cluster.dataDirectory)"
                #expect(try await !Shell.bash(outside).isSuccess)
            }
            let secret = cluster.password
            #expect(!secret.isEmpty)
            let arguments = try await Shell.bash("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'")
            #expect(!arguments.output.contains(secret))
            let found = try await Shell.bash(
                "grep -rl --exclude-dir=conf -- '\(secret)' '\(platform.directory)' '\(platform.parent)/up.log'")
            #expect(found.output.isEmpty, "\(found)")

            try await platform.end(SIGKILL)
            #expect(kill(before, 0) == 0)
            try await platform.start()
            #expect(try await platform.cluster("adopted").status == "online")
            #expect(try await pid() == before)
            // A clean end stops it, and a start brings it back with what it had.
            _ = try await platform.atoll("db", "shell", "adopted", "--", "SET", "kept", "1")
            try await platform.end()
            #expect(kill(before, 0) != 0)
            try await platform.start()
            try await platform.awaitState(ofCluster: cluster.id, "online")
            #expect(try await platform.atoll("db", "shell", "adopted", "--", "GET", "kept").output == "1\n")
            try await metrics()
            #expect(try await platform.atoll("db", "delete", "adopted", "--force").isSuccess)
            try await PlatformTests.until("nothing is left") {
                !FileManager.default.fileExists(atPath: "\(platform.directory)/clusters/\(cluster.id)")
            }
        }

        private func metrics() async throws {
            let answer = try await platform.request("GET", "/v2/databases/metrics/credentials")
            let credentials = try #require(answer.object["credentials"] as? [String: String])
            let login = "\(credentials["basic_auth_username"] ?? ""):\(credentials["basic_auth_password"] ?? "")"
            try await PlatformTests.until("the metrics show the cluster", seconds: 40, interval: .milliseconds(500)) {
                let scraped = try await Shell.run(
                    "/usr/bin/curl",
                    [
                        "-sS", "-m", "10", "--cacert", platform.authorityFile, "-u", login,
                        "https://localhost:\(platform.metricsPort)/metrics",
                    ])
                return scraped.output.contains("atoll_keyvalue_database_keys{cluster=\"adopted\"")
                    && scraped.output.contains("atoll_keyvalue_up{cluster=\"adopted\"")
            }
        }
    }

    /// Where Atoll runs as an ordinary user, everything is that user's.
    @Suite(.serialized, .platform(runner: .ordinaryUser), .enabled(if: PlatformUnderTest.isRoot, "needs root"))
    struct KeyValueAsOrdinaryUserTests {
        @Test func serves() async throws {
            let platform = try SharedPlatform.platform
            let cluster = try await platform.createCluster("mine", arguments: ["--engine", "redis"])
            #expect(try await platform.atoll("db", "shell", "mine", "--", "SET", "a", "1").output == "OK\n")
            #expect(try await platform.atoll("db", "shell", "mine", "--", "SHUTDOWN").isSuccess)
            try await PlatformTests.until("it is back with its data") {
                try await platform.atoll("db", "shell", "mine", "--", "GET", "a").output == "1\n"
            }
            let mode = try await Shell.bash("stat -c %a '\(cluster.dataDirectory)'")
            #expect(mode.output == "700\n")
            #expect(try await platform.atoll("db", "delete", "mine", "--force").isSuccess)
        }
    }
}

import Foundation
import Testing

/// What is to be seen of a cluster from the machine: its door, its files, its processes.
extension SecurityChecks {
    func theDoorIsTLSAndPasswords() async throws {
        let cluster = try await platform.cluster("walled")
        let configuration = "\(platform.directory)/clusters/\(cluster.id)/conf"
        let rules = try String(contentsOfFile: configuration + "/pg_hba.conf", encoding: .utf8)
        for rule in rules.split(separator: "\n") where !rule.hasPrefix("#") {
            let words = rule.split(separator: " ").map(String.init)
            guard words.first != "local" else { continue }
            #expect(["scram-sha-256", "cert", "reject"].contains(words.last ?? ""), "\(rule)")
            #expect(words.first == "hostssl" || words.last == "reject", "\(rule)")
        }
        // The file that initdb writes is not in use; were it, it would let nobody in.
        let unused = try String(contentsOfFile: cluster.dataDirectory + "/pg_hba.conf", encoding: .utf8)
        for rule in unused.split(separator: "\n") where !rule.hasPrefix("#") { #expect(rule.hasSuffix("reject")) }

        let plain = cluster.uri().replacingOccurrences(of: "sslmode=verify-full", with: "sslmode=disable")
        let refused = try await Shell.run("/usr/bin/psql", ["-X", plain, "-c", "SELECT 1"])
        #expect(refused.errors.contains("no encryption"), "\(refused)")
        let wrong = try await cluster.psql("SELECT 1", password: "wrong")
        #expect(wrong.errors.contains("password authentication failed"), "\(wrong)")
        // One socket, for the pooler, where no other user of the machine comes.
        let sockets = try await Shell.bash("ss -xlH | grep -o '[^ ]*s.PGSQL.\(cluster.port)'")
        let socket = "\(platform.directory)/sock/\(cluster.port)/.s.PGSQL.\(cluster.port)"
        #expect(sockets.output == socket + "\n", "\(sockets)")
        let mode = try await Shell.run(
            "/usr/bin/stat", ["-c", "%a", "\(platform.directory)/sock/\(cluster.port)"])
        #expect(["700\n", "710\n"].contains(mode.output), "\(mode)")
        for (version, isTaken) in [("-tls1", false), ("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
            let handshake = try await Shell.bash(
                """
                openssl s_client -starttls postgres -connect 127.0.0.1:\(cluster.port) \(version) \
                -cipher DEFAULT@SECLEVEL=0 -CAfile \(platform.authorityFile) </dev/null 2>&1
                """)
            let isDone =
                handshake.output.contains("Verify return code: 0 (ok)")
                && !handshake.output.contains("Cipher is (NONE)")
            #expect(isDone == isTaken, "\(version): \(handshake)")
            if !isTaken { #expect(handshake.output.contains("alert protocol version"), "\(handshake)") }
        }
        // The API, likewise.
        let api = try await Shell.bash(
            "openssl s_client -connect 127.0.0.1:\(platform.apiPort) -tls1_1 -cipher DEFAULT@SECLEVEL=0 </dev/null 2>&1"
        )
        #expect(api.output.contains("Cipher is (NONE)"), "\(api)")
    }

    /// Passwords that the platform made are in its state, sealed, and in no other file, argument or environment.
    func passwordsAreNowhereInTheOpen() async throws {
        let cluster = try await platform.cluster("walled")
        let made = try await cluster.makeUser("secretive")
        let reset = try await cluster.api("POST", "/users/secretive/reset_auth")
        let user = try #require(reset.object["user"] as? [String: Any])
        let answer = try await platform.request("GET", "/v2/databases/metrics/credentials")
        let metrics = try #require(answer.object["credentials"] as? [String: String])
        let secrets = [
            cluster.password, made, try #require(user["password"] as? String),
            try #require(metrics["basic_auth_password"]),
        ]
        let token = try platform.token()
        #expect(secrets.allSatisfy { $0.count > 16 })
        func files(with patterns: [String]) async throws -> Set<String> {
            // The patterns go by standard input, or the search would find itself.
            let found = try await Shell.bash(
                "grep -rlaF -f - '\(platform.parent)'; true", input: patterns.joined(separator: "\n"))
            return Set(found.output.split(separator: "\n").map(String.init))
        }
        #expect(try await files(with: secrets) == [])
        // The first start tells its user the token; what it prints is in the test's own file.
        #expect(try await files(with: [token]) == [platform.tokenFile, platform.parent + "/up.log"])
        let text = Self.processTexts()
        #expect(text.contains { $0.value.contains("atoll") })
        for (process, words) in text {
            for secret in secrets + [token] {
                #expect(!words.contains(secret), "a secret is in the open in \(process)")
            }
        }
        // Statement statistics and other sessions' statements are the administrator's to read.
        let shown = try await cluster.psql(
            "CREATE EXTENSION pg_stat_statements; SELECT query FROM pg_stat_statements; TABLE pg_stat_activity;")
        for secret in secrets { #expect(!shown.output.contains(secret)) }
        try await #expect(cluster.psql("DROP EXTENSION pg_stat_statements").isSuccess)
        #expect(try await cluster.api("DELETE", "/users/secretive").status == 204)
    }

    /// Arguments and environment of every process of the machine, ours left out: we hold what we look for.
    private static func processTexts() -> [String: String] {
        var texts: [String: String] = [:]
        for process in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] where Int(process) != nil {
            for file in ["cmdline", "environ"] {
                guard let data = FileManager.default.contents(atPath: "/proc/\(process)/\(file)") else { continue }
                texts["\(process)/\(file)"] = String(decoding: data, as: UTF8.self)
            }
        }
        return texts
    }

    /// With root's start each cluster has an OS user; what it can read is the system's and its own.
    func aClustersUserReachesItsOwnFilesOnly() async throws {
        let other = try await platform.createCluster("neighbour")
        let cluster = try await platform.cluster("walled")
        let attributes = try FileManager.default.attributesOfItem(atPath: cluster.dataDirectory)
        let owner = try #require(attributes[.ownerAccountID] as? NSNumber)
        let group = try #require(attributes[.groupOwnerAccountID] as? NSNumber)
        #expect(owner != 0)
        func asCluster(_ line: String) async throws -> CommandResult {
            try await Shell.run(
                "/usr/bin/setpriv",
                ["--reuid", "\(owner)", "--regid", "\(group)", "--clear-groups", "/bin/bash", "-c", line])
        }
        let own = try await asCluster("cat '\(cluster.dataDirectory)/PG_VERSION'")
        #expect(own.output == "15\n", "\(own)")
        let base = platform.directory
        // As root we see what there is; then each file is tried as the cluster's user.
        let all = try await Shell.bash("find '\(base)' \\( -type f -o -type s -o -type d \\) -print")
        let allowed = [
            "\(base)/clusters/\(cluster.id)/data", "\(base)/clusters/\(cluster.id)/conf",
            // Where it makes the socket of its own pooler.
            "\(base)/sock/\(cluster.port)",
            // Certificates are for everyone.
            "\(base)/ca/ca.crt", "\(base)/ca/control.crt",
        ]
        let forbidden = all.output.split(separator: "\n").map(String.init).filter { path in
            !allowed.contains { path == $0 || path.hasPrefix($0 + "/") }
        }
        #expect(forbidden.contains("\(base)/state.db") && forbidden.contains("\(base)/secrets.key"))
        #expect(forbidden.contains { $0.hasPrefix("\(base)/clusters/\(other.id)/data/base") })
        let list = platform.parent + "/forbidden"
        try forbidden.joined(separator: "\n").write(toFile: list, atomically: true, encoding: .utf8)
        let open = try await asCluster(
            "while read -r path; do if [ -r \"$path\" ] || [ -w \"$path\" ]; then echo \"$path\"; fi; done < '\(list)'")
        #expect(open.isSuccess && open.output == "", "the cluster's user can reach \(open.output)")
        // Its configuration it reads and does not write: not even a server that was taken over changes its rules.
        let configuration = "\(base)/clusters/\(cluster.id)/conf"
        let writable = try await asCluster("find '\(configuration)' -writable -print")
        #expect(writable.output == "", "\(writable)")
        // Nor does it signal or trace the control process.
        let signal = try await asCluster("kill -0 \(platform.controlPID)")
        #expect(!signal.isSuccess, "\(signal)")
        let privileges = try await Shell.bash("cat /proc/\(cluster.postmasterPID())/status")
        #expect(privileges.output.contains("NoNewPrivs:\t1"), "\(privileges)")
        #expect(privileges.output.contains("CapEff:\t0000000000000000"), "\(privileges)")
        #expect(try await platform.atoll("db", "delete", "neighbour", "--force").isSuccess)
    }
}

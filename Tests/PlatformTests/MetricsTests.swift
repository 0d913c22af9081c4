import Foundation
import Testing

extension PlatformTests {
    /// The Prometheus endpoint, the limit of requests, and what the platform costs while nobody asks.
    @Suite(.serialized, .platform(cluster: "measured"))
    struct MetricsTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        private static let credentialsPath = "/v2/databases/metrics/credentials"

        private func credentials() async throws -> (name: String, password: String) {
            let answer = try await platform.request("GET", Self.credentialsPath)
            guard let pair = answer.object["credentials"] as? [String: Any],
                let name = pair["basic_auth_username"] as? String,
                let password = pair["basic_auth_password"] as? String
            else { throw TestFailure("\(answer.status) \(answer.body)") }
            return (name, password)
        }

        private func scrape(_ arguments: [String], path: String = "/metrics") async throws -> APIAnswer {
            let result = try await Shell.run(
                "/usr/bin/curl",
                ["-sS", "-D", "/dev/stderr", "-m", "10", "--cacert", platform.authorityFile] + arguments
                    + ["https://localhost:\(platform.metricsPort)\(path)"])
            guard result.isSuccess else { throw TestFailure("\(result)") }
            return APIAnswer(headText: result.errors, body: result.output)
        }

        @Test func credentialsAreNeeded() async throws {
            let (name, password) = try await credentials()
            let bare = try await scrape([])
            #expect(bare.status == 401)
            #expect(bare.headers["www-authenticate"]?.hasPrefix("Basic ") == true, "\(bare.headers)")
            #expect(!bare.body.contains("atoll_"))
            let wrong = [
                ["-u", "\(name):wrong"], ["-u", "wrong:\(password)"], ["-u", ":"], ["-H", "Authorization: Basic !!"],
                ["-H", "Authorization: Bearer \(try platform.token())"], ["-H", "Authorization: Basic"],
            ]
            for arguments in wrong { #expect(try await scrape(arguments).status == 401, "\(arguments)") }
            let right = try await scrape(["-u", "\(name):\(password)"])
            #expect(right.status == 200)
            #expect(right.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true, "\(right.headers)")
            #expect(try await scrape(["-u", "\(name):\(password)"], path: "/other").status == 404)
        }

        @Test func credentialsCanBeChanged() async throws {
            let (name, password) = try await credentials()
            let body = #"{"credentials":{"basic_auth_username":"prometheus","basic_auth_password":"pä ss:wörd"}}"#
            #expect(try await platform.request("PUT", Self.credentialsPath, body: body).status == 204)
            #expect(try await scrape(["-u", "\(name):\(password)"]).status == 401)
            #expect(try await scrape(["-u", "prometheus:pä ss:wörd"]).status == 200)
            let back = """
                {"credentials":{"basic_auth_username":"\(name)","basic_auth_password":"\(password)"}}
                """
            #expect(try await platform.request("PUT", Self.credentialsPath, body: back).status == 204)
            #expect(try await scrape(["-u", "\(name):\(password)"]).status == 200)
        }

        @Test func theClusterNamesTheEndpoint() async throws {
            let id = try await platform.cluster("measured").id
            let answer = try await platform.request("GET", "/v2/databases/\(id)")
            let endpoints = (answer.object["database"] as? [String: Any])?["metrics_endpoints"] as? [[String: Any]]
            #expect(endpoints?.count == 1)
            #expect(endpoints?.first?["host"] as? String == "localhost")
            #expect(endpoints?.first?["port"] as? Int == platform.metricsPort)
        }

        @Test func theTextIsValidAndHasTheCluster() async throws {
            let (name, password) = try await credentials()
            let id = try await platform.cluster("measured").id
            var text = ""
            try await until("the cluster's series are there:\n\(text)", seconds: 40, interval: .milliseconds(500)) {
                text = try await scrape(["-u", "\(name):\(password)"]).body
                return text.contains("atoll_postgres_up{cluster=\"measured\",cluster_id=\"\(id)\"} 1")
            }
            let problems = PrometheusChecker.problems(in: text)
            #expect(problems.isEmpty, "\(problems)\n\(text)")
            let wanted = [
                "atoll_machine_cpu_seconds_total{mode=\"user\"}", "atoll_machine_memory_total_bytes ",
                "atoll_machine_disk_used_bytes ", "atoll_postgres_connections_max{cluster=\"measured\"",
                "atoll_postgres_resident_bytes{cluster=\"measured\"", "database=\"defaultdb\"",
                "atoll_postgres_database_size_bytes{",
            ]
            for series in wanted { #expect(text.contains(series), "\(series) is missing:\n\(text)") }
        }

        /// The platform looks in and goes again: between its rounds nobody of it is connected.
        @Test func noConnectionIsHeld() async throws {
            let cluster = try await platform.cluster("measured")
            // The columns that every user sees of every session; background processes lack one of the two.
            var sightings: [String] = []
            for _ in 0..<40 {
                let result = try await cluster.psql(
                    """
                    SELECT pid FROM pg_stat_activity
                    WHERE datname IS NOT NULL AND usename IS NOT NULL AND pid <> pg_backend_pid()
                    """)
                #expect(result.isSuccess, "\(result)")
                sightings += result.output.split(separator: "\n").map(String.init)
                try await Task.sleep(for: .milliseconds(400))
            }
            print("sessions of the platform seen in 40 looks over more than a round: \(sightings.count)")
            #expect(sightings.count <= 4, "\(sightings)")
            #expect(Set(sightings).count == sightings.count, "a session was there at two looks: \(sightings)")
        }

        /// The control of the test above: a session of the platform that is there is seen by the same user.
        @Test func aSessionAtWorkIsSeen() async throws {
            let cluster = try await platform.cluster("measured")
            let looks = """
                DO $$ DECLARE seen int := 0; BEGIN
                FOR look IN 1..300 LOOP
                    PERFORM pg_stat_clear_snapshot();
                    seen := greatest(seen, (SELECT count(*) FROM pg_stat_activity
                        WHERE application_name = 'atoll' AND datname IS NOT NULL AND usename IS NOT NULL));
                    PERFORM pg_sleep(0.01);
                END LOOP;
                RAISE NOTICE 'seen %', seen; END $$;
                """
            async let watched = cluster.psql(looks)
            for _ in 0..<30 {
                let answer = try await platform.request("GET", "/v2/databases/\(cluster.id)/users")
                #expect(answer.status == 200, "\(answer.body)")
            }
            let result = try await watched
            let seen = result.errors.firstMatch(of: /seen (\d+)/).flatMap { Int($0.1) } ?? 0
            #expect(result.isSuccess && seen > 0, "\(result)")
        }

        @Test func idleCost() async throws {
            let cluster = try await platform.cluster("measured")
            let watched = [("control", platform.controlPID), ("shim", try platform.shimPID(cluster))]
            let before = try watched.map { try ProcessTable.processorSeconds($0.1) }
            try await Task.sleep(for: .seconds(10))
            for (index, (name, pid)) in watched.enumerated() {
                let spent = try ProcessTable.processorSeconds(pid) - before[index]
                print(
                    "idle \(name), 1 cluster: \(Int(try ProcessTable.residentMiB(pid))) MiB resident, "
                        + "\(Int(spent * 1000)) ms of processor in 10 s")
            }
        }

        @Test func theSixthRequestInAMinuteIsRefused() async throws {
            try await withPlatform(extraArguments: ["--requests-per-minute", "5"]) { limited in
                for number in 1...5 {
                    let answer = try await limited.request("GET", "/v2/account")
                    #expect(answer.status == 200, "\(number): \(answer.body)")
                }
                let refused = try await limited.request("GET", "/v2/account")
                #expect(refused.status == 429)
                #expect(refused.object["id"] as? String == "too_many_requests", "\(refused.body)")
                let seconds = try #require(refused.headers["retry-after"].flatMap { Int($0) })
                // A request counts for a minute and what is left of its second (RateLimiter).
                #expect((1...61).contains(seconds))
                // The limit is a token's; who has none is told so, and the platform lives.
                let foreign = try await limited.request(
                    "GET", "/v2/account", token: "dop_v1_" + String(repeating: "0", count: 64))
                #expect(foreign.status == 401)
                #expect(try await limited.request("GET", "/atoll/v1/health").status == 200)
            }
        }
    }
}

/// Reads Prometheus's text format 0.0.4 strictly.
enum PrometheusChecker {
    static func problems(in text: String) -> [String] {
        var problems: [String] = []
        var types: [String: String] = [:]
        var helps: Set<String> = []
        var seen: Set<String> = []
        var current = ""
        if !text.hasSuffix("\n") { problems.append("the last line does not end") }
        let name = #/[a-zA-Z_:][a-zA-Z0-9_:]*/#
        let labels = #/\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*\}/#
        let value = #/[+-]?(?:[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|Inf)|NaN/#
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# HELP ") {
                if words.count < 4 || !helps.insert(words[2]).inserted { problems.append("HELP: \(line)") }
            } else if line.hasPrefix("# TYPE ") {
                let isKnown = words.count == 4 && ["counter", "gauge", "histogram", "summary"].contains(words[3])
                if !isKnown || types[words[2]] != nil { problems.append("TYPE: \(line)") }
                if words.count == 4 { (types[words[2]], current) = (words[3], words[2]) }
            } else {
                guard let space = line.lastIndex(of: " "),
                    line[line.index(after: space)...].wholeMatch(of: value) != nil,
                    let match = line.prefixMatch(of: name)
                else {
                    problems.append("sample: \(line)")
                    continue
                }
                let series = line[..<space]
                let rest = series[match.range.upperBound...]
                if !rest.isEmpty && rest.wholeMatch(of: labels) == nil { problems.append("labels: \(line)") }
                if String(match.output) != current { problems.append("not under its TYPE: \(line)") }
                if !seen.insert(String(series)).inserted { problems.append("twice: \(line)") }
                if types[current] == "counter" && !current.hasSuffix("_total") { problems.append("counter: \(line)") }
            }
        }
        return problems
    }
}

import Foundation
import Testing

extension PlatformTests {
    /// Login roles by the API, and what they may do in the server.
    @Suite(.serialized, .platform(cluster: "users"))
    struct UserTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        @Test func theAdministratorIsThereAndStays() async throws {
            let cluster = try await platform.cluster("users")
            let answer = try await cluster.api("GET", "/users/doadmin")
            let user = try #require(answer.object["user"] as? [String: Any])
            #expect(user["role"] as? String == "primary")
            #expect(user["password"] as? String == cluster.password)
            #expect(try await cluster.api("DELETE", "/users/doadmin").status == 403)
            #expect(try await cluster.value("SELECT 1") == "1")
        }

        @Test func aNewUserConnectsAndOwnsTables() async throws {
            let cluster = try await platform.cluster("users")
            let password = try await cluster.makeUser("worker")
            #expect(try await cluster.api("POST", "/dbs", ["name": "work"]).status == 201)
            for database in ["defaultdb", "work"] {
                let result = try await cluster.psql(
                    "CREATE TABLE own (n int); INSERT INTO own VALUES (7); SELECT n FROM own;", user: "worker",
                    password: password, database: database)
                #expect(result.output == "7\n", "\(result)")
            }
            // What is doadmin's stays doadmin's.
            try await #expect(cluster.psql("CREATE TABLE private (n int)").isSuccess)
            let refused = try await cluster.psql("TABLE private", user: "worker", password: password)
            #expect(refused.errors.contains("permission denied for table private"), "\(refused)")
            // The owner of tables goes; the tables stay, as doadmin's, in every database.
            #expect(try await cluster.api("DELETE", "/users/worker").status == 204)
            #expect(try await cluster.api("GET", "/users/worker").status == 404)
            for database in ["defaultdb", "work"] {
                let owner = "SELECT tableowner || (SELECT n FROM own) FROM pg_tables WHERE tablename = 'own'"
                #expect(try await cluster.value(owner, database: database) == "doadmin7")
            }
            let login = try await cluster.psql("SELECT 1", user: "worker", password: password)
            #expect(login.errors.contains("password authentication failed"), "\(login)")
            #expect(try await cluster.api("DELETE", "/dbs/work").status == 204)
            try await #expect(cluster.psql("DROP TABLE own, private").isSuccess)
        }

        @Test func aUserWithLiveSessionsAndGrantsCanBeDeleted() async throws {
            let cluster = try await platform.cluster("users")
            let password = try await cluster.makeUser("busy")
            let setUp = try await cluster.psql(
                """
                CREATE TABLE shared (n int); GRANT ALL ON shared TO busy; GRANT doadmin TO busy;
                GRANT ALL ON DATABASE defaultdb TO busy; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO busy;
                """)
            #expect(setUp.isSuccess, "\(setUp)")
            let schema = try await cluster.psql("CREATE SCHEMA busy", user: "busy", password: password)
            #expect(schema.isSuccess, "\(schema)")
            async let session = cluster.psql("SELECT pg_sleep(60)", user: "busy", password: password)
            try await PlatformTests.until("the session is there") {
                try await cluster.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'busy'") == "1"
            }
            let answer = try await cluster.api("DELETE", "/users/busy")
            #expect(answer.status == 204, "\(answer.body)")
            #expect(try await session.errors.contains("terminating connection"))
            #expect(try await cluster.value("SELECT count(*) FROM pg_roles WHERE rolname = 'busy'") == "0")
            try await #expect(cluster.psql("DROP TABLE shared; DROP SCHEMA busy").isSuccess)
        }

        /// Settings that a database's owner may make for every session must not stop the platform's own.
        @Test func settingsOfADatabaseDoNotStopTheDeletionOfAUser() async throws {
            let cluster = try await platform.cluster("users")
            let password = try await cluster.makeUser("blocked")
            let made = try await cluster.psql("CREATE TABLE kept (n int)", user: "blocked", password: password)
            #expect(made.isSuccess, "\(made)")
            let settings = [
                "default_transaction_read_only = on", "statement_timeout = 1", "lock_timeout = 1", "role = doadmin",
                "local_preload_libraries = 'absent'", "search_path = public", "idle_session_timeout = 1",
            ]
            let set = settings.map { "ALTER DATABASE defaultdb SET \($0);" }.joined(separator: "\n")
            let result = try await cluster.psql(
                set + "CREATE DATABASE closed; ALTER DATABASE closed CONNECTION LIMIT 0;")
            #expect(result.isSuccess, "\(result)")
            let answer = try await cluster.api("DELETE", "/users/blocked")
            #expect(answer.status == 204, "\(answer.body)")
            let reset = try await cluster.psql(
                "SET default_transaction_read_only = off; ALTER DATABASE defaultdb RESET ALL; DROP DATABASE closed;",
                database: "closed")
            // The library that is absent keeps everyone out of defaultdb; another database lets us mend it.
            if !reset.isSuccess {
                let made = try await cluster.api("POST", "/dbs", ["name": "mend"])
                #expect(made.status == 201, "\(made.body)")
                let mended = try await cluster.psql(
                    "ALTER DATABASE defaultdb RESET ALL; DROP DATABASE closed;", database: "mend")
                #expect(mended.isSuccess, "\(mended)")
                #expect(try await cluster.api("DELETE", "/dbs/mend").status == 204)
            }
            #expect(try await cluster.value("SELECT tableowner FROM pg_tables WHERE tablename = 'kept'") == "doadmin")
            try await #expect(cluster.psql("DROP TABLE kept").isSuccess)
        }

        @Test func resettingAPasswordEndsTheOldOne() async throws {
            let cluster = try await platform.cluster("users")
            let old = try await cluster.makeUser("reset")
            #expect(try await cluster.value("SELECT 1", user: "reset", password: old) == "1")
            let answer = try await cluster.api("POST", "/users/reset/reset_auth", [:])
            #expect(answer.status == 200, "\(answer.body)")
            let user = try #require(answer.object["user"] as? [String: Any])
            let new = try #require(user["password"] as? String)
            #expect(new != old)
            #expect(try await cluster.value("SELECT 1", user: "reset", password: new) == "1")
            let refused = try await cluster.psql("SELECT 1", user: "reset", password: old)
            #expect(refused.errors.contains("password authentication failed"), "\(refused)")
            #expect(try await cluster.api("DELETE", "/users/reset").status == 204)
        }

        @Test func resettingTheAdministratorsPasswordChangesTheConnection() async throws {
            let before = try await platform.cluster("users")
            #expect(try await before.api("POST", "/users/doadmin/reset_auth").status == 200)
            let after = try await platform.cluster("users")
            #expect(after.password != before.password)
            #expect(try await after.value("SELECT 1") == "1")
            try await #expect(!before.psql("SELECT 1").isSuccess)
        }

        @Test func replicationCanBeGivenAndTaken() async throws {
            let cluster = try await platform.cluster("users")
            let password = try await cluster.makeUser("copier", settings: ["pg_allow_replication": true])
            let flag = "SELECT rolreplication FROM pg_roles WHERE rolname = 'copier'"
            #expect(try await cluster.value(flag) == "t")
            let uri = cluster.uri(user: "copier", password: password) + "&replication=true"
            let identified = try await Shell.run("/usr/bin/psql", ["-X", "-A", "-t", uri, "-c", "IDENTIFY_SYSTEM"])
            #expect(identified.isSuccess, "\(identified)")
            let off = try await cluster.api("PUT", "/users/copier", ["settings": ["pg_allow_replication": false]])
            #expect(off.status == 201, "\(off.body)")
            #expect(try await cluster.value(flag) == "f")
            let refused = try await Shell.run("/usr/bin/psql", ["-X", uri, "-c", "IDENTIFY_SYSTEM"])
            #expect(refused.errors.contains("must be superuser or replication role"), "\(refused)")
            #expect(try await cluster.api("DELETE", "/users/copier").status == 204)
        }

        @Test func usersMadeBySQLShowToo() async throws {
            let cluster = try await platform.cluster("users")
            let names = ["by-sql", "With Space", "quote\"d", "ünïcode", "semi;colon", "50%25", "a/b"]
            for name in names {
                let quoted = name.replacingOccurrences(of: "\"", with: "\"\"")
                try await #expect(cluster.psql("CREATE ROLE \"\(quoted)\" LOGIN PASSWORD 'own'").isSuccess)
            }
            try await #expect(cluster.psql("CREATE ROLE nologin NOLOGIN").isSuccess)
            let shown = try await cluster.names("users")
            #expect(Set(names).isSubset(of: shown) && !shown.contains("nologin") && !shown.contains("postgres"))
            for name in names {
                let escaped = try #require(name.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
                #expect(try await cluster.api("GET", "/users/\(escaped)").status == 200, "\(name)")
                let answer = try await cluster.api("POST", "/users/\(escaped)/reset_auth")
                #expect(answer.status == 200, "\(name): \(answer.body)")
                let user = try #require(answer.object["user"] as? [String: Any])
                let password = try #require(user["password"] as? String)
                #expect(try await cluster.value("SELECT 1", user: escaped, password: password) == "1", "\(name)")
                #expect(try await cluster.api("DELETE", "/users/\(escaped)").status == 204, "\(name)")
            }
            try await #expect(cluster.psql("DROP ROLE nologin").isSuccess)
        }

        @Test(arguments: [
            "", "postgres", "public", "none", "user", "pg_monitor", "PG_x", "1st", "with space", "quote\"d", "a;b",
            "a'b", "x\u{0}y", "ünïcode", String(repeating: "a", count: 64), "doadmin",
        ])
        func namesThatCannotBe(name: String) async throws {
            let cluster = try await platform.cluster("users")
            let before = try await cluster.names("users")
            let answer = try await cluster.api("POST", "/users", ["name": name])
            #expect([400, 422].contains(answer.status), "\(answer.status) \(answer.body)")
            #expect(try await cluster.names("users") == before)
        }

        @Test func theSameNameTwiceIsRefused() async throws {
            let cluster = try await platform.cluster("users")
            let password = try await cluster.makeUser("twice")
            #expect(try await cluster.api("POST", "/users", ["name": "twice"]).status == 422)
            // The first one is as it was.
            #expect(try await cluster.value("SELECT 1", user: "twice", password: password) == "1")
            #expect(try await cluster.api("DELETE", "/users/twice").status == 204)
            #expect(try await cluster.api("DELETE", "/users/twice").status == 404)
            #expect(try await cluster.api("POST", "/users/twice/reset_auth").status == 404)
            #expect(try await cluster.api("PUT", "/users/twice", ["settings": [:]]).status == 404)
        }

        /// DigitalOcean's own API lost some (terraform-provider #360).
        @Test func nothingVanishesOfWhatIsMadeAtOnce() async throws {
            let cluster = try await platform.cluster("users")
            let numbers = 1...10
            let passwords = try await withThrowingTaskGroup(of: (String, String).self) { group in
                for number in numbers {
                    group.addTask { ("u\(number)", try await cluster.makeUser("u\(number)")) }
                    group.addTask {
                        let answer = try await cluster.api("POST", "/dbs", ["name": "d\(number)"])
                        return ("d\(number)", answer.status == 201 ? "" : answer.body)
                    }
                }
                return try await group.reduce(into: [String: String]()) { $0[$1.0] = $1.1 }
            }
            let users = try await cluster.names("users")
            let databases = try await cluster.names("dbs")
            for number in numbers {
                #expect(passwords["d\(number)"] == "", "\(passwords["d\(number)"] ?? "")")
                #expect(users.contains("u\(number)") && databases.contains("d\(number)"))
                let works = try await cluster.value(
                    "SELECT current_database()", user: "u\(number)", password: passwords["u\(number)"],
                    database: "d\(number)")
                #expect(works == "d\(number)")
            }
            try await resetAllAtOnce(cluster, users: numbers.map { "u\($0)" })
            try await withThrowingTaskGroup(of: String.self) { group in
                for path in numbers.flatMap({ ["/users/u\($0)", "/dbs/d\($0)"] }) {
                    group.addTask {
                        let answer = try await cluster.api("DELETE", path)
                        return answer.status == 204 ? "" : "\(path): \(answer.status) \(answer.body)"
                    }
                }
                for try await failure in group { #expect(failure == "") }
            }
            #expect(try await cluster.names("users") == ["doadmin"])
            #expect(try await cluster.names("dbs") == ["defaultdb"])
        }

        private func resetAllAtOnce(_ cluster: ClusterUnderTest, users: [String]) async throws {
            let passwords = try await withThrowingTaskGroup(of: (String, String).self) { group in
                for name in users {
                    group.addTask {
                        let answer = try await cluster.api("POST", "/users/\(name)/reset_auth")
                        let user = answer.object["user"] as? [String: Any]
                        return (name, user?["password"] as? String ?? "\(answer.status) \(answer.body)")
                    }
                }
                return try await group.reduce(into: [String: String]()) { $0[$1.0] = $1.1 }
            }
            for (name, password) in passwords {
                let login = try await cluster.psql("SELECT 1", user: name, password: password)
                #expect(login.output == "1\n", "\(login)")
            }
        }

        @Test func databasesByTheAPI() async throws {
            let cluster = try await platform.cluster("users")
            #expect(try await cluster.names("dbs") == ["defaultdb"])
            #expect(try await cluster.api("POST", "/dbs", ["name": "shop"]).status == 201)
            #expect(try await cluster.api("POST", "/dbs", ["name": "shop"]).status == 422)
            #expect(try await cluster.api("GET", "/dbs/shop").status == 200)
            #expect(try await cluster.value("SELECT current_database()", database: "shop") == "shop")
            #expect(try await cluster.api("DELETE", "/dbs/shop").status == 204)
            #expect(try await cluster.api("GET", "/dbs/shop").status == 404)
            #expect(try await cluster.api("DELETE", "/dbs/shop").status == 404)
            #expect(try await cluster.api("DELETE", "/dbs/defaultdb").status == 403)
            for name in ["", "postgres", "template1", "template0", "pg_x", "a b", "a\"b", "a;b"] {
                let answer = try await cluster.api("POST", "/dbs", ["name": name])
                #expect([400, 422].contains(answer.status), "\(name): \(answer.status)")
                if !name.isEmpty {
                    let escaped = try #require(name.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
                    #expect(try await cluster.api("DELETE", "/dbs/\(escaped)").status == 404, "\(name)")
                }
            }
            // Made by SQL, with a name that the API would not give: shown, and deleted with its sessions.
            try await #expect(cluster.psql("CREATE DATABASE \"Made \"\"by\"\" SQL\"").isSuccess)
            #expect(try await cluster.names("dbs") == ["defaultdb", "Made \"by\" SQL"])
            let escaped = "Made%20%22by%22%20SQL"
            async let session = cluster.psql("SELECT pg_sleep(60)", database: escaped)
            try await PlatformTests.until("the session is there") {
                try await cluster.value("SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'Made%'") == "1"
            }
            #expect(try await cluster.api("DELETE", "/dbs/\(escaped)").status == 204)
            #expect(try await session.errors.contains("terminating connection"))
            #expect(try await cluster.names("dbs") == ["defaultdb"])
        }
    }
}

import Foundation
import Testing

extension PlatformTests {
    /// What the tutorials do, with their own words and the programs they use.
    @Suite(.serialized, .platform(cluster: "tutorial"))
    struct TutorialTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        /// Django tutorial, step 2, verbatim, through psql with the printed connection string and verify-full.
        static let stepTwo = """
            CREATE DATABASE polls;
            \\c polls
            CREATE USER myprojectuser WITH PASSWORD 'password';
            ALTER ROLE myprojectuser SET client_encoding TO 'utf8';
            ALTER ROLE myprojectuser SET default_transaction_isolation TO 'read committed';
            ALTER ROLE myprojectuser SET timezone TO 'UTC';
            GRANT ALL PRIVILEGES ON DATABASE polls TO myprojectuser;
            \\q
            """

        @Test func connectionDetailsReadAsInTheTutorial() async throws {
            let cluster = try await platform.cluster("tutorial")
            let shown = try await platform.atoll("db", "connection", "tutorial", "--format", "parameters")
            #expect(
                shown.output == """
                    username = doadmin
                    password = \(cluster.password)
                    host = localhost
                    port = \(cluster.port)
                    database = defaultdb
                    sslmode = require

                    """)
            #expect(cluster.password.wholeMatch(of: /AVNS_[A-Za-z0-9_-]{19}/) != nil)
        }

        @Test func theTutorialsSQLRunsThroughPsql() async throws {
            let printed = try await platform.atoll(
                "db", "connection", "tutorial", "--format", "string", "--verify-full")
            #expect(printed.output.contains("sslmode=verify-full"), "\(printed)")
            let uri = printed.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let result = try await Shell.run(
                "/usr/bin/psql", ["-X", "-v", "ON_ERROR_STOP=1", uri], input: Self.stepTwo)
            #expect(result.isSuccess, "\(result)")
            #expect(result.output.contains("CREATE DATABASE"), "\(result)")
        }
    }
}

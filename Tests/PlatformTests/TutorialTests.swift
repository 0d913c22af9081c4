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

        /// The ways in that the connection details print; each with what a user types for it.
        enum Form: String, CaseIterable { case string, verifiedString, flags, verifiedFlags }

        @Test(arguments: Form.allCases) func theTutorialsSQLRunsThroughPsql(form: Form) async throws {
            let isVerified = form == .verifiedString || form == .verifiedFlags
            let isString = form == .string || form == .verifiedString
            let arguments = ["db", "connection", "tutorial", "--format", isString ? "string" : "flags"]
            let printed = try await platform.atoll(arguments + (isVerified ? ["--verify-full"] : []))
            #expect(
                printed.output.contains(isVerified ? "sslmode=verify-full" : "sslmode=require")
                    || printed.output.contains("PGSSLMODE=verify-full"), "\(printed)")
            let text = printed.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let client = isString ? "psql '\(text)'" : text
            let result = try await Shell.bash("\(client) -X -v ON_ERROR_STOP=1", input: Self.stepTwo)
            #expect(result.isSuccess, "\(result)")
            #expect(result.output.contains("CREATE DATABASE"), "\(result)")
            #expect(result.output.contains("You are now connected to database \"polls\" as user \"doadmin\""))
            let cluster = try await platform.cluster("tutorial")
            let made = try await cluster.value(
                "CREATE TABLE t (n int); SELECT current_user || current_database()", user: "myprojectuser",
                password: "password", database: "polls")
            #expect(made == "myprojectuserpolls")
            #expect(try await cluster.api("DELETE", "/dbs/polls").status == 204)
            #expect(try await cluster.api("DELETE", "/users/myprojectuser").status == 204)
        }
    }
}

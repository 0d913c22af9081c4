// Commands against a stub of the API on a plain socket: what they send, print and refuse.

import CLICommands
import Foundation
import Synchronization
import Testing

/// Commands from their command line to a server and back.
@Suite("Commands against an API")
struct LiveCommandTests {
    private static let id = "11111111-aaaa"
    private static let list = "{\"databases\":[\(clusterJSON())]}"

    /// A server that knows one cluster, and what the test adds.
    private func withServer(
        _ answer: @escaping @Sendable (StubRequest) -> StubResponse? = { _ in nil },
        _ body: (StubServer) async throws -> Void
    ) async throws {
        let server = try StubServer { request in
            if let response = answer(request) { return response }
            return switch "\(request.method) \(request.target)" {
            case "GET /v2/databases": .json(Self.list)
            case "GET /v2/databases/\(Self.id)": .json("{\"database\":\(clusterJSON())}")
            default: .json(#"{"id":"not_found","message":"No such thing.","request_id":"r-1"}"#, status: 404)
            }
        }
        defer { server.stop() }
        try await body(server)
    }

    @Test func listShowsATable() async throws {
        try await withServer { server in
            let console = TestConsole()
            try await run("db list", against: server.url, console)
            #expect(
                console.output == """
                    NAME  ENGINE    SIZE            NODES  REGION  STATUS  HOST       PORT   ID
                    shop  pg 15.18  db-s-1vcpu-1gb  1      nyc1    online  localhost  25060  11111111-aaaa

                    """)
            #expect(server.requests.first?.authorization == "Bearer dop_v1_test")
        }
    }

    @Test func listAsJSONIsTheAnswer() async throws {
        try await withServer({ _ in .json(#"{"databases":[],"b":{"y":1.5,"x":[]}}"#) }) { server in
            let console = TestConsole()
            try await run("db list --tag a&b --format json", against: server.url, console)
            #expect(
                console.output == """
                    {
                      "b": {
                        "x": [],
                        "y": 1.5
                      },
                      "databases": []
                    }

                    """)
            #expect(server.titles == ["GET /v2/databases?tag_name=a%26b"])
        }
    }

    @Test func createWaitsUntilTheClusterServes() async throws {
        let looks = Mutex(0)
        try await withServer({ request in
            if request.method == "POST" {
                return .json("{\"database\":\(clusterJSON(status: "creating"))}", status: 201)
            }
            let look = looks.withLock { count in
                count += 1
                return count
            }
            // The second look falls into a restart of the control process.
            return look == 2
                ? .hangUp : .json("{\"database\":\(clusterJSON(status: look < 4 ? "creating" : "online"))}")
        }) { server in
            let console = TestConsole()
            try await run(
                "db create shop --version 15 --tag a --trusted-source 10.0.0.0/8", against: server.url, console)
            let sent = try #require(server.requests.first)
            #expect(
                sent.body == #"{"engine":"pg","name":"shop","num_nodes":1,"region":"nyc1","#
                    + #""rules":[{"type":"ip_addr","value":"10.0.0.0/8"}],"size":"db-s-1vcpu-1gb","tags":["a"],"#
                    + #""version":"15"}"#)
            #expect(server.requests.count == 5)
            #expect(console.output.contains("online"))
            // The program is named as it was called: by its path in a test.
            let next = console.output.split(separator: "\nNext:\n").last ?? ""
            #expect(next.contains(" db connection shop\n") && next.hasSuffix(" db shell shop\n"))
            #expect(console.errors.contains("shop: creating\n"))
        }
    }

    @Test func createGivesUpWaitingInTime() async throws {
        let creating = "{\"database\":\(clusterJSON(status: "creating"))}"
        try await withServer({ .json(creating, status: $0.method == "POST" ? 201 : 200) }) { server in
            await #expect(throws: CommandError.self) {
                try await run("db create shop --timeout 1", against: server.url)
            }
            let console = TestConsole()
            try await run("db create shop --no-wait --format json", against: server.url, console)
            #expect(console.output.contains(#""status": "creating""#))
        }
    }

    @Test func deleteAsksForTheNameAndWaitsUntilItIsGone() async throws {
        let isDeleted = Mutex(false)
        try await withServer({ request in
            if request.method == "DELETE" {
                isDeleted.withLock { $0 = true }
                return .empty
            }
            return isDeleted.withLock { $0 } ? .json(#"{"id":"not_found","message":"gone"}"#, status: 404) : nil
        }) { server in
            await #expect(throws: CommandError.self) { try await run("db delete shop", against: server.url) }
            await #expect(throws: CommandError.self) {
                try await run("db delete shop", against: server.url, TestConsole(input: ["y"], inputIsTerminal: true))
            }
            #expect(!server.titles.contains { $0.hasPrefix("DELETE") })
            let console = TestConsole(input: ["shop"], inputIsTerminal: true)
            try await run("db delete \(Self.id)", against: server.url, console)
            #expect(console.output == "Deleted shop.\n")
            #expect(server.titles.suffix(2) == ["DELETE /v2/databases/\(Self.id)", "GET /v2/databases/\(Self.id)"])
        }
    }

    @Test(arguments: [
        ("--format string", "postgresql://doadmin:AVNS_p%40ss@localhost:25060/defaultdb?sslmode=require\n"),
        (
            "--format flags --database orders",
            "PGPASSWORD=AVNS_p@ss psql -U doadmin -h localhost -p 25060 -d orders --set=sslmode=require\n"
        ),
        ("--format string --user reader", "postgresql://reader:pw@localhost:25060/defaultdb?sslmode=require\n"),
    ])
    func connection(_ options: String, _ expected: String) async throws {
        let users = #"{"users":[{"name":"reader","role":"normal","password":"pw"}]}"#
        try await withServer({ $0.target.hasSuffix("/users") ? .json(users) : nil }) { server in
            let console = TestConsole()
            try await run("db connection shop \(options)", against: server.url, console)
            #expect(console.output == expected)
        }
    }

    @Test func unknownThingsAreErrorsThatNameWhatExists() async throws {
        try await withServer({ $0.target.hasSuffix("/users") ? .json(#"{"users":[{"name":"doadmin"}]}"#) : nil }) {
            server in
            await #expect(
                throws: CommandError(
                    "there is no database cluster \"shp\"", advice: "There is: shop (atoll db list)")
            ) {
                try await run("db get shp", against: server.url)
            }
            await #expect(throws: CommandError.self) {
                try await run("db connection shop --user nobody", against: server.url)
            }
        }
    }

    @Test func anAmbiguousNameIsRefusedWithTheIDs() async throws {
        let two = "{\"databases\":[\(clusterJSON(id: "1")),\(clusterJSON(id: "2"))]}"
        try await withServer({ _ in .json(two) }) { server in
            await #expect(throws: CommandError("2 clusters are called \"shop\"", advice: "Give the id: 1, 2")) {
                try await run("db get shop", against: server.url)
            }
        }
    }

    @Test func configurationIsChangedAndShown() async throws {
        let configuration = #"{"config":{"work_mem":4,"pgbouncer":{"server_lifetime":60},"timezone":"UTC"}}"#
        try await withServer({ request in
            guard request.target.hasSuffix("/config") else { return nil }
            return request.method == "PATCH" ? .empty : .json(configuration)
        }) { server in
            let console = TestConsole()
            try await run("db config set shop work_mem=8 pgbouncer.server_lifetime=600", against: server.url, console)
            #expect(server.requests.last?.method == "PATCH")
            #expect(server.requests.last?.body == #"{"config":{"pgbouncer":{"server_lifetime":600},"work_mem":8}}"#)
            try await run("db config get shop pgbouncer timezone", against: server.url, console)
            #expect(
                console.output == """
                    Changed work_mem, pgbouncer.server_lifetime of shop.
                    KEY                        VALUE
                    pgbouncer.server_lifetime  60
                    timezone                   UTC

                    """)
        }
    }

    @Test func firewallAddsRemovesAndWarnsWhenItIsOpen() async throws {
        let rules = #"{"rules":[{"uuid":"u1","type":"ip_addr","value":"10.0.0.1","description":"office"}]}"#
        try await withServer({ request in
            guard request.target.hasSuffix("/firewall") else { return nil }
            return request.method == "PUT" ? .empty : .json(rules)
        }) { server in
            let console = TestConsole()
            try await run("db firewall add shop 10.0.0.1 tag:web", against: server.url, console)
            let bodies = { server.requests.filter { $0.method == "PUT" }.map(\.body) }
            #expect(
                bodies() == [
                    #"{"rules":[{"description":"office","type":"ip_addr","value":"10.0.0.1"},"#
                        + #"{"type":"tag","value":"web"}]}"#
                ])
            #expect(console.errors.isEmpty)
            await #expect(throws: CommandError.self) {
                try await run("db firewall remove shop 10.0.0.2", against: server.url)
            }
            try await run("db firewall remove shop u1", against: server.url, console)
            #expect(bodies().last == #"{"rules":[]}"#)
            #expect(console.errors.contains("every address may connect"))
        }
    }

    @Test func authorityIsPrintedAsPEM() async throws {
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        let body = "{\"ca\":{\"certificate\":\"\(Data(pem.utf8).base64EncodedString())\"}}"
        try await withServer({ $0.target.hasSuffix("/ca") ? .json(body) : nil }) { server in
            let console = TestConsole()
            try await run("db ca shop", against: server.url, console)
            #expect(console.output == pem)
        }
    }

    @Test func passwordOfTheMetricsIsReadFromStandardInput() async throws {
        let credentials = #"{"credentials":{"basic_auth_username":"metrics","basic_auth_password":"old"}}"#
        try await withServer({ $0.method == "PUT" ? .empty : .json(credentials) }) { server in
            try await run("db metrics-credentials set", against: server.url, TestConsole(input: ["new"]))
            #expect(
                server.requests.last?.body
                    == #"{"credentials":{"basic_auth_password":"new","basic_auth_username":"metrics"}}"#)
            await #expect(throws: CommandError.self) {
                try await run("db metrics-credentials set", against: server.url)
            }
        }
    }

    @Test func optionsAreListed() async throws {
        let options = """
            {"options":{"pg":{"regions":["nyc1"],"versions":["14","15"],"default_version":"15","layouts":[\
            {"num_nodes":1,"sizes":["s-1","s-2"]},{"num_nodes":2,"sizes":["s-2"]}]},"version_availability":{}},\
            "version_availability":{"pg":[{"version":"15","end_of_life":"2027-11-11T00:00:00Z"}]}}
            """
        try await withServer({ _ in .json(options) }) { server in
            let console = TestConsole()
            try await run("db options sizes", against: server.url, console)
            try await run("db options versions", against: server.url, console)
            #expect(
                console.output == """
                    SIZE  NODES  ENGINE
                    s-1   1      pg
                    s-2   1, 2   pg
                    VERSION  ENGINE  DEFAULT  END OF LIFE
                    14       pg      -        -
                    15       pg      yes      2027-11-11T00:00:00Z

                    """)
        }
    }

    @Test func tokensAreMadeListedAndRevoked() async throws {
        let token = #""id":"7","name":"ci","scopes":["read"],"created_at":"2026-01-02T03:04:05Z","expires_at":null"#
        try await withServer({ request in
            switch request.method {
            case "POST": .json("{\"token\":{\(token),\"secret\":\"dop_v1_new\"}}", status: 201)
            case "DELETE": .empty
            default: .json("{\"tokens\":[{\(token),\"last_used_at\":null}]}")
            }
        }) { server in
            let console = TestConsole()
            try await run("token create ci --scope read --expires-in 1h", against: server.url, console)
            #expect(server.requests.last?.body == #"{"expires_in":3600,"name":"ci","scopes":["read"]}"#)
            #expect(console.output.hasSuffix("\ndop_v1_new\n"))
            try await run("token list", against: server.url, console)
            try await run("token revoke 7", against: server.url, console)
            #expect(
                server.titles == ["POST /atoll/v1/tokens", "GET /atoll/v1/tokens", "DELETE /atoll/v1/tokens/7"])
        }
    }

    @Test func namesStayInTheirSegment() async throws {
        try await withServer({ $0.method == "DELETE" ? .empty : nil }) { server in
            try await run(["db", "user", "delete", "shop", "a/../b c"], against: server.url)
            #expect(server.titles.last == "DELETE /v2/databases/\(Self.id)/users/a%2F..%2Fb%20c")
            for name in ["", ".", ".."] {
                await #expect(throws: CommandError.self) {
                    try await run(["db", "user", "delete", "shop", name], against: server.url)
                }
            }
        }
    }

    @Test(arguments: [
        "user list shop", "user create shop u", "user get shop u", "user reset shop u", "database list shop",
        "database create shop d", "database get shop d", "events shop", "maintenance get shop", "get shop",
        "metrics-credentials get",
    ])
    func showsTablesForWhatTheAPIAnswers(_ line: String) async throws {
        let everything = """
            {"database":\(clusterJSON()),"databases":[\(clusterJSON())],"user":{"name":"u"},"users":[{"name":"u"}],\
            "db":{"name":"d"},"dbs":[{"name":"d"}],"credentials":{"basic_auth_username":"m"},"events":[{"id":"e",\
            "cluster_name":"shop","event_type":"cluster_create","create_time":"2026-01-02T03:04:05Z"}]}
            """
        try await withServer({ _ in .json(everything) }) { server in
            let console = TestConsole()
            try await run("db \(line)", against: server.url, console)
            #expect(console.output.split(separator: "\n").count >= 2)
            #expect(!console.output.contains("AVNS_"))
        }
    }
}

@Suite("What goes wrong on the way to the API")
struct LiveErrorTests {
    private func error(_ response: StubResponse) async throws -> (any Error)? {
        let server = try StubServer { _ in response }
        defer { server.stop() }
        do {
            try await run("db list", against: server.url)
            return nil
        } catch {
            return error
        }
    }

    @Test func errorBodiesBecomeMessagesWithTheRequestID() async throws {
        let body = #"{"id":"conflict","message":"name is taken","request_id":"4d9d"}"#
        let error = try await error(.json(body, status: 409))
        #expect(
            error as? APIError == APIError(status: 409, id: "conflict", message: "name is taken", requestID: "4d9d"))
        #expect(error.map { "\($0)" } == "name is taken (request id 4d9d)")
    }

    @Test func requestIDMayStandInTheHeader() async throws {
        let response = StubResponse(status: 500, body: "oops\u{1B}[2J", headers: ["x-request-id": "h-1"])
        let error = try #require(try await error(response) as? APIError)
        #expect(error.message == "oops [2J")
        #expect(error.requestID == "h-1")
    }

    @Test func emptyErrorBodiesSayWhatWasAsked() async throws {
        let error = try #require(try await error(StubResponse(status: 502, body: "")) as? APIError)
        #expect(error.message == "GET /v2/databases was answered with status 502")
    }

    @Test(arguments: ["", "<html>", "{}", #"{"databases":[{"id":1}]}"#])
    func answersOfSomethingElseAreErrors(_ body: String) async throws {
        #expect(try await error(.json(body)) is CommandError)
    }

    @Test func redirectsAreNotFollowed() async throws {
        let response = StubResponse(status: 302, body: "", headers: ["location": "http://127.0.0.1:1/"])
        #expect((try await error(response) as? APIError)?.status == 302)
    }

    @Test func answersThatAreTooLargeAreRefused() async throws {
        let body = String(repeating: " ", count: (16 << 20) + 1)
        #expect(try await error(.json(body)) is CommandError)
    }

    @Test func refusedConnectionsSayWhetherAtollRuns() async throws {
        let url = "http://127.0.0.1:\(try StubServer.unusedPort())"
        await #expect {
            try await run("db list", against: url)
        } throws: {
            "\($0)" == "nothing answers at \(url); is `atoll up` running? (atoll status)"
        }
    }

    @Test func authoritiesThatCannotBeReadAreErrors() async {
        let endpoint = Endpoint(url: "https://localhost:1", caFile: "/nonexistent/ca.crt", token: .value("t"))
        await #expect(throws: CommandError.self) {
            try await Session.open(endpoint, console: TestConsole().console) { _ in }
        }
    }
}

// `atoll db pool` against a stub of the API.

import CLICommands
import Foundation
import Testing

@Suite("Pool commands")
struct PoolCommandTests {
    private static let pools = "/v2/databases/11111111-aaaa/pools"

    private static func pool(user: String? = "app") -> String {
        let user = user.map { #""user":"\#($0)","# } ?? ""
        return """
            {"name":"web","mode":"transaction","size":20,"db":"orders",\(user)"connection":{"uri":"","host":"localhost",\
            "port":25061,"user":"doadmin","password":"AVNS_p@ss","database":"web","ssl":true}}
            """
    }

    private func withServer(pool: String = Self.pool(), _ body: (StubServer) async throws -> Void) async throws {
        let server = try StubServer { request in
            switch "\(request.method) \(request.target)" {
            case "GET /v2/databases": .json("{\"databases\":[\(clusterJSON())]}")
            case "GET \(Self.pools)": .json("{\"pools\":[\(pool)]}")
            case "GET \(Self.pools)/web": .json("{\"pool\":\(pool)}")
            case "POST \(Self.pools)": .json("{\"pool\":\(pool)}", status: 201)
            case "PUT \(Self.pools)/web", "DELETE \(Self.pools)/web": .empty
            default: .json(#"{"id":"not_found","message":"No such thing."}"#, status: 404)
            }
        }
        defer { server.stop() }
        try await body(server)
    }

    @Test func listShowsATable() async throws {
        try await withServer { server in
            let console = TestConsole()
            try await run("db pool list shop", against: server.url, console)
            #expect(
                console.output == """
                    NAME  MODE         SIZE  DATABASE  USER  HOST       PORT
                    web   transaction  20    orders    app   localhost  25061

                    """)
        }
        try await withServer(pool: Self.pool(user: nil)) { server in
            let console = TestConsole()
            try await run("db pool get shop web", against: server.url, console)
            #expect(console.output.contains("whoever connects"))
        }
    }

    @Test(arguments: [
        ("", #"{"db":"defaultdb","mode":"transaction","name":"web","size":20,"user":"doadmin"}"#),
        ("--inbound-user", #"{"db":"defaultdb","mode":"transaction","name":"web","size":20}"#),
        (
            "--mode session --database orders --user app",
            #"{"db":"orders","mode":"session","name":"web","size":20,"user":"app"}"#
        ),
    ])
    func create(_ options: String, _ body: String) async throws {
        try await withServer { server in
            try await run("db pool create shop web --size 20 \(options)", against: server.url)
            #expect(server.requests.last?.body == body)
        }
    }

    @Test(arguments: [
        ("--size 40", "app", #"{"db":"orders","mode":"transaction","size":40,"user":"app"}"#),
        ("--mode statement", nil, #"{"db":"orders","mode":"statement","size":20}"#),
        ("--inbound-user --database x", "app", #"{"db":"x","mode":"transaction","size":20}"#),
        ("--user other", nil, #"{"db":"orders","mode":"transaction","size":20,"user":"other"}"#),
    ])
    func updateKeepsWhatIsNotNamed(_ options: String, _ user: String?, _ body: String) async throws {
        try await withServer(pool: Self.pool(user: user)) { server in
            try await run("db pool update shop web \(options)", against: server.url)
            #expect(server.requests.first { $0.method == "PUT" }?.body == body)
        }
    }

    @Test(arguments: ["db pool update shop web", "db pool update shop web --user a --inbound-user"])
    func updateThatMakesNoSenseIsRefused(_ line: String) async throws {
        try await withServer { server in
            await #expect(throws: (any Error).self) { try await run(line, against: server.url) }
            #expect(server.requests.isEmpty)
        }
    }

    @Test(arguments: [
        ("string", "postgresql://doadmin:AVNS_p%40ss@localhost:25061/web?sslmode=require\n"),
        ("flags", "PGPASSWORD=AVNS_p@ss psql -U doadmin -h localhost -p 25061 -d web --set=sslmode=require\n"),
    ])
    func connection(_ format: String, _ expected: String) async throws {
        try await withServer { server in
            let console = TestConsole()
            try await run("db pool connection shop web --format \(format)", against: server.url, console)
            #expect(console.output == expected)
        }
    }

    @Test func deleteSaysWhatItDid() async throws {
        try await withServer { server in
            let console = TestConsole()
            try await run("db pool delete shop web", against: server.url, console)
            #expect(console.output == "Deleted the pool web of shop.\n")
            #expect(server.titles.last == "DELETE \(Self.pools)/web")
        }
    }
}

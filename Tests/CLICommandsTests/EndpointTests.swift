import CLICommands
import Foundation
import Testing

@Suite("Where the API is")
struct EndpointTests {
    private static let record = ControlRecord(
        apiURL: "https://localhost:8444", caFile: "/data/ca/ca.crt", tokenFile: "/data/admin.token", metricsURL: nil)

    private static func resolve(
        _ choice: Endpoint.Choice = .init(), _ environment: [String: String] = [:], record: ControlRecord? = record,
        authorityExists: Bool = true
    ) throws -> Endpoint {
        try Endpoint.resolve(
            choice, environment: environment, dataDirectory: "/data", record: record,
            fileExists: { _ in authorityExists })
    }

    @Test func recordOfTheDataDirectoryIsTheDefault() throws {
        #expect(
            try Self.resolve()
                == Endpoint(url: "https://localhost:8444", caFile: "/data/ca/ca.crt", token: .file("/data/admin.token"))
        )
    }

    @Test func withoutRecordTheDefaultAddressAndTheFilesOfTheDataDirectory() throws {
        #expect(
            try Self.resolve(record: nil)
                == Endpoint(url: "https://localhost:8443", caFile: "/data/ca/ca.crt", token: .file("/data/admin.token"))
        )
        #expect(try Self.resolve(record: nil, authorityExists: false).caFile == nil)
    }

    @Test func optionsComeBeforeTheEnvironmentAndThatBeforeTheRecord() throws {
        let environment = ["ATOLL_API_URL": "https://localhost:1", "ATOLL_CA": "/env.crt", "ATOLL_TOKEN": "secret"]
        #expect(
            try Self.resolve(.init(), environment)
                == Endpoint(url: "https://localhost:1", caFile: "/env.crt", token: .value("secret")))
        let choice = Endpoint.Choice(apiURL: "https://localhost:2/", caFile: "/o.crt", tokenFile: "/o.token")
        #expect(
            try Self.resolve(choice, environment)
                == Endpoint(url: "https://localhost:2", caFile: "/o.crt", token: .file("/o.token")))
    }

    @Test func anotherMachineGetsNeitherTheLocalTokenNorTheLocalAuthority() throws {
        #expect(
            try Self.resolve(.init(apiURL: "https://db.example:8444"))
                == Endpoint(url: "https://db.example:8444", caFile: nil, token: .missing))
        var named = Self.record
        named.apiURL = "https://db.example:8444"
        #expect(
            try Self.resolve(.init(apiURL: "https://DB.example:8444"), record: named).token
                == .file("/data/admin.token"))
    }

    @Test(arguments: [
        "http://db.example", "ftp://localhost", "localhost:8443", "https://localhost/v2", "https://user@localhost",
        "https://localhost?x=1", "https://", "", "http://127.evil.example",
    ])
    func addressesThatAreRefused(_ url: String) {
        #expect(throws: CommandError.self) { try Self.resolve(.init(apiURL: url)) }
    }

    @Test(arguments: [
        ("http://127.0.0.1:80", "http://127.0.0.1:80"), ("http://[::1]:8080", "http://[::1]:8080"),
        ("HTTPS://LocalHost", "https://localhost:443"),
    ])
    func addressesThatAreTaken(_ url: String, _ expected: String) throws {
        #expect(try Self.resolve(.init(apiURL: url)).url == expected)
    }

    @Test(arguments: [
        (true, [:], "/var/lib/atoll"), (true, ["XDG_DATA_HOME": "/x"], "/var/lib/atoll"),
        (false, [:], "/home/me/.local/share/atoll"), (false, ["XDG_DATA_HOME": "/x/"], "/x/atoll"),
        (false, ["XDG_DATA_HOME": ""], "/home/me/.local/share/atoll"),
        (false, ["XDG_DATA_HOME": "relative"], "/home/me/.local/share/atoll"),
    ])
    func dataDirectories(_ isRoot: Bool, _ environment: [String: String], _ expected: String) {
        #expect(DataDirectory.defaultPath(isRoot: isRoot, home: "/home/me", environment: environment) == expected)
    }

    @Test func namedDataDirectories() {
        #expect(DataDirectory.resolve(option: "/a/../b/", environment: ["ATOLL_DATA": "/c"]) == "/b")
        #expect(DataDirectory.resolve(option: nil, environment: ["ATOLL_DATA": "/c"]) == "/c")
        #expect(DataDirectory.resolve(option: nil, environment: ["ATOLL_DATA": ""]) == DataDirectory.defaultPath)
    }
}

@Suite("Files that say where the API is")
struct EndpointFileTests {
    /// Runs the body with a directory that is gone afterwards.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(
            at: directory.appendingPathComponent("run"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try body(directory.path)
    }

    @Test func recordIsReadAsItWasWritten() throws {
        try withDirectory { directory in
            #expect(try ControlRecord.read(inDataDirectory: directory) == nil)
            let record = ControlRecord(
                apiURL: "https://localhost:8443", caFile: "/c", tokenFile: "/t", metricsURL: "https://localhost:9273")
            try record.write(inDataDirectory: directory)
            #expect(try ControlRecord.read(inDataDirectory: directory) == record)
        }
    }

    @Test(arguments: ["", "{", "[]", #"{"version":2,"api_url":"https://a","ca_file":"","token_file":""}"#])
    func recordsOfSomethingElseAreRefused(_ text: String) throws {
        try withDirectory { directory in
            try text.write(
                toFile: ControlRecord.path(inDataDirectory: directory), atomically: false, encoding: .utf8)
            #expect(throws: CommandError.self) { try ControlRecord.read(inDataDirectory: directory) }
        }
    }

    @Test(arguments: [("dop_v1_a\n", "dop_v1_a"), ("", nil), ("two words", nil), ("two\nlines", nil)])
    func tokenFiles(_ contents: String, _ token: String?) throws {
        try withDirectory { directory in
            let path = directory + "/token"
            try contents.write(toFile: path, atomically: false, encoding: .utf8)
            let endpoint = Endpoint(url: "https://localhost", caFile: nil, token: .file(path))
            if let token {
                #expect(try endpoint.readToken() == token)
            } else {
                #expect(throws: CommandError.self) { try endpoint.readToken() }
            }
        }
    }

    @Test func missingTokenSaysWhatToDo() {
        let endpoint = Endpoint(url: "https://localhost", caFile: nil, token: .file("/nonexistent/token"))
        #expect(throws: CommandError.self) { try endpoint.readToken() }
        #expect(throws: CommandError.self) {
            try Endpoint(url: "https://a", caFile: nil, token: .missing).readToken()
        }
    }
}

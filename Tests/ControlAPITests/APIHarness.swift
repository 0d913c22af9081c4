import ControlAPI
import ControlModel
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore

/// The API over in-memory services, and a client that speaks JSON.
struct APIHarness: Sendable {
    let accounts: MemoryAccounts
    let databases: MemoryDatabases
    let client: any TestClientProtocol

    static func run(
        _ setup: TestingSetup = .router, configuration: APIConfiguration = .roomy, logger: Logger = .silent,
        _ body: @Sendable (APIHarness) async throws -> Void
    ) async throws {
        let accounts = MemoryAccounts()
        let databases = MemoryDatabases(accounts: accounts)
        let application = try makeApplication(
            accounts: accounts, databases: databases, configuration: configuration, tls: nil,
            address: .hostname("127.0.0.1", port: 0), logger: logger)
        try await application.test(setup) { client in
            try await body(APIHarness(accounts: accounts, databases: databases, client: client))
        }
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, json: String? = nil,
        secret: String? = MemoryAccounts.writeSecret, contentType: String? = "application/json"
    ) async throws -> Answer {
        try await send(method, path, bytes: json.map { Array($0.utf8) }, secret: secret, contentType: contentType)
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, bytes: [UInt8]?,
        secret: String? = MemoryAccounts.writeSecret, contentType: String? = "application/json"
    ) async throws -> Answer {
        var headers = HTTPFields()
        if let secret { headers[.authorization] = "Bearer \(secret)" }
        if bytes != nil, let contentType { headers[.contentType] = contentType }
        let response = try await client.execute(
            uri: path, method: method, headers: headers, body: bytes.map { ByteBuffer(bytes: $0) })
        return Answer(response)
    }

    static let createBody = """
        {"name":"db1","engine":"pg","version":"15","num_nodes":1,"size":"db-s-1vcpu-1gb","region":"nyc3"}
        """

    /// Makes a cluster through the API. Returns its path.
    func createCluster() async throws -> String {
        let answer = try await send(.post, "/v2/databases", json: Self.createBody)
        return "/v2/databases/\(answer["database"]["id"].text)"
    }
}

extension APIConfiguration {
    /// Rate limits that no test reaches by accident.
    static var roomy: APIConfiguration {
        APIConfiguration(requestsPerHourMax: 1_000_000, requestsPerMinuteMax: 1_000_000)
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}

/// An answer, with its body read as JSON.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPFields
    let bytes: [UInt8]

    init(_ response: TestResponse) {
        status = response.status.code
        headers = response.headers
        bytes = Array(response.body.readableBytesView)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var json: JSONValue { (try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))) ?? .null }
    subscript(key: String) -> JSONValue { json[key] }

    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }

    /// The error id, if the answer is an error of the one shape in which every error comes.
    var errorID: String? {
        guard status >= 400, header("content-type") == "application/json; charset=utf-8",
            case .object(let fields) = json, Set(fields.keys) == ["id", "message", "request_id"],
            json["request_id"].text == header("x-request-id"), !json["message"].text.isEmpty
        else { return nil }
        return json["id"].text
    }
}

extension JSONValue {
    subscript(key: String) -> JSONValue {
        guard case .object(let fields) = self else { return .null }
        return fields[key] ?? .null
    }
    subscript(index: Int) -> JSONValue {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return .null }
        return elements[index]
    }
    var text: String {
        guard case .string(let text) = self else { return "" }
        return text
    }
    var keys: Set<String> {
        guard case .object(let fields) = self else { return [] }
        return Set(fields.keys)
    }
    var count: Int {
        guard case .array(let elements) = self else { return -1 }
        return elements.count
    }
}

import HummingbirdTesting
import ControlAPI
import ControlModel
import Foundation
import HTTPTypes
import Logging
import Synchronization
import Testing

struct ConventionTests {
    @Test(arguments: [
        nil, "", "wrong", "dop_v1_" + String(repeating: "a", count: 63), String(repeating: "x", count: 9999),
    ])
    func withoutAValidTokenTheAnswerIsAlwaysTheSame(secret: String?) async throws {
        try await APIHarness.run { api in
            for path in ["/v2/account", "/v2/nope", "/v2/databases", "//v2//account", "/v1/x", "/atoll/v1/tokens"] {
                let answer = try await api.send(.get, path, secret: secret)
                #expect(answer.status == 401)
                #expect(answer.errorID == "unauthorized")
                #expect(answer["message"].text == "Unable to authenticate you.")
            }
        }
    }

    @Test func otherSchemesOfAuthorizationAreRefused() async throws {
        try await APIHarness.run { api in
            for value in ["Basic \(MemoryAccounts.writeSecret)", MemoryAccounts.writeSecret, "Bearer", "Bearer "] {
                let response = try await api.client.execute(
                    uri: "/v2/account", method: .get, headers: [.authorization: value])
                #expect(response.status == .unauthorized)
            }
            let response = try await api.client.execute(
                uri: "/v2/account", method: .get, headers: [.authorization: "bearer  \(MemoryAccounts.writeSecret)"])
            #expect(response.status == .ok, "the scheme is not case-sensitive")
        }
    }

    @Test func scopesSayWhichMethodsAreAllowed() async throws {
        try await APIHarness.run { api async throws in
            let read = MemoryAccounts.readSecret
            let write = MemoryAccounts.writeOnlySecret
            #expect(try await api.send(.get, "/v2/tags", secret: read).status == 200)
            #expect(try await api.send(.head, "/v2/tags", secret: read).status == 200)
            #expect(try await api.send(.post, "/v2/tags", json: "{}", secret: read).errorID == "forbidden")
            #expect(try await api.send(.delete, "/v2/tags/x", secret: read).errorID == "forbidden")
            #expect(try await api.send(.get, "/v2/tags", secret: write).errorID == "forbidden")
            #expect(try await api.send(.post, "/v2/tags", json: #"{"name":"x"}"#, secret: write).status == 201)
        }
    }

    @Test func unknownPathsAndMethods() async throws {
        try await APIHarness.run { api in
            #expect(try await api.send(.get, "/v2/nope").errorID == "not_found")
            #expect(try await api.send(.get, "/").errorID == "not_found")
            #expect(try await api.send(.get, "/", secret: nil).errorID == "not_found")
            let answer = try await api.send(.patch, "/v2/databases")
            #expect(answer.status == 405)
            #expect(answer.errorID == "method_not_allowed")
            #expect(answer.header("allow") == "GET, HEAD, POST")
            #expect(try await api.send(.delete, "/v2/projects/default").header("allow") == "GET, HEAD, PATCH, PUT")
            #expect(try await api.send(.put, "/v2/databases/options").header("allow") == "GET, HEAD")
            #expect(try await api.send(.options, "/v2/tags/x").header("allow") == "DELETE, GET, HEAD")
            #expect(try await api.send(.post, "/atoll/v1/health").header("allow") == "GET, HEAD")
            #expect(try await api.send(.post, "/atoll/v1/health", secret: nil).status == 401)
        }
    }

    @Test func headHasTheHeadersOfGetAndNoBody() async throws {
        try await APIHarness.run { api in
            let get = try await api.send(.get, "/v2/account")
            let head = try await api.send(.head, "/v2/account")
            #expect(head.status == 200)
            #expect(head.bytes.isEmpty)
            #expect(head.header("content-length") == String(get.bytes.count))
            #expect(head.header("content-type") == get.header("content-type"))
        }
    }

    @Test func requestIDsAreOursAndDiffer() async throws {
        try await APIHarness.run { api in
            var seen: Set<String> = []
            for path in ["/v2/account", "/v2/nope", "/atoll/v1/health", "/v2/account"] {
                let headers: HTTPFields = [.authorization: "Bearer \(MemoryAccounts.writeSecret)"]
                var sent = headers
                if let name = HTTPField.Name("x-request-id") { sent[name] = "mine" }
                let answer = Answer(try await api.client.execute(uri: path, method: .get, headers: sent))
                let id = try #require(answer.header("x-request-id"))
                #expect(UUID(uuidString: id) != nil)
                #expect(seen.insert(id).inserted)
            }
        }
    }

    struct BadBody: Sendable {
        var bytes: [UInt8]?
        var contentType: String? = "application/json"
        var status: Int
        var id: String

        init(_ text: String?, contentType: String? = "application/json", status: Int, id: String) {
            self.bytes = text.map { Array($0.utf8) }
            self.contentType = contentType
            self.status = status
            self.id = id
        }
    }

    @Test(arguments: [
        BadBody("{", status: 400, id: "bad_request"),
        BadBody("name=x", contentType: "application/x-www-form-urlencoded", status: 415, id: "unsupported_media_type"),
        BadBody(#"{"name":"x"}"#, contentType: "text/plain", status: 415, id: "unsupported_media_type"),
        BadBody(nil, status: 422, id: "unprocessable_entity"),
        BadBody("", status: 422, id: "unprocessable_entity"),
        BadBody("[]", status: 422, id: "unprocessable_entity"),
        BadBody("null", status: 422, id: "unprocessable_entity"),
        BadBody("{}", status: 422, id: "unprocessable_entity"),
        BadBody(#"{"name":null}"#, status: 422, id: "unprocessable_entity"),
        BadBody(#"{"name":7}"#, status: 422, id: "unprocessable_entity"),
        BadBody(#"{"name":"a b"}"#, status: 422, id: "unprocessable_entity"),
        BadBody(#"{"name":"a\u0000"}"#, status: 422, id: "unprocessable_entity"),
        BadBody(#"{"name":1e999}"#, status: 422, id: "unprocessable_entity"),
        BadBody(String(repeating: "[", count: 300_000), status: 400, id: "bad_request"),
        BadBody("{\"name\":\"" + String(repeating: "x", count: 1 << 20) + "\"}", status: 413, id: "payload_too_large"),
    ])
    func badBodies(row: BadBody) async throws {
        try await APIHarness.run { api in
            let answer = try await api.send(.post, "/v2/tags", bytes: row.bytes, contentType: row.contentType)
            #expect(answer.status == row.status)
            #expect(answer.errorID == row.id)
        }
    }

    @Test(arguments: ["application/json", "application/json; charset=utf-8", "Application/JSON;x=y", nil])
    func goodContentTypes(contentType: String?) async throws {
        try await APIHarness.run { api in
            let answer = try await api.send(
                .post, "/v2/tags", json: #"{"name":"x","else":1}"#, contentType: contentType)
            #expect(answer.status == 201, "unknown fields are ignored")
        }
    }

    @Test func messagesNameTheField() async throws {
        try await APIHarness.run { api in
            let path = try await api.createCluster()
            let body = #"{"rules":[{"type":"ip_addr","value":"10.0.0.1"},{"type":"ip_addr"}]}"#
            let answer = try await api.send(.put, "\(path)/firewall", json: body)
            #expect(answer["message"].text == "rules[1].value is required.")
        }
    }

    @Test(arguments: ["1.5", "1e30", "99999999999999999999", "-99999999999999999999", "\"1\"", "true", "[1]"])
    func badIntegers(number: String) async throws {
        try await APIHarness.run { api in
            let body = APIHarness.createBody.replacingOccurrences(
                of: "\"num_nodes\":1", with: "\"num_nodes\":\(number)")
            let answer = try await api.send(.post, "/v2/databases", json: body)
            #expect(answer.errorID == "unprocessable_entity")
            #expect(answer["message"].text.hasPrefix("num_nodes"))
        }
    }

    @Test func hostilePaths() async throws {
        try await APIHarness.run { api in
            let path = try await api.createCluster()
            for name in ["%00", "%ff", "%", "%zz", "%c0%80", "..%2f..%2fetc", "%2e%2e"] {
                let answer = try await api.send(.get, "\(path)/users/\(name)")
                #expect((400..<500).contains(answer.status))
                #expect(answer.errorID != nil)
            }
            for id in ["x", "%00", "123", "00000000-0000-0000-0000-00000000000", "%ff"] {
                let answer = try await api.send(.get, "/v2/databases/\(id)")
                #expect([400, 404].contains(answer.status))
            }
        }
    }

    @Test func whatNobodyForesawIsA500WithoutItsCause() async throws {
        struct Secret: Error { let text = "sesame" }
        let log = LogRecorder()
        try await APIHarness.run(logger: log.logger) { api in
            await api.accounts.fail(with: Secret())
            let answer = try await api.send(.get, "/v2/account")
            #expect(answer.status == 500)
            #expect(answer.errorID == "server_error")
            #expect(!answer.text.contains("sesame") && !answer.text.contains("Secret"))
            let id = try #require(answer.header("x-request-id"))
            #expect(log.lines.contains { $0.contains("sesame") && $0.contains(id) })
            await api.accounts.fail(with: ServiceError(.serverError, "disk full at /var"))
            let second = try await api.send(.get, "/v2/account")
            #expect(!second.text.contains("disk full"))
        }
    }

    @Test(arguments: ServiceError.Code.allCases)
    func everyServiceErrorHasItsStatus(code: ServiceError.Code) async throws {
        let statuses: [ServiceError.Code: Int] = [
            .badRequest: 400, .unauthorized: 401, .forbidden: 403, .notFound: 404, .methodNotAllowed: 405,
            .conflict: 409, .preconditionFailed: 412, .payloadTooLarge: 413, .unprocessableEntity: 422,
            .tooManyRequests: 429, .serverError: 500, .notImplemented: 501, .serviceUnavailable: 503,
        ]
        try await APIHarness.run { api in
            await api.accounts.fail(with: ServiceError(code, "message"))
            let answer = try await api.send(.get, "/v2/account")
            #expect(answer.status == statuses[code])
            #expect(answer.errorID == code.rawValue)
        }
    }

    @Test func rateLimits() async throws {
        let configuration = APIConfiguration(requestsPerHourMax: 100, requestsPerMinuteMax: 3)
        try await APIHarness.run(configuration: configuration) { api in
            for remaining in [99, 98, 97] {
                let answer = try await api.send(.get, "/v2/account")
                #expect(answer.header("ratelimit-limit") == "100")
                #expect(answer.header("ratelimit-remaining") == "\(remaining)")
                let reset = try #require(answer.header("ratelimit-reset").flatMap { Double($0) })
                #expect(abs(reset - Date().timeIntervalSince1970 - 3600) < 120)
            }
            let refused = try await api.send(.get, "/v2/account")
            #expect(refused.status == 429)
            #expect(refused.errorID == "too_many_requests")
            let seconds = try #require(refused.header("retry-after").flatMap { Int($0) })
            #expect((1...61).contains(seconds))
            #expect(try await api.send(.get, "/v2/account", secret: MemoryAccounts.readSecret).status == 200)
            #expect(try await api.send(.get, "/atoll/v1/health", secret: nil).status == 200)
        }
    }

    @Test func strangersAreLimitedByAddressAndLockNobodyOut() async throws {
        let configuration = APIConfiguration(requestsPerHourMax: 100, requestsPerMinuteMax: 3)
        try await APIHarness.run(configuration: configuration) { api async throws in
            for _ in 0..<3 {
                #expect(try await api.send(.get, "/v2/account", secret: "guess").status == 401)
            }
            #expect(try await api.send(.get, "/v2/account", secret: "guess").status == 429)
            #expect(try await api.send(.get, "/v2/account", secret: nil).status == 429)
            #expect(try await api.send(.get, "/v2/account").status == 200)
        }
    }

    @Test func eachRequestIsLoggedOnceWithoutSecrets() async throws {
        let log = LogRecorder()
        try await APIHarness.run(logger: log.logger) { api in
            let path = try await api.createCluster()
            _ = try await api.send(.get, "\(path)/users/secret-name?token=secret-query")
            _ = try await api.send(.get, "/v2/secret-path", secret: "secret-token")
        }
        let lines = log.lines
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { !$0.contains("secret") && !$0.contains("db1") })
        #expect(lines[1].contains("path=/v2/databases/{cluster}/users/{username}"))
        #expect(lines[1].contains("method=GET") && lines[1].contains("status=404"))
        #expect(lines[1].contains("token_id=full"))
        #expect(lines[2].contains("token_id=-") && lines[2].contains("status=401"))
    }

    @Test func overARealSocket() async throws {
        try await APIHarness.run(.live) { api in
            let answer = try await api.send(.get, "/v2/regions?per_page=5")
            #expect(answer.status == 200)
            #expect(answer["links"]["pages"]["next"].text.hasSuffix("/v2/regions?page=2&per_page=5"))
            #expect(answer["links"]["pages"]["next"].text.hasPrefix("http://localhost"))
            let large = [UInt8](repeating: 0x20, count: 3 << 20)
            #expect(try await api.send(.post, "/v2/tags", bytes: large).status == 413)
            #expect(try await api.send(.post, "/v2/tags", json: #"{"name":"live"}"#).status == 201)
            #expect(try await api.send(.delete, "/v2/tags/live").status == 204)
        }
    }
}

/// Collects log lines as "message key=value …".
final class LogRecorder: Sendable {
    private let recorded = Mutex<[String]>([])

    var lines: [String] { recorded.withLock { $0 } }
    var logger: Logger { Logger(label: "recorder") { _ in Handler(recorder: self) } }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).map { "\($0)=\($1)" }.sorted().joined(separator: " ")
            recorder.recorded.withLock { $0.append("\(event.message) \(fields)") }
        }
    }
}

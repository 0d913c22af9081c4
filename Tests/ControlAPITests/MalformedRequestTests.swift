import Foundation
import HTTPTypes
import SeededRandom
import Testing

/// A thousand requests nobody would send, from a seed: never a server error but the documented 501, and every error
/// in the one shape.
struct MalformedRequestTests {
    private static let methods: [HTTPRequest.Method] = [
        .get, .head, .post, .put, .patch, .delete, .options, .trace,
    ]
    private static let bodies = [
        APIHarness.createBody, #"{"name":"web"}"#, #"{"config":{"work_mem":4}}"#,
        #"{"rules":[{"type":"ip_addr","value":"10.0.0.1"}]}"#, #"{"day":"monday","hour":"10:00"}"#,
        #"{"settings":{"pg_allow_replication":true}}"#, #"{"resources":["do:dbaas:1"]}"#,
        #"{"credentials":{"basic_auth_username":"u","basic_auth_password":"p"}}"#,
        #"{"name":"n","purpose":"p","environment":"Staging","is_default":true,"description":"d"}"#,
        #"{"name":"ci","scopes":["read","write"],"expires_in":99}"#, #"{"name":"v","region":"nyc1"}"#,
    ]
    private static let values = [
        "null", "[]", "{}", "-1", "1e400", "1.5", "99999999999999999999", "\"\"", "\"\\u0000\"", "true",
        "[[[[]]]]", "\"\(String(repeating: "x", count: 5000))\"", "{\"a\":{\"b\":[null]}}",
    ]

    private static let suffixes = ["%00", "%ff", "%", "..", "%2f", "é", "x", "", "{}"]
    private static let queries = ["page=0", "page=%ff", "per_page=1e9", "&&&=", "page", "tag_name=%00", "=="]

    @Test(arguments: 0..<4)
    func seeded(part: Int) async throws {
        try await APIHarness.run { api in
            var random = SeededGenerator(seed: UInt64(2026 + part))
            let cluster = try await api.createCluster()
            for number in 0..<250 {
                let method = Self.methods.randomElement(using: &random) ?? .get
                let path = Self.path(cluster: cluster, using: &random)
                let body = Self.body(using: &random)
                let answer = try await api.send(
                    method, path, bytes: body, secret: random.next() % 10 == 0 ? nil : MemoryAccounts.writeSecret,
                    contentType: random.next() % 10 == 0 ? "text/html" : "application/json")
                let note: Comment =
                    "\(part)/\(number): \(method) \(path) \(String(decoding: body ?? [], as: UTF8.self).prefix(200)) → \(answer.status)"
                #expect(answer.status < 500 || answer.status == 501, note)
                #expect(answer.header("x-request-id") != nil, note)
                if answer.status >= 400, method != .head {
                    #expect(answer.errorID != nil, note)
                }
            }
        }
    }

    private static func path(cluster: String, using random: inout SeededGenerator) -> String {
        let known = [
            "/v2/account", "/v2/regions", "/v2/tags", "/v2/tags/web", "/v2/tags/web/resources", "/v2/projects",
            "/v2/projects/default", "/v2/projects/default/resources", "/v2/vpcs", "/v2/databases",
            "/v2/databases/options", "/v2/databases/metrics/credentials", "/atoll/v1/tokens",
            "/atoll/v1/benchmarks", cluster,
            "\(cluster)/config", "\(cluster)/users", "\(cluster)/users/doadmin", "\(cluster)/dbs",
            "\(cluster)/firewall", "\(cluster)/maintenance", "\(cluster)/eviction_policy", "\(cluster)/pools",
            "\(cluster)/users/doadmin/reset_auth", "\(cluster)/pools/web",
        ]
        var path = known.randomElement(using: &random) ?? "/"
        switch random.next() % 8 {
        case 0: path += "/" + (suffixes.randomElement(using: &random) ?? "")
        case 1: path += "?" + (queries.randomElement(using: &random) ?? "")
        case 2:
            var characters = Array(path)
            characters[Int(random.next() % UInt64(characters.count))] = "~"
            path = String(characters)
        case 3: path = path.replacing("/", with: "//")
        default: break
        }
        return path.hasPrefix("/") ? path : "/" + path
    }

    private static func body(using random: inout SeededGenerator) -> [UInt8]? {
        var text = bodies.randomElement(using: &random) ?? ""
        switch random.next() % 6 {
        case 0: return nil
        case 1:
            var bytes = Array(text.utf8)
            bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            return bytes
        case 2: return Array(text.utf8.prefix(Int(random.next() % UInt64(text.utf8.count))))
        case 3:
            let value = values.randomElement(using: &random) ?? "null"
            if let colon = text.firstIndex(of: ":"), let end = text[colon...].firstIndex(where: { ",}".contains($0) }) {
                text.replaceSubrange(text.index(after: colon)..<end, with: value)
            }
        case 4: text = values.randomElement(using: &random) ?? "null"
        default: break
        }
        return Array(text.utf8)
    }
}

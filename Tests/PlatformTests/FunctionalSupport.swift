import Foundation
import Testing

/// What the functional suites share.
extension PlatformUnderTest {
    /// Variables with which every libpq client logs in as doadmin, verifying the server.
    func clientEnvironment(_ cluster: ClusterUnderTest, database: String = "defaultdb") -> [String: String] {
        [
            "PGHOST": cluster.host, "PGPORT": "\(cluster.port)", "PGUSER": cluster.user,
            "PGPASSWORD": cluster.password, "PGDATABASE": database, "PGSSLMODE": "verify-full",
            "PGSSLROOTCERT": authorityFile, "PGCONNECT_TIMEOUT": "10",
        ]
    }
}

extension ClusterUnderTest {
    /// The API below this cluster: `api("GET", "/users")`. JSON goes in and out as Foundation has it.
    func api(_ method: String, _ path: String, _ body: [String: Any]? = nil) async throws -> APIAnswer {
        let text = try body.map {
            String(decoding: try JSONSerialization.data(withJSONObject: $0, options: .sortedKeys), as: UTF8.self)
        }
        return try await platform.request(method, "/v2/databases/\(id)\(path)", body: text)
    }

    /// The names in one of the cluster's lists: `names("users")`.
    func names(_ list: String) async throws -> [String] {
        let answer = try await api("GET", "/\(list)")
        return (answer.object[list] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
    }

    /// Makes a user by the API; its password.
    func makeUser(_ name: String, settings: [String: Any]? = nil) async throws -> String {
        let answer = try await api("POST", "/users", ["name": name, "settings": settings ?? [:]])
        guard answer.status == 201, let user = answer.object["user"] as? [String: Any],
            let password = user["password"] as? String
        else { throw TestFailure("user \(name): \(answer.status) \(answer.body)") }
        return password
    }

    /// Text of one query's one value, without the newline.
    func value(
        _ sql: String, user: String? = nil, password: String? = nil, database: String = "defaultdb"
    ) async throws -> String {
        let result = try await psql(sql, user: user, password: password, database: database)
        guard result.isSuccess else { throw TestFailure("\(result)") }
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

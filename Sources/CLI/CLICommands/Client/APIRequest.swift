package import ControlModel
import Foundation

/// One request to the API: a path in segments, so that a name with a slash in it stays one segment.
package struct APIRequest: Sendable, Equatable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package var method: Method
    package var segments: [String]
    package var query: [String: String]
    package var body: JSONValue?

    package init(
        _ method: Method, _ segments: [String], query: [String: String] = [:], body: JSONValue? = nil
    ) {
        self.method = method
        self.segments = segments
        self.query = query
        self.body = body
    }

    /// A request about database clusters: `/v2/databases` and what follows.
    package static func databases(
        _ method: Method = .get, _ segments: String..., query: [String: String] = [:], body: JSONValue? = nil
    ) -> APIRequest {
        APIRequest(method, ["v2", "databases"] + segments, query: query, body: body)
    }

    /// A request about API tokens: `/atoll/v1/tokens` and what follows.
    package static func tokens(
        _ method: Method = .get, _ segments: String..., body: JSONValue? = nil
    ) -> APIRequest {
        APIRequest(method, ["atoll", "v1", "tokens"] + segments, body: body)
    }

    /// The process that serves a cluster's pools.
    package static func pooler(ofClusterID id: String) -> APIRequest {
        APIRequest(.get, ["atoll", "v1", "databases", id, "pooler"])
    }

    /// What that process has counted.
    package static func poolerFigures(ofClusterID id: String) -> APIRequest {
        APIRequest(.get, ["atoll", "v1", "databases", id, "pooler", "figures"])
    }

    /// A request about benchmarks: `/atoll/v1/benchmarks` and what follows.
    package static func benchmarks(
        _ method: Method = .get, _ segments: String..., body: JSONValue? = nil
    ) -> APIRequest {
        APIRequest(method, ["atoll", "v1", "benchmarks"] + segments, body: body)
    }

    /// Path and query as sent. A segment that is empty, "." or ".." would address something else: refused.
    package func target() throws -> String {
        for segment in segments where segment.isEmpty || segment == "." || segment == ".." {
            throw CommandError("\"\(segment)\" is not a name", advice: "Give the name of what you mean.")
        }
        let path = segments.map { "/" + $0.percentEncoded() }.joined()
        guard !query.isEmpty else { return path }
        let pairs = query.sorted { $0.key < $1.key }
            .map { "\($0.key.percentEncoded())=\($0.value.percentEncoded())" }
        return path + "?" + pairs.joined(separator: "&")
    }

    /// "GET /v2/databases", for messages.
    package var title: String { "\(method.rawValue) /\(segments.joined(separator: "/"))" }
}

extension String {
    /// All but RFC 3986's unreserved characters, and those given, as %XX.
    package func percentEncoded(keeping kept: String = "") -> String {
        let unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
        let allowed = CharacterSet(charactersIn: unreserved + kept)
        // Swift strings are valid Unicode, for which this cannot fail.
        return addingPercentEncoding(withAllowedCharacters: allowed) ?? self
    }
}

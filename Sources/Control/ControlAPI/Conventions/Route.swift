import ControlModel
import Foundation
import HTTPTypes
import Hummingbird

/// One operation of the API.
struct Route: Sendable {
    enum Access: Sendable {
        /// A bearer token with the scope that the method needs.
        case token
        /// Everybody. Only for what tells nothing.
        case open
    }

    enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    typealias Handler = @Sendable (Call) async throws -> Reply

    let method: Method
    /// Template with names in braces: `/v2/databases/{cluster}`.
    let path: String
    let access: Access
    let handler: Handler

    init(_ method: Method, _ path: String, access: Access = .token, handler: @escaping Handler) {
        self.method = method
        self.path = path
        self.access = access
        self.handler = handler
    }
}

/// One authorised request, as a handler sees it.
struct Call: Sendable {
    let request: Request
    let context: APIRequestContext
    let token: APIToken?
    let configuration: APIConfiguration

    /// Passwords are for those who could change them anyway.
    var showsPasswords: Bool { token?.scopes.contains(.write) ?? false }

    /// A name in the path, percent-decoded.
    func parameter(_ name: String) throws -> String {
        guard let raw = context.parameters.get(name) else {
            preconditionFailure("route template without {\(name)}")
        }
        guard let decoded = raw.removingPercentEncoding, !decoded.unicodeScalars.contains("\0") else {
            throw APIError(.badRequest, "The path is not valid: \(name) must be percent-encoded UTF-8 without NUL.")
        }
        return decoded
    }

    /// A UUID in the path, in lower case. Whatever is not one names nothing that exists.
    func identifier(_ name: String) throws -> String {
        let text = try parameter(name)
        guard let identifier = UUID(uuidString: text) else {
            throw ServiceError.notFound("\(text.prefix(64)) is not an id")
        }
        return identifier.uuidString.lowercased()
    }

    /// The value of the first query parameter with this name, percent-decoded.
    func query(_ name: String) -> String? {
        request.uri.queryParameters[Substring(name)].map(String.init)
    }

    /// The JSON object in the body; 422 when there is none.
    func body() async throws -> RequestBody {
        guard let body = try await optionalBody() else {
            throw ServiceError.unprocessable("A JSON object is required as the body of this request.")
        }
        return body
    }

    /// The JSON object in the body, or nil when the body is empty.
    func optionalBody() async throws -> RequestBody? {
        let bytes = try await BodyReader(configuration: configuration).read(request)
        return bytes.isEmpty ? nil : try RequestBody(json: bytes, depthMax: configuration.jsonDepthMax)
    }

    func page() throws -> PageRequest {
        try PageRequest(page: query("page"), perPage: query("per_page"))
    }

    /// "https://host:port", as the client addressed us: links in answers stay inside the network that it uses.
    var baseURL: String {
        let authority = request.head.authority ?? ""
        let isPlain = authority.utf8.allSatisfy {
            $0.isLetterOrDigit || $0.isDot || $0.isColon || $0.isDash || $0.isUnderscore
                || $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]")
        }
        return "\(configuration.scheme.rawValue)://\(isPlain && !authority.isEmpty ? authority : "localhost")"
    }
}

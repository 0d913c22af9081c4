import ControlModel
import Foundation

/// `/atoll/v1/tokens`: API tokens. A secret is shown once, when its token is made.
func tokenRoutes(_ services: APIServices) -> [Route] {
    let accounts = services.accounts
    return [
        Route(.get, "/atoll/v1/tokens") { _ in
            .ok(TokenList(tokens: try await accounts.tokens().map { TokenView($0) }))
        },
        Route(.post, "/atoll/v1/tokens") { call in
            let now = services.now()
            let request = try TokenRequest(try await call.body(), now: now)
            guard let own = call.token?.scopes, request.scopes.isSubset(of: own) else {
                throw ServiceError(.forbidden, "A token cannot make another one with scopes that it lacks itself.")
            }
            let issued = try await accounts.issueToken(
                name: request.name, scopes: request.scopes, expiresAt: request.expiresAt, at: now)
            return .created(TokenEnvelope(token: TokenView(issued.token, secret: issued.secret)))
        },
        Route(.delete, "/atoll/v1/tokens/{token}") { call in
            try await accounts.revokeToken(id: try call.parameter("token"))
            return .noContent
        },
    ]
}

private struct TokenRequest {
    static let nameBytesMax = 255
    static let secondsMax = 100 * 365 * 86_400

    let name: String
    let scopes: Set<APIToken.Scope>
    let expiresAt: Date?

    init(_ body: RequestBody, now: Date) throws {
        name = try body.requiredString("name", bytesMax: Self.nameBytesMax)
        guard let names = try body.strings("scopes") else { throw body.missing("scopes") }
        let known = names.compactMap { APIToken.Scope(rawValue: $0) }
        guard !known.isEmpty, known.count == names.count else {
            throw body.wrong("scopes", "must be a list of \"read\" and \"write\"")
        }
        scopes = Set(known)
        expiresAt = try body.integer("expires_in").map { seconds in
            guard (1...Self.secondsMax).contains(seconds) else {
                throw body.wrong("expires_in", "must be from 1 to \(Self.secondsMax) seconds, or null for never")
            }
            return now.addingTimeInterval(Double(seconds))
        }
    }
}

private struct TokenList: Encodable {
    let tokens: [TokenView]
}

private struct TokenEnvelope: Encodable {
    let token: TokenView
}

private struct TokenView: Encodable {
    let id: String
    let name: String
    let scopes: [String]
    let createdAt: String
    let expiresAt: String?
    let lastUsedAt: String?
    let secret: String?

    init(_ token: APIToken, secret: String? = nil) {
        id = token.id
        name = token.name
        scopes = token.scopes.map(\.rawValue).sorted()
        createdAt = token.createdAt.timestamp
        expiresAt = token.expiresAt?.timestamp
        lastUsedAt = token.lastUsedAt?.timestamp
        self.secret = secret
    }

    enum CodingKeys: String, CodingKey {
        case id, name, scopes, secret
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case lastUsedAt = "last_used_at"
    }
}

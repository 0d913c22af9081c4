import ControlModel
import Foundation

/// The account itself, and what `doctl auth init` asks about a token.
func accountRoutes(_ services: APIServices) -> [Route] {
    [
        Route(.get, "/v2/account") { _ in
            .ok(AccountEnvelope(account: AccountView(try await services.accounts.account())))
        },
        Route(.get, "/v1/oauth/token/info") { call in
            guard let token = call.token else { throw APIError.unauthorized }
            return .ok(TokenInfoView(token, now: services.now()))
        },
        Route(.get, "/v2/account/keys") { call in try call.pagedEmpty(as: "ssh_keys") },
    ]
}

private struct AccountEnvelope: Encodable {
    let account: AccountView
}

private struct AccountView: Encodable {
    struct Team: Encodable {
        let uuid: String
        let name: String
    }

    /// There are no droplets, addresses or volumes to be had on one machine.
    let dropletLimit = 0
    let floatingIPLimit = 0
    let email: String
    let name: String
    let uuid: String
    let isEmailVerified = true
    let status = "active"
    let statusMessage = ""
    let team: Team

    init(_ account: Account) {
        email = account.email
        name = account.name
        uuid = account.id
        team = Team(uuid: account.teamID, name: account.teamName)
    }

    enum CodingKeys: String, CodingKey {
        case email, name, uuid, status, team
        case dropletLimit = "droplet_limit"
        case floatingIPLimit = "floating_ip_limit"
        case isEmailVerified = "email_verified"
        case statusMessage = "status_message"
    }
}

/// doctl reads all three numbers as integers; null stands for a token that does not expire.
private struct TokenInfoView: Encodable {
    struct Application: Encodable {
        let uid: String
    }

    let resourceOwnerID = 1
    let scopes: [String]
    let expiresInSeconds: JSONValue
    let application: Application
    let createdAt: Int

    init(_ token: APIToken, now: Date) {
        scopes = token.scopes.map(\.rawValue).sorted()
        expiresInSeconds =
            token.expiresAt.map { .integer(max(0, Int($0.timeIntervalSince(now)))) } ?? .null
        application = Application(uid: token.id)
        createdAt = Int(token.createdAt.timeIntervalSince1970)
    }

    enum CodingKeys: String, CodingKey {
        case scopes, application
        case resourceOwnerID = "resource_owner_id"
        case expiresInSeconds = "expires_in_seconds"
        case createdAt = "created_at"
    }
}

import ControlModel
import Foundation
import HTTPTypes
import Hummingbird
import Synchronization

/// Says who asks, whether they may, and whether they ask too often.
///
/// Valid tokens are counted one by one. Everything else is counted by remote address, and never against a valid
/// token from the same address: on one machine all clients may share one.
final class Authenticator: Sendable {
    /// Ours are 71 characters; longer ones are refused unread.
    private static let secretBytesMax = 256

    private let accounts: any AccountService
    private let now: @Sendable () -> Date
    private let tokenLimiter: Mutex<RateLimiter>
    private let addressLimiter: Mutex<RateLimiter>

    init(accounts: any AccountService, configuration: APIConfiguration, now: @escaping @Sendable () -> Date) {
        self.accounts = accounts
        self.now = now
        let limiter = RateLimiter(
            perHour: configuration.requestsPerHourMax, perMinute: configuration.requestsPerMinuteMax,
            keysMax: configuration.rateLimitedKeysMax)
        self.tokenLimiter = Mutex(limiter)
        self.addressLimiter = Mutex(limiter)
    }

    func authenticate(_ request: Request, context: APIRequestContext) async throws -> APIToken {
        let date = now()
        let second = Int(date.timeIntervalSince1970.rounded(.down))
        guard let secret = Self.bearerSecret(request),
            let token = try await accounts.token(withSecret: secret, at: date)
        else {
            let address = context.remoteAddress
            try Self.settle(addressLimiter.withLock { $0.admit(address, at: second) }, context: context)
            throw APIError.unauthorized
        }
        context.record.note { $0.tokenID = token.id }
        try Self.settle(tokenLimiter.withLock { $0.admit(token.id, at: second) }, context: context)
        try Self.checkScope(of: token, for: request.method)
        return token
    }

    private static func settle(_ decision: RateLimiter.Decision, context: APIRequestContext) throws {
        context.record.note { $0.usage = decision.usage }
        if let seconds = decision.retryAfterSeconds {
            throw APIError.tooManyRequests(retryAfterSeconds: seconds)
        }
    }

    private static func bearerSecret(_ request: Request) -> String? {
        guard let header = request.headers[.authorization] else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        let secret = parts[1].drop { $0 == " " }
        return secret.isEmpty || secret.utf8.count > secretBytesMax ? nil : String(secret)
    }

    private static func checkScope(of token: APIToken, for method: HTTPRequest.Method) throws {
        let needed: APIToken.Scope = method == .get || method == .head ? .read : .write
        guard token.scopes.contains(needed) else {
            throw APIError(
                .forbidden, "You do not have access for the attempted action: the token lacks the \(needed) scope.")
        }
    }
}

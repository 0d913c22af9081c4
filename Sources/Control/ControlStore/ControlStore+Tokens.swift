package import ControlModel
import Crypto
package import Foundation
import GRDB
import Synchronization

// API tokens and the account that they speak for. Of a secret only the SHA-256 is stored: 256 random bits need no salt
// and no slow hash.

extension ControlStore: AccountService {
    package func account() async throws -> Account {
        try await pool.read { database in
            let row = try Row.fetchOne(database, sql: "SELECT * FROM account")
            guard let row else { throw ServiceError.notFound("account") }
            return Account(
                id: row["id"], email: row["email"], name: row["name"], teamID: row["team_id"],
                teamName: row["team_name"])
        }
    }

    package func token(withSecret secret: String, at now: Date) async throws -> APIToken? {
        let digest = SHA256.hash(data: Data(secret.utf8))
        let known = try await pool.read { database -> APIToken? in
            let row = try Row.fetchOne(
                database, sql: "SELECT * FROM tokens WHERE secret_sha256 = ?", arguments: [Data(digest)])
            // The index compared bytes in a time that depends on them; Digest compares in constant time.
            guard let row, digest == (row["secret_sha256"] as Data) else { return nil }
            return try APIToken(row: row)
        }
        guard var token = known else { return nil }
        if let expiresAt = token.expiresAt, expiresAt <= now { return nil }
        if noteUse(of: token, at: now) { token.lastUsedAt = now }
        return token
    }

    package func tokens() async throws -> [APIToken] {
        try await pool.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM tokens ORDER BY sequence").map(APIToken.init(row:))
        }
    }

    package func issueToken(
        name: String, scopes: Set<APIToken.Scope>, expiresAt: Date?, at now: Date
    ) async throws -> IssuedAPIToken {
        let secret = TokenSecret.make()
        let token = try await insertToken(name: name, scopes: scopes, expiresAt: expiresAt, secret: secret, at: now)
        return IssuedAPIToken(token: token, secret: secret)
    }

    /// Stores a token whose secret is known already: the one of the first start.
    ///
    /// - Throws: `.unprocessableEntity` for a secret that is not `dop_v1_` and 64 hexadecimal digits in lower case, and
    ///   `.conflict` for one that is stored already.
    @discardableResult
    package func insertToken(
        name: String, scopes: Set<APIToken.Scope>, expiresAt: Date?, secret: String, at now: Date
    ) async throws -> APIToken {
        try checkText(name, named: "token name", lengthMax: StoreLimits.textLengthMax)
        guard !scopes.isEmpty else { throw ServiceError.unprocessable("a token needs at least one scope") }
        if let expiresAt, expiresAt <= now { throw ServiceError.unprocessable("the expiry must be in the future") }
        guard TokenSecret.isWellFormed(secret) else {
            throw ServiceError.unprocessable("a token is \(TokenSecret.prefix) and 64 hexadecimal digits in lower case")
        }
        let hash = Data(SHA256.hash(data: Data(secret.utf8)))
        let id = makeResourceID()
        return try await pool.write { database in
            try checkCount(of: "tokens", inTable: "tokens", max: StoreLimits.tokenCountMax, database)
            try refusingDuplicates(ServiceError(.conflict, "this token exists already")) {
                try database.execute(
                    sql: """
                        INSERT INTO tokens (id, name, scopes, secret_sha256, created_at_ms, expires_at_ms)
                        VALUES (?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        id, name, scopes.map(\.rawValue).sorted().joined(separator: ","), hash,
                        now.storedMilliseconds, expiresAt?.storedMilliseconds,
                    ])
            }
            let row = try Row.fetchOne(database, sql: "SELECT * FROM tokens WHERE id = ?", arguments: [id])
            guard let row else { throw ServiceError.notFound("token \(id)") }
            return try APIToken(row: row)
        }
    }

    package func revokeToken(id: String) async throws {
        try await pool.write { database in
            try database.execute(sql: "DELETE FROM tokens WHERE id = ?", arguments: [id])
            guard database.changesCount == 1 else { throw ServiceError.notFound("token \(id)") }
        }
        tokenUseNotedAt.withLock { _ = $0.removeValue(forKey: id) }
    }

    /// Hands the time of use to the writer at most once a minute; the request does not wait, and never fails for it.
    private func noteUse(of token: APIToken, at now: Date) -> Bool {
        let isDue = tokenUseNotedAt.withLock { notedAt in
            let last = notedAt[token.id] ?? token.lastUsedAt
            if let last, abs(now.timeIntervalSince(last)) < StoreLimits.tokenUseNoteIntervalSeconds { return false }
            notedAt[token.id] = now
            return true
        }
        guard isDue else { return false }
        pool.asyncWriteWithoutTransaction { database in
            // A use that cannot be noted (a full disk) is forgotten: the next note is due in a minute.
            try? database.execute(
                sql: "UPDATE tokens SET last_used_at_ms = ? WHERE id = ?",
                arguments: [now.storedMilliseconds, token.id])
        }
        return true
    }
}

/// The text that a client sends: `dop_v1_` and 32 random bytes in hexadecimal.
enum TokenSecret {
    static let prefix = "dop_v1_"
    private static let byteCount = 32

    static func make() -> String {
        prefix + hexadecimal(randomBytes(count: byteCount))
    }

    static func isWellFormed(_ secret: String) -> Bool {
        guard secret.hasPrefix(prefix) else { return false }
        let digits = secret.utf8.dropFirst(prefix.utf8.count)
        return digits.count == byteCount * 2
            && digits.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}

extension APIToken {
    fileprivate init(row: Row) throws {
        let scopes: String = row["scopes"]
        self.init(
            id: row["id"], name: row["name"],
            scopes: Set(scopes.split(separator: ",").compactMap { Scope(rawValue: String($0)) }),
            createdAt: row.date("created_at_ms"), expiresAt: row.dateIfPresent("expires_at_ms"),
            lastUsedAt: row.dateIfPresent("last_used_at_ms"))
    }
}

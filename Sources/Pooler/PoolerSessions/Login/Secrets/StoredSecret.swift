package import PostgresWire

/// What is known of a user's password: a line of the auth file, or the answer to auth_query.
package enum StoredSecret: Hashable, Sendable {
    /// Nothing: no password fits. An empty one, or NULL because it has expired.
    case unusable
    /// The password itself.
    case plain(String)
    /// `md5` and 32 digits.
    case md5(String)
    /// A verifier, from which nobody can log in elsewhere.
    case scram(ScramVerifier)

    /// Tells the forms apart as PgBouncer does: what is neither md5 nor SCRAM is a password. O(n).
    package init(_ text: String?) {
        guard let text, !text.isEmpty else {
            self = .unusable
            return
        }
        if StoredSecret.isMD5(text) {
            self = .md5(text)
        } else if let verifier = ScramVerifier(text) {
            self = .scram(verifier)
        } else {
            self = .plain(text)
        }
    }

    private static func isMD5(_ text: String) -> Bool {
        let utf8 = text.utf8
        guard utf8.count == MD5Password.verifierByteCount, text.hasPrefix("md5") else { return false }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "a")...UInt8(ascii: "f")
        return utf8.dropFirst(3).allSatisfy { digits.contains($0) || letters.contains($0) }
    }
}

extension StoredSecret: CustomStringConvertible, CustomDebugStringConvertible {
    /// Tells the form alone.
    package var description: String {
        switch self {
        case .unusable: "no password"
        case .plain: "plain password"
        case .md5: "md5 secret"
        case .scram: "SCRAM secret"
        }
    }

    package var debugDescription: String { description }
}

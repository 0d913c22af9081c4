package import PostgresWire
import Synchronization

/// Passwords that fitted a SCRAM verifier, as keyed digests, with the keys they gave: checking the same one again
/// costs an HMAC instead of PBKDF2.
///
/// A password that did not fit is not kept, and a changed verifier makes the entry worthless. Used by all loops.
package final class ProvenPasswords: Sendable {
    private struct Entry {
        /// Of verifier and password.
        let tag: [UInt8]
        let keys: ScramKeys
    }

    private let digest: SecretDigest
    /// By user. Under the lock.
    private let entries = Mutex<[String: Entry]>([:])

    init(secret: [UInt8]) {
        self.digest = SecretDigest(key: secret)
    }

    /// The keys that the password and the verifier's salt give, nil if it is the wrong password.
    ///
    /// Microseconds for the password that was right last, else milliseconds of PBKDF2, without the lock. Throws as
    /// `ScramKeys`.
    package func keys(user: String, password: String, verifier: ScramVerifier) throws(ScramError) -> ScramKeys? {
        let tag = digest.tag([verifier.storedKey, verifier.serverKey, verifier.salt, Array(password.utf8)])
        let known = entries.withLock { $0[user] }
        if let known, constantTimeEqual(known.tag.span, tag.span) { return known.keys }
        let keys = try ScramKeys(password: password, salt: verifier.salt, iterations: verifier.iterations)
        guard constantTimeEqual(keys.storedKey.span, verifier.storedKey.span) else { return nil }
        entries.withLock { entries in
            if entries.count >= LoginLimits.cachedSecretCountMax { entries.removeAll() }
            entries[user] = Entry(tag: tag, keys: keys)
        }
        return keys
    }
}

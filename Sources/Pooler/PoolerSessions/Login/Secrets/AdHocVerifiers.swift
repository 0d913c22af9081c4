package import PostgresWire
import Synchronization

/// SCRAM verifiers of users whose plain password is known: derived once per user and password, then kept.
///
/// A user's salt is the one a stranger of that name would be shown, so that it tells neither whether the user exists
/// nor which loop is asked. Used by all loops.
package final class AdHocVerifiers: Sendable {
    private struct Entry {
        let password: String
        let verifier: ScramVerifier
    }

    /// Behind the salts; stays the same for the life of the process.
    private let secret: [UInt8]
    /// By user. Under the lock.
    private let entries = Mutex<[String: Entry]>([:])

    init(secret: [UInt8]) {
        self.secret = secret
    }

    /// The verifier for this user and password.
    ///
    /// Microseconds if the last call for this user had the same password, else milliseconds of PBKDF2, without the
    /// lock: may be called ahead of the first login, on another thread. Throws as `ScramKeys`.
    @discardableResult
    package func verifier(user: String, password: String, iterations: Int) throws(ScramError) -> ScramVerifier {
        let known = entries.withLock { $0[user] }
        if let known, known.password == password, known.verifier.iterations == iterations { return known.verifier }
        let salt = stranger(user, iterations: iterations).salt
        let verifier = try ScramVerifier(password: password, salt: salt, iterations: iterations)
        entries.withLock { entries in
            if entries.count >= LoginLimits.cachedSecretCountMax { entries.removeAll() }
            entries[user] = Entry(password: password, verifier: verifier)
        }
        return verifier
    }

    /// A verifier that no password fits, always the same for a name.
    func stranger(_ user: String, iterations: Int) -> ScramVerifier {
        ScramVerifier(mockFor: user, secret: secret, iterations: iterations)
    }

    /// Forgets everybody: after a reload of the auth file.
    package func removeAll() {
        entries.withLock { $0.removeAll() }
    }
}

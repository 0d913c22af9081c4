import PostgresWire

/// SCRAM verifiers of users whose plain password is known.
///
/// A user's salt is the one a stranger of that name would be shown, so that it tells neither whether the user exists
/// nor which loop is asked.
struct AdHocVerifiers: Sendable {
    /// Behind the salts; stays the same for the life of the process.
    private let secret: [UInt8]

    /// - Parameter secret: at least 32 random bytes.
    init(secret: [UInt8]) {
        self.secret = secret
    }

    /// What the verifier for this user and password follows from.
    func derivation(user: String, password: String, iterations: Int) -> KeyDerivation {
        KeyDerivation(
            password: password, salt: ScramVerifier.mockSalt(for: user, secret: secret), iterations: iterations)
    }

    /// A verifier that no password fits, always the same for a name.
    func stranger(_ user: String, iterations: Int) -> ScramVerifier {
        ScramVerifier(mockFor: user, secret: secret, iterations: iterations)
    }
}

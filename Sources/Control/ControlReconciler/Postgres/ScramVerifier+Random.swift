import PostgresWire

extension ScramVerifier {
    /// What the server stores for a password, with a fresh salt.
    static func random(password: String) throws -> ScramVerifier {
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<ScramVerifier.defaultSaltByteCount).map { _ in
            UInt8.random(in: .min ... .max, using: &generator)
        }
        return try ScramVerifier(password: password, salt: salt)
    }
}

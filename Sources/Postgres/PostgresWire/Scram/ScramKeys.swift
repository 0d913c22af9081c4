import Crypto
import CryptoExtras

/// The two keys that a password, a salt and a number of rounds give (RFC 5802, section 3).
///
/// Either one is as good as the password for its side: with ClientKey one can log in, with ServerKey one can pose as
/// the server. Whoever keeps them saves the rounds at the next login.
package struct ScramKeys: Hashable, Sendable {
    /// HMAC(SaltedPassword, "Client Key"), 32 bytes.
    package let clientKey: [UInt8]
    /// HMAC(SaltedPassword, "Server Key"), 32 bytes.
    package let serverKey: [UInt8]

    /// Keys that were derived before.
    package init(clientKey: [UInt8], serverKey: [UInt8]) {
        self.clientKey = clientKey
        self.serverKey = serverKey
    }

    /// Derives the keys. O(iterations): some milliseconds for 4,096, so not on an event loop that others wait for.
    ///
    /// Throws `passwordOutOfRange`, `iterationsOutOfRange`, `saltOutOfRange`, `cryptographyFailed`.
    package init(password: String, salt: [UInt8], iterations: Int) throws(ScramError) {
        guard (1...WireLimits.passwordByteCountMax).contains(password.utf8.count) else { throw .passwordOutOfRange }
        guard (1...WireLimits.scramIterationsMax).contains(iterations) else { throw .iterationsOutOfRange }
        guard (1...WireLimits.scramSaltByteCountMax).contains(salt.count) else { throw .saltOutOfRange }
        let saltedPassword: SymmetricKey
        do {
            // "Unchecked" skips a minimum of 210,000 rounds; PostgreSQL's verifiers say how many they have.
            saltedPassword = try KDF.Insecure.PBKDF2.deriveKey(
                from: Array(SASLprep.prepare(password).utf8), salt: salt, using: .sha256, outputByteCount: 32,
                unsafeUncheckedRounds: iterations)
        } catch {
            throw .cryptographyFailed
        }
        self.clientKey = ScramKeys.sign("Client Key", with: saltedPassword)
        self.serverKey = ScramKeys.sign("Server Key", with: saltedPassword)
    }

    /// H(ClientKey), what a server keeps.
    package var storedKey: [UInt8] { Array(SHA256.hash(data: clientKey)) }

    /// HMAC-SHA-256 of `text`.
    static func sign(_ text: String, with key: SymmetricKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
    }

    /// HMAC-SHA-256 of `text`.
    static func sign(_ text: String, with key: [UInt8]) -> [UInt8] {
        sign(text, with: SymmetricKey(data: key))
    }

    /// Bitwise exclusive or of two arrays of the same length.
    static func exclusiveOr(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        zip(left, right).map { pair in pair.0 ^ pair.1 }
    }
}

extension ScramKeys: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { "ScramKeys(secret)" }
    package var debugDescription: String { description }
}

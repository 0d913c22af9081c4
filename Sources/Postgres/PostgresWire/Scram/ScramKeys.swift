import CryptoExtras
import Glibc

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
        var saltedPassword: [UInt8]
        var prepared = Array(SASLprep.prepare(password).utf8)
        defer { ScramKeys.wipe(&prepared) }
        do {
            // "Unchecked" skips a minimum of 210,000 rounds; PostgreSQL's verifiers say how many they have.
            let key = try KDF.Insecure.PBKDF2.deriveKey(
                from: prepared, salt: salt, using: .sha256, outputByteCount: 32, unsafeUncheckedRounds: iterations)
            // Copied out at once.
            saltedPassword = unsafe key.withUnsafeBytes { unsafe Array($0) }
        } catch {
            throw .cryptographyFailed
        }
        self.clientKey = ScramKeys.sign("Client Key", with: saltedPassword)
        self.serverKey = ScramKeys.sign("Server Key", with: saltedPassword)
        ScramKeys.wipe(&saltedPassword)
    }

    /// Overwrites a secret that nobody else holds.
    private static func wipe(_ bytes: inout [UInt8]) {
        // The buffer does not leave the closure.
        unsafe bytes.withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress { unsafe explicit_bzero(base, buffer.count) }
        }
    }

    /// H(ClientKey), what a server keeps.
    package var storedKey: [UInt8] { HMACSHA256.hash(clientKey) }

    /// HMAC-SHA-256 of `text`.
    static func sign(_ text: String, with key: [UInt8]) -> [UInt8] {
        var code = HMACSHA256(key: key)
        code.update(text)
        return code.finish()
    }

    /// Bitwise exclusive or of two arrays of the same length.
    static func exclusiveOr(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var result = left
        for index in result.indices { result[index] ^= right[index] }
        return result
    }
}

extension ScramKeys: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { "ScramKeys(secret)" }
    package var debugDescription: String { description }
}

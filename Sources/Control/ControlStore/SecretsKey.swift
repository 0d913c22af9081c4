import ControlModel
import Crypto

/// The key that seals the secrets in `state.db`: 32 random bytes in `secrets.key`, mode 0600.
///
/// It is made once and never replaced: a new key could not open what the old one sealed.
package struct SecretsKey: Sendable {
    /// The key's file name in the data directory.
    package static let fileName = "secrets.key"
    /// AES-256.
    package static let byteCount = 32

    let symmetricKey: SymmetricKey

    /// The key of a directory; nil when it has none.
    ///
    /// - Throws: `ServiceError` when other users can read the file or its length is wrong.
    package static func load(fromDirectory directory: String) throws -> SecretsKey? {
        try StateFiles.readSecret(path(inDirectory: directory), byteCount: byteCount).map {
            SecretsKey(symmetricKey: SymmetricKey(data: $0))
        }
    }

    /// Makes the key of a directory, durable when this returns. If another process was faster, its key stands.
    package static func create(inDirectory directory: String) throws -> SecretsKey {
        let bytes = randomBytes(count: byteCount)
        if try StateFiles.createSecret(path(inDirectory: directory), bytes: bytes) {
            return SecretsKey(symmetricKey: SymmetricKey(data: bytes))
        }
        guard let key = try load(fromDirectory: directory) else {
            throw ServiceError(.serverError, "\(path(inDirectory: directory)) was removed while Atoll started.")
        }
        return key
    }

    private static func path(inDirectory directory: String) -> String {
        directory + "/" + fileName
    }
}

/// Bytes that nobody can guess (the system's generator is cryptographically secure on Linux: getrandom).
func randomBytes(count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}

/// Two lower-case hexadecimal digits a byte.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }.joined()
}

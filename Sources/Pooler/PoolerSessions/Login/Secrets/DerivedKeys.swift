import Glibc
package import PostgresWire
import Synchronization

/// SCRAM keys that were derived before, by password, salt and number of rounds, so that logging in again costs an HMAC
/// instead of PBKDF2.
///
/// Passwords are not kept, only tags of them under a key of the process's own; keys are overwritten when they are given
/// up. Used by all loops.
package final class DerivedKeys: Sendable {
    private let digest: SecretDigest
    /// By the tag of what they were derived from. Under the lock.
    private let entries = Mutex<[[UInt8]: KeptKeys]>([:])

    /// - Parameter secret: at least 32 random bytes.
    init(secret: [UInt8]) {
        digest = SecretDigest(key: secret)
    }

    /// The keys, if they were derived before. Microseconds.
    package func known(_ derivation: KeyDerivation) -> ScramKeys? {
        let tag = tag(derivation)
        return entries.withLock { $0[tag]?.keys }
    }

    /// Remembers keys. Those of a password that somebody merely claims are not for keeping: they would push out others.
    package func keep(_ keys: ScramKeys, of derivation: KeyDerivation) {
        let tag = tag(derivation)
        let kept = KeptKeys(keys)
        entries.withLock { entries in
            if entries.count >= LoginLimits.cachedSecretCountMax { entries.removeAll() }
            entries[tag] = kept
        }
    }

    private func tag(_ derivation: KeyDerivation) -> [UInt8] {
        let rounds = UInt32(truncatingIfNeeded: derivation.iterations)
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: rounds >> (8 * $0)) }
        return digest.tag([Array(derivation.password.utf8), derivation.salt, bytes])
    }
}

/// Two keys in memory of their own, overwritten at the end.
private final class KeptKeys: Sendable {
    /// Of each key, in bytes: that of SHA-256.
    private static let keyByteCount = 32

    private let memory: Mutex<UnsafeMutableRawBufferPointer>

    init(_ keys: ScramKeys) {
        precondition(
            keys.clientKey.count == Self.keyByteCount && keys.serverKey.count == Self.keyByteCount,
            "keys of another length than SHA-256's")
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * Self.keyByteCount, alignment: 1)
        bytes.copyBytes(from: keys.clientKey)
        UnsafeMutableRawBufferPointer(rebasing: bytes[Self.keyByteCount...]).copyBytes(from: keys.serverKey)
        memory = Mutex(bytes)
    }

    deinit {
        memory.withLock { bytes in
            if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
            bytes.deallocate()
        }
    }

    var keys: ScramKeys {
        memory.withLock { bytes in
            ScramKeys(clientKey: Array(bytes[..<Self.keyByteCount]), serverKey: Array(bytes[Self.keyByteCount...]))
        }
    }
}

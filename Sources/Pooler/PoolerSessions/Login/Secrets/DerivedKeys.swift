package import PostgresWire
import Synchronization

/// SCRAM keys of passwords that the pooler shows to servers: derived once per password, salt and number of rounds.
/// Used by all loops.
package final class DerivedKeys: Sendable {
    private struct Source: Hashable {
        let salt: [UInt8]
        let iterations: Int
        let password: String
    }

    /// Under the lock.
    private let entries = Mutex<[Source: ScramKeys]>([:])

    init() {}

    /// The keys. Microseconds if they were asked for before, else milliseconds of PBKDF2, without the lock. Throws as
    /// `ScramKeys`.
    package func keys(password: String, salt: [UInt8], iterations: Int) throws(ScramError) -> ScramKeys {
        let source = Source(salt: salt, iterations: iterations, password: password)
        if let known = entries.withLock({ $0[source] }) { return known }
        let keys = try ScramKeys(password: password, salt: salt, iterations: iterations)
        entries.withLock { entries in
            if entries.count >= LoginLimits.cachedSecretCountMax { entries.removeAll() }
            entries[source] = keys
        }
        return keys
    }

    /// Forgets everything: after a reload.
    package func removeAll() {
        entries.withLock { $0.removeAll() }
    }
}

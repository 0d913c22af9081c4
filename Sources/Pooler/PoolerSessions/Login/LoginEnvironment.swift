import Synchronization

/// What all logins of a process share: randomness, the secret behind fake salts, and what was derived before.
///
/// One for all loops; each part guards itself. It holds no connection.
package final class LoginEnvironment: Sendable {
    /// Source of nonces, salts and keys.
    package let random: RandomSource
    /// Verifiers of users whose plain password is known.
    let adHocVerifiers: AdHocVerifiers
    /// Keys of passwords.
    package let derivedKeys: DerivedKeys
    private let iterations: Atomic<Int>

    /// An environment without anything derived.
    ///
    /// - Parameter scramIterations: rounds for verifiers made here (`scram_iterations`).
    package init(random: RandomSource = .system, scramIterations: Int = 4_096) {
        self.random = random
        self.adHocVerifiers = AdHocVerifiers(secret: random.bytes(32))
        self.derivedKeys = DerivedKeys(secret: random.bytes(32))
        self.iterations = Atomic(scramIterations)
    }

    /// Rounds for verifiers made here; may change while clients log in.
    package var scramIterations: Int {
        get { iterations.load(ordering: .relaxed) }
        set { iterations.store(newValue, ordering: .relaxed) }
    }
}

package import PostgresWire

/// PBKDF2 that a login waits for: milliseconds of work, which no loop has time for.
///
/// A login asks for it by an event; whoever drives the login has it run elsewhere and hands the outcome to `derived`.
package struct KeyDerivation: Hashable, Sendable {
    package let password: String
    package let salt: [UInt8]
    /// Rounds.
    package let iterations: Int

    package init(password: String, salt: [UInt8], iterations: Int) {
        self.password = password
        self.salt = salt
        self.iterations = iterations
    }

    /// Derives the keys. O(iterations), some milliseconds for 4,096: not on a loop.
    package func run() -> Result<ScramKeys, ScramError> {
        do throws(ScramError) {
            return .success(try ScramKeys(password: password, salt: salt, iterations: iterations))
        } catch {
            return .failure(error)
        }
    }
}

extension KeyDerivation: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Tells no secret.
    package var description: String { "KeyDerivation(iterations: \(iterations))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

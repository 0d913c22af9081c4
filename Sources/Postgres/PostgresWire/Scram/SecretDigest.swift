/// Tags of secrets under a key that nobody outside the process knows, to recognise a secret without keeping it.
package struct SecretDigest: Sendable {
    private let key: [UInt8]

    /// - Parameter key: at least 32 random bytes, made anew by each process.
    package init(key: [UInt8]) {
        self.key = key
    }

    /// HMAC-SHA-256 of the parts, each with its length in front so that no two lists are the same text. O(n). Compare
    /// with `constantTimeEqual`.
    package func tag(_ parts: [[UInt8]]) -> [UInt8] {
        var code = HMACSHA256(key: key)
        for part in parts {
            let length = UInt64(part.count)
            code.update((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) })
            code.update(part)
        }
        return code.finish()
    }
}

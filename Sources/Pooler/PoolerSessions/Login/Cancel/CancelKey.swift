import PostgresWire

/// The key to cancel what a client does, as BackendKeyData tells it.
///
///     offset 0      random, highest bit clear: some clients read the first word as a process number
///     offset 1 … 2  number of the pooler that gave the key, low byte first; random without peers
///     offset 3      random
///     offset 4 …    secret: 4 bytes, or 32 from protocol 3.2 on; the lowest two bits of the last byte count down the
///                   poolers that a request may still be handed on to
///
/// The first eight bytes are PgBouncer's layout, so that both can be peers of one another.
package struct CancelKey: Hashable, Sendable {
    static var shortSecretByteCount: Int { 4 }
    static var longSecretByteCount: Int { 32 }
    /// Bits of the last byte that count hops.
    static var hopMask: UInt8 { 0x03 }

    /// First word of BackendKeyData.
    package let processID: UInt32
    /// The secret, in the first `secretByteCount` bytes.
    private let words: (UInt64, UInt64, UInt64, UInt64)
    private let byteCount: UInt8

    /// A key from its parts, nil for a secret that is not 4 or 32 bytes long.
    package init?(processID: UInt32, secret: [UInt8]) {
        guard secret.count == CancelKey.shortSecretByteCount || secret.count == CancelKey.longSecretByteCount else {
            return nil
        }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: secret) }
        self.processID = processID
        self.words = words
        self.byteCount = UInt8(secret.count)
    }

    /// A new key from 8 or 36 random bytes.
    ///
    /// - Parameter peerID: number of the pooler that gives it, 0 for one without peers.
    init(random: [UInt8], peerID: UInt16) {
        var bytes = random
        bytes[0] &= 0x7f
        if peerID != 0 {
            bytes[1] = UInt8(truncatingIfNeeded: peerID)
            bytes[2] = UInt8(truncatingIfNeeded: peerID >> 8)
        }
        bytes[bytes.count - 1] |= CancelKey.hopMask
        let processID = bytes[..<4].reduce(0) { $0 << 8 | UInt32($1) }
        guard let key = CancelKey(processID: processID, secret: Array(bytes[4...])) else {
            preconditionFailure("a key of \(random.count) bytes")
        }
        self = key
    }

    /// Number of the pooler that gave the key, if that has peers.
    var peerID: UInt16 {
        UInt16(processID >> 16 & 0xff) | UInt16(processID >> 8 & 0xff) << 8
    }

    /// Poolers that a request with this key may still be handed on to.
    var hops: Int { withUnsafeBytes(of: words) { Int($0[secretByteCount - 1] & CancelKey.hopMask) } }

    func withHops(_ hops: Int) -> CancelKey {
        var secret = secret
        secret[secret.count - 1] = secret[secret.count - 1] & ~CancelKey.hopMask | UInt8(hops)
        return CancelKey(processID: processID, secret: secret) ?? self
    }

    /// Length of the secret.
    package var secretByteCount: Int { Int(byteCount) }

    /// The secret.
    package var secret: [UInt8] {
        withUnsafeBytes(of: words) { Array($0.prefix(secretByteCount)) }
    }

    package static func == (left: CancelKey, right: CancelKey) -> Bool {
        let difference =
            (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1) | (left.words.2 ^ right.words.2)
            | (left.words.3 ^ right.words.3) | UInt64(left.processID ^ right.processID)
            | UInt64(left.byteCount ^ right.byteCount)
        return difference == 0
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(processID)
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension CancelKey: CustomStringConvertible, CustomDebugStringConvertible {
    /// Tells no secret.
    package var description: String { "CancelKey(\(secretByteCount) bytes)" }
    package var debugDescription: String { description }
}

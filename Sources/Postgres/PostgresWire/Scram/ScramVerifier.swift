import Crypto

/// What a server keeps of a password, as in `pg_authid.rolpassword`.
///
/// Written `SCRAM-SHA-256$4096:salt$StoredKey:ServerKey` with base64 throughout.
package struct ScramVerifier: Hashable, Sendable {
    /// Rounds that PostgreSQL uses by default.
    package static var defaultIterations: Int { 4_096 }
    /// Length of salt that PostgreSQL uses, in bytes.
    package static var defaultSaltByteCount: Int { 16 }

    /// Salt, 1 ... 1,024 bytes.
    package let salt: [UInt8]
    /// Rounds of PBKDF2, 1 ... 10,000,000.
    package let iterations: Int
    /// H(ClientKey), 32 bytes.
    package let storedKey: [UInt8]
    /// ServerKey, 32 bytes.
    package let serverKey: [UInt8]

    /// Derives a verifier from a password and a random salt. Cost and errors as `ScramKeys`.
    package init(
        password: String, salt: [UInt8], iterations: Int = ScramVerifier.defaultIterations
    ) throws(ScramError) {
        let keys = try ScramKeys(password: password, salt: salt, iterations: iterations)
        self.init(keys: keys, salt: salt, iterations: iterations)
    }

    /// The verifier of keys that were derived with this salt and so many rounds.
    package init(keys: ScramKeys, salt: [UInt8], iterations: Int) {
        self.salt = salt
        self.iterations = iterations
        self.storedKey = keys.storedKey
        self.serverKey = keys.serverKey
    }

    /// Parses the text form; nil for anything else, an md5 hash for example. O(n), over bytes: a pooler does it at each
    /// login.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let name = ScramMechanism.plain.utf8
        guard bytes.count > name.count, bytes.starts(with: name),
            let fields = ScramVerifier.fields(bytes, from: name.count)
        else { return nil }
        let digits = String(decoding: bytes[fields.iterations], as: UTF8.self)
        guard let iterations = Int(digits), (1...WireLimits.scramIterationsMax).contains(iterations),
            let salt = Base64.decode(bytes.span.extracting(fields.salt)),
            (1...WireLimits.scramSaltByteCountMax).contains(salt.count),
            let storedKey = Base64.decode(bytes.span.extracting(fields.storedKey)),
            storedKey.count == SHA256.byteCount,
            let serverKey = Base64.decode(bytes.span.extracting(fields.serverKey)),
            serverKey.count == SHA256.byteCount
        else { return nil }
        self.salt = salt
        self.iterations = iterations
        self.storedKey = storedKey
        self.serverKey = serverKey
    }

    private struct Fields {
        let iterations, salt, storedKey, serverKey: Range<Int>
    }

    /// Where the fields of the text form are, behind `$`, `:`, `$` and `:`; nil unless there are those four only.
    private static func fields(_ bytes: [UInt8], from start: Int) -> Fields? {
        var marks: [Int] = []
        marks.reserveCapacity(4)
        for index in start..<bytes.count
        where bytes[index] == UInt8(ascii: "$") || bytes[index] == UInt8(ascii: ":") {
            guard marks.count < 4, (bytes[index] == UInt8(ascii: "$")) == marks.count.isMultiple(of: 2) else {
                return nil
            }
            marks.append(index)
        }
        guard marks.count == 4, marks[0] == start else { return nil }
        return Fields(
            iterations: (marks[0] + 1)..<marks[1], salt: (marks[1] + 1)..<marks[2],
            storedKey: (marks[2] + 1)..<marks[3], serverKey: (marks[3] + 1)..<bytes.count)
    }

    /// A verifier that no password fits, for a user that does not exist.
    ///
    /// The same user and secret always give the same salt, so that trying twice tells nothing.
    ///
    /// - Parameter secret: random bytes that stay the same for the life of the cluster and are not told to anyone.
    package init(mockFor user: String, secret: [UInt8], iterations: Int = ScramVerifier.defaultIterations) {
        self.salt = ScramVerifier.mockSalt(for: user, secret: secret)
        self.iterations = iterations
        self.storedKey = ScramKeys.sign("stored key:" + user, with: secret)
        self.serverKey = ScramKeys.sign("server key:" + user, with: secret)
    }

    /// The salt of `init(mockFor:secret:iterations:)`.
    package static func mockSalt(for user: String, secret: [UInt8]) -> [UInt8] {
        Array(ScramKeys.sign("salt:" + user, with: secret).prefix(ScramVerifier.defaultSaltByteCount))
    }

    /// The text form, as `CREATE ROLE ... PASSWORD` takes it.
    package var text: String {
        "\(ScramMechanism.plain)$\(iterations):\(Base64.encode(salt))$"
            + "\(Base64.encode(storedKey)):\(Base64.encode(serverKey))"
    }

    /// Whether `password` is the one; in constant time but for the derivation. Cost and errors as `ScramKeys`.
    package func matches(password: String) throws(ScramError) -> Bool {
        let keys = try ScramKeys(password: password, salt: salt, iterations: iterations)
        return constantTimeEqual(keys.serverKey.span, serverKey.span)
    }
}

extension ScramVerifier: CustomStringConvertible, CustomDebugStringConvertible {
    /// Tells no secret; `text` does.
    package var description: String { "ScramVerifier(iterations: \(iterations))" }
    package var debugDescription: String { description }
}

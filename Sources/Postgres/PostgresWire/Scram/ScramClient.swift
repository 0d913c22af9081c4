/// The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), a pure machine.
///
/// `start`, then `receiveServerFirst`, then `receiveServerFinal`, each once. Only when the last one has returned is the
/// server known to know the password's verifier. After an error the exchange is over. Who derives keys elsewhere calls
/// `readServerFirst` and later `proceed` in place of `receiveServerFirst`.
package struct ScramClient: Sendable {
    /// What the client knows.
    package enum Credential: Hashable, Sendable {
        /// The password; costs all rounds of PBKDF2.
        case password(String)
        /// Keys kept from a former exchange with the same salt and rounds.
        case keys(ScramKeys)
    }

    /// How the client stands to channel binding.
    package enum ChannelBinding: Hashable, Sendable {
        /// Cannot (`n`).
        case unsupported
        /// Can, but the server does not offer it (`y`).
        case notOffered
        /// Binds to the hash of the server's certificate (RFC 5929, section 4). Takes SCRAM-SHA-256-PLUS.
        case tlsServerEndPoint(certificateHash: [UInt8])
    }

    private enum State {
        /// Nothing sent. To `awaitingServerFirst`.
        case initial
        /// To `awaitingKeys`, or `finished` by an error.
        case awaitingServerFirst
        /// To `awaitingServerFinal`.
        case awaitingKeys(serverFirst: String, nonce: String)
        /// To `finished`.
        case awaitingServerFinal(serverSignature: [UInt8])
        /// Stays.
        case finished
    }

    private let credential: Credential
    private let nonce: ScramNonce
    private let channelBinding: ChannelBinding
    private let userName: String
    private var state = State.initial

    /// Keys the exchange used, for the next one with the same salt; nil before the server's first message.
    package private(set) var keys: ScramKeys?

    /// A new exchange.
    ///
    /// - Parameters:
    ///   - nonce: from fresh randomness at each exchange.
    ///   - userName: PostgreSQL ignores it and takes the one of the StartupMessage.
    package init(
        credential: Credential, nonce: ScramNonce, channelBinding: ChannelBinding = .unsupported, userName: String = ""
    ) {
        self.credential = credential
        self.nonce = nonce
        self.channelBinding = channelBinding
        self.userName = userName
    }

    /// Mechanism to name in SASLInitialResponse.
    package var mechanism: String {
        switch channelBinding {
        case .unsupported, .notOffered: ScramMechanism.plain
        case .tlsServerEndPoint: ScramMechanism.plus
        }
    }

    private var flag: ScramChannelBindingFlag {
        switch channelBinding {
        case .unsupported: .unsupported
        case .notOffered: .notOffered
        case .tlsServerEndPoint: .tlsServerEndPoint
        }
    }

    private var clientFirstBare: String { "n=\(ScramMessage.escaped(userName)),r=\(nonce.text)" }

    /// The client's first message. Throws `outOfOrder`.
    package mutating func start() throws(ScramError) -> [UInt8] {
        guard case .initial = state else { throw .outOfOrder }
        state = .awaitingServerFirst
        return Array((flag.header + clientFirstBare).utf8)
    }

    /// Answers the server's first message with the client's final one. Costs all rounds when given a password.
    package mutating func receiveServerFirst(_ bytes: Span<UInt8>) throws(ScramError) -> [UInt8] {
        let (salt, iterations) = try readServerFirst(bytes)
        switch credential {
        case .password(let password):
            do throws(ScramError) {
                return try proceed(with: ScramKeys(password: password, salt: salt, iterations: iterations))
            } catch {
                state = .finished
                throw error
            }
        case .keys(let keys): return try proceed(with: keys)
        }
    }

    /// Takes the server's first message: what keys have to be derived with, for `proceed`.
    package mutating func readServerFirst(
        _ bytes: Span<UInt8>
    ) throws(ScramError) -> (salt: [UInt8], iterations: Int) {
        guard case .awaitingServerFirst = state else { throw .outOfOrder }
        state = .finished
        let message = try ScramMessage.ServerFirst(bytes)
        guard message.nonce.hasPrefix(nonce.text), message.nonce.utf8.count > nonce.text.utf8.count else {
            throw .nonceMismatch
        }
        state = .awaitingKeys(serverFirst: String(wire: bytes), nonce: message.nonce)
        return (message.salt, message.iterations)
    }

    /// The client's final message, once there are keys. Throws `outOfOrder`.
    package mutating func proceed(with keys: ScramKeys) throws(ScramError) -> [UInt8] {
        guard case .awaitingKeys(let serverFirst, let bothNonces) = state else { throw .outOfOrder }
        self.keys = keys
        let withoutProof = "c=\(Base64.encode(channelBindingData)),r=\(bothNonces)"
        let signedText = "\(clientFirstBare),\(serverFirst),\(withoutProof)"
        let signature = ScramKeys.sign(signedText, with: keys.storedKey)
        let proof = ScramKeys.exclusiveOr(keys.clientKey, signature)
        state = .awaitingServerFinal(serverSignature: ScramKeys.sign(signedText, with: keys.serverKey))
        return Array("\(withoutProof),p=\(Base64.encode(proof))".utf8)
    }

    /// Checks the server's final message. Throws `serverSignatureMismatch`, `serverError`, `malformedMessage`.
    package mutating func receiveServerFinal(_ bytes: Span<UInt8>) throws(ScramError) {
        guard case .awaitingServerFinal(let expected) = state else { throw .outOfOrder }
        state = .finished
        switch try ScramMessage.ServerFinal(bytes) {
        case .error(let text): throw .serverError(text)
        case .signature(let signature):
            guard constantTimeEqual(signature.span, expected.span) else { throw .serverSignatureMismatch }
        }
    }

    private var channelBindingData: [UInt8] {
        let header = Array(flag.header.utf8)
        guard case .tlsServerEndPoint(let certificateHash) = channelBinding else { return header }
        return header + certificateHash
    }
}

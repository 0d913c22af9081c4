import Crypto

/// The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), a pure machine.
///
/// `receiveClientFirst`, then `receiveClientFinal`, each once. After an error the exchange is over; the client is told
/// SQLSTATE 28P01 for `authenticationFailed` and 08P01 for the rest.
package struct ScramServer: Sendable {
    /// Whom the client claims to be.
    package enum Account: Hashable, Sendable {
        /// A user with this verifier.
        case known(ScramVerifier)
        /// Nobody: the exchange looks the same (`ScramVerifier.init(mockFor:secret:)`) and always fails.
        case mock(ScramVerifier)
    }

    /// Outcome of a successful exchange.
    package struct Success: Hashable, Sendable {
        /// Data for AuthenticationSASLFinal.
        package let message: [UInt8]
        /// The client's key, with which one can log in as that user elsewhere.
        package let clientKey: [UInt8]
    }

    private enum State {
        /// To `awaitingClientFinal`, or `finished` by an error.
        case awaitingClientFirst
        /// To `finished`.
        case awaitingClientFinal(flag: ScramChannelBindingFlag, nonce: String, signedText: String)
        /// Stays.
        case finished
    }

    private let account: Account
    private let nonce: ScramNonce
    private let certificateHash: [UInt8]?
    private var state = State.awaitingClientFirst

    /// A new exchange.
    ///
    /// - Parameters:
    ///   - nonce: from fresh randomness at each exchange.
    ///   - certificateHash: hash of our certificate (RFC 5929, section 4) on a connection with TLS; nil offers no
    ///     channel binding.
    package init(account: Account, nonce: ScramNonce, certificateHash: [UInt8]? = nil) {
        self.account = account
        self.nonce = nonce
        self.certificateHash = certificateHash
    }

    /// Mechanisms for AuthenticationSASL, best first.
    package var mechanisms: [String] {
        certificateHash == nil ? [ScramMechanism.plain] : [ScramMechanism.plus, ScramMechanism.plain]
    }

    private var verifier: ScramVerifier {
        switch account {
        case .known(let verifier), .mock(let verifier): verifier
        }
    }

    /// Answers the client's first message with data for AuthenticationSASLContinue.
    package mutating func receiveClientFirst(
        _ bytes: Span<UInt8>, mechanism: String
    ) throws(ScramError) -> [UInt8] {
        guard case .awaitingClientFirst = state else { throw .outOfOrder }
        state = .finished
        guard mechanisms.contains(mechanism) else { throw .mechanismMismatch }
        let message = try ScramMessage.ClientFirst(bytes)
        switch message.flag {
        case .tlsServerEndPoint:
            guard mechanism == ScramMechanism.plus else { throw .mechanismMismatch }
        case .unsupported, .notOffered:
            guard mechanism == ScramMechanism.plain else { throw .mechanismMismatch }
            // RFC 5802, section 6: "y" says that the client did not see our offer.
            guard message.flag == .unsupported || certificateHash == nil else { throw .channelBindingDowngrade }
        }
        let bothNonces = message.nonce + nonce.text
        let answer = "r=\(bothNonces),s=\(Base64.encode(verifier.salt)),i=\(verifier.iterations)"
        state = .awaitingClientFinal(flag: message.flag, nonce: bothNonces, signedText: "\(message.bare),\(answer)")
        return Array(answer.utf8)
    }

    /// Checks the client's proof. Throws `authenticationFailed`, `channelBindingMismatch`, `nonceMismatch`,
    /// `malformedMessage`.
    package mutating func receiveClientFinal(_ bytes: Span<UInt8>) throws(ScramError) -> Success {
        guard case .awaitingClientFinal(let flag, let nonce, let signedText) = state else { throw .outOfOrder }
        state = .finished
        let message = try ScramMessage.ClientFinal(bytes)
        var expectedBinding = Array(flag.header.utf8)
        if flag == .tlsServerEndPoint { expectedBinding += certificateHash ?? [] }
        guard constantTimeEqual(message.channelBinding.span, expectedBinding.span) else {
            throw .channelBindingMismatch
        }
        guard constantTimeEqual(Array(message.nonce.utf8).span, Array(nonce.utf8).span) else { throw .nonceMismatch }
        guard message.proof.count == SHA256.byteCount else { throw .malformedMessage }
        let fullText = "\(signedText),\(message.withoutProof)"
        let signature = ScramKeys.sign(fullText, with: verifier.storedKey)
        let clientKey = ScramKeys.exclusiveOr(message.proof, signature)
        let matches = constantTimeEqual(HMACSHA256.hash(clientKey).span, verifier.storedKey.span)
        // A mock is judged after the same work.
        guard case .known = account, matches else { throw .authenticationFailed }
        let serverSignature = ScramKeys.sign(fullText, with: verifier.serverKey)
        return Success(message: Array("v=\(Base64.encode(serverSignature))".utf8), clientKey: clientKey)
    }
}

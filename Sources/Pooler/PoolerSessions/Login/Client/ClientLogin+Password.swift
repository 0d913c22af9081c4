import Bytes
import PostgresWire

// Answers that are a password, or one hashed with md5.

extension ClientLogin {
    mutating func judgePassword(
        _ password: WireText, _ secret: StoredSecret, into output: inout OutputBuffer
    ) -> ClientLoginEvent {
        guard !password.isEmpty else { return refuse(.emptyPassword, into: &output) }
        let fits: Bool
        switch secret {
        case .unusable: fits = false
        case .plain(let stored): fits = constantTimeEqual(password.bytes, Array(stored.utf8).span)
        case .md5(let stored):
            let verifier = MD5Password.verifier(user: user, password: password.string)
            fits = constantTimeEqual(Array(verifier.utf8).span, Array(stored.utf8).span)
        case .scram(let verifier):
            let derivation = KeyDerivation(
                password: password.string, salt: verifier.salt, iterations: verifier.iterations)
            guard let keys = environment.derivedKeys.known(derivation) else {
                phase = .derivingProof(derivation, verifier)
                return .needsKeys(derivation)
            }
            return judgeProof(.success(keys), derivation, verifier, into: &output)
        }
        guard fits else { return refuse(LoginFailure.passwordFailed.with(detail: "\(secret)"), into: &output) }
        return accept(.password(password.string), isChannelBound: false)
    }

    /// Compares a password's keys with the verifier that is stored. Those of a wrong password are not kept.
    mutating func judgeProof(
        _ keys: Result<ScramKeys, ScramError>, _ derivation: KeyDerivation, _ verifier: ScramVerifier,
        into output: inout OutputBuffer
    ) -> ClientLoginEvent {
        switch keys {
        case .failure(let error):
            return refuse(LoginFailure.passwordFailed.with(detail: "\(error)"), into: &output)
        case .success(let keys):
            guard constantTimeEqual(keys.storedKey.span, verifier.storedKey.span) else {
                return refuse(
                    LoginFailure.passwordFailed.with(detail: "\(StoredSecret.scram(verifier))"), into: &output)
            }
            environment.derivedKeys.keep(keys, of: derivation)
            return accept(.password(derivation.password), isChannelBound: false)
        }
    }

    mutating func judgeMD5(
        _ answer: WireText, _ secret: StoredSecret, _ salt: [UInt8], into output: inout OutputBuffer
    ) -> ClientLoginEvent {
        guard !answer.isEmpty else { return refuse(.emptyPassword, into: &output) }
        let expected: String?
        switch secret {
        case .plain(let password): expected = MD5Password.response(user: user, password: password, salt: salt)
        case .md5(let verifier): expected = MD5Password.response(verifier: verifier, salt: salt)
        case .unusable, .scram: expected = nil
        }
        guard let expected, constantTimeEqual(answer.bytes, Array(expected.utf8).span) else {
            return refuse(LoginFailure.passwordFailed.with(detail: "\(secret)"), into: &output)
        }
        return accept(ServerCredential(stored: secret), isChannelBound: false)
    }
}

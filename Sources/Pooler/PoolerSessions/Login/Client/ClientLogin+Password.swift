import Bytes
import PostgresWire

// Answers that are a password, or one hashed with md5.

extension ClientLogin {
    mutating func judgePassword(
        _ password: WireText, _ secret: StoredSecret, into output: inout OutputBuffer
    ) -> ClientLoginEvent {
        guard !password.isEmpty else { return refuse(.emptyPassword, into: &output) }
        let outcome: Bool
        let detail: String?
        do throws(ScramError) {
            outcome = try fits(password, secret)
            detail = nil
        } catch {
            outcome = false
            detail = "\(error)"
        }
        guard outcome else {
            return refuse(LoginFailure.passwordFailed.with(detail: detail ?? "\(secret)"), into: &output)
        }
        return accept(.password(password.string), isChannelBound: false)
    }

    private func fits(_ password: WireText, _ secret: StoredSecret) throws(ScramError) -> Bool {
        switch secret {
        case .unusable: return false
        case .plain(let stored): return constantTimeEqual(password.bytes, Array(stored.utf8).span)
        case .md5(let stored):
            let verifier = MD5Password.verifier(user: user, password: password.string)
            return constantTimeEqual(Array(verifier.utf8).span, Array(stored.utf8).span)
        case .scram(let verifier):
            return try environment.provenPasswords.keys(user: user, password: password.string, verifier: verifier)
                != nil
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

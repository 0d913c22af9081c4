import Bytes
import PostgresWire

/// The server's side of one SCRAM exchange, and what a success of it is worth.
struct ScramLogin: Sendable {
    var server: ScramServer
    /// What the exchange is held against, nil where it cannot succeed.
    let verifier: ScramVerifier?
    /// The password that the verifier was made of, if the pooler knows it.
    let password: String?
    /// Why the exchange cannot succeed; for the log.
    let objection: String?
    var isChannelBound = false

    /// - Parameter secret: nil for a user who does not exist.
    init(user: String, secret: StoredSecret?, certificateHash: [UInt8]?, environment: LoginEnvironment) {
        var verifier: ScramVerifier?
        var password: String?
        var objection: String?
        switch secret {
        case nil: objection = "no such user"
        case .unusable?: objection = "user has no password"
        case .md5?: objection = "SCRAM authentication failed: user has MD5 secret"
        case .scram(let stored)?: verifier = stored
        case .plain(let stored)?:
            do throws(ScramError) {
                verifier = try environment.adHocVerifiers.verifier(
                    user: user, password: stored, iterations: environment.scramIterations)
                password = stored
            } catch {
                objection = "\(error)"
            }
        }
        let account =
            verifier.map(ScramServer.Account.known)
            // The exchange goes its way to the end, so that nobody can tell who exists.
            ?? .mock(environment.adHocVerifiers.stranger(user, iterations: environment.scramIterations))
        self.server = ScramServer(
            account: account, nonce: ScramNonce(randomBytes: environment.random.bytes(ScramNonce.randomByteCount)),
            certificateHash: certificateHash)
        self.verifier = verifier
        self.password = password
        self.objection = objection
    }

    /// What can be shown to a server by whoever has seen the client's key.
    func credential(clientKey: [UInt8]) -> ServerCredential {
        if let password { return .password(password) }
        guard let verifier else { return .none }
        return .scramKeys(ScramKeys(clientKey: clientKey, serverKey: verifier.serverKey))
    }
}

extension ClientLogin {
    mutating func continueScram(
        _ login: ScramLogin, _ message: SASLInitialResponse, into output: inout OutputBuffer
    ) -> ClientLoginEvent? {
        var login = login
        let mechanism = message.mechanism.string
        guard login.server.mechanisms.contains(mechanism) else { return refuse(.invalidMechanism, into: &output) }
        guard case .bytes(let first) = message.response else {
            return refuse(LoginFailure.saslFailed.with(detail: "no client-first-message"), into: &output)
        }
        do throws(ScramError) {
            let answer = try login.server.receiveClientFirst(first, mechanism: mechanism)
            login.isChannelBound = mechanism == ScramMechanism.plus
            phase = .awaitingScramFinal(login)
            try? output.appendMessages { (writer) throws(WireError) in
                try writer.authenticationSASLContinue(answer.span)
            }
            return nil
        } catch {
            return refuse(LoginFailure.saslFailed.with(detail: "\(error)"), into: &output)
        }
    }

    mutating func judgeProof(
        _ login: ScramLogin, _ message: Span<UInt8>, into output: inout OutputBuffer
    ) -> ClientLoginEvent {
        var login = login
        do throws(ScramError) {
            let success = try login.server.receiveClientFinal(message)
            try? output.appendMessages { (writer) throws(WireError) in
                try writer.authenticationSASLFinal(success.message.span)
            }
            return accept(login.credential(clientKey: success.clientKey), isChannelBound: login.isChannelBound)
        } catch {
            let reason = error == .authenticationFailed ? "password authentication failed" : "\(error)"
            return refuse(LoginFailure.saslFailed.with(detail: login.objection ?? reason), into: &output)
        }
    }
}

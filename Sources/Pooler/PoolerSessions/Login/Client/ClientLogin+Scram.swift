import Bytes
import PostgresWire

/// The server's side of one SCRAM exchange, and what a success of it is worth.
struct ScramLogin: Sendable {
    private(set) var server: ScramServer
    /// What the exchange is held against, nil where it cannot succeed.
    private(set) var verifier: ScramVerifier?
    /// The password that the verifier is made of, if the pooler knows it.
    private(set) var password: String?
    /// What the verifier has to be made of first.
    private(set) var derivation: KeyDerivation?
    /// Why the exchange cannot succeed; for the log.
    private(set) var objection: String?
    var isChannelBound = false
    private let certificateHash: [UInt8]?

    /// - Parameter secret: nil for a user who does not exist.
    init(user: String, secret: StoredSecret?, certificateHash: [UInt8]?, environment: LoginEnvironment) {
        self.certificateHash = certificateHash
        switch secret {
        case nil: objection = "no such user"
        case .unusable?: objection = "user has no password"
        case .md5?: objection = "SCRAM authentication failed: user has MD5 secret"
        case .scram(let stored)?: verifier = stored
        case .plain(let stored)?:
            password = stored
            let needed = environment.adHocVerifiers.derivation(
                user: user, password: stored, iterations: environment.scramIterations)
            if let keys = environment.derivedKeys.known(needed) {
                verifier = ScramVerifier(keys: keys, salt: needed.salt, iterations: needed.iterations)
            } else {
                derivation = needed
            }
        }
        let account =
            verifier.map(ScramServer.Account.known)
            // The exchange goes its way to the end, so that nobody can tell who exists.
            ?? .mock(environment.adHocVerifiers.stranger(user, iterations: environment.scramIterations))
        server = ScramLogin.server(account, certificateHash, environment)
    }

    /// Takes the keys that the verifier follows from.
    mutating func complete(
        with keys: Result<ScramKeys, ScramError>, of derivation: KeyDerivation, _ environment: LoginEnvironment
    ) {
        self.derivation = nil
        switch keys {
        case .failure(let error): objection = "\(error)"
        case .success(let keys):
            environment.derivedKeys.keep(keys, of: derivation)
            let verifier = ScramVerifier(keys: keys, salt: derivation.salt, iterations: derivation.iterations)
            self.verifier = verifier
            server = ScramLogin.server(.known(verifier), certificateHash, environment)
        }
    }

    mutating func receiveClientFirst(_ bytes: Span<UInt8>, mechanism: String) throws(ScramError) -> [UInt8] {
        try server.receiveClientFirst(bytes, mechanism: mechanism)
    }

    mutating func receiveClientFinal(_ bytes: Span<UInt8>) throws(ScramError) -> ScramServer.Success {
        try server.receiveClientFinal(bytes)
    }

    private static func server(
        _ account: ScramServer.Account, _ certificateHash: [UInt8]?, _ environment: LoginEnvironment
    ) -> ScramServer {
        ScramServer(
            account: account, nonce: ScramNonce(randomBytes: environment.random.bytes(ScramNonce.randomByteCount)),
            certificateHash: certificateHash)
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
        let mechanism = message.mechanism.string
        guard login.server.mechanisms.contains(mechanism) else { return refuse(.invalidMechanism, into: &output) }
        guard case .bytes(let first) = message.response else {
            return refuse(LoginFailure.saslFailed.with(detail: "no client-first-message"), into: &output)
        }
        if let derivation = login.derivation {
            phase = .derivingVerifier(login, derivation, mechanism: mechanism, first: Array(wire: first))
            return .needsKeys(derivation)
        }
        return answer(login, mechanism: mechanism, first: first, into: &output)
    }

    /// Answers the client's first message; nil if the next one may follow at once.
    mutating func answer(
        _ login: ScramLogin, mechanism: String, first: Span<UInt8>, into output: inout OutputBuffer
    ) -> ClientLoginEvent? {
        var login = login
        do throws(ScramError) {
            let answer = try login.receiveClientFirst(first, mechanism: mechanism)
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
            let success = try login.receiveClientFinal(message)
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

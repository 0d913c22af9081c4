package import Bytes
import PostgresWire

// From the caller's plan to the proof.

extension ClientLogin {
    /// The caller's answer to `startup`.
    package mutating func proceed(
        with plan: AuthenticationPlan, into output: inout OutputBuffer
    ) -> ClientLoginEvent {
        guard case .deciding = phase else { preconditionFailure("a plan without a startup") }
        switch plan.account {
        case .known(let secret): return begin(plan.method, secret, into: &output)
        case .unknown: return begin(plan.method, nil, into: &output)
        case .lookUp:
            // Whoever cannot come in anyway costs no query.
            if let failure = plan.method.refusal { return refuse(failure, into: &output) }
            phase = .lookingUp(plan.method)
            return .needsSecret(user: user)
        }
    }

    /// The caller's answer to `needsSecret`.
    package mutating func proceed(
        with lookup: SecretLookup, into output: inout OutputBuffer
    ) -> ClientLoginEvent {
        guard case .lookingUp(let method) = phase else { preconditionFailure("a secret that nobody asked for") }
        switch lookup {
        case .found(let user, let secret):
            self.user = user
            return begin(method, secret, into: &output)
        case .noSuchUser: return refuse(.noSuchUser, into: &output)
        case .failed(let failure): return refuse(failure, into: &output)
        }
    }

    /// - Parameter secret: nil for a user who does not exist.
    private mutating func begin(
        _ method: AuthenticationPlan.Method, _ secret: StoredSecret?, into output: inout OutputBuffer
    ) -> ClientLoginEvent {
        switch method {
        case .any: return accept(stored: secret)
        case .trust:
            guard secret != nil else { return refuse(.trustFailed, into: &output) }
            return accept(stored: secret)
        case .reject: return refuse(.rejected, into: &output)
        case .certificate: return judge(method, secret, .certificateFailed, into: &output)
        case .peer: return judge(method, secret, .peerFailed, into: &output)
        case .plain: return askForPassword(secret ?? .unusable, into: &output)
        case .md5:
            // A SCRAM verifier cannot answer md5, but SCRAM is what such a client speaks as well.
            if case .scram = secret { return askForScram(secret, into: &output) }
            return askForMD5(secret ?? .unusable, into: &output)
        case .scram: return askForScram(secret, into: &output)
        }
    }

    private mutating func judge(
        _ method: AuthenticationPlan.Method, _ secret: StoredSecret?, _ failure: LoginFailure,
        into output: inout OutputBuffer
    ) -> ClientLoginEvent {
        if let refusal = method.refusal { return refuse(refusal, into: &output) }
        guard secret != nil else { return refuse(failure.with(detail: "no such user"), into: &output) }
        return accept(stored: secret)
    }

    private mutating func accept(stored secret: StoredSecret?) -> ClientLoginEvent {
        accept(ServerCredential(stored: secret ?? .unusable), isChannelBound: false)
    }

    mutating func accept(_ credential: ServerCredential, isChannelBound: Bool) -> ClientLoginEvent {
        phase = .finished
        return .authenticated(ClientIdentity(user: user, credential: credential, isChannelBound: isChannelBound))
    }

    private mutating func askForPassword(
        _ secret: StoredSecret, into output: inout OutputBuffer
    ) -> ClientLoginEvent {
        phase = .awaitingPassword(secret)
        try? output.appendMessages { (writer) throws(WireError) in writer.authenticationCleartextPassword() }
        return process(into: &output)
    }

    private mutating func askForMD5(_ secret: StoredSecret, into output: inout OutputBuffer) -> ClientLoginEvent {
        let salt = environment.random.bytes(4)
        phase = .awaitingMD5(secret, salt: salt)
        try? output.appendMessages { (writer) throws(WireError) in
            try writer.authenticationMD5Password(salt: salt.span)
        }
        return process(into: &output)
    }

    private mutating func askForScram(_ secret: StoredSecret?, into output: inout OutputBuffer) -> ClientLoginEvent {
        let login = ScramLogin(
            user: user, secret: secret, certificateHash: channel?.certificateHash, environment: environment)
        phase = .awaitingScramFirst(login)
        try? output.appendMessages { (writer) throws(WireError) in
            try writer.authenticationSASL(mechanisms: login.server.mechanisms)
        }
        return process(into: &output)
    }

    /// One message of a client that was asked to prove who it is.
    mutating func readAnswer(_ bytes: Span<UInt8>, into output: inout OutputBuffer) -> Step {
        switch FrameScan.scan(bytes, bodyByteCountMax: answerByteCountMax) {
        case .partialHeader: return Step(0, .needsBytes)
        case .malformed(let error): return Step(0, refuse(.malformedMessage(error), into: &output))
        case .partialBody(let header, _):
            // What is no answer need not arrive whole to be refused.
            guard let failure = ClientLogin.objection(to: header.type) else { return Step(0, .needsBytes) }
            return Step(0, refuse(failure, into: &output))
        case .complete(let header):
            if let failure = ClientLogin.objection(to: header.type) {
                return Step(header.frameByteCount, refuse(failure, into: &output))
            }
            let body = bytes.extracting(FrameHeader.byteCount..<header.frameByteCount)
            return Step(header.frameByteCount, judgeAnswer(body, into: &output))
        }
    }

    private var answerByteCountMax: Int {
        if case .awaitingPassword = phase { return WireLimits.loginBodyByteCountMax }
        return LoginLimits.scramAnswerByteCountMax
    }

    private static func objection(to type: UInt8) -> LoginFailure? {
        switch FrontendMessageType(rawValue: type) {
        case .authenticationResponse: nil
        // A client that has to ask its user for the password hangs up and comes back.
        case .terminate: .silent("client gave up the login")
        default: .unexpectedMessage(type)
        }
    }

    private mutating func judgeAnswer(_ body: Span<UInt8>, into output: inout OutputBuffer) -> ClientLoginEvent? {
        let answer: AuthenticationResponse
        do throws(WireError) {
            let frame = Frame(type: FrontendMessageType.authenticationResponse.rawValue, body: body)
            guard case .authenticationResponse(let response) = try FrontendMessage(frame) else { return nil }
            answer = response
            switch phase {
            case .awaitingPassword(let secret):
                return judgePassword(try answer.password(), secret, into: &output)
            case .awaitingMD5(let secret, let salt):
                return judgeMD5(try answer.password(), secret, salt, into: &output)
            case .awaitingScramFirst(let login):
                return continueScram(login, try answer.saslInitialResponse(), into: &output)
            case .awaitingScramFinal(let login): return judgeProof(login, answer.bytes, into: &output)
            case .starting, .securing, .deciding, .lookingUp, .derivingProof, .derivingVerifier, .finished:
                return .needsBytes
            }
        } catch {
            return refuse(.malformedMessage(error), into: &output)
        }
    }
}

extension AuthenticationPlan.Method {
    /// Why nobody comes in by this method, whatever is stored; nil if somebody may.
    fileprivate var refusal: LoginFailure? {
        switch self {
        case .reject: .rejected
        case .certificate(.refused(let reason)): .certificateFailed.with(detail: reason)
        case .peer(.refused(let reason)): .peerFailed.with(detail: reason)
        case .trust, .any, .plain, .md5, .scram, .certificate(.matches), .peer(.matches): nil
        }
    }
}

package import Bytes
package import PostgresWire

/// A client's connection from its first byte until it is known who it is: a pure machine.
///
/// The shell feeds what arrives into `receive`, sends what stands in the output after each call, and acts on the event
/// returned: every call returns exactly one. Between `startup` or `needsSecret` and the caller's answer it is best not
/// to receive at all; what comes nevertheless is kept, within limits. No clock: time limits are the owner's, who ends a
/// login with `refuse`.
///
/// PostgreSQL documentation, "Message Flow": "Start-up", "SSL Session Encryption", "Canceling Requests in Progress".
package struct ClientLogin: Sendable {
    enum Phase: Sendable {
        /// Packets without a type byte. To `securing`, `deciding`, `finished`.
        case starting
        /// `needsTLS` was told. To `starting`.
        case securing
        /// `startup` was told. To `lookingUp`, the phases of the methods, `finished`.
        case deciding(StartupParameters)
        /// `needsSecret` was told. To the phases of the methods, `finished`.
        case lookingUp(AuthenticationPlan.Method)
        /// AuthenticationCleartextPassword is out. To `derivingProof`, `finished`.
        case awaitingPassword(StoredSecret)
        /// `needsKeys` was told, to compare the password that came with the verifier. To `finished`.
        case derivingProof(KeyDerivation, ScramVerifier)
        /// AuthenticationMD5Password is out. To `finished`.
        case awaitingMD5(StoredSecret, salt: [UInt8])
        /// AuthenticationSASL is out. To `derivingVerifier`, `awaitingScramFinal`, `finished`.
        case awaitingScramFirst(ScramLogin)
        /// `needsKeys` was told, to answer the client's first message. To `awaitingScramFinal`, `finished`.
        case derivingVerifier(ScramLogin, KeyDerivation, mechanism: String, first: [UInt8])
        /// AuthenticationSASLContinue is out. To `finished`.
        case awaitingScramFinal(ScramLogin)
        /// Authenticated, cancelled or failed. Stays.
        case finished
    }

    let policy: StartupPolicy
    let environment: LoginEnvironment
    /// Whether the connection came over a Unix socket, where TLS is neither spoken nor required.
    let isLocal: Bool

    var phase = Phase.starting
    /// The user: of the StartupMessage, later of auth_query.
    var user = ""
    /// Set once TLS is spoken.
    var channel: ClientChannel?
    /// Whether an SSLRequest was answered, with either letter.
    var hasAskedForTLS = false
    var hasAskedForGSS = false
    /// Whether the first byte was one of TLS.
    var beganWithTLS = false
    var input = LoginInput()

    /// A login that has seen nothing.
    package init(policy: StartupPolicy, environment: LoginEnvironment, isLocal: Bool = false) {
        self.policy = policy
        self.environment = environment
        self.isLocal = isLocal
    }

    /// Whether the login is over, well or not.
    package var isFinished: Bool {
        if case .finished = phase { true } else { false }
    }

    /// Takes what has arrived, cut anywhere.
    package mutating func receive(_ bytes: ByteSlice, into output: inout OutputBuffer) -> ClientLoginEvent {
        input.append(bytes)
        guard input.count <= LoginLimits.bufferedByteCountMax else { return refuse(.tooManyBytes, into: &output) }
        return process(into: &output)
    }

    /// TLS is spoken from now on; what `receive` gets is decrypted.
    package mutating func secured(_ channel: ClientChannel, into output: inout OutputBuffer) -> ClientLoginEvent {
        guard case .securing = phase else { preconditionFailure("TLS without having asked for it") }
        phase = .starting
        self.channel = channel
        // PostgreSQL demands the name where no SSLRequest says what is spoken, against cross-protocol attacks.
        if beganWithTLS, channel.applicationProtocol != "postgresql" {
            return refuse(
                .silent("direct SSL connection request without ALPN protocol negotiation extension"), into: &output)
        }
        return process(into: &output)
    }

    /// The caller's answer to `needsKeys`.
    package mutating func derived(
        _ keys: Result<ScramKeys, ScramError>, into output: inout OutputBuffer
    ) -> ClientLoginEvent {
        switch phase {
        case .derivingProof(let derivation, let verifier):
            return judgeProof(keys, derivation, verifier, into: &output)
        case .derivingVerifier(var login, let derivation, let mechanism, let first):
            login.complete(with: keys, of: derivation, environment)
            return answer(login, mechanism: mechanism, first: first.span, into: &output) ?? process(into: &output)
        default: preconditionFailure("keys that nobody asked for")
        }
    }

    /// Ends the login for a reason of the caller's: a limit, the time, a database that is disabled.
    package mutating func refuse(_ failure: LoginFailure, into output: inout OutputBuffer) -> ClientLoginEvent {
        phase = .finished
        if failure.isTold {
            let error = failure.serverError
            // Only a zero byte could make this fail, and names come from zero-terminated strings.
            try? output.appendMessages { (writer) throws(WireError) in try writer.errorResponse(error) }
        }
        return .failed(failure)
    }

    /// What was received beyond the login; empties the buffer. After `authenticated` these are messages of the session,
    /// after a `needsTLS` at the first byte they begin the handshake.
    package mutating func takeLeftover() -> [UInt8] { input.takeAll() }

    /// Goes on with what the buffer holds.
    mutating func process(into output: inout OutputBuffer) -> ClientLoginEvent {
        while true {
            // Taken out of `self`, so that messages can be views of it while `self` changes.
            var received = LoginInput()
            swap(&received, &input)
            let step: Step
            switch phase {
            case .starting: step = readStartup(received.span, into: &output)
            case .awaitingPassword, .awaitingMD5, .awaitingScramFirst, .awaitingScramFinal:
                step = readAnswer(received.span, into: &output)
            case .securing, .deciding, .lookingUp, .derivingProof, .derivingVerifier, .finished:
                step = Step(0, .needsBytes)
            }
            received.consume(step.byteCount)
            swap(&received, &input)
            if let event = step.event { return event }
        }
    }

    /// One packet or message handled.
    struct Step {
        /// Its length.
        let byteCount: Int
        /// Nil if the next one may follow at once.
        let event: ClientLoginEvent?

        init(_ byteCount: Int, _ event: ClientLoginEvent?) {
            self.byteCount = byteCount
            self.event = event
        }
    }
}

extension ClientLogin: CustomStringConvertible, CustomDebugStringConvertible {
    /// Tells no secret, and nothing of the buffer.
    package var description: String { "ClientLogin(user: \(user))" }
    package var debugDescription: String { description }
}

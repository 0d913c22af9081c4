// From StartupMessage to the first ReadyForQuery.

extension ClientSession {
    /// A message other than those that may come at any time.
    mutating func handleDuringLogin(
        _ message: BackendMessage, type: UInt8, _ events: inout [ClientSessionEvent]
    ) throws(ClientSessionError) {
        switch (phase, message) {
        case (.awaitingAuthentication, .negotiateProtocolVersion(let negotiation)):
            do throws(WireError) { events.append(.negotiated(try negotiation.copy())) } catch { throw .wire(error) }
        case (.startingUp, .backendKeyData(let key)):
            events.append(.backendKey(processID: key.processID, secret: Array(wire: key.secret)))
        case (.startingUp, .readyForQuery(let status)):
            phase = .idle
            events.append(.ready(status))
        case (_, .authentication(let request)):
            try handle(request, &events)
        default:
            throw .unexpectedMessage(type: type)
        }
    }

    private mutating func handle(
        _ request: AuthenticationRequest, _ events: inout [ClientSessionEvent]
    ) throws(ClientSessionError) {
        switch (phase, request) {
        // Not from the SCRAM phases: a server that skips its proof may not know the verifier at all.
        case (.awaitingAuthentication, .ok), (.awaitingAuthenticationOk, .ok):
            phase = .startingUp
            events.append(.authenticated)
        case (.awaitingAuthentication, .sasl(let mechanisms)):
            events.append(.send(try startScram(mechanisms)))
        case (.awaitingServerFirst(var client), .saslContinue(let data)):
            events.append(.send(try continueScram(&client, data)))
        case (.awaitingServerFinal(var client), .saslFinal(let data)):
            try scram { () throws(ScramError) in try client.receiveServerFinal(data) }
            phase = .awaitingAuthenticationOk
        case (.awaitingAuthentication, .md5Password(let salt)):
            let password = try allowedPassword(.md5, "md5")
            events.append(
                .send(try answer(MD5Password.response(user: user, password: password, salt: Array(wire: salt)))))
        case (.awaitingAuthentication, .cleartextPassword):
            events.append(.send(try answer(try allowedPassword(.cleartext, "password"))))
        case (.awaitingAuthentication, .gss): throw .authenticationMethodRefused("gss")
        case (.awaitingAuthentication, .sspi): throw .authenticationMethodRefused("sspi")
        case (.awaitingAuthentication, .kerberosV5): throw .authenticationMethodRefused("krb5")
        default: throw .unexpectedMessage(type: BackendMessageType.authentication.rawValue)
        }
    }

    private func allowedPassword(
        _ method: PasswordMethods, _ name: String
    ) throws(ClientSessionError) -> String {
        guard passwordMethods.contains(method) else { throw .authenticationMethodRefused(name) }
        guard let password else { throw .passwordMissing }
        return password
    }

    private mutating func answer(_ password: String) throws(ClientSessionError) -> [UInt8] {
        let message = try ClientSession.written { (writer) throws(WireError) in try writer.password(password) }
        phase = .awaitingAuthenticationOk
        return message
    }

    private mutating func startScram(_ mechanisms: SASLMechanisms) throws(ClientSessionError) -> [UInt8] {
        let channelBinding: ScramClient.ChannelBinding
        if let certificateHash, mechanisms.contains(ScramMechanism.plus) {
            channelBinding = .tlsServerEndPoint(certificateHash: certificateHash)
        } else if mechanisms.contains(ScramMechanism.plain) {
            channelBinding = certificateHash == nil ? .unsupported : .notOffered
        } else {
            throw .authenticationMethodRefused(mechanisms.copy.joined(separator: " "))
        }
        let password = try allowedPassword(.scram, ScramMechanism.plain)
        var client = ScramClient(credential: .password(password), nonce: nonce, channelBinding: channelBinding)
        let first = try scram { () throws(ScramError) in try client.start() }
        let message = try ClientSession.written { (writer) throws(WireError) in
            try writer.saslInitialResponse(mechanism: client.mechanism, response: first.span)
        }
        phase = .awaitingServerFirst(client)
        return message
    }

    private mutating func continueScram(
        _ client: inout ScramClient, _ data: Span<UInt8>
    ) throws(ClientSessionError) -> [UInt8] {
        let final = try scram { () throws(ScramError) in try client.receiveServerFirst(data) }
        let message = try ClientSession.written { (writer) throws(WireError) in try writer.saslResponse(final.span) }
        phase = .awaitingServerFinal(client)
        return message
    }

    private func scram<Value>(_ step: () throws(ScramError) -> Value) throws(ClientSessionError) -> Value {
        do throws(ScramError) { return try step() } catch { throw .scram(error) }
    }
}

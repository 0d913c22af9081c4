import Bytes
import PostgresWire

// Requests to authenticate, and what we have to show.

extension ServerLogin {
    mutating func answer(_ request: AuthenticationRequest, into output: inout OutputBuffer) -> ServerLoginEvent? {
        switch (phase, request) {
        // Not from the SCRAM phases: a server that skips its proof may not know the verifier at all.
        case (.awaitingAuthentication, .ok), (.awaitingOk, .ok):
            phase = .startingUp
            return nil
        case (.awaitingAuthentication, .cleartextPassword): return sendPassword(into: &output)
        case (.awaitingAuthentication, .md5Password(let salt)): return sendMD5(Array(wire: salt), into: &output)
        case (.awaitingAuthentication, .sasl(let mechanisms)): return startScram(mechanisms, into: &output)
        case (.awaitingServerFirst(let client), .saslContinue(let data)):
            return continueScram(client, data, into: &output)
        case (.awaitingServerFinal(let client), .saslFinal(let data)): return endScram(client, data)
        case (.awaitingAuthentication, .gss), (.awaitingAuthentication, .sspi), (.awaitingAuthentication, .kerberosV5):
            return fail(.credential("unknown/unsupported auth method", told: "unsupported authentication method"))
        default: return fail(.connection("authentication request at the wrong time"))
        }
    }

    private mutating func sendPassword(into output: inout OutputBuffer) -> ServerLoginEvent? {
        switch target.credential {
        case .password(let password): return send(password, into: &output)
        case .none: return fail(.passwordMissing)
        case .md5, .scramKeys, .scramVerifier:
            return fail(.credential("cannot do password authentication: wrong password type"))
        }
    }

    private mutating func sendMD5(_ salt: [UInt8], into output: inout OutputBuffer) -> ServerLoginEvent? {
        switch target.credential {
        case .password(let password):
            return send(MD5Password.response(user: target.user, password: password, salt: salt), into: &output)
        case .md5(let verifier): return send(MD5Password.response(verifier: verifier, salt: salt), into: &output)
        case .none: return fail(.passwordMissing)
        case .scramKeys, .scramVerifier:
            return fail(.credential("cannot do MD5 authentication: wrong password type"))
        }
    }

    private mutating func send(_ password: String, into output: inout OutputBuffer) -> ServerLoginEvent? {
        do throws(WireError) {
            try output.appendMessages { (writer) throws(WireError) in try writer.password(password) }
        } catch {
            return fail(.credential("password: \(error)"))
        }
        phase = .awaitingOk
        return nil
    }

    private mutating func startScram(
        _ mechanisms: SASLMechanisms, into output: inout OutputBuffer
    ) -> ServerLoginEvent? {
        let credential: ScramClient.Credential
        switch target.credential {
        case .password(let password): credential = .password(password)
        case .scramKeys(let keys): credential = .keys(keys)
        case .none: return fail(.passwordMissing)
        case .md5: return fail(.credential("cannot do SCRAM authentication: wrong password type"))
        case .scramVerifier:
            return fail(
                .credential(
                    "cannot do SCRAM authentication: password is SCRAM secret but client authentication did not "
                        + "provide SCRAM keys"))
        }
        guard let binding = channelBinding(mechanisms) else {
            let told = "none of the server's SASL authentication mechanisms are supported"
            return fail(.credential(told, told: told))
        }
        let nonce = ScramNonce(randomBytes: environment.random.bytes(ScramNonce.randomByteCount))
        var client = ScramClient(credential: credential, nonce: nonce, channelBinding: binding)
        do throws(ScramError) {
            let first = try client.start()
            let mechanism = client.mechanism
            try? output.appendMessages { (writer) throws(WireError) in
                try writer.saslInitialResponse(mechanism: mechanism, response: first.span)
            }
            phase = .awaitingServerFirst(client)
            return nil
        } catch {
            return fail(.connection("SCRAM exchange failed: \(error)"))
        }
    }

    /// Nil when the server offers nothing that we speak.
    private func channelBinding(_ mechanisms: SASLMechanisms) -> ScramClient.ChannelBinding? {
        if let certificateHash, mechanisms.contains(ScramMechanism.plus) {
            return .tlsServerEndPoint(certificateHash: certificateHash)
        }
        guard mechanisms.contains(ScramMechanism.plain) else { return nil }
        return certificateHash == nil ? .unsupported : .notOffered
    }

    private mutating func continueScram(
        _ client: ScramClient, _ data: Span<UInt8>, into output: inout OutputBuffer
    ) -> ServerLoginEvent? {
        var client = client
        do throws(ScramError) {
            let (salt, iterations) = try client.readServerFirst(data)
            switch target.credential {
            // Of another verifier than the server's they fail there, and its error says best what is wrong.
            case .scramKeys(let keys): return try prove(client, keys, into: &output)
            case .password(let password):
                guard iterations <= LoginLimits.serverScramIterationsMax else { throw .iterationsOutOfRange }
                let derivation = KeyDerivation(password: password, salt: salt, iterations: iterations)
                if let keys = environment.derivedKeys.known(derivation) {
                    return try prove(client, keys, into: &output)
                }
                phase = .derivingKeys(client, derivation)
                return .needsKeys(derivation)
            case .none, .md5, .scramVerifier: throw .outOfOrder
            }
        } catch {
            return fail(.connection("SCRAM exchange failed: \(error)"))
        }
    }

    mutating func endDerivation(
        _ client: ScramClient, _ derivation: KeyDerivation, _ keys: Result<ScramKeys, ScramError>,
        into output: inout OutputBuffer
    ) -> ServerLoginEvent? {
        do throws(ScramError) {
            let keys = try keys.get()
            environment.derivedKeys.keep(keys, of: derivation)
            return try prove(client, keys, into: &output)
        } catch {
            return fail(.connection("SCRAM exchange failed: \(error)"))
        }
    }

    private mutating func prove(
        _ client: ScramClient, _ keys: ScramKeys, into output: inout OutputBuffer
    ) throws(ScramError) -> ServerLoginEvent? {
        var client = client
        let final = try client.proceed(with: keys)
        try? output.appendMessages { (writer) throws(WireError) in try writer.saslResponse(final.span) }
        phase = .awaitingServerFinal(client)
        return nil
    }

    private mutating func endScram(_ client: ScramClient, _ data: Span<UInt8>) -> ServerLoginEvent? {
        var client = client
        do throws(ScramError) {
            try client.receiveServerFinal(data)
            phase = .awaitingOk
            return nil
        } catch .serverSignatureMismatch {
            return fail(.credential("invalid server signature", told: "invalid server signature"))
        } catch {
            return fail(.connection("SCRAM exchange failed: \(error)"))
        }
    }
}

extension ServerLoginFailure {
    static let passwordMissing = credential("server asks for a password and none is known", told: "no password known")
}

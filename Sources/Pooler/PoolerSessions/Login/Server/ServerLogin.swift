package import Bytes
package import PostgresWire

/// A connection to a server from its establishment until it may be used: a pure machine.
///
/// `start`, then `receive` with what arrives; what stands in the output after each call is sent. Every call returns one
/// event. No clock: time limits are the owner's.
///
/// The server is not trusted: lengths, nonces, salts, rounds and the number of messages have limits, it may not skip its
/// proof in a SCRAM exchange, and what it sends in clear before TLS ends the login.
package struct ServerLogin: Sendable {
    /// Whether TLS is spoken, over TCP.
    package enum TLS: Hashable, Sendable {
        /// `server_tls_sslmode=disable`, and Unix sockets.
        case never
        /// `allow`, `prefer`: if the server can.
        case preferred
        /// `require`, `verify-ca`, `verify-full`: what is verified is the shell's.
        case required
    }

    /// Whom to log in, and where.
    package struct Target: Sendable {
        package var user: String
        package var database: String
        package var credential: ServerCredential
        package var tls: TLS
        package var replication: ReplicationMode
        /// Settings for the StartupMessage; for a session of a pool they should be few, as they last.
        package var settings: [SessionParameter]
        /// `options` of a replication client.
        package var options: String?
        /// SQL to run before the session is used (`connect_query`); its errors are notices.
        package var connectQuery: String?
        /// Newest version to ask for.
        package var version: ProtocolVersion

        /// A target.
        package init(
            user: String, database: String, credential: ServerCredential, tls: TLS = .never,
            replication: ReplicationMode = .none, settings: [SessionParameter] = [], options: String? = nil,
            connectQuery: String? = nil, version: ProtocolVersion = .v3_0
        ) {
            self.user = user
            self.database = database
            self.credential = credential
            self.tls = tls
            self.replication = replication
            self.settings = settings
            self.options = options
            self.connectQuery = connectQuery
            self.version = version
        }
    }

    enum Phase: Sendable {
        /// Nothing sent. To `awaitingTLSAnswer`, `awaitingAuthentication`.
        case initial
        /// SSLRequest sent. To `securing`, `awaitingAuthentication`, `finished`.
        case awaitingTLSAnswer
        /// `needsTLS` was told. To `awaitingAuthentication`.
        case securing
        /// StartupMessage sent. To `awaitingServerFirst`, `awaitingOk`, `startingUp`, `finished`.
        case awaitingAuthentication
        /// SASLInitialResponse sent. To `derivingKeys`, `awaitingServerFinal`, `finished`.
        case awaitingServerFirst(ScramClient)
        /// `needsKeys` was told. To `awaitingServerFinal`, `finished`.
        case derivingKeys(ScramClient, KeyDerivation)
        /// SASLResponse sent. To `awaitingOk`, `finished`.
        case awaitingServerFinal(ScramClient)
        /// Everything sent and, with SCRAM, the server proved. To `startingUp`, `finished`.
        case awaitingOk
        /// Authenticated; settings and key arrive. To `connecting`, `finished`.
        case startingUp
        /// The connect query runs. To `finished`.
        case connecting
        /// Ready or failed. Stays.
        case finished
    }

    let target: Target
    let environment: LoginEnvironment
    var phase = Phase.initial
    /// Hash of the server's certificate to bind to (RFC 5929, section 4).
    var certificateHash: [UInt8]?
    var isSecure = false
    var welcome = ServerWelcome()
    private var input = LoginInput()
    /// Bytes still to come of a message that is not looked at.
    private var skippedByteCount = 0

    /// A login that has sent nothing.
    package init(target: Target, environment: LoginEnvironment) {
        self.target = target
        self.environment = environment
    }

    /// Whether the login is over, well or not.
    package var isFinished: Bool {
        if case .finished = phase { true } else { false }
    }

    /// Sends the first packet, once the connection stands.
    package mutating func start(into output: inout OutputBuffer) -> ServerLoginEvent {
        guard case .initial = phase else { preconditionFailure("started twice") }
        guard target.tls == .never else {
            phase = .awaitingTLSAnswer
            try? output.appendMessages { (writer) throws(WireError) in writer.tlsRequest() }
            return .needsBytes
        }
        return sendStartup(into: &output)
    }

    /// TLS is spoken from now on.
    ///
    /// - Parameter certificateHash: hash of the server's certificate (RFC 5929, section 4); nil does not bind to it.
    package mutating func secured(
        certificateHash: [UInt8]?, into output: inout OutputBuffer
    ) -> ServerLoginEvent {
        guard case .securing = phase else { preconditionFailure("TLS without having asked for it") }
        isSecure = true
        self.certificateHash = certificateHash
        return sendStartup(into: &output)
    }

    /// Takes what has arrived, cut anywhere.
    package mutating func receive(_ bytes: ByteSlice, into output: inout OutputBuffer) -> ServerLoginEvent {
        let skipped = min(skippedByteCount, bytes.count)
        skippedByteCount -= skipped
        guard skippedByteCount == 0 else { return .needsBytes }
        input.append(bytes.slice(skipped, bytes.count))
        return process(into: &output)
    }

    /// The caller's answer to `needsKeys`.
    package mutating func derived(
        _ keys: Result<ScramKeys, ScramError>, into output: inout OutputBuffer
    ) -> ServerLoginEvent {
        // The server may have ended the login meanwhile.
        guard case .derivingKeys(let client, let derivation) = phase else { return .needsBytes }
        return endDerivation(client, derivation, keys, into: &output) ?? process(into: &output)
    }

    /// What was received beyond the login, such as a notice; empties the buffer.
    package mutating func takeLeftover() -> [UInt8] { input.takeAll() }

    private mutating func process(into output: inout OutputBuffer) -> ServerLoginEvent {
        while true {
            // Taken out of `self`, so that messages can be views of it while `self` changes.
            var received = LoginInput()
            swap(&received, &input)
            let (byteCount, event) = step(received.span, into: &output)
            let skippedHere = min(byteCount, received.count)
            skippedByteCount = byteCount - skippedHere
            received.consume(skippedHere)
            swap(&received, &input)
            if let event { return event }
        }
    }

    /// Handles what stands at the front: its length, which may be more than has arrived, and what follows from it.
    private mutating func step(
        _ bytes: Span<UInt8>, into output: inout OutputBuffer
    ) -> (Int, ServerLoginEvent?) {
        switch phase {
        case .finished: return (0, .needsBytes)
        case .initial, .securing:
            return (0, bytes.isEmpty ? .needsBytes : fail(.connection("server sent data too early")))
        case .awaitingTLSAnswer:
            guard !bytes.isEmpty else { return (0, .needsBytes) }
            return (1, readTLSAnswer(bytes, into: &output))
        default: return readMessage(bytes, into: &output)
        }
    }

    private mutating func readTLSAnswer(
        _ bytes: Span<UInt8>, into output: inout OutputBuffer
    ) -> ServerLoginEvent {
        switch bytes[0] {
        // Somebody between could have put the rest there (CVE-2021-23222).
        case _ where bytes.count > 1: return fail(.connection("received unencrypted data after SSL response"))
        case UInt8(ascii: "S"):
            phase = .securing
            return .needsTLS
        case UInt8(ascii: "N"):
            guard target.tls != .required else { return fail(.connection("server refused SSL")) }
            return sendStartup(into: &output)
        default: return fail(.connection("bad sslreq answer"))
        }
    }

    private mutating func readMessage(
        _ bytes: Span<UInt8>, into output: inout OutputBuffer
    ) -> (Int, ServerLoginEvent?) {
        let isConnecting = if case .connecting = phase { true } else { false }
        let limit = isConnecting ? WireLimits.bodyByteCountMax : WireLimits.loginBodyByteCountMax
        switch FrameScan.scan(bytes, bodyByteCountMax: limit) {
        case .partialHeader: return (0, .needsBytes)
        case .malformed(let error): return (0, fail(.connection("bad packet header: \(error)")))
        case .partialBody(let header, _):
            // Rows of the connect query may be long; nobody wants them.
            if isConnecting, ServerLogin.isIgnoredWhileConnecting(header.type) {
                return (header.frameByteCount, .needsBytes)
            }
            guard header.bodyByteCount <= WireLimits.loginBodyByteCountMax else {
                return (0, fail(.connection("message of \(header.bodyByteCount) bytes during login")))
            }
            return (0, .needsBytes)
        case .complete(let header):
            let body = bytes.extracting(FrameHeader.byteCount..<header.frameByteCount)
            return (header.frameByteCount, handle(Frame(type: header.type, body: body), into: &output))
        }
    }

    /// Ends the login.
    mutating func fail(_ failure: ServerLoginFailure) -> ServerLoginEvent {
        phase = .finished
        return .failed(failure)
    }

    private mutating func sendStartup(into output: inout OutputBuffer) -> ServerLoginEvent {
        var parameters = [("user", target.user), ("database", target.database)]
        if let value = target.replication.parameterValue { parameters.append(("replication", value)) }
        parameters += target.settings.map { ($0.name, $0.value) }
        if let options = target.options { parameters.append(("options", options)) }
        do throws(WireError) {
            try output.appendMessages { (writer) throws(WireError) in
                try writer.startup(version: target.version, parameters: parameters)
            }
        } catch {
            return fail(.credential("startup packet: \(error)", told: "startup packet too long"))
        }
        welcome.version = target.version
        phase = .awaitingAuthentication
        return .needsBytes
    }
}

extension ServerLogin: CustomStringConvertible, CustomDebugStringConvertible {
    /// Tells no secret, and nothing of the buffer.
    package var description: String { "ServerLogin(\(target.database)/\(target.user))" }
    package var debugDescription: String { description }
}

import Bytes
import PostgresWire

// Packets without a type byte: SSLRequest, GSSENCRequest, CancelRequest, StartupMessage.

extension ClientLogin {
    private var mayUseTLS: Bool { policy.tls != .refused && !isLocal }

    mutating func readStartup(_ bytes: Span<UInt8>, into output: inout OutputBuffer) -> Step {
        switch StartupScan.scan(bytes) {
        case .partial: return Step(0, .needsBytes)
        case .directTLS: return Step(0, beginTLS(into: &output))
        case .malformed(let error): return Step(0, refuse(.malformedStartup(error), into: &output))
        case .complete(let byteCount):
            let rest = bytes.count - byteCount
            return Step(byteCount, readPacket(bytes.extracting(0..<byteCount), followedBy: rest, into: &output))
        }
    }

    /// - Parameter rest: number of bytes that came behind the packet.
    private mutating func readPacket(
        _ bytes: Span<UInt8>, followedBy rest: Int, into output: inout OutputBuffer
    ) -> ClientLoginEvent? {
        let packet: StartupPacket
        do throws(WireError) {
            packet = try StartupPacket(bytes)
        } catch {
            return refuse(.malformedStartup(error), into: &output)
        }
        switch packet {
        case .tlsRequest: return answerTLSRequest(followedBy: rest, into: &output)
        case .gssEncryptionRequest: return answerGSSRequest(followedBy: rest, into: &output)
        case .cancel(let request):
            phase = .finished
            return .cancel(processID: request.processID, secret: Array(wire: request.secret))
        case .unsupported(let version): return refuse(version, into: &output)
        case .startup(let message): return read(message, into: &output)
        }
    }

    /// A client whose first byte is one of TLS.
    private mutating func beginTLS(into output: inout OutputBuffer) -> ClientLoginEvent {
        guard mayUseTLS, channel == nil, !hasAskedForTLS, !hasAskedForGSS else {
            return refuse(.silent("unexpected TLS handshake"), into: &output)
        }
        beganWithTLS = true
        phase = .securing
        return .needsTLS
    }

    private mutating func answerTLSRequest(
        followedBy rest: Int, into output: inout OutputBuffer
    ) -> ClientLoginEvent? {
        guard channel == nil, !hasAskedForTLS else { return refuse(.repeatedTLSRequest, into: &output) }
        // Somebody between could have put them there (CVE-2021-23214).
        guard rest == 0 else { return refuse(.bytesBehindTLSRequest, into: &output) }
        hasAskedForTLS = true
        guard mayUseTLS else {
            output.append("N")
            return nil
        }
        output.append("S")
        phase = .securing
        return .needsTLS
    }

    private mutating func answerGSSRequest(
        followedBy rest: Int, into output: inout OutputBuffer
    ) -> ClientLoginEvent? {
        guard channel == nil, !hasAskedForGSS else { return refuse(.repeatedGSSRequest, into: &output) }
        guard rest == 0 else { return refuse(.bytesBehindGSSRequest, into: &output) }
        hasAskedForGSS = true
        output.append("N")
        return nil
    }

    private mutating func refuse(_ version: ProtocolVersion, into output: inout OutputBuffer) -> ClientLoginEvent {
        // In the only form that such a client can read, so not through `refuse`.
        try? output.appendMessages { (writer) throws(WireError) in try writer.unsupportedProtocolError(version) }
        phase = .finished
        return .failed(.silent("unsupported frontend protocol \(version.major).\(version.minor)"))
    }

    private mutating func read(_ message: StartupMessage, into output: inout OutputBuffer) -> ClientLoginEvent {
        if policy.tls == .required, !isLocal, channel == nil { return refuse(.tlsRequired, into: &output) }
        let parameters: StartupParameters
        do throws(LoginFailure) {
            parameters = try StartupParameters(message, policy)
        } catch {
            return refuse(error, into: &output)
        }
        negotiate(message, agreed: parameters.version, into: &output)
        user = parameters.user
        phase = .deciding(parameters)
        return .startup(parameters)
    }

    /// Tells a client that asked for more than there is what there is.
    private func negotiate(_ message: StartupMessage, agreed: ProtocolVersion, into output: inout OutputBuffer) {
        guard let negotiation = message.negotiation(newest: policy.newestVersion) else { return }
        // Never a newer version than was asked for: libpq takes that for an error.
        let answer = ProtocolNegotiation(newest: agreed, unknownOptions: negotiation.unknownOptions)
        try? output.appendMessages { (writer) throws(WireError) in try writer.negotiateProtocolVersion(answer) }
    }
}

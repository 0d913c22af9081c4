import Bytes
import PostgresWire

// Messages that are no requests to authenticate.

extension ServerLogin {
    mutating func handle(_ frame: Frame, into output: inout OutputBuffer) -> ServerLoginEvent? {
        do throws(WireError) {
            let message = try BackendMessage(frame)
            switch message {
            case .errorResponse(let fields): return judge(try fields.copy())
            case .noticeResponse(let fields):
                keep(try fields.copy())
                return nil
            case .parameterStatus(let status):
                welcome.set(status.name.string, status.value.string)
                return nil
            default: break
            }
            switch phase {
            case .connecting: return handleWhileConnecting(message)
            case .startingUp: return handleWhileStartingUp(message, type: frame.type, into: &output)
            default: return try handleWhileAuthenticating(message, type: frame.type, into: &output)
            }
        } catch {
            return fail(.connection("malformed message from server: \(error)"))
        }
    }

    private mutating func judge(_ error: PostgresServerError) -> ServerLoginEvent? {
        guard case .connecting = phase, !error.endsSession else { return fail(ServerLoginFailure(error)) }
        // The session is as good as without the connect query, which is what PgBouncer takes it for.
        keep(error)
        return nil
    }

    private mutating func keep(_ notice: PostgresServerError) {
        if welcome.notices.count < LoginLimits.noticeCountMax { welcome.notices.append(notice) }
    }

    private mutating func handleWhileAuthenticating(
        _ message: BackendMessage, type: UInt8, into output: inout OutputBuffer
    ) throws(WireError) -> ServerLoginEvent? {
        switch message {
        case .authentication(let request): return answer(request, into: &output)
        case .negotiateProtocolVersion(let negotiation):
            let answer = try negotiation.copy()
            // Only downwards, and before anything else.
            guard case .awaitingAuthentication = phase, answer.newest <= target.version, answer.newest.major == 3 else {
                return fail(.connection("invalid protocol negotiation"))
            }
            welcome.version = answer.newest
            return nil
        default: return fail(.unexpected(type))
        }
    }

    private mutating func handleWhileStartingUp(
        _ message: BackendMessage, type: UInt8, into output: inout OutputBuffer
    ) -> ServerLoginEvent? {
        switch message {
        case .backendKeyData(let key):
            let secret = Array(wire: key.secret)
            guard welcome.version.cancelSecretByteCounts.contains(secret.count) else {
                return fail(.connection("bad cancel key"))
            }
            welcome.backendKey = BackendKey(processID: key.processID, secret: secret)
            return nil
        case .readyForQuery(let status):
            guard status == .idle else { return fail(.connection("server begins in a transaction")) }
            return runConnectQuery(into: &output)
        default: return fail(.unexpected(type))
        }
    }

    private mutating func runConnectQuery(into output: inout OutputBuffer) -> ServerLoginEvent? {
        guard let query = target.connectQuery, !query.isEmpty else { return finish() }
        do throws(WireError) {
            try output.appendMessages { (writer) throws(WireError) in try writer.query(query) }
        } catch {
            return fail(.credential("connect_query: \(error)", told: "connect_query is malformed"))
        }
        phase = .connecting
        return nil
    }

    private mutating func handleWhileConnecting(_ message: BackendMessage) -> ServerLoginEvent? {
        switch message {
        case .readyForQuery(let status):
            // A session that begins inside of a transaction would be its first client's surprise.
            guard status == .idle else { return fail(.connection("connect_query left a transaction open")) }
            return finish()
        case .copyInResponse, .copyBothResponse: return fail(.connection("connect_query waits for data"))
        case .authentication: return fail(.connection("authentication request at the wrong time"))
        default: return nil
        }
    }

    static func isIgnoredWhileConnecting(_ type: UInt8) -> Bool {
        switch BackendMessageType(rawValue: type) {
        case .dataRow, .rowDescription, .copyData, .commandComplete, .notificationResponse: true
        default: false
        }
    }

    private mutating func finish() -> ServerLoginEvent {
        phase = .finished
        return .ready(welcome)
    }
}

extension ServerLoginFailure {
    static func unexpected(_ type: UInt8) -> ServerLoginFailure {
        .connection("unknown pkt from server: '\(Character(Unicode.Scalar(type)))'")
    }
}

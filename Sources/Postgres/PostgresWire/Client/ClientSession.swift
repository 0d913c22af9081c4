/// The client's side of one connection: login and simple queries, a pure machine.
///
/// Whoever owns the connection sends what `start`, `query`, `terminate` and the events `send` give, feeds what arrives
/// into `receive`, and acts on the events. TLS is negotiated before and below. No clock: time limits are the owner's.
///
/// PostgreSQL documentation, "Message Flow": "Start-up", "Simple Query". Extended queries, COPY FROM STDIN and
/// streaming replication are not spoken; BASE_BACKUP and COPY TO STDOUT are.
package struct ClientSession: Sendable {
    /// Ways of telling the server the password that are allowed to be taken.
    package struct PasswordMethods: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// SCRAM-SHA-256, with or without channel binding; the password stays secret even from the server.
        package static let scram = PasswordMethods(rawValue: 1)
        /// Hashed with md5; whoever reads `pg_authid` can log in.
        package static let md5 = PasswordMethods(rawValue: 2)
        /// As it is.
        package static let cleartext = PasswordMethods(rawValue: 4)
    }

    enum Phase: Sendable {
        /// Nothing sent. To `awaitingAuthentication`.
        case initial
        /// StartupMessage sent. To `awaitingServerFirst`, `awaitingAuthenticationOk`, `startingUp`, `closed`.
        case awaitingAuthentication
        /// SASLInitialResponse sent. To `awaitingServerFinal`, `closed`.
        case awaitingServerFirst(ScramClient)
        /// SASLResponse sent. To `awaitingAuthenticationOk`, `closed`.
        case awaitingServerFinal(ScramClient)
        /// Everything sent and, with SCRAM, the server proved. To `startingUp`, `closed`.
        case awaitingAuthenticationOk
        /// Logged in; settings and key arrive. To `idle`, `closed`.
        case startingUp
        /// No query is under way. To `busy`, `closed`.
        case idle
        /// This many queries have no ReadyForQuery yet, at least 1. To `idle`, `closed`.
        case busy(queryCount: Int)
        /// Ended by an error or by `terminate`. Stays.
        case closed
    }

    let user: String
    let database: String
    let password: String?
    let additionalParameters: [(name: String, value: String)]
    let passwordMethods: PasswordMethods
    let certificateHash: [UInt8]?
    let nonce: ScramNonce

    var phase = Phase.initial
    /// Start of a message that has not arrived whole.
    private var buffer: [UInt8] = []

    /// A session that has sent nothing.
    ///
    /// - Parameters:
    ///   - password: nil for trust, peer or certificate authentication.
    ///   - additionalParameters: for the StartupMessage, such as `("replication", "database")` or
    ///     `("application_name", "atoll")`. `client_encoding` is UTF8 already.
    ///   - passwordMethods: what is not in here is refused before the password is used.
    ///   - certificateHash: hash of the server's TLS certificate (RFC 5929, section 4) to bind to; nil does not bind.
    ///   - nonce: random, used once.
    package init(
        user: String, database: String, password: String?,
        additionalParameters: [(name: String, value: String)] = [], passwordMethods: PasswordMethods = .scram,
        certificateHash: [UInt8]? = nil, nonce: ScramNonce = ClientSession.randomNonce()
    ) {
        self.user = user
        self.database = database
        self.password = password
        self.additionalParameters = additionalParameters
        self.passwordMethods = passwordMethods
        self.certificateHash = certificateHash
        self.nonce = nonce
    }

    /// A nonce from the system's cryptographic random source.
    package static func randomNonce() -> ScramNonce {
        var generator = SystemRandomNumberGenerator()
        return ScramNonce(
            randomBytes: (0..<ScramNonce.randomByteCount).map { _ in .random(in: .min ... .max, using: &generator) })
    }

    /// Whether `query` may be called.
    package var isLoggedIn: Bool {
        switch phase {
        case .idle, .busy: true
        default: false
        }
    }

    /// Whether logged in with no query under way.
    package var isIdle: Bool {
        if case .idle = phase { true } else { false }
    }

    /// Whether the session is over and the connection to be closed.
    package var isClosed: Bool {
        if case .closed = phase { true } else { false }
    }

    /// StartupMessage, to be sent first. Throws `outOfOrder` the second time, `wire` for parameters that hold a zero
    /// byte or are too long.
    package mutating func start() throws(ClientSessionError) -> [UInt8] {
        guard case .initial = phase else { throw .outOfOrder }
        let parameters = [("user", user), ("database", database), ("client_encoding", "UTF8")] + additionalParameters
        let packet = try ClientSession.written { (writer) throws(WireError) in
            try writer.startup(parameters: parameters)
        }
        phase = .awaitingAuthentication
        return packet
    }

    /// Query with any number of statements. May be called before the answer to the one before has come.
    ///
    /// Throws `outOfOrder` before the first `ready` and after the end, `wire` for a zero byte.
    package mutating func query(_ sql: String) throws(ClientSessionError) -> [UInt8] {
        let queryCount: Int
        switch phase {
        case .idle: queryCount = 0
        case .busy(let count): queryCount = count
        default: throw .outOfOrder
        }
        let message = try ClientSession.written { (writer) throws(WireError) in try writer.query(sql) }
        phase = .busy(queryCount: queryCount + 1)
        return message
    }

    /// Terminate, to be sent before the connection is closed. Empty when the server has nothing to be told.
    package mutating func terminate() -> [UInt8] {
        defer { phase = .closed }
        switch phase {
        case .initial, .closed: return []
        default: break
        }
        var writer = MessageWriter()
        writer.terminate()
        return writer.take()
    }

    /// Takes what has arrived, cut anywhere, and says what follows from it, in order.
    ///
    /// O(bytes), but the server's SCRAM challenge costs some milliseconds of PBKDF2. After an error the session is over
    /// and events of the same call are lost.
    package mutating func receive(_ bytes: Span<UInt8>) throws(ClientSessionError) -> [ClientSessionEvent] {
        // Taken out of `self`, so that messages can be views of it while `self` changes.
        var received: [UInt8] = []
        swap(&received, &buffer)
        unsafe bytes.withUnsafeBufferPointer { more in unsafe received.append(contentsOf: more) }
        var events: [ClientSessionEvent] = []
        let consumedByteCount: Int
        do throws(ClientSessionError) {
            consumedByteCount = try process(received.span, &events)
        } catch {
            phase = .closed
            throw error
        }
        received.removeFirst(consumedByteCount)
        swap(&received, &buffer)
        return events
    }

    /// `receive` of an array.
    package mutating func receive(_ bytes: [UInt8]) throws(ClientSessionError) -> [ClientSessionEvent] {
        try receive(bytes.span)
    }

    /// Handles all whole messages; returns their length in bytes.
    private mutating func process(
        _ bytes: Span<UInt8>, _ events: inout [ClientSessionEvent]
    ) throws(ClientSessionError) -> Int {
        var offset = 0
        while true {
            if case .initial = phase, bytes.count > 0 { throw .outOfOrder }
            // What follows the server's last message is of no interest.
            if isClosed { return bytes.count }
            let limit = isLoggedIn ? WireLimits.sessionBodyByteCountMax : WireLimits.loginBodyByteCountMax
            switch FrameScan.scan(bytes, at: offset, bodyByteCountMax: limit) {
            case .partialHeader, .partialBody: return offset
            case .malformed(let error): throw .wire(error)
            case .complete(let header):
                let start = offset + FrameHeader.byteCount
                offset = start + header.bodyByteCount
                try handle(Frame(type: header.type, body: bytes.extracting(start..<offset)), &events)
            }
        }
    }

    private mutating func handle(
        _ frame: Frame, _ events: inout [ClientSessionEvent]
    ) throws(ClientSessionError) {
        let message: BackendMessage
        do throws(WireError) {
            message = try BackendMessage(frame)
            if let event = try anytimeEvent(message) {
                events.append(event)
                return
            }
        } catch {
            throw .wire(error)
        }
        switch phase {
        case .initial, .closed: throw .unexpectedMessage(type: frame.type)
        case .idle, .busy: try handleAfterLogin(message, type: frame.type, &events)
        default: try handleDuringLogin(message, type: frame.type, &events)
        }
    }

    /// Messages that mean the same in every phase; nil for the others.
    private mutating func anytimeEvent(_ message: BackendMessage) throws(WireError) -> ClientSessionEvent? {
        switch message {
        case .noticeResponse(let fields):
            return .notice(try fields.copy())
        case .parameterStatus(let status):
            return .parameter(name: status.name.string, value: status.value.string)
        case .notificationResponse(let note):
            return .notification(
                processID: note.processID, channel: note.channel.string, payload: note.payload.string)
        case .errorResponse(let fields):
            let error = try fields.copy()
            // Before the first ReadyForQuery every error is the end, whatever its severity says.
            if error.endsSession || !isLoggedIn { phase = .closed }
            return .error(error)
        default:
            return nil
        }
    }

    /// What `write` writes.
    static func written(
        _ write: (inout MessageWriter) throws(WireError) -> Void
    ) throws(ClientSessionError) -> [UInt8] {
        var writer = MessageWriter()
        do throws(WireError) {
            try write(&writer)
        } catch {
            throw .wire(error)
        }
        return writer.take()
    }
}

import Bytes
import PoolerSessions
import PostgresWire

/// A login to a server as the shell drives it; TLS is taken as established when it is asked for.
final class ServerUnderTest {
    var login: ServerLogin
    var output = OutputBuffer()
    let pieceByteCount: Int?
    /// Everything but `needsBytes` and `needsKeys`.
    var events: [ServerLoginEvent] = []
    /// Keys that were asked for, and given at once.
    private(set) var derivationCount = 0
    /// All that arrived, as it was sent.
    var received: [[UInt8]] = []
    var certificateHash: [UInt8]?

    init(
        _ target: ServerLogin.Target, environment: LoginEnvironment = Login.environment(seed: 3),
        pieceByteCount: Int? = nil
    ) {
        self.login = ServerLogin(target: target, environment: environment)
        self.pieceByteCount = pieceByteCount
    }

    func start() { note(login.start(into: &output)) }

    func receive(_ bytes: [UInt8]) {
        received.append(bytes)
        for piece in Login.pieces(bytes, pieceByteCount) {
            piece.withUnsafeBytes { note(login.receive($0, into: &output)) }
        }
    }

    private func note(_ event: ServerLoginEvent) {
        if case .needsKeys(let derivation) = event {
            derivationCount += 1
            return note(login.derived(derivation.run(), into: &output))
        }
        if event != .needsBytes { events.append(event) }
        if event == .needsTLS { note(login.secured(certificateHash: certificateHash, into: &output)) }
    }

    /// What the server gets now.
    func sent() -> [UInt8] {
        defer { output.removeAll() }
        return output.readable.array
    }

    var welcome: ServerWelcome? {
        if case .ready(let welcome)? = events.last { welcome } else { nil }
    }

    var failure: ServerLoginFailure? {
        if case .failed(let failure)? = events.last { failure } else { nil }
    }
}

/// A server that plays its part of a login with PostgresWire's own codec.
struct ServerScript {
    enum Method: CaseIterable {
        case trust, cleartext, md5, md5FromVerifier, scram, scramFromKeys, connectQuery

        var target: ServerLogin.Target {
            ServerLogin.Target(
                user: "alice", database: "shop", credential: credential,
                connectQuery: self == .connectQuery ? "SET x = 1; SELECT 1" : nil)
        }

        private var credential: ServerCredential {
            switch self {
            case .trust, .connectQuery: .none
            case .cleartext, .md5, .scram: .password("s3cret")
            case .md5FromVerifier: .md5(MD5Password.verifier(user: "alice", password: "s3cret"))
            case .scramFromKeys:
                (try? ScramKeys(password: "s3cret", salt: Array(1...16), iterations: 4_096))
                    .map(ServerCredential.scramKeys) ?? .none
            }
        }
    }

    enum Failure: Error { case wrongPassword, wrongMessage }

    let method: Method

    init(_ method: Method) { self.method = method }

    /// ParameterStatus, a notice, BackendKeyData and ReadyForQuery.
    static func beginning(secret: [UInt8] = [9, 8, 7, 6]) throws -> [UInt8] {
        try Login.written {
            $0.authenticationOk()
            try $0.parameterStatus(name: "server_version", value: "15.1")
            try $0.noticeResponse(PostgresServerError(severity: .notice, code: .successfulCompletion, message: "hi"))
            try $0.parameterStatus(name: "TimeZone", value: "UTC")
            try $0.parameterStatus(name: "TimeZone", value: "Etc/UTC")
            try $0.backendKeyData(processID: 77, secret: secret.span)
            $0.readyForQuery(.idle)
        }
    }

    /// Runs the login to its end; throws if the answers are not the right ones.
    func run(_ login: ServerUnderTest) throws {
        login.start()
        _ = login.sent()
        switch method {
        case .trust: break
        case .cleartext: try askForPassword(login) { $0 == "s3cret" }
        case .md5, .md5FromVerifier:
            try login.receive(Login.written { try $0.authenticationMD5Password(salt: ([1, 2, 3, 4] as [UInt8]).span) })
            try check(login) { $0 == MD5Password.response(user: "alice", password: "s3cret", salt: [1, 2, 3, 4]) }
        case .scram, .scramFromKeys: try runScram(login)
        case .connectQuery:
            try login.receive(ServerScript.beginning())
            guard try Login.types(login.sent()) == "Q" else { throw Failure.wrongMessage }
            try login.receive(ServerScript.answerToConnectQuery())
            return
        }
        try login.receive(ServerScript.beginning())
    }

    static func answerToConnectQuery() throws -> [UInt8] {
        try Login.written {
            try $0.errorResponse(PostgresServerError(severity: .error, code: .undefinedObject, message: "no x"))
            try $0.parameterStatus(name: "x", value: "1")
            try $0.dataRow([String(repeating: "r", count: 200)])
            try $0.commandComplete(tag: "SELECT 1")
            $0.readyForQuery(.idle)
        }
    }

    private func askForPassword(_ login: ServerUnderTest, _ fits: (String) -> Bool) throws {
        login.receive(Login.written { $0.authenticationCleartextPassword() })
        try check(login, fits)
    }

    private func check(_ login: ServerUnderTest, _ fits: (String) -> Bool) throws {
        try ServerScript.answer(login.sent()) { answer in
            guard fits(try answer.password().string) else { throw Failure.wrongPassword }
        }
    }

    static func answer(_ bytes: [UInt8], _ read: (borrowing AuthenticationResponse) throws -> Void) throws {
        var frames = FrameReader(bytes.span)
        guard let frame = try frames.next(), case .authenticationResponse(let answer) = try FrontendMessage(frame)
        else { throw Failure.wrongMessage }
        try read(answer)
    }

    private func runScram(_ login: ServerUnderTest) throws {
        guard let verifier = ScramVerifier(Login.verifierText) else { throw Failure.wrongMessage }
        var server = ScramServer(account: .known(verifier), nonce: ScramNonce(randomBytes: Array(0..<18)))
        try login.receive(Login.written { try $0.authenticationSASL(mechanisms: server.mechanisms) })
        var challenge: [UInt8] = []
        try ServerScript.answer(login.sent()) { answer in
            let initial = try answer.saslInitialResponse()
            guard case .bytes(let first) = initial.response else { throw Failure.wrongMessage }
            challenge = try server.receiveClientFirst(first, mechanism: initial.mechanism.string)
        }
        try login.receive(Login.written { try $0.authenticationSASLContinue(challenge.span) })
        var final: [UInt8] = []
        try ServerScript.answer(login.sent()) { answer in
            final = try server.receiveClientFinal(answer.bytes).message
        }
        try login.receive(Login.written { try $0.authenticationSASLFinal(final.span) })
    }
}

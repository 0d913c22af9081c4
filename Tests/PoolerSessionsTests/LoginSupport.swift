import Bytes
import PoolerSessions
import PostgresWire
import SeededRandom
import Synchronization

/// A client's login as the shell drives it: plans are given at once, bytes arrive in pieces.
final class LoginUnderTest {
    var login: ClientLogin
    var output = OutputBuffer()
    /// Answer to `startup`.
    let plan: AuthenticationPlan
    /// Answer to `needsSecret`.
    let lookup: SecretLookup
    /// Most bytes that arrive at once; nil for as they were sent.
    let pieceByteCount: Int?
    /// Everything but `needsBytes`.
    var events: [ClientLoginEvent] = []
    /// Given when TLS is asked for.
    var channel = ClientChannel()

    init(
        _ plan: AuthenticationPlan = AuthenticationPlan(.trust, .known(.unusable)), lookup: SecretLookup = .noSuchUser,
        policy: StartupPolicy = StartupPolicy(), environment: LoginEnvironment = Login.environment(),
        isLocal: Bool = false, pieceByteCount: Int? = nil
    ) {
        self.login = ClientLogin(policy: policy, environment: environment, isLocal: isLocal)
        self.plan = plan
        self.lookup = lookup
        self.pieceByteCount = pieceByteCount
    }

    /// Feeds bytes and does what the events ask for.
    func receive(_ bytes: [UInt8]) {
        for piece in Login.pieces(bytes, pieceByteCount) {
            piece.withUnsafeBytes { act(on: login.receive($0, into: &output)) }
        }
    }

    private func act(on event: ClientLoginEvent) {
        if event != .needsBytes { events.append(event) }
        switch event {
        case .needsKeys(let derivation): act(on: login.derived(derivation.run(), into: &output))
        case .startup: act(on: login.proceed(with: plan, into: &output))
        case .needsSecret: act(on: login.proceed(with: lookup, into: &output))
        default: break
        }
    }

    func secure() { act(on: login.secured(channel, into: &output)) }

    /// What the client gets now.
    func sent() -> [UInt8] {
        defer { output.removeAll() }
        return output.readable.array
    }

    var identity: ClientIdentity? {
        if case .authenticated(let identity)? = events.last { identity } else { nil }
    }

    var failure: LoginFailure? {
        if case .failed(let failure)? = events.last { failure } else { nil }
    }

    var parameters: StartupParameters? {
        for case .startup(let parameters) in events { return parameters }
        return nil
    }
}

enum Login {
    /// `s3cret`, the salt 1 ... 16 and 4,096 rounds; made with Python's hashlib.
    static let verifierText =
        "SCRAM-SHA-256$4096:AQIDBAUGBwgJCgsMDQ4PEA==$ZJrN/Ezw28Krz+cmPa5nQi6fn/TYAXDzZZybOCaQLNQ="
        + ":j5PDpMUXEdGn/PfETelsrt/4RUvavYN7CBNDeafmg7E="

    /// Randomness that repeats.
    static func random(seed: UInt64 = 1) -> RandomSource {
        let generator = Mutex(SeededGenerator(seed: seed))
        return RandomSource { count in
            generator.withLock { generator in (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) } }
        }
    }

    /// Few rounds, so that tests are quick.
    static func environment(seed: UInt64 = 1, scramIterations: Int = 16) -> LoginEnvironment {
        LoginEnvironment(random: random(seed: seed), scramIterations: scramIterations)
    }

    static func pieces(_ bytes: [UInt8], _ byteCountMax: Int?) -> [[UInt8]] {
        guard let byteCountMax else { return [bytes] }
        return stride(from: 0, to: bytes.count, by: byteCountMax).map {
            Array(bytes[$0..<min($0 + byteCountMax, bytes.count)])
        }
    }

    static func written(_ write: (inout MessageWriter) throws -> Void) rethrows -> [UInt8] {
        var writer = MessageWriter()
        try write(&writer)
        return writer.take()
    }

    static func startup(
        version: ProtocolVersion = .v3_0, _ parameters: [(name: String, value: String)] = [("user", "alice")]
    ) throws -> [UInt8] {
        try written { try $0.startup(version: version, parameters: parameters) }
    }

    static func password(_ text: String) throws -> [UInt8] { try written { try $0.password(text) } }

    /// Fields of the ErrorResponse in `bytes`, nil if the first message is none.
    static func error(_ bytes: [UInt8]) throws -> PostgresServerError? {
        var frames = FrameReader(bytes.span)
        guard let frame = try frames.next(), case .errorResponse(let fields) = try BackendMessage(frame) else {
            return nil
        }
        return try fields.copy()
    }

    /// Types of the messages in `bytes`, which must be whole.
    static func types(_ bytes: [UInt8]) throws -> String {
        var frames = FrameReader(bytes.span)
        var types = ""
        while let frame = try frames.next() { types.append(Character(Unicode.Scalar(frame.type))) }
        return frames.consumedByteCount == bytes.count ? types : "incomplete"
    }

    /// A whole exchange between a login and PostgresWire's own client, until one of them has nothing to say.
    static func run(_ login: LoginUnderTest, password: String?, certificateHash: [UInt8]? = nil) throws {
        var client = ClientSession(
            user: "alice", database: "shop", password: password, passwordMethods: [.scram, .md5, .cleartext],
            certificateHash: certificateHash)
        var toServer = try client.start()
        while !toServer.isEmpty {
            login.receive(toServer)
            toServer = []
            for case .send(let bytes) in try client.receive(login.sent()) { toServer += bytes }
        }
    }
}

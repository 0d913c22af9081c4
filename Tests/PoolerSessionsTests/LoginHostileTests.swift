// Seeded attacks on both machines: they end, within their limits, and let nobody in.

import Bytes
import PoolerSessions
import PostgresWire
import SeededRandom
import Testing

@Suite struct LoginHostileTests {
    /// Bytes flipped, cut out, doubled or added.
    private func mangled(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0...generator.below(3) where !bytes.isEmpty {
            let index = generator.below(bytes.count)
            switch generator.below(5) {
            case 0: bytes[index] ^= 1 << generator.below(8)
            case 1: bytes[index] = UInt8(truncatingIfNeeded: generator.next())
            case 2: bytes.remove(at: index)
            case 3: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: index)
            default: bytes.removeSubrange(index...)
            }
        }
        return bytes
    }

    @Test func clientsOfNoisePerish() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2_000 {
            let login = LoginUnderTest(AuthenticationPlan(.scram, .known(.plain("s3cret"))))
            for _ in 0..<4 {
                login.receive((0..<generator.below(200)).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
                if login.login.isFinished { break }
            }
            #expect(login.identity == nil)
        }
    }

    /// A client that knows no password mangles a good conversation.
    @Test(arguments: [.plain, .md5, .scram] as [AuthenticationPlan.Method])
    func mangledConversationsLetNobodyIn(_ method: AuthenticationPlan.Method) throws {
        var generator = SeededGenerator(seed: 2)
        let secret = StoredSecret.plain("s3cret")
        let environment = Login.environment()
        for round in 0..<1_500 {
            let login = LoginUnderTest(AuthenticationPlan(method, .known(secret)), environment: environment)
            var client = ClientSession(
                user: "alice", database: "shop", password: "wrong", passwordMethods: [.scram, .md5, .cleartext])
            var turn = try client.start()
            while !turn.isEmpty, !login.login.isFinished {
                login.receive(generator.isHit(1, of: 2) ? mangled(turn, &generator) : turn)
                turn = []
                guard let events = try? client.receive(login.sent()) else { break }
                for case .send(let bytes) in events { turn += bytes }
            }
            #expect(login.identity == nil, "round \(round)")
        }
    }

    @Test(arguments: ServerScript.Method.allCases)
    func mangledServersDoNoHarm(_ method: ServerScript.Method) throws {
        let recorded = ServerUnderTest(method.target)
        try ServerScript(method).run(recorded)
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            let login = ServerUnderTest(method.target)
            login.start()
            for answer in recorded.received where !login.login.isFinished {
                login.receive(generator.isHit(1, of: 3) ? mangled(answer, &generator) : answer)
            }
            // Its events are those of one login: at most TLS, then one end.
            #expect(login.events.count <= 1)
        }
    }

    @Test func serversOfNoisePerish() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<2_000 {
            let login = ServerUnderTest(
                ServerLogin.Target(user: "u", database: "d", credential: .password("s3cret"), tls: .preferred))
            login.start()
            for _ in 0..<4 where !login.login.isFinished {
                login.receive((0..<generator.below(100)).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
            }
            #expect(login.welcome == nil)
        }
    }

    @Test func noisyAnswersToAuthQueryGiveNoSecret() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2_000 {
            var query = AuthQuery()
            let bytes = (0..<generator.below(100)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            if case .answered(.found) = bytes.withUnsafeBytes({ query.receive($0) }) { Issue.record("a secret") }
        }
    }
}

// Bytes may be cut anywhere: every conversation gives the same events and the same answers at every split point.

import Bytes
import PoolerSessions
import PostgresWire
import Testing

@Suite struct LoginSplitTests {
    /// What both sides of a client's login said.
    private struct Transcript {
        /// Turns of the client, each sent after the answer to the one before.
        var turns: [[UInt8]] = []
        var answers: [[UInt8]] = []
    }

    private static let plans: [(AuthenticationPlan.Method, AuthenticationPlan.Account)] = [
        (.trust, .known(.unusable)), (.plain, .known(.plain("s3cret"))), (.md5, .known(.plain("s3cret"))),
        (.scram, .known(StoredSecret(Login.verifierText))), (.scram, .unknown), (.md5, .lookUp), (.reject, .unknown),
    ]

    private static func login(_ index: Int, pieceByteCount: Int? = nil) -> LoginUnderTest {
        let (method, account) = plans[index]
        return LoginUnderTest(
            AuthenticationPlan(method, account), lookup: .found(user: "alice", .plain("s3cret")),
            environment: Login.environment(seed: 7), pieceByteCount: pieceByteCount)
    }

    private func record(_ index: Int) throws -> Transcript {
        let login = LoginSplitTests.login(index)
        var client = ClientSession(
            user: "alice", database: "shop", password: "s3cret", passwordMethods: [.scram, .md5, .cleartext])
        var transcript = Transcript()
        var turn = Login.written { $0.gssEncryptionRequest() }
        var isStarted = false
        while !turn.isEmpty {
            login.receive(turn)
            transcript.turns.append(turn)
            let answer = login.sent()
            transcript.answers.append(answer)
            turn = []
            if !isStarted {
                isStarted = true
                turn = try client.start()
            } else {
                for case .send(let bytes) in try client.receive(answer) { turn += bytes }
            }
        }
        return transcript
    }

    @Test(arguments: 0..<7)
    func clientAtEverySplit(_ index: Int) throws {
        let transcript = try record(index)
        let whole = LoginSplitTests.login(index)
        for turn in transcript.turns { whole.receive(turn) }
        #expect(whole.login.isFinished)
        for (number, turn) in transcript.turns.enumerated() {
            for split in 1..<turn.count {
                let login = LoginSplitTests.login(index)
                for (other, bytes) in transcript.turns.enumerated() {
                    if other == number {
                        login.receive(Array(bytes[..<split]))
                        login.receive(Array(bytes[split...]))
                    } else {
                        login.receive(bytes)
                    }
                    #expect(login.sent() == transcript.answers[other])
                }
                #expect(login.events == whole.events, "turn \(number), byte \(split)")
            }
        }
        let slow = LoginSplitTests.login(index, pieceByteCount: 1)
        for turn in transcript.turns { slow.receive(turn) }
        #expect(slow.events == whole.events)
    }

    @Test(arguments: ServerScript.Method.allCases)
    func serverAtEverySplit(_ method: ServerScript.Method) throws {
        let whole = ServerUnderTest(method.target)
        try ServerScript(method).run(whole)
        let answers = whole.received
        #expect(whole.events.count == 1)
        #expect(whole.welcome != nil)
        for (number, answer) in answers.enumerated() {
            for split in 1..<max(answer.count, 1) {
                let login = ServerUnderTest(method.target)
                login.start()
                for (other, bytes) in answers.enumerated() {
                    if other == number {
                        login.receive(Array(bytes[..<split]))
                        login.receive(Array(bytes[split...]))
                    } else {
                        login.receive(bytes)
                    }
                }
                #expect(login.events == whole.events, "answer \(number), byte \(split)")
            }
        }
        let slow = ServerUnderTest(method.target, pieceByteCount: 1)
        slow.start()
        for answer in answers { slow.receive(answer) }
        #expect(slow.events == whole.events)
    }
}

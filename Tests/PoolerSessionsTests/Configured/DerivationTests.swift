import PoolerConfiguration
import PostgresWire
import Testing

@testable import PoolerSessions

@Suite("Keys are derived away from the loop")
struct DerivationTests {
    private func pooler(_ settings: String = "") throws -> ConfiguredPooler {
        try ConfiguredPooler(
            "auth_type = scram-sha-256\nscram_iterations = 16\nauth_file = users\n\(settings)",
            files: ["users": #""alice" "a" "bob" "b""# + "\n" + #""bob" "b""# + "\n" + #""carol" "c""#])
    }

    /// Clients that have sent what the pooler needs keys to answer.
    private func begin(_ pooler: ConfiguredPooler, _ users: [String]) throws -> [(ConfiguredEnd, ClientSession)] {
        try users.map { user in
            var session = ClientSession(
                user: user, database: "db", password: String(user.prefix(1)), passwordMethods: [.scram])
            let end = pooler.connect()
            end.send(try session.start())
            try end.scram(&session)
            return (end, session)
        }
    }

    private func isServed(_ client: (ConfiguredEnd, ClientSession)) throws -> Bool {
        var (end, session) = client
        while try end.scram(&session) {}
        return !end.isClosed
    }

    @Test func loginsOfOneUserShareADerivation() throws {
        let pooler = try pooler()
        let clients = try begin(pooler, ["alice", "alice", "alice"])
        #expect(pooler.derivations.map(\.password) == ["a"])
        for (end, _) in clients { #expect(end.take().isEmpty) }
        pooler.derive()
        for client in clients { #expect(try isServed(client)) }
        #expect(pooler.pooler.pools.values.first?.pointee.clientCount == 3)
        _ = try begin(pooler, ["alice"])
        #expect(pooler.derivations.isEmpty)
    }

    @Test func fewAreUnderWayAtATime() throws {
        let pooler = try pooler()
        let clients = try begin(pooler, ["alice", "bob", "carol"])
        #expect(pooler.derivations.map(\.password) == ["a", "b"])
        pooler.derive()
        #expect(pooler.derivations.map(\.password) == ["b", "c"])
        pooler.derive()
        pooler.derive()
        for client in clients { #expect(try isServed(client)) }
    }

    @Test func nobodyIsServedWithWhatNobodyWaitsFor() throws {
        let pooler = try pooler()
        let clients = try begin(pooler, ["alice", "bob", "carol", "carol"])
        // One that is under way, and one whose turn has not come.
        clients[0].0.end()
        clients[2].0.end()
        clients[3].0.end()
        pooler.derive()
        #expect(pooler.derivations.map(\.password) == ["b"])
        pooler.derive()
        #expect(try isServed(clients[1]))
        #expect(pooler.pooler.clientCount == 1)
    }

    @Test func serversWaitForKeysToo() throws {
        let pooler = try ConfiguredPooler(
            "auth_type = any\npool_mode = transaction", databases: "db = host=10.0.0.1 user=u password=p")
        let client = pooler.connect(user: "x")
        let server = try #require(pooler.connectServer())
        _ = server.take()
        var scram = ScramServer(
            account: .known(try ScramVerifier(password: "p", salt: [1, 2], iterations: 16)),
            nonce: ScramNonce(randomBytes: [1, 2, 3]))
        server.send(try Login.written { try $0.authenticationSASL(mechanisms: scram.mechanisms) })
        var challenge: [UInt8] = []
        try ServerScript.answer(server.take()) { answer in
            guard case .bytes(let first) = try answer.saslInitialResponse().response else { return }
            challenge = try scram.receiveClientFirst(first, mechanism: ScramMechanism.plain)
        }
        server.send(try Login.written { try $0.authenticationSASLContinue(challenge.span) })
        #expect(pooler.derivations == [KeyDerivation(password: "p", salt: [1, 2], iterations: 16)])
        #expect(server.take().isEmpty)
        pooler.derive()
        var final: [UInt8] = []
        try ServerScript.answer(server.take()) { answer in
            final = try scram.receiveClientFinal(answer.bytes).message
        }
        server.send(try Login.written { try $0.authenticationSASLFinal(final.span) } + WireBytes.loginEnd())
        #expect(client.takeTypes().hasSuffix("Z"))
    }

    /// A server that gives up while keys are derived for it.
    @Test func derivationOutlivesItsServer() throws {
        let pooler = try ConfiguredPooler("auth_type = any", databases: "db = host=10.0.0.1 user=u password=p")
        _ = pooler.connect(user: "x")
        let server = try #require(pooler.connectServer())
        var session = ScramServer(
            account: .known(try ScramVerifier(password: "p", salt: [1], iterations: 16)),
            nonce: ScramNonce(randomBytes: [1]))
        _ = server.take()
        server.send(try Login.written { try $0.authenticationSASL(mechanisms: session.mechanisms) })
        var challenge: [UInt8] = []
        try ServerScript.answer(server.take()) { answer in
            guard case .bytes(let first) = try answer.saslInitialResponse().response else { return }
            challenge = try session.receiveClientFirst(first, mechanism: ScramMechanism.plain)
        }
        server.send(try Login.written { try $0.authenticationSASLContinue(challenge.span) })
        server.end()
        pooler.derive()
        #expect(pooler.pooler.serverCount == 0)
    }
}

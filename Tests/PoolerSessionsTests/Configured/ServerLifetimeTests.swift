import Testing

@testable import PoolerSessions

@Suite("How long a server lives")
struct ServerLifetimeTests {
    @Test("With a lifetime of 0 it serves once", arguments: ["session", "transaction"])
    func servesOnce(_ mode: String) throws {
        let pooler = try ConfiguredPooler(
            "auth_type = any\npool_mode = \(mode)\nserver_lifetime = 0\nserver_reset_query =",
            databases: "db = host=h user=u")
        for _ in 0..<2 {
            let client = pooler.connect(user: "x")
            client.send(WireBytes.query("select"))
            // Longer than the rounds in which servers are looked at.
            pooler.pass(milliseconds: 5)
            let server = try #require(pooler.logInServer())
            pooler.pass(milliseconds: 2_000)
            #expect(server.takeTypes().hasSuffix("Q"))
            server.send(ConfiguredPooler.commandComplete + ConfiguredPooler.ready())
            #expect(client.takeTypes().hasSuffix("CZ"))
            #expect(server.isClosed == (mode == "transaction"))
            client.end()
            #expect(server.isClosed)
        }
    }

    @Test("One that nobody has used yet waits for its client, also as the first one")
    func waitsForItsClient() throws {
        let pooler = try ConfiguredPooler(
            "auth_type = any\npool_mode = transaction\nserver_lifetime = 0", databases: "db = host=h user=u")
        let client = pooler.connect(user: "x")
        let server = try #require(pooler.logInServer())
        #expect(client.takeTypes().hasSuffix("Z"))
        pooler.pass(milliseconds: 2_000)
        #expect(!server.isClosed)
        _ = server.take()
        client.send(WireBytes.query("select"))
        #expect(server.takeTypes() == "Q")
    }
}

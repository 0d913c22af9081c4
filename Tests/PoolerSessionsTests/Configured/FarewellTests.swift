import PoolerConfiguration
import Testing

@testable import PoolerSessions

@Suite("A server that ends says why, and its client hears it")
struct FarewellTests {
    private let farewell = WireBytes.error("FATAL", "57P01", "terminating connection due to administrator command")
    private let told = "FATAL 57P01 terminating connection due to administrator command"

    /// A client in a transaction of its own.
    private func begin(_ text: String = "begin") throws -> (ConfiguredPooler, ConfiguredEnd, ConfiguredEnd) {
        let pooler = try ConfiguredPooler("auth_type = any\npool_mode = transaction", databases: "db = host=h user=u")
        let client = pooler.connect(user: "x")
        let server = try #require(pooler.logInServer())
        client.send(WireBytes.query(text))
        #expect(client.takeTypes() == "RSKZ")
        _ = server.take()
        return (pooler, client, server)
    }

    private func answer(_ tag: String, status: String) -> [UInt8] {
        WireBytes.message("C", WireBytes.text(tag)) + WireBytes.message("Z", Array(status.utf8))
    }

    @Test func waitingClientHearsItOnce() throws {
        let (_, client, server) = try begin()
        server.send(farewell)
        server.end()
        #expect(client.isClosed)
        var sent = client.take()
        #expect(WireBytes.takeMessages(&sent).map(\.type) == ["E"])
        #expect(sent.isEmpty)
    }

    /// A driver would take it for a notice if it came right behind the answer to its last request.
    @Test(arguments: [true, false])
    func clientThatWaitsForNothingHearsItLater(_ isSilent: Bool) throws {
        let (pooler, client, server) = try begin()
        server.send(answer("BEGIN", status: "T") + farewell)
        #expect(client.takeTypes() == "CZ")
        #expect(server.isClosed)
        #expect(!client.isClosed)
        if isSilent { pooler.pass(milliseconds: 20) } else { client.send(WireBytes.query("select 1")) }
        #expect(client.takeError() == told)
        #expect(client.isClosed)
        #expect(pooler.pooler.clientCount == 0)
    }

    @Test func clientThatLeavesMeanwhileIsForgotten() throws {
        let (pooler, client, server) = try begin()
        server.send(answer("BEGIN", status: "T") + farewell)
        client.end()
        pooler.pass(milliseconds: 20)
        #expect(pooler.pooler.clientCount == 0)
        #expect(pooler.pooler.doomedClients.isEmpty)
    }

    /// The words come in answer to the pooler's own question.
    @Test func questionOfThePoolersHidesNothing() throws {
        let (_, client, server) = try begin("do $$ begin end $$")
        server.send(answer("DO", status: "I"))
        #expect(client.takeTypes() == "CZ")
        #expect(server.takeTypes() == "Q")
        server.send(farewell)
        server.end()
        #expect(client.takeError() == told)
        #expect(client.isClosed)
    }

    @Test func serverThatSaidNothingIsNamed() throws {
        let (_, client, server) = try begin()
        server.end()
        #expect(client.takeError() == "FATAL 08006 server conn crashed?")
    }

    /// An error would be taken for the rest of the message.
    @Test func nothingIsPutIntoTheMiddleOfAMessage() throws {
        let (_, client, server) = try begin("select")
        let row = WireBytes.message("D", [UInt8](repeating: 1, count: 100))
        server.send(Array(row.prefix(50)))
        #expect(client.take().count == 50)
        server.end()
        #expect(client.take().isEmpty)
        #expect(client.isClosed)
    }

    /// No client is given a server that is about to go.
    @Test func idleServerIsNotGivenOut() throws {
        let (pooler, client, server) = try begin("select 1")
        server.send(answer("SELECT 1", status: "I"))
        #expect(client.takeTypes() == "CZ")
        server.send(farewell)
        #expect(server.isClosed)
        client.send(WireBytes.query("select 2"))
        #expect(!client.isClosed)
        let next = try #require(pooler.logInServer())
        #expect(next.takeTypes().hasSuffix("Q"))
        next.send(answer("SELECT 1", status: "I"))
        #expect(client.takeTypes() == "CZ")
    }
}

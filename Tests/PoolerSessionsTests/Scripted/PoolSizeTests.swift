import PoolerConfiguration
import PostgresWire
import Testing

@testable import PoolerSessions

/// A server that has just become usable is in no list of its pool for a moment, in which clients are let in that ask
/// for one: it must count all the same.
@Suite("A pool has no more servers than its size")
struct PoolSizeTests {
    @Test("A client that has sent its first query along with its login")
    func earlyQuery() throws {
        let pooler = ScriptedPooler { $0.settings.defaultPoolSize = 1 }
        let client = pooler.client()
        pooler.send(client, WireBytes.query("SELECT 1"))
        let server = try #require(pooler.serve())
        #expect(pooler.connecting.isEmpty)
        #expect(server.takeTypes() == "Q")
        #expect(pooler.pool()?.pointee.serverCount == 1)
    }

    @Test("A client whose secret was asked for by a server of its own pool")
    func earlyQueryBehindLookup() throws {
        let pooler = ScriptedPooler {
            $0.settings.defaultPoolSize = 1
            $0.settings.authenticationType = .plain
            $0.settings.authenticationUser = "user"
        }
        let client = pooler.client(["user": "alice"])
        let server = try #require(pooler.serve())
        pooler.send(client, WireBytes.message("p", WireBytes.text("secret")) + WireBytes.query("SELECT 1"))
        let column = ColumnDescription(name: "c", typeID: 25)
        let answer = try Login.written {
            try $0.rowDescription([column, column])
            try $0.dataRow(["alice", "secret"])
            try $0.commandComplete(tag: "SELECT 1")
            $0.readyForQuery(.idle)
        }
        server.received = []
        pooler.send(server, WireBytes.message("1") + WireBytes.message("2") + answer)
        #expect(pooler.connecting.isEmpty)
        #expect(server.takeTypes() == "Q")
        #expect(client.takeTypes().last == "Z")
        #expect(pooler.pool()?.pointee.serverCount == 1)
    }
}

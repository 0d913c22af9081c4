import Testing

@testable import KeyValueCommands

/// Fields of INFO that are measured or counted, and not only printed.
@Suite struct InformationTests {
    private let client = Conversation()

    @Test func meanTimeToLive() {
        #expect(client.field("db0", of: "INFO keyspace") == "")
        _ = client.ask("SET forever value")
        #expect(client.field("db0", of: "INFO keyspace") == "keys=1,expires=0,avg_ttl=0")
        _ = client.ask("SET soon value PX 1000")
        _ = client.ask("SET later value PX 3000")
        #expect(client.field("db0", of: "INFO keyspace") == "keys=3,expires=2,avg_ttl=2000")
        _ = client.ask("PEXPIREAT soon \(Int64.max / 2)")
        #expect(client.field("db0", of: "INFO keyspace").hasPrefix("keys=3,expires=2,avg_ttl="))
    }

    @Test func askingForTheMeanTimeToLiveChangesNoRandomChoice() {
        let other = Conversation()
        for client in [client, other] {
            _ = client.ask("SADD set a b c d e f g h i j k l m n o p")
            _ = client.ask("SET key value PX 1000")
        }
        for _ in 0..<10 { _ = client.ask("INFO keyspace") }
        #expect(client.ask("SPOP set 8") == other.ask("SPOP set 8"))
    }

    @Test func refusedPasswords() {
        _ = client.ask("CONFIG SET requirepass secret")
        _ = client.ask("AUTH wrong")
        _ = client.ask("HELLO 2 AUTH default wrong")
        _ = client.ask("AUTH secret")
        #expect(client.field("acl_access_denied_auth", of: "INFO stats") == "2")
    }

    @Test func timeAboveMaxmemory() {
        func exceeded(_ name: String) -> String { client.field("\(name)_eviction_exceeded_time", of: "INFO stats") }
        _ = client.ask("CONFIG SET maxmemory 1")
        _ = client.ask("SET key value")
        client.engine.setTime(milliseconds: client.engine.pointee.now + 700)
        #expect(exceeded("current") == "700")
        #expect(exceeded("total") == "700")
        _ = client.ask("CONFIG SET maxmemory 1gb")
        _ = client.ask("SET key value")
        client.engine.setTime(milliseconds: client.engine.pointee.now + 100)
        #expect(exceeded("current") == "0")
        #expect(exceeded("total") == "700")
    }

    @Test func theLongestOutputIsRememberedForAWhile() {
        func peak() -> String { client.field("rbp", of: "CLIENT LIST ID 2") }
        let other = Conversation(with: client.engine)
        #expect(peak() == "0")
        let reference = client.engine.pointee.clientsByID[2].unsafelyUnwrapped
        client.engine.enforceOutputLimit(reference, pendingByteCount: 5000)
        client.engine.enforceOutputLimit(reference, pendingByteCount: 10)
        #expect(peak() == "5000")
        #expect(client.field("client_recent_max_output_buffer", of: "INFO clients") == "5000")
        client.engine.setTime(milliseconds: client.engine.pointee.now + 6000)
        client.engine.keepHouse()
        #expect(peak() == "0")
        withExtendedLifetime(other) {}
    }
}

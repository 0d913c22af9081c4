import Testing

@testable import KeyValueCommands

/// maxmemory-clients. Clients grow here by what they queue in a transaction.
@Suite struct ClientEvictionTests {
    private let observer = Conversation()

    private func client(holding byteCount: Int) -> Conversation {
        let client = Conversation(with: observer.engine)
        _ = client.ask("MULTI")
        _ = client.ask(["SET", "key", String(repeating: "v", count: byteCount)])
        return client
    }

    private func evict(_ limit: Int) -> Int {
        observer.engine.pointee.settings.maxMemoryClients = limit
        observer.engine.evictClients()
        return observer.engine.pointee.statistics.evictedClientCount
    }

    private func flags(_ id: Int) -> Substring? {
        observer.ask("CLIENT LIST ID \(id)").split(separator: " ").first { $0.hasPrefix("flags=") }?.dropFirst(6)
    }

    @Test func theLargestGoUntilTheRestIsWithin() {
        let clients = [100_000, 400_000, 200_000].map(client)
        #expect(evict(0) == 0)
        #expect(evict(1_000_000) == 0)
        #expect(evict(500_000) == 1)
        #expect(flags(3) == "xA")
        #expect(evict(200_000) == 2)
        #expect(flags(4) == "xA")
        #expect(flags(2) == "x")
        #expect(evict(1) == 2, "less than 128 KiB is taken as that")
        withExtendedLifetime(clients) {}
    }

    @Test func perCentOfMaxmemory() {
        let large = client(holding: 400_000)
        #expect(evict(-50) == 0, "without maxmemory there is nothing to take a share of")
        observer.engine.pointee.settings.maxMemoryByteCount = 1_000_000
        #expect(evict(-50) == 0)
        #expect(evict(-30) == 1)
        withExtendedLifetime(large) {}
    }

    @Test func someAreSpared() {
        #expect(observer.ask("CLIENT NO-EVICT on") == "+OK")
        let large = Conversation(with: observer.engine)
        #expect(large.ask("CLIENT NO-EVICT on") == "+OK")
        _ = large.ask("MULTI")
        _ = large.ask(["SET", "key", String(repeating: "v", count: 400_000)])
        #expect(evict(200_000) == 0)
        _ = large.ask("DISCARD")
        #expect(observer.engine.pointee.clientMemoryByteCount < 200_000)
    }

    @Test func theSumFollowsClients() {
        _ = evict(1_000_000)
        do {
            let large = client(holding: 400_000)
            #expect(observer.engine.pointee.clientMemoryByteCount > 400_000)
            withExtendedLifetime(large) {}
        }
        #expect(observer.engine.pointee.clientMemoryByteCount < 10_000)
        _ = evict(0)
        #expect(observer.engine.pointee.clientMemoryByteCount == 0)
    }
}

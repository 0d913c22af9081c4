@testable import KeyValueCommands

extension DirectiveCase {
    private static let full = "-OOM command not allowed when used memory > 'maxmemory'."

    /// How much memory there may be, and what goes when there is more.
    static let memory: [DirectiveCase] = [
        DirectiveCase("maxmemory", "1", expect: full, insteadOf: "+OK", "SET key value"),
        DirectiveCase("maxmemory-policy", "allkeys-random", expect: "+OK", insteadOf: full) { client in
            client.fill(100)
            client.limitMemory(toShareOfKeys: 0.9)
            return client.ask("SET key value")
        },
        DirectiveCase(
            "maxmemory-samples", "10000", with: "maxmemory-policy allkeys-lru", expect: "the oldest is gone",
            insteadOf: "the oldest is there"
        ) { client in
            client.fill(5000, secondsBetween: 60)
            client.limitMemory(toShareOfKeys: 1)
            _ = client.ask("SET key value")
            return client.ask("EXISTS key:0") == ":0" ? "the oldest is gone" : "the oldest is there"
        },
        DirectiveCase(
            "maxmemory-eviction-tenacity", "100", with: "maxmemory-policy allkeys-random", expect: "finished",
            insteadOf: "goes on later"
        ) { client in
            client.fill(20_000)
            client.limitMemory(toShareOfKeys: 0)
            client.engine.makeRoomForWrite()
            return client.engine.pointee.eviction.isUnfinished ? "goes on later" : "finished"
        },
        DirectiveCase("maxmemory-clients", "200kb", expect: "1", insteadOf: "0") { observer in
            let large = Conversation(with: observer.engine)
            _ = large.ask("MULTI")
            _ = large.ask(["SET", "key", String(repeating: "v", count: 400_000)])
            observer.engine.evictClients()
            return withExtendedLifetime(large) { observer.field("evicted_clients", of: "INFO stats") }
        },
        DirectiveCase(
            "lfu-log-factor", "0", with: "maxmemory-policy allkeys-lfu", expect: "every access counts",
            insteadOf: "few count"
        ) { client in
            _ = client.ask("SET key value")
            for _ in 0..<100 { _ = client.ask("GET key") }
            return client.frequency > 90 ? "every access counts" : "few count"
        },
        DirectiveCase(
            "lfu-decay-time", "0", with: "maxmemory-policy allkeys-lfu", expect: "remembered", insteadOf: "forgotten"
        ) { client in
            _ = client.ask("SET key value")
            client.engine.setTime(milliseconds: client.engine.pointee.now + 3_600_000)
            return client.frequency > 0 ? "remembered" : "forgotten"
        },
        DirectiveCase("tracking-table-max-keys", "1", expect: "1", insteadOf: "3") { observer in
            let reader = Conversation(with: observer.engine, version: 3)
            _ = reader.ask("CLIENT TRACKING ON")
            for key in 1...3 { _ = reader.ask("GET key:\(key)") }
            observer.engine.keepHouse()
            return withExtendedLifetime(reader) { observer.field("tracking_total_keys", of: "INFO stats") }
        },
    ]
}

extension Conversation {
    /// Sets the keys `key:0` and up to values of about 100 bytes.
    fileprivate func fill(_ count: Int, secondsBetween: Int = 0) {
        let value = String(repeating: "v", count: 100)
        for index in 0..<count {
            engine.setTime(milliseconds: engine.pointee.now + Int64(secondsBetween) * 1000)
            _ = ask("SET key:\(index) \(value)")
        }
    }

    /// Sets maxmemory to what is used now, less a share of what keys of `fill` take.
    fileprivate func limitMemory(toShareOfKeys share: Double) {
        let keys = Double((Int(last(["DBSIZE"]).dropFirst()) ?? 0) * 100)
        let limit = engine.usedMemoryByteCount - Int(keys * (1 - share)) - 1
        engine.pointee.settings.maxMemoryByteCount = limit
    }

    fileprivate var frequency: Int { Int(ask("OBJECT FREQ key").dropFirst()) ?? -1 }
}

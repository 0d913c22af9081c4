import CMemory
import Testing

@testable import KeyValueCommands

/// Due keys and full memory.
@Suite struct EvictionTests {
    private func filled(_ policy: EvictionPolicy, count: Int = 2000) -> Conversation {
        let client = Conversation()
        client.engine.setTime(milliseconds: 10_000_000)
        client.engine.pointee.settings.maxMemoryPolicy = policy
        for index in 0..<count {
            let suffix = index % 2 == 0 ? "" : " EX \(1000 + index)"
            _ = client.ask("SET key:\(index) 0123456789012345678901234567890123456789012345678901\(suffix)")
        }
        return client
    }

    private func limit(_ client: Conversation, below byteCount: Int) {
        client.engine.pointee.settings.maxMemoryByteCount = client.engine.countedMemoryByteCount - byteCount
        client.engine.pointee.settings.maxMemoryEvictionTenacity = 100
    }

    @Test(arguments: EvictionPolicy.allCases)
    func everyPolicyMakesRoom(_ policy: EvictionPolicy) {
        let client = filled(policy)
        limit(client, below: 20_000)
        let reply = client.ask("SET new 1")
        if policy == .noEviction {
            #expect(reply == "-OOM command not allowed when used memory > 'maxmemory'.")
            #expect(client.ask("DBSIZE") == ":2000")
            #expect(client.ask("GET key:1").hasPrefix("$52"))
            return
        }
        #expect(reply == "+OK")
        #expect(client.engine.pointee.statistics.evictedKeyCount > 100)
        guard policy.isVolatileOnly else { return }
        for index in stride(from: 0, to: 2000, by: 2) { #expect(client.ask("EXISTS key:\(index)") == ":1") }
    }

    @Test func leastRecentlyUsedGoFirst() {
        let client = filled(.allKeysLRU)
        client.engine.setTime(milliseconds: 10_100_000)
        for index in 0..<1000 { _ = client.ask("GET key:\(index)") }
        client.engine.pointee.settings.maxMemorySampleCount = 10
        limit(client, below: 40_000)
        _ = client.ask("SET new 1")
        let lost = (0..<1000).count { client.ask("EXISTS key:\($0)") == ":0" }
        #expect(client.engine.pointee.statistics.evictedKeyCount > 200)
        #expect(lost < 10)
    }

    @Test func soonestToExpireGoFirst() {
        let client = filled(.volatileTTL)
        client.engine.pointee.settings.maxMemorySampleCount = 10
        limit(client, below: 20_000)
        _ = client.ask("SET new 1")
        let lateLost = (1000..<2000).count { client.ask("EXISTS key:\($0)") == ":0" }
        #expect(lateLost < 20)
    }

    @Test func nothingLeftToEvict() {
        let client = filled(.volatileLRU, count: 1)
        client.engine.pointee.settings.maxMemoryByteCount = 1
        #expect(client.ask("SET a 1").hasPrefix("-OOM"))
        #expect(client.ask("GET key:0").hasPrefix("$52"))
    }

    @Test func transactionsAreRefusedWhole() {
        let client = Conversation()
        _ = client.ask("MULTI")
        _ = client.ask("SET a 1")
        client.engine.pointee.settings.maxMemoryByteCount = 1
        #expect(client.ask("EXEC").hasPrefix("-EXECABORT Transaction discarded because of: OOM"))
    }

    @Test func rareVolatileKeysAreFound() {
        let client = Conversation()
        for index in 0..<5000 { _ = client.ask("SET key:\(index) value") }
        _ = client.ask("SET rare:1 value EX 100")
        _ = client.ask("SET rare:2 value EX 100")
        for policy in [EvictionPolicy.volatileLRU, .volatileRandom] {
            client.engine.pointee.settings.maxMemoryPolicy = policy
            limit(client, below: 1)
            #expect(client.engine.makeRoomForWrite())
        }
        #expect(client.ask("EXISTS rare:1 rare:2") == ":0")
        #expect(client.ask("DBSIZE") == ":5000")
    }

    // MARK: - Due keys

    @Test func theSweepRemovesWhatIsDue() {
        let client = Conversation()
        client.engine.setTime(milliseconds: 10_000_000)
        for index in 0..<3000 { _ = client.ask("SET key:\(index) value PX \(index + 1)") }
        _ = client.ask("SET stays 1")
        client.engine.setTime(milliseconds: 10_001_500)
        for _ in 0..<100 { _ = client.engine.expireCycle() }
        #expect(client.ask("DBSIZE") == ":1501")
        #expect(client.engine.pointee.statistics.expiredKeyCount == 1500)
        client.engine.setTime(milliseconds: 10_010_000)
        client.engine.pointee.activeExpiry.isEnabled = false
        _ = client.engine.expireCycle()
        #expect(client.ask("DBSIZE") == ":1501")
        client.engine.pointee.activeExpiry.isEnabled = true
        for _ in 0..<100 { _ = client.engine.expireCycle() }
        #expect(client.ask("DBSIZE") == ":1")
    }

    @Test func subscribersHearOfBoth() {
        let client = Conversation()
        client.engine.setTime(milliseconds: 10_000_000)
        client.engine.pointee.settings.notifications = [.keyEvent, .expired, .evicted]
        let listener = Conversation(with: client.engine)
        _ = listener.ask("PSUBSCRIBE *")
        _ = client.ask("SET due 1 PX 10")
        client.engine.setTime(milliseconds: 10_000_020)
        _ = client.engine.expireCycle()
        #expect(listener.take().hasSuffix("$22|__keyevent@0__:expired|$3|due"))
        _ = client.ask("SET victim 1")
        client.engine.pointee.settings.maxMemoryPolicy = .allKeysRandom
        client.engine.pointee.settings.maxMemoryByteCount = 1
        client.engine.makeRoomForWrite()
        #expect(listener.take().hasSuffix("$22|__keyevent@0__:evicted|$6|victim"))
    }
}

import Bytes
import CIOLoop
import Testing

@testable import KeyValueCommands
@testable import Keyspace

/// Values that are large enough to hold everybody up, were they freed while clients wait.
/// One after another: each has a helper thread whose frees count for the process.
@Suite(.serialized) struct LongestTurnTests {
    /// Freeing that many at once takes several times as long as is allowed.
    private static let elementCount = 60_000
    private static let commandMillisecondsMax = 5.0

    enum Large: String, CaseIterable, CustomTestStringConvertible {
        case set, hash, sortedSet, list, stream, string
        var testDescription: String { rawValue }
    }

    /// A conversation with an engine that has a helper thread.
    private func client(_ large: Large) -> Conversation {
        let client = Conversation(with: Engine.make(seed: 1, usesThreads: true))
        client.engine.pointee.settings.encoding.listNodeLimit = 8
        if large == .string {
            _ = client.ask("SETRANGE big \(256 << 20) x")
            return client
        }
        let portion = 1000
        for start in stride(from: 0, to: Self.elementCount, by: portion) {
            let numbers = start..<(start + portion)
            switch large {
            case .set: _ = client.ask(["SADD", "big"] + numbers.map { "member:\($0)" })
            case .hash: _ = client.ask(["HSET", "big"] + numbers.flatMap { ["field:\($0)", "value"] })
            case .sortedSet: _ = client.ask(["ZADD", "big"] + numbers.flatMap { ["\($0)", "member:\($0)"] })
            case .list: _ = client.ask(["RPUSH", "big"] + numbers.map { "element:\($0)" })
            case .stream:
                for number in numbers where number % 8 == 0 { _ = client.ask("XADD big * field \(number)") }
            case .string: break
            }
        }
        return client
    }

    /// Thread CPU time that a request takes, in milliseconds.
    private func milliseconds(_ client: Conversation, _ body: () -> Void) -> Double {
        let began = atoll_thread_cpu_nanoseconds()
        body()
        return Double(atoll_thread_cpu_nanoseconds() - began) / 1e6
    }

    @Test(arguments: Large.allCases)
    func removalLeavesTheRestToTheHelper(_ large: Large) {
        let client = client(large)
        _ = client.ask("COPY big copy")
        _ = client.ask("COPY big due")
        _ = client.ask("COPY big swept")
        _ = client.ask("COPY big renamed")
        _ = client.ask("SET other 1")
        for request in ["SET big 1", "RENAME other renamed", "DEL copy"] {
            #expect(milliseconds(client) { _ = client.ask(request) } < Self.commandMillisecondsMax, "\(request)")
        }
        _ = client.ask("PEXPIRE due 10")
        _ = client.ask("PEXPIRE swept 10")
        client.engine.setTime(milliseconds: client.engine.pointee.now + 100)
        #expect(milliseconds(client) { _ = client.ask("GET due") } < Self.commandMillisecondsMax)
        #expect(milliseconds(client) { _ = client.engine.expireCycle() } < Self.commandMillisecondsMax)
        #expect(client.ask("EXISTS due swept copy") == ":0")
    }

    @Test(arguments: ["FLUSHALL", "FLUSHALL ASYNC", "FLUSHDB SYNC"])
    func flushLeavesTheRestToTheHelper(_ request: String) {
        let client = client(.hash)
        client.engine.pointee.settings.debugCommand = .yes
        _ = client.ask("DEBUG POPULATE \(Self.elementCount)")
        #expect(milliseconds(client) { _ = client.ask(request) } < Self.commandMillisecondsMax)
        #expect(client.ask("DBSIZE") == ":0")
    }

    @Test func whatIsPendingDoesNotCount() {
        let client = client(.hash)
        let start = client.engine.pointee.statistics.startMemoryByteCount
        let before = client.engine.countedMemoryByteCount - start
        _ = client.ask("DEL big")
        #expect(client.engine.countedMemoryByteCount - start < before / 2)
    }
}

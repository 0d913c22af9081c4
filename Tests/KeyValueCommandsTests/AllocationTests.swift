import Bytes
import CAllocationCount
import Testing

@testable import KeyValueCommands

/// What the way of a command takes from the heap: nothing, once everything it touches is there. Objects, closures,
/// existentials and arrays of Swift would each show here, in debug builds too.
@Suite struct AllocationTests {
    /// A command of the hot path.
    struct Work: CustomTestStringConvertible, Sendable {
        let name: String
        /// What fills the keys, as words between spaces.
        var preparation: [String] = []
        /// The requests of one round.
        let requests: [String]
        /// Blocks of engine memory that a hundred rounds may take: what the data needs.
        var engineBlocksMax = 0

        var testDescription: String { name }
    }

    private static let hundred = (0..<100).map { "element:\($0)" }.joined(separator: " ")
    private static let text = String(repeating: "v", count: 32)
    private static let tenPairs = (0..<10).map { "key:\($0) \(text)" }.joined(separator: " ")
    private static let manyPairs = (0..<600).map { "field:\($0) \(text)" }.joined(separator: " ")
    private static let manyMembers = (0..<600).map { "member:\($0)" }.joined(separator: " ")
    private static let manyScores = (0..<600).map { "\($0) member:\($0)" }.joined(separator: " ")

    static let all = [
        Work(name: "PING", requests: ["PING"]),
        Work(name: "SET", preparation: ["SET key \(text)"], requests: ["SET key \(text)"]),
        Work(name: "SET with an expiry", preparation: ["SET key \(text) EX 100"], requests: ["SET key \(text) EX 100"]),
        Work(name: "GET", preparation: ["SET key \(text)"], requests: ["GET key", "GET missing"]),
        Work(
            name: "GET and SET, each looked at for hot keys",
            preparation: ["CONFIG SET hotkeys-sample-ratio 1", "SET key \(text)"],
            requests: ["GET key", "GET missing", "SET key \(text)"]),
        Work(name: "INCR", preparation: ["SET number 1000000"], requests: ["INCR number"]),
        Work(name: "DEL and SET", requests: ["SET key \(text)", "DEL key"], engineBlocksMax: 100),
        Work(name: "EXPIRE and TTL", preparation: ["SET key 1 EX 100"], requests: ["EXPIRE key 100", "TTL key"]),
        Work(
            name: "LPUSH and RPOP", preparation: ["RPUSH list \(hundred)"],
            requests: ["LPUSH list \(text)", "RPOP list"]),
        Work(name: "LRANGE_100", preparation: ["RPUSH list \(hundred)"], requests: ["LRANGE list 0 99"]),
        Work(name: "SADD", preparation: ["SADD set \(manyMembers)"], requests: ["SADD set member:7"]),
        Work(name: "SADD, packed", preparation: ["SADD set \(hundred)"], requests: ["SADD set element:7"]),
        Work(
            name: "SADD and SREM", preparation: ["SADD set \(manyMembers)"],
            requests: ["SADD set member:new", "SREM set member:new"], engineBlocksMax: 100),
        Work(name: "HSET", preparation: ["HSET hash \(manyPairs)"], requests: ["HSET hash field:7 \(text)"]),
        Work(
            name: "HSET, packed", preparation: ["HSET hash field:1 1 field:7 \(text)"],
            requests: ["HSET hash field:7 \(text)"]),
        Work(name: "HGET", preparation: ["HSET hash \(manyPairs)"], requests: ["HGET hash field:7"]),
        Work(
            name: "ZADD", preparation: ["ZADD scores \(manyScores)"],
            requests: ["ZADD scores 300.5 member:7", "ZADD scores 7 member:7"]),
        Work(
            name: "ZADD, packed", preparation: ["ZADD scores 1 a 2 b 3 c"],
            requests: ["ZADD scores 2.5 a", "ZADD scores 1 a"]),
        Work(name: "ZRANGE", preparation: ["ZADD scores \(manyScores)"], requests: ["ZRANGE scores 100 199"]),
        Work(
            name: "XADD with MAXLEN", preparation: ["XADD stream * field \(text)"],
            requests: ["XADD stream MAXLEN ~ 1000 * field \(text)"], engineBlocksMax: 5),
        Work(name: "XRANGE", preparation: ["XADD stream 1-1 field \(text)"], requests: ["XRANGE stream - + COUNT 10"]),
        Work(name: "MSET", preparation: ["MSET \(tenPairs)"], requests: ["MSET \(tenPairs)"]),
    ]

    @Test(arguments: all)
    func commandsTakeNothingFromTheHeap(_ work: Work) {
        let rounds = 1000
        let client = RepeatingClient()
        // What is slow on a busy machine is written down, which takes memory.
        client.send(RepeatingClient.request("CONFIG SET slowlog-log-slower-than -1"), times: 1)
        for line in work.preparation { client.send(RepeatingClient.request(line), times: 1) }
        let requests = work.requests.map(RepeatingClient.request).reduce([], +)
        // Tables, chunks and output grow to the size that they keep.
        client.send(requests, times: 2 * rounds)
        #expect(client.errorCount == 0)
        let before = atoll_allocation_counts_of_thread()
        client.send(requests, times: rounds)
        let after = atoll_allocation_counts_of_thread()
        #expect(after.heap - before.heap == 0, "of \(rounds) rounds")
        let engineBlocks = Int(after.engine - before.engine)
        #expect(engineBlocks <= work.engineBlocksMax * rounds / 100, "of \(rounds) rounds")
    }

    @Test func allocationsAreReallyCounted() {
        let before = atoll_allocation_counts_of_thread()
        var array = [Int](repeating: 1, count: 100)
        array.withUnsafeMutableBufferPointer { $0[0] = 2 }
        var output = OutputBuffer()
        output.append(byte: 1)
        let after = atoll_allocation_counts_of_thread()
        #expect(array[0] + output.count == 3)
        #expect(after.heap > before.heap)
        #expect(after.engine == before.engine + 1)
    }
}

/// A client of an engine of its own that sends the same bytes time and again, and takes no memory itself for it.
private final class RepeatingClient {
    private let engine = Engine.make(seed: 1, usesThreads: false)
    private let client: ClientReference
    private let output = UnsafeMutablePointer<OutputBuffer>.allocate(capacity: 1)
    /// Replies that began as errors, each by the first of a portion.
    private(set) var errorCount = 0

    init() {
        output.initialize(to: OutputBuffer())
        client = engine.makeClient(output: output)
    }

    deinit {
        engine.freeClient(client)
        output.deinitialize(count: 1)
        output.deallocate()
    }

    /// Words between spaces as a request.
    static func request(_ line: String) -> [UInt8] {
        let words = line.split(separator: " ")
        return Array(("*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()).utf8)
    }

    func send(_ requests: [UInt8], times: Int) {
        requests.withUnsafeBytes { bytes in
            for _ in 0..<times {
                engine.receive(client, ByteSlice(bytes))
                if output.pointee.readable.byte(at: 0) == UInt8(ascii: "-") { errorCount += 1 }
                output.pointee.removeAll()
            }
        }
    }
}

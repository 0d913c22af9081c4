import Bytes
import Foundation
import Glibc
import KeyValuePersistence
import Keyspace
import SeededRandom
import Testing

@testable import KeyValueCommands

/// Keeps the bytes of a snapshot in memory.
private final class SnapshotMemory: SnapshotOutput {
    private var finisher = RDBFinisher(checksums: true)
    private(set) var bytes: [UInt8] = []
    private(set) var result: SnapshotResult?
    var queuedByteCount: Int { 0 }

    func write(_ chunk: RDBChunk) { finisher.take(chunk) { bytes += $0 } }

    func complete() {
        finisher.finish { bytes += $0 }
        result = .written(byteCount: bytes.count)
    }

    func abandon() { result = .failed("given up") }
    func wait(untilQueuedBelow byteCount: Int) {}
    func waitForResult() -> SnapshotResult { result ?? .failed("not complete") }
}

/// Random histories of commands against an engine, with large and small values in three databases.
private struct History {
    private var random: SeededGenerator
    private let client: Conversation
    private let keyCount: Int
    /// Elements that one command adds at most.
    private let burstMax: Int
    /// One of 64 histories grows values of thousands of elements. In the others a few elements are a large value, so that
    /// a million histories take less than an hour.
    let isLong: Bool

    init(seed: UInt64, client: Conversation) {
        random = SeededGenerator(seed: seed)
        self.client = client
        isLong = random.below(64) == 0
        keyCount = random.below(3) == 0 ? 12 : 2
        let isBursting = random.below(4) > 0
        burstMax = isLong && isBursting ? 700 : 4
        let entriesMax = isLong ? 128 : 4
        _ = client.ask(
            "CONFIG SET stream-node-max-entries \(isLong ? 8 : 2) list-max-listpack-size \(isLong ? 16 : 2)"
                + " hash-max-listpack-entries \(entriesMax) set-max-listpack-entries \(entriesMax)"
                + " set-max-intset-entries \(entriesMax) zset-max-listpack-entries \(entriesMax)")
    }

    var limits: Snapshot.LargeValueLimits {
        var limits = Snapshot.LargeValueLimits()
        if !isLong { limits.elementsMin = 6 }
        if !isLong { limits.nodesMin = 2 }
        return limits
    }

    /// A key that mostly has values of one type.
    private mutating func key(_ type: String) -> String {
        "\(random.below(30) == 0 ? "x" : type)\(random.below(keyCount))"
    }

    private mutating func key() -> String { key(["s", "l", "t", "h", "z", "e"][random.below(6)]) }
    /// A number below one bound in a long history, and below the other where values are small.
    private mutating func below(_ long: Int, _ short: Int) -> Int { random.below(isLong ? long : short) }
    private mutating func member() -> String { "m\(below(2000, 20))" }

    private mutating func members() -> [String] { (0..<1 + random.below(burstMax)).map { _ in member() } }

    private mutating func pairs() -> [String] {
        (0..<1 + random.below(burstMax)).flatMap { _ in ["\(random.below(1000))", member()] }
    }

    private mutating func text() -> String {
        String(repeating: "abcdefgh", count: random.below(30)) + "\(random.below(9))"
    }

    mutating func perform() {
        let command = command()
        let count = command[0] == "XADD" ? 1 + random.below(burstMax) / 4 : 1
        for _ in 0..<count { _ = client.ask(command) }
    }

    mutating func command() -> [String] {
        switch random.below(10) {
        case 0, 1: stringCommand()
        case 2: listCommand()
        case 3: setCommand()
        case 4: hashCommand()
        case 5: sortedSetCommand()
        case 6: streamCommand()
        default: keyCommand()
        }
    }

    private mutating func stringCommand() -> [String] {
        switch random.below(7) {
        case 0: ["INCR", key("s")]
        case 1: ["APPEND", key("s"), text()]
        case 2: ["SETRANGE", key("s"), "\(random.below(300))", text()]
        case 3: ["SETBIT", key("s"), "\(random.below(3000))", "1"]
        case 4: ["PFADD", key("s")] + members()
        case 5: ["GETDEL", key("s")]
        default: ["SET", key("s"), text()]
        }
    }

    private mutating func listCommand() -> [String] {
        switch random.below(9) {
        case 0: ["LPOP", key("l")]
        case 1: ["RPOP", key("l"), "\(below(200, 4))"]
        case 2: ["LSET", key("l"), "\(below(500, 16))", text()]
        case 3: ["LINSERT", key("l"), "BEFORE", member(), member()]
        case 4: ["LREM", key("l"), "0", member()]
        case 5: ["LTRIM", key("l"), "\(below(50, 3))", "\(below(5000, 40))"]
        case 6: ["LMOVE", key("l"), key("l"), "LEFT", "RIGHT"]
        case 7: ["LPUSH", key("l")] + members()
        default: ["RPUSH", key("l")] + members() + (random.below(5) == 0 ? [String(repeating: "x", count: 9000)] : [])
        }
    }

    private mutating func setCommand() -> [String] {
        switch random.below(6) {
        case 0: ["SREM", key("t")] + members()
        case 1: ["SPOP", key("t"), "\(below(100, 4))"]
        case 2: ["SMOVE", key("t"), key("t"), member()]
        case 3: ["SUNIONSTORE", key("t"), key("t"), key("t")]
        case 4: ["SADD", key("t"), "\(random.below(100))"]
        default: ["SADD", key("t")] + members()
        }
    }

    private mutating func hashCommand() -> [String] {
        switch random.below(4) {
        case 0: ["HDEL", key("h")] + members()
        case 1: ["HINCRBY", key("h"), member(), "3"]
        default: ["HSET", key("h")] + members().flatMap { [$0, text()] }
        }
    }

    private mutating func sortedSetCommand() -> [String] {
        switch random.below(6) {
        case 0: ["ZREM", key("z")] + members()
        case 1: ["ZPOPMIN", key("z"), "\(below(100, 4))"]
        case 2: ["ZINCRBY", key("z"), "1.5", member()]
        case 3: ["ZREMRANGEBYRANK", key("z"), "0", "\(below(300, 4))"]
        case 4: ["ZUNIONSTORE", key("z"), "2", key("z"), key("z")]
        default: ["ZADD", key("z")] + pairs()
        }
    }

    private mutating func streamCommand() -> [String] {
        switch random.below(10) {
        case 0: ["XDEL", key("e"), streamID()]
        case 1: ["XTRIM", key("e"), "MAXLEN", "\(random.below(3) == 0 ? 0 : below(900, 20))"]
        case 2: ["XGROUP", "CREATE", key("e"), "g", "0"]
        case 3: ["XREADGROUP", "GROUP", "g", "c", "COUNT", "\(1 + random.below(50))", "STREAMS", key("e"), ">"]
        case 4: ["XACK", key("e"), "g", streamID()]
        // Behind it ids may come again that were trimmed away.
        case 5, 6: ["XSETID", key("e"), "5-1"]
        default: ["XADD", key("e"), "\(client.engine.pointee.now)-*", "field", text(), "other", text()]
        }
    }

    /// One that may be there: what was added last has the present time.
    private mutating func streamID() -> String { "\(client.engine.pointee.now)-\(below(900, 20))" }

    private mutating func keyCommand() -> [String] {
        switch random.below(12) {
        case 0: ["DEL", key()]
        case 1: ["RENAME", key(), key()]
        case 2: ["MOVE", key(), "\(random.below(3))"]
        case 3: ["COPY", key(), key(), "DB", "\(random.below(3))", "REPLACE"]
        case 4: ["SWAPDB", "\(random.below(3))", "\(random.below(3))"]
        case 5: ["PEXPIRE", key(), "\(1 + random.below(100_000))"]
        case 6: ["PERSIST", key()]
        case 7: random.below(10) == 0 ? ["FLUSHDB"] : ["UNLINK", key()]
        case 8: ["SELECT", "\(random.below(3))"]
        case 9: ["SORT", key(), "BY", "nosort", "STORE", key()]
        default: ["EXPIRE", key(), "\(random.below(3))"]
        }
    }
}

@Suite struct SnapshotTests {
    private static func begin(
        _ engine: EngineReference, _ limits: Snapshot.LargeValueLimits
    ) -> (Snapshot, SnapshotMemory) {
        let memory = SnapshotMemory()
        let snapshot = Snapshot(
            databases: engine.pointee.databases, count: engine.pointee.databaseCount,
            reclaimer: engine.pointee.reclaimer,
            encoder: RDBSnapshotEncoder(.init(version: 11, compresses: true)), output: memory, limits: limits)
        snapshot.begin()
        return (snapshot, memory)
    }

    /// All contents in short: the digest of Redis, which leaves out when keys end, and that.
    private static func contents(_ engine: EngineReference) -> String {
        var sum: UInt64 = 0
        for index in 0..<engine.pointee.databaseCount {
            engine.pointee.databases[index].table.forEach { slot in
                let record = slot.record
                sum &+= engine.pointee.databases[0].hash(record.key) &* UInt64(bitPattern: record.expiry ?? 7)
            }
        }
        return DatasetDigest.all(of: engine).text + " \(sum)"
    }

    /// The contents of an engine once the bytes have been loaded into it, as of the same time.
    private static func digest(loading bytes: [UInt8], into client: Conversation, now: Int64) -> String {
        _ = client.ask("FLUSHALL SYNC")
        client.engine.setTime(milliseconds: now)
        let (descriptor, path) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { name in
            strcpy(name.baseAddress.unsafelyUnwrapped, "/tmp/atoll-snapshot-XXXXXX")
            return (mkstemp(name.baseAddress.unsafelyUnwrapped), String(cString: name.baseAddress.unsafelyUnwrapped))
        }
        unlink(path)
        defer { close(descriptor) }
        #expect(bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
        lseek(descriptor, 0, SEEK_SET)
        var options = client.engine.loadOptions()
        options.dropsExpired = false
        var loader = RDBLoader(
            descriptor: descriptor, byteCount: bytes.count, options: options, into: client.engine.pointee.databases,
            count: client.engine.pointee.databaseCount)
        do throws(RDBFailure) {
            try loader.load { _ in true }
        } catch {
            return "cannot be loaded: \(error.message)"
        }
        return contents(client.engine)
    }

    /// A cut in the middle of a random history is what a deep copy taken there would be, whatever comes after it and
    /// however the walk and the commands take turns.
    /// - Parameter client: of an engine for the history, which is flushed first; `other` is one to load into.
    private static func run(seed: UInt64, _ client: Conversation, other: Conversation) {
        _ = client.ask("SELECT 0")
        _ = client.ask("FLUSHALL SYNC")
        var random = SeededGenerator(seed: seed ^ 0xA5A5)
        var history = History(seed: seed, client: client)
        let now = client.engine.pointee.now
        for _ in 0..<random.below(history.isLong ? 200 : 40) { history.perform() }
        let expected = contents(client.engine)
        let (snapshot, memory) = begin(client.engine, history.limits)
        let commandsPerStep = 1 + random.below(8)
        for step in 0..<400 {
            for _ in 0..<random.below(commandsPerStep) { history.perform() }
            if random.below(8) == 0 { client.engine.setTime(milliseconds: now + Int64(step) * 20) }
            // Zero ticks: the smallest step there is.
            if snapshot.step(ticksMax: 0) { break }
        }
        snapshot.stepToEnd()
        let found = digest(loading: memory.bytes, into: other, now: now)
        #expect(found == expected, "seed \(seed)")
    }

    /// How many histories: CI runs few; a million take half an hour of a release build.
    private static var historyCount: UInt64 {
        ProcessInfo.processInfo.environment["SNAPSHOT_HISTORIES"].flatMap(UInt64.init) ?? 2000
    }

    private static var firstSeed: UInt64 {
        ProcessInfo.processInfo.environment["SNAPSHOT_SEED"].flatMap(UInt64.init) ?? 1
    }

    @Test func cutIsWhatADeepCopyWouldBe() {
        let (client, other) = (Conversation(), Conversation())
        for seed in Self.firstSeed..<Self.firstSeed + Self.historyCount { Self.run(seed: seed, client, other: other) }
    }
}

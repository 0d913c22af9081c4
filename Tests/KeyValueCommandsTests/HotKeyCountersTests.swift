import Bytes
import Keyspace
import Testing

@testable import KeyValueCommands

/// Space-Saving with fading counts, against exact sums of the same history.
@Suite struct HotKeyCountersTests {
    /// What is left after a millisecond: 2^(-1 / 60,000).
    private static let millisecond = 0.99998844761372
    private static let hasher = KeyedHash(key0: 1, key1: 2)

    /// The exact sums of what was counted, each faded at every step.
    private struct Exact {
        var reads: [DatabaseKey: Double] = [:]
        var writes: [DatabaseKey: Double] = [:]
        var total = 0.0

        mutating func add(_ key: DatabaseKey, _ operations: Double, isWrite: Bool) {
            if isWrite { writes[key, default: 0] += operations } else { reads[key, default: 0] += operations }
            total += operations
        }

        mutating func fade(milliseconds: Int64) {
            var share = 1.0
            // Another way than the code under test: whole half-lives and the remaining milliseconds one by one.
            for _ in 0..<(milliseconds / HotKeyCounters.halfLifeMilliseconds) { share /= 2 }
            for _ in 0..<(milliseconds % HotKeyCounters.halfLifeMilliseconds) {
                share *= HotKeyCountersTests.millisecond
            }
            reads = reads.mapValues { $0 * share }
            writes = writes.mapValues { $0 * share }
            total *= share
        }

        func sum(_ key: DatabaseKey) -> Double { reads[key, default: 0] + writes[key, default: 0] }
    }

    /// A key that is the more often chosen the smaller its number is: number n with a chance of about 1 / n.
    private static func skewed(_ keyCount: Int, _ random: inout FastRandom) -> Int {
        var bound = keyCount
        while bound > 1, random.below(4) > 0 { bound = (bound + 1) / 2 }
        return random.below(bound)
    }

    private static func name(_ number: Int) -> [UInt8] {
        // Every seventh is longer than what is kept, and differs from others of its length in its last bytes only.
        let length = number % 7 == 0 ? HotKeyCounters.keyByteCountMax + 10 : 0
        let digits = [UInt8]("\(number)".utf8)
        return [UInt8](repeating: 0x6B, count: max(length - digits.count, 1)) + digits
    }

    /// Sums times this are rates, as long as all began at the same time.
    private static func rate(afterMilliseconds age: Int64) -> Double {
        // The weight in the middle of each millisecond from now back to the beginning, added up.
        var seconds = 0.0
        var weight = millisecond.squareRoot()
        for _ in 0..<max(age, 1000) {
            seconds += weight / 1000
            weight *= millisecond
        }
        return 1 / seconds
    }

    @Test(arguments: 0..<40) func boundsHold(_ seed: Int) {
        var random = FastRandom(seed: UInt64(seed))
        let keyCount = [20, 127, 128, 129, 300, 3000][random.below(6)]
        // Some histories take no time: nothing fades then and the bounds are exact.
        let stepMax = [0, 3, 50][random.below(3)]
        var counters = HotKeyCounters(hasher: Self.hasher)
        var exact = Exact()
        var now: Int64 = 1_000_000
        counters.reset(now: now)
        let start = now
        for _ in 0..<5000 {
            let elapsed = Int64(random.below(stepMax + 1))
            if elapsed > 0 { exact.fade(milliseconds: elapsed) }
            now += elapsed
            let bytes = Self.name(Self.skewed(keyCount, &random))
            let databaseIndex = random.below(10) == 0 ? 3 : 0
            let isWrite = random.below(3) == 0
            let operations = Double([1, 100][random.below(2)])
            bytes.withUnsafeBytes { key in
                counters.add(key, databaseIndex: databaseIndex, operations: operations, isWrite: isWrite, now: now)
                exact.add(DatabaseKey(databaseIndex, key), operations, isWrite: isWrite)
            }
        }
        let rate = Self.rate(afterMilliseconds: now - start)
        check(counters.hottest(.max, now: now), exact, rate: rate, fades: stepMax > 0)
    }

    private func check(_ told: [HotKey], _ exact: Exact, rate: Double, fades: Bool) {
        let keysByName = Dictionary(
            exact.reads.keys.map { ($0, ()) } + exact.writes.keys.map { ($0, ()) }, uniquingKeysWith: { one, _ in one })
        let slack = (fades ? 2 * HotKeyCounters.forgottenBelow : 0) + exact.total * 1e-6
        let smallest = told.map { $0.operationsPerSecond + $0.errorPerSecond }.min() ?? 0
        #expect(told.count <= HotKeyCounters.countMax)
        #expect(smallest / rate <= exact.total / Double(HotKeyCounters.countMax) + slack || told.count < 128)
        var counted = 0.0
        var found: Set<DatabaseKey> = []
        for key in told {
            counted += (key.operationsPerSecond + key.errorPerSecond) / rate
            let matches = keysByName.keys.filter { name in
                name.databaseIndex == key.databaseIndex && name.key.count == key.keyByteCount
                    && name.key.starts(with: key.shownKey)
            }
            // Long keys are cut, and told by nobody but their sums.
            let isRight = matches.contains { name in
                let least = key.operationsPerSecond / rate
                let most = least + key.errorPerSecond / rate
                return exact.sum(name) >= least - slack && exact.sum(name) <= most + slack
                    && exact.reads[name, default: 0] >= key.readsPerSecond / rate - slack
                    && exact.writes[name, default: 0] >= key.writesPerSecond / rate - slack
            }
            #expect(isRight, "\(key)")
            if matches.count == 1 { found.formUnion(matches) }
        }
        // Every operation is in one counter, but for those in counters that were freed.
        #expect(counted <= exact.total * (1 + 1e-6))
        if !fades { #expect(abs(counted - exact.total) <= exact.total * 1e-9) }
        for name in keysByName.keys where exact.sum(name) > exact.total / Double(HotKeyCounters.countMax) + slack {
            #expect(name.key.count > HotKeyCounters.keyByteCountMax || found.contains(name), "\(name) has no counter")
        }
        let isInOrder = zip(told, told.dropFirst()).allSatisfy {
            $0.operationsPerSecond >= $1.operationsPerSecond * (1 - 1e-12)
        }
        #expect(isInOrder)
    }

    /// Adds an operation on a key of text.
    private func add(
        _ key: String, to counters: inout HotKeyCounters, database: Int = 0, operations: Double = 1,
        isWrite: Bool = false, at now: Int64
    ) {
        Array(key.utf8).withUnsafeBytes {
            counters.add($0, databaseIndex: database, operations: operations, isWrite: isWrite, now: now)
        }
    }

    @Test func theSameNameInTwoDatabasesIsTwoKeys() {
        var counters = HotKeyCounters(hasher: Self.hasher)
        for database in [0, 1, 1] { add("key", to: &counters, database: database, at: 0) }
        let told = counters.hottest(.max, now: 0)
        #expect(told.map(\.databaseIndex) == [1, 0])
        #expect(told.first?.readsPerSecond == told.last.map { 2 * $0.readsPerSecond })
    }

    @Test func longKeysAreCutAndToldApart() {
        var counters = HotKeyCounters(hasher: Self.hasher)
        let start = String(repeating: "a", count: HotKeyCounters.keyByteCountMax)
        for key in [start, start + "b", start + "c", start + "c", start + "dd"] { add(key, to: &counters, at: 0) }
        let told = counters.hottest(.max, now: 0)
        #expect(told.map(\.keyByteCount).sorted() == [256, 257, 257, 258])
        #expect(told.first?.keyByteCount == 257)
        #expect(told.allSatisfy { $0.shownKey == Array(start.utf8) })
        #expect(told.first?.readsPerSecond == told.last.map { 2 * $0.readsPerSecond })
    }

    @Test func theEmptyKeyIsAKey() {
        var counters = HotKeyCounters(hasher: Self.hasher)
        for _ in 0..<2 { add("", to: &counters, at: 0) }
        #expect(counters.hottest(.max, now: 0).map(\.keyByteCount) == [0])
    }

    @Test func aSteadyRateIsToldFromTheBeginning() {
        var counters = HotKeyCounters(hasher: Self.hasher)
        counters.reset(now: 0)
        for tenth in 1...6000 {
            add("steady", to: &counters, operations: 5, isWrite: tenth % 5 == 0, at: Int64(tenth) * 100)
            guard [20, 100, 600, 6000].contains(tenth), let key = counters.hottest(1, now: Int64(tenth) * 100).first
            else { continue }
            #expect(abs(key.operationsPerSecond - 50) < 0.5, "after \(tenth) tenths of a second")
            #expect(abs(key.writesPerSecond - 10) < 0.5, "after \(tenth) tenths of a second")
        }
    }

    @Test func whatWasHotHalvesInAMinuteAndIsForgotten() {
        var counters = HotKeyCounters(hasher: Self.hasher)
        counters.reset(now: 0)
        let hour: Int64 = 3_600_000
        for second in 0..<3600 { add("old", to: &counters, operations: 64, at: Int64(second) * 1000) }
        let before = counters.hottest(1, now: hour).first?.operationsPerSecond ?? 0
        let after = counters.hottest(1, now: hour + 60_000).first?.operationsPerSecond ?? 0
        #expect(abs(after / before - 0.5) < 1e-9)
        // 64 a second for long are 64 * 86.6 operations: 2^-4 of one are left after 16.4 minutes.
        #expect(counters.hottest(.max, now: hour + 16 * 60_000).count == 1)
        #expect(counters.hottest(.max, now: hour + 17 * 60_000).isEmpty)
    }

    @Test func aFreedCounterTakesNoOtherWithIt() {
        var counters = HotKeyCounters(hasher: Self.hasher)
        for number in 0..<10 { add("short\(number)", to: &counters, operations: 1, at: 0) }
        for number in 0..<10 { add("long-lived\(number)", to: &counters, operations: 100, at: 0) }
        let told = counters.hottest(.max, now: 5 * 60_000)
        #expect(told.map { String(decoding: $0.shownKey, as: UTF8.self) } == (0..<10).map { "long-lived\($0)" })
        for number in 0..<10 { add("long-lived\(number)", to: &counters, operations: 100, at: 5 * 60_000) }
        #expect(counters.count == 10)
    }

    @Test func aClockThatIsSetBackStopsTime() throws {
        var counters = HotKeyCounters(hasher: Self.hasher)
        counters.reset(now: 1_000_000)
        add("key", to: &counters, operations: 100, at: 1_060_000)
        let before = try #require(counters.hottest(1, now: 1_060_000).first)
        #expect(counters.hottest(1, now: 400_000) == [before])
        #expect(counters.ageMilliseconds == 60_000)
        let after = try #require(counters.hottest(1, now: 460_000).first)
        #expect(after.operationsPerSecond < before.operationsPerSecond)
        #expect(counters.ageMilliseconds == 120_000)
    }

    @Test func resetForgetsEverything() {
        var counters = HotKeyCounters(hasher: Self.hasher)
        add("key", to: &counters, at: 5)
        counters.reset(now: 10_000)
        #expect(counters.hottest(.max, now: 10_000).isEmpty)
        #expect(counters.startTime == 10_000)
        #expect(counters.ageMilliseconds == 0)
    }
}

import Bytes
import Glibc

/// Which keys are used most, in memory that does not grow: the Space-Saving algorithm, with counts that fade.
///
/// Source: Metwally, Agrawal and El Abbadi, "Efficient computation of frequent and top-k elements in data streams"
/// (2005). A key that is counted adds to its counter. Another one takes a free counter, or the smallest, and what was
/// in that becomes its possible error. With N operations counted and m counters:
///
/// - a key was used at least `reads + writes` times, and at most `error` times more;
/// - a key without a counter was used no more often than the smallest counter says, which is at most N / m;
/// - so every key with more than N / m operations has a counter.
///
/// All numbers halve in `halfLifeMilliseconds`, continuously: an operation counts for 2^(-age / half-life), and the
/// bounds hold for sums of that. One thing makes a key's sum smaller than it was: a counter is free again once less
/// than `forgottenBelow` is left in it, so twice that is the most that a sum can be short of.
///
/// Counters are searched from end to end: so few fit the first cache, and the paper's ordered list would be pointers.
/// They are not faded at each operation but now and then; until then an operation counts for the more the later it is,
/// which comes to the same.
struct HotKeyCounters: ~Copyable {
    /// Counters, so that a key with one per cent of the operations always has one.
    static let countMax = 128
    /// Bytes of a key that are kept to be shown. Longer keys are told apart by their length and a keyed hash of 64 bits
    /// of all bytes.
    static let keyByteCountMax = 256
    static let halfLifeMilliseconds: Int64 = 60_000
    /// How long counters are left as they are while operations are counted.
    static let fadeMilliseconds: Int64 = 1000
    /// Operations.
    static let forgottenBelow = 1.0 / 16

    /// The counter of a key, without its total.
    private struct Counter {
        var databaseIndex: Int
        /// Of the whole key.
        var keyByteCount: Int
        var reads = 0.0
        var writes = 0.0
        /// What the total was made of before the key had the counter.
        var error: Double

        var seen: Double { reads + writes }
    }

    private let hasher: KeyedHash
    /// Of keys, apart from the counters because the search reads all of them.
    private let hashes = UnsafeMutablePointer<UInt64>.allocate(capacity: HotKeyCounters.countMax)
    /// Operations, as all numbers in counters: those of the key and the error. Apart for the search for the smallest.
    private let totals = UnsafeMutablePointer<Double>.allocate(capacity: HotKeyCounters.countMax)
    private let counters = UnsafeMutablePointer<Counter>.allocate(capacity: HotKeyCounters.countMax)
    /// `keyByteCountMax` a counter.
    private let keys = UnsafeMutableRawPointer.allocate(
        byteCount: HotKeyCounters.countMax * HotKeyCounters.keyByteCountMax, alignment: 8)
    private(set) var count = 0
    /// What counters are faded to, in milliseconds since 1970.
    private var time: Int64 = 0
    /// The same of the last reset.
    private(set) var startTime: Int64 = 0
    /// Milliseconds that the clock went forward since the last reset.
    private(set) var ageMilliseconds: Int64 = 0

    /// - Parameter hasher: secret, so that nobody can make one long key count for another.
    init(hasher: KeyedHash) {
        self.hasher = hasher
    }

    deinit {
        hashes.deallocate()
        totals.deallocate()
        counters.deallocate()
        keys.deallocate()
    }

    /// Forgets everything.
    mutating func reset(now: Int64) {
        count = 0
        time = now
        startTime = now
        ageMilliseconds = 0
    }

    // MARK: - Counting

    /// Counts operations on a key.
    /// - Complexity: O(countMax), and no memory is taken.
    mutating func add(_ key: ByteSlice, databaseIndex: Int, operations: Double, isWrite: Bool, now: Int64) {
        let elapsed = now - time
        if elapsed < 0 || elapsed >= Self.fadeMilliseconds { advance(to: now) }
        let weighted = operations * exp2(Double(now - time) / Double(Self.halfLifeMilliseconds))
        let hash = hasher.hash(key)
        let index =
            find(key, databaseIndex: databaseIndex, hash: hash) ?? adopt(key, databaseIndex: databaseIndex, hash: hash)
        totals[index] += weighted
        if isWrite { counters[index].writes += weighted } else { counters[index].reads += weighted }
    }

    private func find(_ key: ByteSlice, databaseIndex: Int, hash: UInt64) -> Int? {
        for index in 0..<count where hashes[index] == hash {
            let counter = counters + index
            if counter.pointee.databaseIndex == databaseIndex, counter.pointee.keyByteCount == key.count,
                shownKey(index).equals(key.slice(0, min(key.count, Self.keyByteCountMax)))
            {
                return index
            }
        }
        return nil
    }

    /// A counter for a key that has none.
    private mutating func adopt(_ key: ByteSlice, databaseIndex: Int, hash: UInt64) -> Int {
        var index = count
        if count < Self.countMax {
            count += 1
            totals[index] = 0
        } else {
            index = smallest
        }
        hashes[index] = hash
        (counters + index).initialize(
            to: Counter(databaseIndex: databaseIndex, keyByteCount: key.count, error: totals[index]))
        if let start = key.baseAddress {
            memcpy(keys + index * Self.keyByteCountMax, start, min(key.count, Self.keyByteCountMax))
        }
        return index
    }

    private var smallest: Int {
        var smallest = 0
        var least = totals[0]
        for index in 1..<count where totals[index] < least {
            smallest = index
            least = totals[index]
        }
        return smallest
    }

    /// The bytes that are kept of a counter's key.
    private func shownKey(_ index: Int) -> ByteSlice {
        ByteSlice(
            start: keys + index * Self.keyByteCountMax, count: min(counters[index].keyByteCount, Self.keyByteCountMax))
    }

    // MARK: - Time

    /// Lets everything fade to a time. When a clock is set back, no time goes by.
    private mutating func advance(to now: Int64) {
        let elapsed = now - time
        time = now
        guard elapsed > 0 else { return }
        ageMilliseconds += elapsed
        let share = exp2(-Double(elapsed) / Double(Self.halfLifeMilliseconds))
        // Backwards: the last counter takes the place of one that is freed.
        for index in (0..<count).reversed() {
            totals[index] *= share
            counters[index].reads *= share
            counters[index].writes *= share
            counters[index].error *= share
            if totals[index] < Self.forgottenBelow { free(index) }
        }
    }

    private mutating func free(_ index: Int) {
        count -= 1
        guard index < count else { return }
        hashes[index] = hashes[count]
        totals[index] = totals[count]
        counters[index] = counters[count]
        memcpy(
            keys + index * Self.keyByteCountMax, keys + count * Self.keyByteCountMax,
            min(counters[index].keyByteCount, Self.keyByteCountMax))
    }

    // MARK: - Telling

    /// The keys that were certainly used most, the first first.
    mutating func hottest(_ wanted: Int, now: Int64) -> [HotKey] {
        advance(to: now)
        let seconds = weightedSeconds
        let order = (0..<count).sorted { left, right in
            if counters[left].seen != counters[right].seen { return counters[left].seen > counters[right].seen }
            if counters[left].databaseIndex != counters[right].databaseIndex {
                return counters[left].databaseIndex < counters[right].databaseIndex
            }
            return shownKey(left).compare(shownKey(right)) < 0
        }
        return order.prefix(wanted).map { index in
            HotKey(
                databaseIndex: counters[index].databaseIndex, shownKey: [UInt8](shownKey(index)),
                keyByteCount: counters[index].keyByteCount, readsPerSecond: counters[index].reads / seconds,
                writesPerSecond: counters[index].writes / seconds, errorPerSecond: counters[index].error / seconds)
        }
    }

    /// What an operation a second since the last reset would have come to: the integral of the fading weight, over a
    /// second at least, so that the first operations are no huge rate.
    private var weightedSeconds: Double {
        let halfLife = Double(Self.halfLifeMilliseconds)
        let halfLives = Double(max(ageMilliseconds, 1000)) / halfLife
        return halfLife / 1000 / log(2) * (1 - exp2(-halfLives))
    }
}

/// A key that is much used, and how much, as an average in which a minute ago counts half.
struct HotKey: Equatable {
    let databaseIndex: Int
    /// The first bytes of the key: `HotKeyCounters.keyByteCountMax` at most.
    let shownKey: [UInt8]
    /// Of the whole key.
    let keyByteCount: Int
    let readsPerSecond: Double
    let writesPerSecond: Double
    /// How much more it may be, because the key had no counter for a time.
    let errorPerSecond: Double

    var operationsPerSecond: Double { readsPerSecond + writesPerSecond }
}

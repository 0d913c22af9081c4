import Bytes
import Keyspace
import RESP

/// Which commands are looked at for hot keys: one in `sampleRatio`, on average, at random distances, so that no pattern
/// of commands is favoured or missed. Each stands for `sampleRatio` operations.
struct HotKeySampler: ~Copyable {
    /// Commands up to and including the next one that is looked at. All that the way of a command has to do with hot
    /// keys is to count this down.
    var skipCount = Int.max
    /// hotkeys-sample-ratio; 0: no command is looked at.
    private(set) var sampleRatio = 0
    /// Commands looked at that had a key, since the last reset.
    private(set) var sampleCount = 0
    private(set) var counters: HotKeyCounters
    /// Its own, so that no other random choice depends on this.
    private var random: FastRandom

    /// Keys of one command that are counted at most.
    static let keysPerCommandMax = 64

    init(hasher: KeyedHash, seed: UInt64) {
        counters = HotKeyCounters(hasher: hasher)
        random = FastRandom(seed: ~seed)
    }

    mutating func setSampleRatio(_ ratio: Int) {
        guard ratio != sampleRatio else { return }
        sampleRatio = ratio
        chooseNext()
    }

    /// Chooses the next command to be looked at: any of the next 2 × ratio - 1, the mean of which is the ratio.
    mutating func chooseNext() {
        skipCount = sampleRatio == 0 ? .max : 1 + random.below(2 * sampleRatio - 1)
    }

    /// Counts the keys of a command. Of more than `keysPerCommandMax` it takes every second, or third, and so on, from
    /// a random one on, and has each stand for two, or three.
    mutating func count(_ row: CommandRow, _ arguments: Arguments, databaseIndex: Int, now: Int64) {
        let stride = (arguments.count + Self.keysPerCommandMax - 1) / Self.keysPerCommandMax
        var skipped = stride == 1 ? 0 : random.below(stride)
        let operations = Double(sampleRatio * stride)
        let keyCount = CommandKeys.forEach(of: row, in: arguments) { position, flags in
            guard skipped == 0 else {
                skipped -= 1
                return
            }
            skipped = stride - 1
            counters.add(
                arguments[position], databaseIndex: databaseIndex, operations: operations,
                isWrite: !flags.contains(.readOnly), now: now)
        }
        if keyCount > 0 { sampleCount += 1 }
    }

    mutating func reset(now: Int64) {
        sampleCount = 0
        counters.reset(now: now)
    }

    mutating func hottest(_ wanted: Int, now: Int64) -> [HotKey] { counters.hottest(wanted, now: now) }
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Counts the keys of a command that has been chosen. Apart from the way of a command, which is to stay short.
    @inline(never)
    func countHotKeys(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: Arguments, isRetry: Bool
    ) {
        pointee.hotKeys.chooseNext()
        // What had to wait has had its chance, and what a file brings back is nobody's request.
        guard !isRetry, !pointee.isLoading else { return }
        pointee.hotKeys.count(
            command.pointee.row, arguments, databaseIndex: client.pointee.databaseIndex, now: pointee.now)
    }
}

package import Bytes
import Glibc
package import Keyspace

/// How a file is loaded.
package struct RDBLoadOptions: Sendable {
    /// Up to where collections are packed.
    package var limits: EncodingLimits
    /// Of the server's tables.
    package var hasher: KeyedHash
    /// The present time in milliseconds since 1970: keys that end before are dropped.
    package var now: Int64
    /// The access clock of a key that is made now.
    package var clock: UInt32
    /// Whether access clocks count accesses (maxmemory-policy).
    package var usesFrequency = false
    /// Whether keys that are due are left out: not where commands follow that rely on them.
    package var dropsExpired = true
    /// Whether a key that is there already is replaced; else it is a failure.
    package var replacesExisting = false
    /// Whether packed collections are searched for members that are there twice (sanitize-dump-payload).
    package var findsDuplicates = false
    /// Whether a wrong checksum is a failure (rdbchecksum).
    package var verifiesChecksum = true
    /// Bytes from one call of the progress to the next (loading-process-events-interval-bytes).
    package var progressByteCount = 2 << 20
    /// How long to sleep after each key (key-load-delay).
    package var keyDelayMicroseconds = 0

    package init(limits: EncodingLimits, hasher: KeyedHash, now: Int64, clock: UInt32) {
        self.limits = limits
        self.hasher = hasher
        self.now = now
        self.clock = clock
    }

    /// The access clock of a key of which a file or payload says how long ago, or how often, it was used.
    package static func clock(
        fresh: UInt32, usesFrequency: Bool, idleSeconds: Int64?, frequency: UInt8?
    ) -> UInt32 {
        if usesFrequency { return frequency.map { fresh & ~0xFF | UInt32($0) } ?? fresh }
        return idleSeconds.map { (fresh &- UInt32(clamping: min($0, 0xFF_FFFF))) & 0xFF_FFFF } ?? fresh
    }
}

/// What was loaded.
package struct RDBLoadResult: Sendable {
    package var version = 0
    package var keyCount = 0
    /// Keys that were due and left out.
    package var expiredKeyCount = 0
    /// Keys whose collections were empty, and left out.
    package var emptyKeyCount = 0
    /// The first of them.
    package var emptyKeys: [[UInt8]] = []
    /// Sources of libraries of functions, in order.
    package var functions: [[UInt8]] = []
    /// Auxiliary fields, in order.
    package var auxiliary: [(name: String, value: String)] = []
    /// Bytes of the file up to the end of the checksum.
    package var byteCount = 0
    package var hasChecksum = false
}

/// Loads files into databases.
package struct RDBLoader: ~Copyable {
    private let options: RDBLoadOptions
    private let databases: UnsafeMutablePointer<Database>
    private let databaseCount: Int
    private var reader: RDBReader
    private var loader = DatabaseLoader()
    private var index = 0
    private static let namedEmptyKeyCountMax = 32
    /// What was loaded so far.
    package private(set) var result = RDBLoadResult()

    /// - Parameters:
    ///   - descriptor: read from where it stands; the caller closes it.
    ///   - byteCount: how many bytes there are at most.
    package init(
        descriptor: Int32, byteCount: Int, options: RDBLoadOptions, into databases: UnsafeMutablePointer<Database>,
        count databaseCount: Int
    ) {
        self.options = options
        self.databases = databases
        self.databaseCount = databaseCount
        let values = RDBValueReader(
            limits: options.limits, hasher: options.hasher, findsDuplicates: options.findsDuplicates)
        reader = RDBReader(
            descriptor: descriptor, byteCount: byteCount, values: values, verifiesChecksum: options.verifiesChecksum)
    }

    /// Loads all there is. What was loaded before a failure stays.
    /// - Parameter progress: called now and then with the bytes read; loading ends with a failure once it returns false.
    package mutating func load(progress: (Int) -> Bool) throws(RDBFailure) {
        var reportAt = options.progressByteCount
        while true {
            if reader.input.offset >= reportAt {
                reportAt = reader.input.offset + options.progressByteCount
                guard progress(reader.input.offset) else { throw reader.input.failure(.cancelled, "loading was ended") }
            }
            switch try reader.next() {
            case .key(let value): try add(value)
            case .database(let number):
                try flush()
                guard number < databaseCount else {
                    throw reader.input.failure(
                        .unsupported, "the file has more databases than are configured: number", number: Int64(number))
                }
                index = number
            case .sizes: break
            case .auxiliary(let name, let value): result.auxiliary.append((name.text, value.text))
            case .function(let code): result.functions.append(code.array)
            case .end:
                try flush()
                result.version = reader.version
                result.byteCount = reader.input.offset
                result.hasChecksum = reader.hasChecksum
                return
            }
        }
    }

    @inline(__always)
    private mutating func add(_ value: RDBValue) throws(RDBFailure) {
        let expiry = reader.expiry
        if let expiry, options.dropsExpired, expiry < options.now {
            value.free()
            result.expiredKeyCount += 1
            return
        }
        var clock = options.clock
        if reader.idleSeconds != nil || reader.frequency != nil {
            clock = RDBLoadOptions.clock(
                fresh: clock, usesFrequency: options.usesFrequency, idleSeconds: reader.idleSeconds,
                frequency: reader.frequency)
        }
        guard let record = value.makeRecord(key: reader.key, clock: clock, expiry: expiry) else {
            result.emptyKeyCount += 1
            if result.emptyKeyCount <= Self.namedEmptyKeyCountMax { result.emptyKeys.append(reader.key.array) }
            return
        }
        result.keyCount += 1
        if options.replacesExisting { removeExisting(record.key) }
        if let duplicate = loader.add(record, to: &databases[index]) { throw failure(duplicate) }
        if options.keyDelayMicroseconds > 0 { usleep(UInt32(clamping: options.keyDelayMicroseconds)) }
    }

    /// Only one key waits at a time then.
    private mutating func removeExisting(_ key: ByteSlice) {
        _ = loader.flush(to: &databases[index])
        if let entry = databases[index].place(key).entry { databases[index].remove(entry) }
    }

    private mutating func flush() throws(RDBFailure) {
        if let duplicate = loader.flush(to: &databases[index]) { throw failure(duplicate) }
    }

    private func failure(_ duplicate: Record) -> RDBFailure {
        DatabaseLoader.free(duplicate)
        return reader.input.failure(.corrupt, "a key is there twice in database", number: Int64(index))
    }
}

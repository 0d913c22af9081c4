import Bytes
import Glibc
package import Keyspace

/// Goes through an RDB file without loading it, and tells what is in it and what is wrong where. What can be read of a
/// damaged file may be written to another one.
package struct RDBCheck: ~Copyable {
    /// What was found.
    package struct Report: Sendable {
        package var version = 0
        /// Auxiliary fields, in order.
        package var auxiliary: [(name: String, value: String)] = []
        package var functionCount = 0
        package var keyCount = 0
        package var expiryCount = 0
        /// Keys that are due already.
        package var expiredCount = 0
        /// Keys by type, and by database.
        package var keyCounts: [ValueType: Int] = [:]
        package var databaseCounts: [Int: Int] = [:]
        package var hasChecksum = false
        /// Bytes up to the end of what was read.
        package var byteCount = 0
        package var damage: Damage?

        /// Whether the file says that it is the base of an append-only file.
        package var isOfAppendOnlyFile: Bool {
            auxiliary.contains { ($0.name == "aof-base" || $0.name == "aof-preamble") && $0.value == "1" }
        }
    }

    /// What is wrong, and where.
    package struct Damage: Sendable {
        /// In words.
        package let text: String
        /// Bytes before it.
        package let offset: Int
        package let stage: RDBReader.Stage
        /// The key at which it was found, and the number of its layout; nil elsewhere.
        package let key: String?
        package let type: UInt8?
    }

    private var reader: RDBReader
    private let now: Int64
    private var report = Report()
    private var database = 0
    private let salvageDescriptor: Int32?
    /// Begun with the first item: the version is known then.
    private var salvage: Salvage?

    /// - Parameters:
    ///   - descriptor: read from where it stands; the caller closes it.
    ///   - byteCount: how many bytes there are.
    ///   - now: milliseconds since 1970.
    ///   - salvageDescriptor: a file that gets all that can be read, in the version that the file has if it can be
    ///     written; or nil. It stays empty if the file has no head.
    package init(descriptor: Int32, byteCount: Int, now: Int64, salvageDescriptor: Int32? = nil) {
        // Nothing is to be converted: collections may be packed whatever their size.
        var limits = EncodingLimits()
        limits.setIntegersMax = .max
        limits.setPackedCountMax = .max
        limits.hashPackedCountMax = .max
        limits.sortedSetPackedCountMax = .max
        let hasher = KeyedHash(key0: UInt64.random(in: 0 ... .max), key1: UInt64.random(in: 0 ... .max))
        let values = RDBValueReader(limits: limits, hasher: hasher, findsDuplicates: true)
        reader = RDBReader(descriptor: descriptor, byteCount: byteCount, values: values, verifiesChecksum: true)
        self.now = now
        self.salvageDescriptor = salvageDescriptor
    }

    /// Goes through the file, up to where it is damaged.
    package consuming func run() -> Report {
        do throws(RDBFailure) {
            while try takeNext() {}
        } catch {
            note(error)
        }
        report.version = reader.version
        report.hasChecksum = reader.hasChecksum
        report.byteCount = reader.input.offset
        if let failure = salvage?.finish() {
            report.damage = Damage(
                text: "what could be read was not written: \(failure)", offset: report.byteCount, stage: .code,
                key: nil, type: nil)
        }
        return report
    }

    private mutating func note(_ failure: RDBFailure) {
        let isAtKey = reader.stage == .key || reader.stage == .value
        report.damage = Damage(
            text: failure.description, offset: failure.offset, stage: reader.stage,
            key: reader.stage == .value ? reader.key.text : nil, type: isAtKey ? reader.type : nil)
    }

    /// - Returns: false at the end.
    private mutating func takeNext() throws(RDBFailure) -> Bool {
        let item = try reader.next()
        if salvage == nil, let salvageDescriptor {
            salvage = Salvage(descriptor: salvageDescriptor, version: reader.version)
        }
        switch item {
        case .end: return false
        case .database(let number): database = number
        case .sizes: break
        case .auxiliary(let name, let value):
            report.auxiliary.append((name.text, value.text))
            salvage?.auxiliary(name.text, value.text)
        case .function(let code):
            report.functionCount += 1
            salvage?.function(code)
        case .key(let value): take(value)
        }
        return true
    }

    private mutating func take(_ value: RDBValue) {
        report.keyCount += 1
        report.databaseCounts[database, default: 0] += 1
        if let type = value.type { report.keyCounts[type, default: 0] += 1 }
        if let expiry = reader.expiry {
            report.expiryCount += 1
            if expiry < now { report.expiredCount += 1 }
        }
        guard salvage != nil, let record = value.makeRecord(key: reader.key, clock: 0, expiry: reader.expiry) else {
            return value.free()
        }
        let access: RDBAccess =
            reader.idleSeconds.map { .idle($0) } ?? reader.frequency.map { .frequency($0) } ?? .none
        salvage?.key(record, database: database, access: access)
        DatabaseLoader.free(record)
    }
}

/// Writes a file of what could be read of another one.
private struct Salvage: ~Copyable {
    private let descriptor: Int32
    private var writer: RDBWriter
    private var finisher = RDBFinisher(checksums: true)
    private var database = -1
    private var failure: Int32 = 0

    private static let chunkByteCount = 1 << 16

    /// - Parameter version: of the file; the nearest that can be written is.
    init(descriptor: Int32, version: Int) {
        self.descriptor = descriptor
        let writable = RDBFormat.writableVersions
        let nearest = min(max(version, writable.lowerBound), writable.upperBound)
        writer = RDBWriter(version: nearest, compresses: true)
        writer.begin(auxiliary: [])
    }

    mutating func auxiliary(_ name: String, _ value: String) { writer.auxiliary(name, value) }
    mutating func function(_ code: ByteSlice) { writer.function(code) }

    mutating func key(_ record: Record, database: Int, access: RDBAccess) {
        if database != self.database {
            writer.selectDatabase(database)
            self.database = database
        }
        writer.key(record, access: access)
        if writer.byteCount >= Self.chunkByteCount { flush() }
    }

    private mutating func flush() {
        let chunk = writer.take()
        var failure = failure
        finisher.take(chunk) { [descriptor] in Self.put($0, to: descriptor, &failure) }
        self.failure = failure
    }

    /// Writes the rest.
    /// - Returns: why the file was not written, or nil.
    mutating func finish() -> String? {
        writer.finish()
        flush()
        var failure = failure
        finisher.finish { [descriptor] in Self.put($0, to: descriptor, &failure) }
        if failure == 0, fsync(descriptor) != 0 { failure = errno }
        return failure == 0 ? nil : String(cString: strerror(failure))
    }

    private static func put(_ bytes: ByteSlice, to descriptor: Int32, _ failure: inout Int32) {
        guard let base = bytes.baseAddress else { return }
        var done = 0
        while failure == 0, done < bytes.count {
            let count = write(descriptor, base + done, bytes.count - done)
            if count > 0 { done += count } else if errno != EINTR { failure = errno }
        }
    }
}

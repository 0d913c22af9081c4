import Bytes
import CMemory
import Glibc
import SessionStatements

typealias PreparedStatementPointer = UnsafeMutablePointer<PreparedStatement>

/// One distinct statement: text and parameter types, and the name that servers know it by. Shared by all who use it.
/// Clients' names, servers' caches and expected replies each hold a reference.
struct PreparedStatement {
    /// Counted up from 1 in the life of a loop.
    let id: UInt64
    let hash: UInt64
    fileprivate(set) var referenceCount: Int
    fileprivate var nextInBucket: PreparedStatementPointer?
    /// The schema has changed what it returns: servers that have it refuse it, and who prepares its text gets another.
    var isStale = false
    /// Whether its text has been read for what it does to a session.
    var isRead = false
    /// What that is, if it matters; a reference is held.
    var plan: Unmanaged<SharedPlan>?
    /// Whether it may advance sequences, and what it may tell of them, in its `StatementEffects`.
    var sequenceEffects: StatementEffects = []
    /// The name that servers know: its bytes are behind this record, in front of the body, a zero behind them.
    let nameByteCount: Int
    /// Query, zero, count of types, types: a Parse message behind the name.
    let bodyByteCount: Int
}

extension UnsafeMutablePointer<PreparedStatement> {
    /// The name that servers know, without a zero.
    @inline(__always)
    var name: ByteSlice {
        ByteSlice(start: UnsafeRawPointer(self + 1), count: pointee.nameByteCount)
    }

    /// A Parse message behind the name.
    @inline(__always)
    var body: ByteSlice {
        ByteSlice(start: UnsafeRawPointer(self + 1) + pointee.nameByteCount + 1, count: pointee.bodyByteCount)
    }

    @inline(__always)
    func retain() { pointee.referenceCount &+= 1 }
}

/// All statements in use, by their contents.
struct StatementTable: ~Copyable {
    private var buckets: UnsafeMutablePointer<PreparedStatementPointer?>
    private var mask = 255
    private(set) var count = 0
    private var lastID: UInt64 = 0
    private let hashing: KeyedHash

    /// What names begin with: tools know PgBouncer's.
    private static var namePrefix: StaticString { "PGBOUNCER_" }

    init(hashing: KeyedHash) {
        self.hashing = hashing
        buckets = .allocate(capacity: mask + 1)
        buckets.initialize(repeating: nil, count: mask + 1)
    }

    deinit {
        for index in 0...mask {
            while let statement = buckets[index] {
                buckets[index] = statement.pointee.nextInBucket
                statement.pointee.plan?.release()
                atoll_memory_give(statement)
            }
        }
        buckets.deallocate()
    }

    /// The statement with this body, made if there is none; the caller gets a reference.
    mutating func take(body: ByteSlice) -> PreparedStatementPointer {
        let hash = hashing.hash(body)
        var next = buckets[Int(truncatingIfNeeded: hash) & mask]
        while let statement = next {
            if statement.pointee.hash == hash, statement.body.equals(body), !statement.pointee.isStale {
                statement.retain()
                return statement
            }
            next = statement.pointee.nextInBucket
        }
        if count > mask { grow() }
        return insert(hash, body)
    }

    private mutating func insert(_ hash: UInt64, _ body: ByteSlice) -> PreparedStatementPointer {
        lastID += 1
        let digitCount = Decimal.length(Int64(lastID))
        let prefix = Self.namePrefix
        let nameByteCount = prefix.utf8CodeUnitCount + digitCount
        let size = MemoryLayout<PreparedStatement>.stride + nameByteCount + Decimal.lengthMax + body.count
        let statement = atoll_memory_take(size).unsafelyUnwrapped.bindMemory(to: PreparedStatement.self, capacity: 1)
        let slot = Int(truncatingIfNeeded: hash) & mask
        statement.initialize(
            to: PreparedStatement(
                id: lastID, hash: hash, referenceCount: 1, nextInBucket: buckets[slot], nameByteCount: nameByteCount,
                bodyByteCount: body.count))
        let text = UnsafeMutableRawPointer(statement + 1)
        memcpy(text, prefix.utf8Start, prefix.utf8CodeUnitCount)
        _ = Decimal.write(Int64(lastID), to: text + prefix.utf8CodeUnitCount)
        text.storeBytes(of: 0, toByteOffset: nameByteCount, as: UInt8.self)
        if let start = body.baseAddress { memcpy(text + nameByteCount + 1, start, body.count) }
        buckets[slot] = statement
        count += 1
        return statement
    }

    /// Gives a reference back; with the last one the statement is gone.
    @inline(__always)
    mutating func release(_ statement: PreparedStatementPointer) {
        statement.pointee.referenceCount &-= 1
        if statement.pointee.referenceCount == 0 { remove(statement) }
    }

    @inline(never)
    private mutating func remove(_ statement: PreparedStatementPointer) {
        let slot = Int(truncatingIfNeeded: statement.pointee.hash) & mask
        if buckets[slot] == statement {
            buckets[slot] = statement.pointee.nextInBucket
        } else {
            var previous = buckets[slot]
            while let candidate = previous, candidate.pointee.nextInBucket != statement {
                previous = candidate.pointee.nextInBucket
            }
            previous?.pointee.nextInBucket = statement.pointee.nextInBucket
        }
        count -= 1
        statement.pointee.plan?.release()
        atoll_memory_give(statement)
    }

    private mutating func grow() {
        let wider = (mask + 1) * 4 - 1
        let target = UnsafeMutablePointer<PreparedStatementPointer?>.allocate(capacity: wider + 1)
        target.initialize(repeating: nil, count: wider + 1)
        for index in 0...mask {
            while let statement = buckets[index] {
                buckets[index] = statement.pointee.nextInBucket
                let slot = Int(truncatingIfNeeded: statement.pointee.hash) & wider
                statement.pointee.nextInBucket = target[slot]
                target[slot] = statement
            }
        }
        buckets.deallocate()
        buckets = target
        mask = wider
    }
}

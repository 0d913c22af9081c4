import Bytes
import CMemory
import Glibc

typealias NamedStatementPointer = UnsafeMutablePointer<NamedStatement>

/// A client's name for a statement; it holds a reference to the statement. The name's bytes are behind the record.
struct NamedStatement {
    let hash: UInt64
    /// Names this act of preparing among all of the client's.
    let serial: UInt32
    let nameByteCount: Int32
    let statement: PreparedStatementPointer
    fileprivate var nextInBucket: NamedStatementPointer?
}

extension UnsafeMutablePointer<NamedStatement> {
    @inline(__always)
    var name: ByteSlice {
        ByteSlice(start: UnsafeRawPointer(self + 1), count: Int(pointee.nameByteCount))
    }

    /// Frees the record; the reference to its statement is the caller's.
    func free() { atoll_memory_give(self) }
}

/// The statements that a client has prepared under names. Empty, it takes no memory.
struct ClientStatements: ~Copyable {
    private var buckets: UnsafeMutablePointer<NamedStatementPointer?>?
    private var mask = -1
    private(set) var count = 0
    private var lastSerial: UInt32 = 0

    private static var initialBucketCount: Int { 4 }

    deinit {
        precondition(count == 0, "statements are released before their table goes")
        buckets?.deallocate()
    }

    @inline(__always)
    func find(_ name: ByteSlice, _ hash: UInt64) -> NamedStatementPointer? {
        guard let buckets else { return nil }
        var next = buckets[Int(truncatingIfNeeded: hash) & mask]
        while let named = next {
            if named.pointee.hash == hash, named.name.equals(name) { return named }
            next = named.pointee.nextInBucket
        }
        return nil
    }

    /// Adds a name that is not there; the reference to the statement becomes the table's. Returns the serial.
    mutating func insert(_ name: ByteSlice, _ hash: UInt64, _ statement: PreparedStatementPointer) -> UInt32 {
        lastSerial = lastSerial == .max ? 1 : lastSerial + 1
        let size = MemoryLayout<NamedStatement>.stride + name.count
        let named = atoll_memory_take(size).unsafelyUnwrapped.bindMemory(to: NamedStatement.self, capacity: 1)
        named.initialize(
            to: NamedStatement(
                hash: hash, serial: lastSerial, nameByteCount: Int32(truncatingIfNeeded: name.count),
                statement: statement, nextInBucket: nil))
        if let start = name.baseAddress { memcpy(UnsafeMutableRawPointer(named + 1), start, name.count) }
        insert(named)
        return lastSerial
    }

    /// Puts a record in that was taken out.
    mutating func insert(_ named: NamedStatementPointer) {
        if count > mask { grow() }
        guard let buckets else { return }
        let slot = Int(truncatingIfNeeded: named.pointee.hash) & mask
        named.pointee.nextInBucket = buckets[slot]
        buckets[slot] = named
        count += 1
    }

    /// Takes a record out: the caller owns it and its reference.
    mutating func remove(_ named: NamedStatementPointer) {
        guard let buckets else { return }
        let slot = Int(truncatingIfNeeded: named.pointee.hash) & mask
        if buckets[slot] == named {
            buckets[slot] = named.pointee.nextInBucket
        } else {
            var previous = buckets[slot]
            while let candidate = previous, candidate.pointee.nextInBucket != named {
                previous = candidate.pointee.nextInBucket
            }
            previous?.pointee.nextInBucket = named.pointee.nextInBucket
        }
        count -= 1
    }

    /// The record with that serial, if it is still there.
    /// - Complexity: O(count); needed after errors only.
    func find(serial: UInt32) -> NamedStatementPointer? {
        guard let buckets, serial != 0 else { return nil }
        for index in 0...mask {
            var next = buckets[index]
            while let named = next {
                if named.pointee.serial == serial { return named }
                next = named.pointee.nextInBucket
            }
        }
        return nil
    }

    /// Calls the body for each record, which stays.
    func forEach(_ body: (NamedStatementPointer) -> Void) {
        guard let buckets else { return }
        for index in 0...mask {
            var next = buckets[index]
            while let named = next {
                next = named.pointee.nextInBucket
                body(named)
            }
        }
    }

    /// Takes any record out.
    mutating func popAny() -> NamedStatementPointer? {
        guard count > 0, let buckets else { return nil }
        for index in 0...mask {
            guard let named = buckets[index] else { continue }
            remove(named)
            return named
        }
        return nil
    }

    private mutating func grow() {
        let wider = mask < 0 ? Self.initialBucketCount - 1 : (mask + 1) * 2 - 1
        let target = UnsafeMutablePointer<NamedStatementPointer?>.allocate(capacity: wider + 1)
        target.initialize(repeating: nil, count: wider + 1)
        if let buckets {
            for index in 0...mask {
                while let named = buckets[index] {
                    buckets[index] = named.pointee.nextInBucket
                    let slot = Int(truncatingIfNeeded: named.pointee.hash) & wider
                    named.pointee.nextInBucket = target[slot]
                    target[slot] = named
                }
            }
            buckets.deallocate()
        }
        buckets = target
        mask = wider
    }
}

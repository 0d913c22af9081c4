import Bytes

/// Adds keys from a file. Those that come next wait a while for each other, so that the processor fetches their places in
/// the table together instead of one after the other.
package struct DatabaseLoader: ~Copyable {
    private struct Waiting {
        let record: Record
        let hash: UInt64
    }

    private static let waitingCountMax = 16
    private let waiting: UnsafeMutablePointer<Waiting>
    private var count = 0

    package init() {
        waiting = .allocate(capacity: Self.waitingCountMax)
    }

    /// What has not been flushed is lost.
    deinit {
        for index in 0..<count { Self.free(waiting[index].record) }
        waiting.deallocate()
    }

    /// Takes a record over, which is in the database after `flush` at the latest.
    /// - Returns: a record whose key was there before, which is the caller's.
    package mutating func add(_ record: Record, to database: inout Database) -> Record? {
        let hash = database.table.hash(record.key)
        database.table.prefetch(hash: hash)
        waiting[count] = Waiting(record: record, hash: hash)
        count += 1
        return count == Self.waitingCountMax ? flush(to: &database) : nil
    }

    /// Adds what waits: before another database is selected, and at the end.
    /// - Returns: a record whose key was there before, which is the caller's; what waited behind it is lost.
    package mutating func flush(to database: inout Database) -> Record? {
        var duplicate: Record?
        for index in 0..<count {
            let record = waiting[index].record
            if duplicate != nil {
                Self.free(record)
            } else if !database.load(record, hash: waiting[index].hash) {
                duplicate = record
            }
        }
        count = 0
        return duplicate
    }

    /// Gives back a record with its value.
    package static func free(_ record: Record) {
        if record.kind.isPointer { ValueMemory.free(kind: record.kind, pointer: record.pointer) }
        record.free()
    }
}

extension Database {
    /// Takes over a record from outside; false, with nothing done, if its key is there.
    package mutating func load(_ record: Record, hash: UInt64) -> Bool {
        guard table.find(record.key, hash: hash) == nil else { return false }
        let expiry = record.expiry
        if expiry != nil { volatileCount += 1 }
        _ = table.insert(record, hash: hash, tag: ExpiryTag.make(expiry))
        return true
    }
}

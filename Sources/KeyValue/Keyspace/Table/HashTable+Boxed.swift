package import Bytes
import CMemory

// Tables that are values: a table in an allocation of its own that owns its records.
extension HashTable {
    /// A new empty table at an address that stays.
    package static func makeBox(hasher: KeyedHash) -> UnsafeMutablePointer<HashTable> {
        let memory = atoll_memory_take(MemoryLayout<HashTable>.size).unsafelyUnwrapped
        let box = memory.bindMemory(to: HashTable.self, capacity: 1)
        box.initialize(to: HashTable(hasher: hasher))
        return box
    }

    /// Gives back a table from `makeBox` with all its records, which must own nothing but themselves.
    package static func freeBox(_ box: UnsafeMutablePointer<HashTable>) {
        box.pointee.forEach { $0.record.free() }
        box.deinitialize(count: 1)
        atoll_memory_give(box)
    }

    /// The memory of a table from `makeBox`, by looking at up to `samples` records (0: all of them).
    package static func boxByteCount(_ box: UnsafeMutablePointer<HashTable>, samples: Int) -> Int {
        let count = box.pointee.count
        let limit = samples > 0 ? min(samples, count) : count
        var sum = 0
        var seen = 0
        var bucket = 0
        while seen < limit, bucket < box.pointee.bucketCount {
            box.pointee.forEach(inBucket: bucket) { slot in
                guard seen < limit else { return }
                sum += slot.record.allocatedByteCount
                seen += 1
            }
            bucket += 1
        }
        let records = seen > 0 ? Int(Double(sum) / Double(seen) * Double(count)) : 0
        return atoll_memory_size(box) + box.pointee.bucketByteCount + records
    }
}

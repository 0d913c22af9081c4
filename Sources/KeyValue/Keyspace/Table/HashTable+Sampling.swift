import CMemory
import Glibc

extension HashTable {
    /// Calls with that many different entries, chosen by chance, in no special order; with all if there are no more.
    /// - Complexity: O(wanted), or O(count) where a third of the entries or more is wanted.
    package func forEachRandom(_ wanted: Int, using random: inout FastRandom, _ body: (TableSlot) -> Void) {
        if wanted > count / 3 {
            var sampler = SelectionSampler(wanted: wanted, of: count)
            var bucket = 0
            while !sampler.isDone, bucket < bucketCount {
                forEach(inBucket: bucket) { slot in
                    if sampler.takesNext(using: &random) { body(slot) }
                }
                bucket += 1
            }
            return
        }
        // Two in three are not wanted, so a draw that was met before is rare.
        var drawn = AddressSet(capacity: wanted)
        var remaining = wanted
        while remaining > 0, let slot = randomEntry(using: &random) {
            guard drawn.insert(slot.record.base) else { continue }
            body(slot)
            remaining -= 1
        }
    }
}

/// Addresses that have been met: open addressing in memory for a number of them that is known before.
private struct AddressSet: ~Copyable {
    private let places: UnsafeMutablePointer<UInt>
    private let mask: UInt

    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        let memory = atoll_memory_take(size * MemoryLayout<UInt>.size).unsafelyUnwrapped
        memset(memory, 0, size * MemoryLayout<UInt>.size)
        places = memory.bindMemory(to: UInt.self, capacity: size)
        mask = UInt(size - 1)
    }

    deinit { atoll_memory_give(places) }

    /// Whether the address is new.
    mutating func insert(_ address: UnsafeMutableRawPointer) -> Bool {
        let value = UInt(bitPattern: address)
        var index = (value &* 0x9E37_79B9_7F4A_7C15) >> 32 & mask
        while places[Int(index)] != 0 {
            if places[Int(index)] == value { return false }
            index = (index + 1) & mask
        }
        places[Int(index)] = value
        return true
    }
}

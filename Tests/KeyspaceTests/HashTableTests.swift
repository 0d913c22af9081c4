import Bytes
import Testing

@testable import Keyspace

@Suite("Hash table")
struct HashTableTests {
    private func withBytes<R>(_ text: String, _ body: (ByteSlice) -> R) -> R {
        var text = text
        return text.withUTF8 { body(ByteSlice($0)) }
    }

    private func insert(_ key: String, into table: inout HashTable) {
        withBytes(key) { bytes in
            let record = Record.make(kind: .member, key: bytes, valueByteCount: 0)
            _ = table.insert(record, hash: table.hash(bytes))
        }
    }

    private func find(_ key: String, in table: borrowing HashTable) -> TableSlot? {
        var text = key
        return text.withUTF8 { table.find(ByteSlice($0), hash: table.hash(ByteSlice($0))) }
    }

    private func contents(_ table: borrowing HashTable) -> Set<String> {
        var keys: Set<String> = []
        var seen = 0
        table.forEach {
            keys.insert($0.record.key.text)
            seen += 1
        }
        #expect(seen == keys.count, "an entry was met twice")
        return keys
    }

    @Test("Behaves as a set through random insertions and removals", arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func model(seed: UInt64) {
        var random = FastRandom(seed: seed)
        var table = HashTable(hasher: KeyedHash(key0: seed, key1: 7))
        var model: Set<String> = []
        for step in 0..<40_000 {
            // Phases of growth and of shrinking.
            let grows = (step / 8000) % 2 == 0
            let key = "key:\(random.below(6000))"
            if random.below(10) < (grows ? 7 : 2) {
                if model.insert(key).inserted { insert(key, into: &table) }
            } else if let slot = find(key, in: table) {
                #expect(model.remove(key) != nil)
                let record = slot.record
                table.remove(slot)
                record.free()
            } else {
                #expect(!model.contains(key))
            }
            #expect(table.count == model.count)
        }
        #expect(contents(table) == model)
        for key in model { #expect(find(key, in: table) != nil) }
        table.forEach { $0.record.free() }
    }

    @Test(
        "A scan meets every entry that stays, while the table grows and shrinks", arguments: [11, 12, 13] as [UInt64])
    func scanning(seed: UInt64) {
        var random = FastRandom(seed: seed)
        var table = HashTable(hasher: KeyedHash(key0: seed, key1: 9))
        let staying = (0..<500).map { "stay:\($0)" }
        for key in staying { insert(key, into: &table) }
        var passing: [String] = []
        var cursor: UInt64 = 0
        var met: Set<String> = []
        var steps = 0
        repeat {
            cursor = table.scan(cursor) { met.insert($0.record.key.text) }
            steps += 1
            let grows = (steps / 40) % 2 == 0
            for _ in 0..<random.below(40) {
                if grows {
                    let key = "pass:\(steps):\(passing.count)"
                    insert(key, into: &table)
                    passing.append(key)
                } else if let key = passing.popLast(), let slot = find(key, in: table) {
                    let record = slot.record
                    table.remove(slot)
                    record.free()
                }
            }
        } while cursor != 0
        #expect(met.isSuperset(of: staying))
        table.forEach { $0.record.free() }
    }

    @Test("Random entries are about equally likely")
    func chance() {
        var random = FastRandom(seed: 42)
        var table = HashTable(hasher: KeyedHash(key0: 1, key1: 2))
        for index in 0..<1000 { insert("member:\(index)", into: &table) }
        var counts: [String: Int] = [:]
        for _ in 0..<200_000 {
            guard let slot = table.randomEntry(using: &random) else { continue }
            counts[slot.record.key.text, default: 0] += 1
        }
        #expect(counts.count == 1000)
        #expect(counts.values.allSatisfy { $0 > 60 && $0 < 500 })
        table.forEach { $0.record.free() }
    }
}

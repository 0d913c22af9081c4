import Bytes
import SeededRandom
import Testing

@testable import Keyspace

/// Collects the keys of buckets as they are taken.
private final class Collector: CutSink {
    var keys: [String] = []

    func take(bucket: Int, of table: borrowing HashTable, _ cut: TableCutReference) {
        table.forEach(inBucket: bucket) { keys.append($0.record.key.text) }
    }

    func adopt(kind: ValueKind, pointer: UnsafeMutableRawPointer) {}
    func adopt(_ table: consuming HashTable) {}
}

@Suite struct TableCutTests {
    private static func add(_ name: String, to table: borrowing Box) {
        var name = name
        name.withUTF8 { bytes in
            let key = ByteSlice(bytes)
            let hash = table.pointer.pointee.hash(key)
            if table.pointer.pointee.find(key, hash: hash) != nil { return }
            _ = table.pointer.pointee.insert(Record.make(kind: .member, key: key, valueByteCount: 0), hash: hash)
        }
    }

    private static func remove(_ name: String, from table: borrowing Box) {
        var name = name
        name.withUTF8 { bytes in
            let key = ByteSlice(bytes)
            guard let slot = table.pointer.pointee.find(key, hash: table.pointer.pointee.hash(key)) else { return }
            let record = slot.record
            table.pointer.pointee.remove(slot)
            record.free()
        }
    }

    /// A table that is freed with its records.
    private struct Box: ~Copyable {
        let pointer: UnsafeMutablePointer<HashTable>
        init(seed: UInt64) { pointer = HashTable.makeBox(hasher: KeyedHash(key0: seed, key1: 7)) }
        deinit { HashTable.freeBox(pointer) }

        var keys: [String] {
            var keys: [String] = []
            pointer.pointee.forEach { keys.append($0.record.key.text) }
            return keys.sorted()
        }
    }

    /// Whatever happens to a table while a cut is walked, each key that was there at the cut is taken once, and no other.
    @Test(arguments: 0..<300) func takesWhatWasThereAtTheCutOnce(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let table = Box(seed: UInt64(seed))
        let nameCount = Int.random(in: 1...3000, using: &random)
        for _ in 0..<nameCount { Self.add("k\(Int.random(in: 0..<nameCount, using: &random))", to: table) }
        let expected = table.keys
        let collector = Collector()
        table.pointer.pointee.beginCut(sink: collector, tag: 0)
        // Phases that grow, and phases that shrink: buckets split and merge in front of the walk and behind it.
        var growth = Int.random(in: 0...100, using: &random)
        var cursor = 0
        while cursor < table.pointer.pointee.bucketCount {
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                let name = "k\(Int.random(in: 0..<nameCount * 2, using: &random))"
                if Int.random(in: 0..<100, using: &random) < growth {
                    Self.add(name, to: table)
                } else {
                    Self.remove(name, from: table)
                }
            }
            if Int.random(in: 0..<50, using: &random) == 0 { growth = Int.random(in: 0...100, using: &random) }
            table.pointer.pointee.takeBucket(cursor)
            cursor += 1
        }
        table.pointer.pointee.endCut()
        #expect(collector.keys.sorted() == expected)
    }
}

import Bytes
import CMemory
import Testing

@testable import Keyspace

@Suite("Hashes")
struct HashValueTests {
    private let limits = EncodingLimits()
    private let hasher = KeyedHash(key0: 3, key1: 8)

    private func bytes<R>(_ text: String, _ body: (ByteSlice) -> R) -> R {
        var text = text
        return text.withUTF8 { body(ByteSlice($0)) }
    }

    private func set(_ field: String, _ value: String, in hash: inout HashValue) -> Bool {
        bytes(field) { field in bytes(value) { hash.set(field, $0, limits: limits, hasher: hasher) } }
    }

    private func contents(_ hash: HashValue) -> [String: String] {
        var pairs: [String: String] = [:]
        hash.forEach { field, value in
            #expect(pairs.updateValue(text(value), forKey: text(field)) == nil, "a field was met twice")
        }
        #expect(pairs.count == hash.count)
        return pairs
    }

    private func text(_ value: ListPackValue) -> String { value.withBytes { $0.text } }

    @Test("Is held as Redis holds it")
    func encodings() {
        let long = String(repeating: "v", count: 64)
        let cases: [([(String, String)], ValueKind)] = [
            ((0..<512).map { ("f\($0)", "v") }, .hashPacked), ((0..<513).map { ("f\($0)", "v") }, .hashTable),
            ([("f", long)], .hashPacked), ([("f", long + "v")], .hashTable), ([(long + "f", "")], .hashTable),
        ]
        for (pairs, kind) in cases {
            var hash = HashValue.make()
            for (field, value) in pairs { _ = set(field, value, in: &hash) }
            #expect(hash.kind == kind)
            #expect(contents(hash) == Dictionary(pairs) { $1 })
            hash.free()
        }
        var expecting = HashValue.make()
        expecting.expect(pairCount: 512, limits: limits, hasher: hasher)
        #expect(expecting.kind == .hashPacked)
        expecting.expect(pairCount: 513, limits: limits, hasher: hasher)
        #expect(expecting.kind == .hashTable)
        expecting.free()
    }

    @Test("Behaves as a dictionary through random changes, and gives all memory back", arguments: 1...6)
    func model(seed: UInt64) {
        var random = FastRandom(seed: seed)
        let before = atoll_memory_used()
        let universe = [30, 700, 4000][Int(seed % 3)]
        let lengths = seed > 3 ? [0, 1, 8, 40, 300, 254, 255, 70_000] : [0, 1, 8, 30, 60]
        var hash = HashValue.make()
        var model: [String: String] = [:]
        for step in 0..<5000 {
            let number = random.below(universe)
            let field = number % 3 == 0 ? String(number) : "field\(number)"
            switch random.below(10) {
            case 0..<(step < 3500 ? 6 : 2):
                let length = lengths[random.below(lengths.count)]
                let value = length == 8 ? String(random.below(1 << 40)) : String(repeating: "v", count: length)
                #expect(set(field, value, in: &hash) == (model.updateValue(value, forKey: field) == nil))
            case 8:
                #expect(bytes(field) { hash.value(of: $0) }.map(text) == model[field])
                #expect(bytes(field) { hash.contains($0) } == (model[field] != nil))
            default:
                #expect(bytes(field) { hash.remove($0) } == (model.removeValue(forKey: field) != nil))
            }
            #expect(hash.count == model.count)
        }
        #expect(contents(hash) == model)
        let copy = hash.copy()
        #expect(contents(copy) == model && copy.kind == hash.kind)
        copy.free()
        hash.free()
        #expect(atoll_memory_used() == before)
    }

    @Test("Overwrites a value of a table in place where it fits")
    func inPlace() {
        var hash = HashValue.make()
        hash.expect(pairCount: 1000, limits: limits, hasher: hasher)
        #expect(set("field", "value:000000001", in: &hash))
        let before = atoll_memory_used()
        let first = bytes("field") { hash.value(of: $0) }?.text?.baseAddress
        #expect(!set("field", "value:000000002", in: &hash))
        #expect(bytes("field") { hash.value(of: $0) }?.text?.baseAddress == first)
        #expect(atoll_memory_used() == before)
        #expect(!set("field", String(repeating: "x", count: 1000), in: &hash))
        #expect(!set("field", "short", in: &hash))
        #expect(atoll_memory_used() <= before)
        #expect(contents(hash) == ["field": "short"])
        hash.free()
    }

    @Test("Draws, samples and scans fields of both forms", arguments: [7, 300, 2000])
    func chance(size: Int) {
        var random = FastRandom(seed: UInt64(size))
        var hash = HashValue.make()
        for index in 0..<size { _ = set("f\(index)", "v\(index)", in: &hash) }
        for wanted in [1, size / 4, size / 2, size - 1, size + 5] {
            var sampled: [String: String] = [:]
            hash.forEachRandom(wanted, using: &random) { field, value in sampled[text(field)] = text(value) }
            #expect(sampled.count == min(wanted, size))
            #expect(sampled.allSatisfy { $0.key.dropFirst() == $0.value.dropFirst() })
        }
        var drawn: [String: Int] = [:]
        hash.forEachDraw(size * 100, using: &random) { field, value in
            #expect(text(field).dropFirst() == text(value).dropFirst())
            drawn[text(field), default: 0] += 1
            return true
        }
        #expect(drawn.count == size && drawn.values.allSatisfy { $0 > 30 && $0 < 250 })
        var met: [String: String] = [:]
        var cursor: UInt64 = 0
        repeat {
            cursor = hash.scan(cursor, effort: 10) { field, value in met[text(field)] = text(value) }
        } while cursor != 0
        #expect(met == contents(hash))
        hash.free()
    }
}

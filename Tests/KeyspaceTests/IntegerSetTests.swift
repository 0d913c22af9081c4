import Bytes
import SeededRandom
import Testing

@testable import Keyspace

@Suite("IntegerSet")
struct IntegerSetTests {
    @Test(
        "Sets have the bytes that redis-server 7.0.15 dumps",
        arguments: [
            ([3, 1, -5, 300], "0200000004000000fbff010003002c01"),
            ([3, 1, -5, 70_000], "0400000004000000fbffffff010000000300000070110100"),
            ([3, 1, -70_000], "040000000300000090eefeff0100000003000000"),
            (
                [3, -70_000, 1, 5_000_000_000, -5_000_000_000],
                "0800000005000000000efad5feffffff90eefeffffffffff0100000000000000030000000000000000f2052a01000000"
            ),
        ] as [([Int64], String)])
    func golden(values: [Int64], expected: String) {
        var set = IntegerSet.make()
        defer { set.free() }
        for value in values {
            let added = set.add(value)
            #expect(added)
        }
        #expect(hex(set.bytes.array) == expected)
        #expect(IntegerSet.validate(set.bytes, deep: true))
    }

    @Test("Random changes agree with a Set", arguments: 0..<6 as Range<UInt64>)
    func randomChanges(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var model: Set<Int64> = []
        var set = IntegerSet.make()
        defer { set.free() }
        for step in 0..<1000 {
            let bits: Int64 = seed % 2 == 0 ? 57 : Int64.random(in: 10..<62, using: &random)
            let value = Int64.random(in: .min ... .max, using: &random) >> bits
            if Int.random(in: 0..<3, using: &random) > 0 {
                let added = set.add(value)
                #expect(added == model.insert(value).inserted)
            } else {
                let removed = set.remove(value)
                #expect(removed == (model.remove(value) != nil))
            }
            #expect(set.contains(value) == model.contains(value))
            #expect(set.count == model.count)
            if step % 50 == 0 {
                #expect((0..<set.count).map { set.value(at: $0) } == model.sorted())
                #expect(IntegerSet.validate(set.bytes, deep: true) || model.isEmpty)
            }
        }
    }

    @Test("Bytes that are no set are refused")
    func hostileBytes() {
        func valid(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { IntegerSet.validate($0, deep: true) } }
        #expect(valid([2, 0, 0, 0, 1, 0, 0, 0, 7, 0]))
        #expect(!valid([]))
        #expect(!valid([2, 0, 0, 0, 0, 0, 0, 0]))
        #expect(!valid([3, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0]))
        #expect(!valid([2, 0, 0, 0, 255, 255, 255, 255, 7, 0]))
        #expect(!valid([2, 0, 0, 0, 2, 0, 0, 0, 7, 0, 7, 0]))
    }
}

import Bytes
import CMemory
import Testing

@testable import Keyspace

@Suite("Sets")
struct SetValueTests {
    private let limits = EncodingLimits()
    private let hasher = KeyedHash(key0: 11, key1: 5)

    private func bytes<R>(_ text: String, _ body: (ByteSlice) -> R) -> R {
        var text = text
        return text.withUTF8 { body(ByteSlice($0)) }
    }

    private func contents(_ set: SetValue) -> Set<String> {
        var members: Set<String> = []
        var met = 0
        set.forEach { member in
            members.insert(member.withBytes { $0.text })
            met += 1
            return true
        }
        #expect(met == members.count, "a member was met twice")
        #expect(met == set.count)
        return members
    }

    private func make(_ members: some Sequence<String>) -> SetValue {
        var set = SetValue.makeIntegers()
        for member in members { bytes(member) { _ = set.add($0, limits: limits, hasher: hasher) } }
        return set
    }

    private func integers(_ range: Range<Int>) -> [String] { range.map { String($0) } }
    private func texts(_ range: Range<Int>) -> [String] { range.map { "m\($0)" } }

    @Test("Is held as Redis holds it")
    func encodings() {
        let cases: [([String], ValueKind)] = [
            (integers(0..<512), .setIntegers), (integers(0..<513), .setTable),
            (texts(0..<128), .setPacked), (texts(0..<129), .setTable),
            (["1", "a"], .setPacked), (integers(0..<127) + ["a"], .setPacked), (integers(0..<128) + ["a"], .setTable),
            ([String(repeating: "x", count: 64)], .setPacked), ([String(repeating: "x", count: 65)], .setTable),
            (["1", String(repeating: "x", count: 65)], .setTable), (["1", ""], .setPacked),
        ]
        for (members, kind) in cases {
            let set = make(members)
            #expect(set.kind == kind, "\(members.count) members, the last \(members.last ?? "")")
            #expect(contents(set) == Set(members))
            set.free()
        }
    }

    @Test("Begins in the form that suits what is about to come")
    func firstForm() {
        let cases: [(String, Int, ValueKind)] = [
            ("1", 512, .setIntegers), ("1", 513, .setTable), ("a", 128, .setPacked), ("a", 129, .setTable),
        ]
        for (first, count, kind) in cases {
            let set = bytes(first) {
                SetValue.make(first: $0, expectedCount: count, limits: limits, hasher: hasher)
            }
            #expect(set.kind == kind)
            set.free()
        }
        var grown = make(texts(0..<3))
        grown.expect(count: 128, limits: limits, hasher: hasher)
        #expect(grown.kind == .setPacked)
        grown.expect(count: 129, limits: limits, hasher: hasher)
        #expect(grown.kind == .setTable)
        #expect(contents(grown) == ["m0", "m1", "m2"])
        grown.free()
    }

    @Test("Behaves as a set through random changes, and gives all memory back", arguments: 1...8 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = FastRandom(seed: seed)
        let before = atoll_memory_used()
        let universe = [20, 200, 1000, 5000][Int(seed % 4)]
        var set = SetValue.makeIntegers()
        var model: Set<String> = []
        for step in 0..<6000 {
            let number = random.below(universe)
            let member = seed > 4 && number % 7 == 0 ? "text\(number)" : String(number)
            switch random.below(10) {
            case 0..<(step < 4000 ? 6 : 2):
                let isNew = bytes(member) { set.add($0, limits: limits, hasher: hasher) }
                #expect(isNew == model.insert(member).inserted)
            case 9 where !model.isEmpty:
                let popped = set.popRandom(using: &random) { value in value.withBytes { $0.text } }
                #expect(model.remove(popped) != nil)
            case 8:
                #expect(bytes(member) { set.contains($0) } == model.contains(member))
            default:
                #expect(bytes(member) { set.remove($0) } == (model.remove(member) != nil))
            }
            #expect(set.count == model.count)
        }
        #expect(contents(set) == model)
        let copy = set.copy()
        #expect(contents(copy) == model && copy.kind == set.kind)
        copy.free()
        set.free()
        #expect(atoll_memory_used() == before)
    }

    @Test("Pops, draws and samples members of all forms", arguments: [5, 100, 400, 3000])
    func chance(size: Int) {
        for members in [integers(0..<size), texts(0..<size)] {
            var random = FastRandom(seed: UInt64(size))
            for wanted in [1, size / 4, size / 2, size - 1] where wanted > 0 {
                var set = make(members)
                var sampled: [String] = []
                set.forEachRandom(wanted, using: &random) { value in sampled.append(value.withBytes { $0.text }) }
                #expect(sampled.count == wanted && Set(sampled).count == wanted)
                #expect(Set(sampled).isSubset(of: members))
                var drawn = 0
                set.forEachDraw(wanted * 2, using: &random) { value in
                    #expect(value.withBytes { set.contains($0) })
                    drawn += 1
                    return true
                }
                #expect(drawn == wanted * 2)
                var popped: Set<String> = []
                let old = set.popRandom(wanted, limits: limits, hasher: hasher, using: &random) { value in
                    popped.insert(value.withBytes { $0.text })
                }
                old?.free()
                #expect(popped.count == wanted && set.count == size - wanted)
                #expect(contents(set).union(popped) == Set(members))
                set.free()
            }
        }
    }

    @Test("Draws each member with about the same chance", arguments: [10, 300])
    func fairness(size: Int) {
        var random = FastRandom(seed: 99)
        let set = make(texts(0..<size))
        var met: [String: Int] = [:]
        let rounds = size * 200
        set.forEachDraw(rounds, using: &random) { value in
            met[value.withBytes { $0.text }, default: 0] += 1
            return true
        }
        var single: [String: Int] = [:]
        for _ in 0..<rounds {
            set.forEachRandom(1, using: &random) { single[$0.withBytes { $0.text }, default: 0] += 1 }
        }
        for histogram in [met, single] {
            let square = histogram.values.reduce(0.0) { $0 + Double(($1 - 200) * ($1 - 200)) / 200 }
            // Mean size - 1, standard deviation the root of twice that: six of them.
            #expect(histogram.count == size && square < Double(size) + 6 * (2 * Double(size)).squareRoot())
        }
        set.free()
    }

    @Test("Scans meet every member that stays, through growth and shrinking")
    func scan() {
        var set = make(texts(0..<1000))
        var met: Set<String> = []
        var cursor: UInt64 = 0
        var step = 0
        repeat {
            cursor = set.scan(cursor, effort: 10) { value in met.insert(value.withBytes { $0.text }) }
            step += 1
            for extra in 0..<40 {
                bytes("extra\(extra + step % 40 * 40)") {
                    _ = step % 80 < 40 ? set.add($0, limits: limits, hasher: hasher) : set.remove($0)
                }
            }
        } while cursor != 0
        #expect(met.isSuperset(of: texts(0..<1000)))
        set.free()
        let small = make(integers(0..<20))
        var all: Set<String> = []
        #expect(small.scan(0, effort: 1) { value in all.insert(value.withBytes { $0.text }) } == 0)
        #expect(all == Set(integers(0..<20)))
        small.free()
    }

    @Test("Intersects, unites and subtracts sets of all forms")
    func algebra() {
        let before = atoll_memory_used()
        let parts: [[String]] = [
            integers(0..<50), integers(25..<600), texts(0..<60), texts(30..<400), integers(0..<40) + texts(0..<40),
            integers(20..<300) + texts(20..<300), [],
        ]
        for first in parts {
            for second in parts {
                for third in parts { check([first, second, third]) }
            }
        }
        #expect(atoll_memory_used() == before)
    }

    private func check(_ parts: [[String]]) {
        let sets = parts.map { make($0) }
        let models = parts.map { Set($0) }
        var common = sets
        let intersection = common.withUnsafeMutableBufferPointer {
            SetAlgebra.intersection($0, limits: limits, hasher: hasher)
        }
        #expect(contents(intersection) == models[0].intersection(models[1]).intersection(models[2]))
        var all = sets
        let union = all.withUnsafeMutableBufferPointer { SetAlgebra.union($0, limits: limits, hasher: hasher) }
        #expect(contents(union) == models[0].union(models[1]).union(models[2]))
        var others = Array(sets[1...])
        let difference = others.withUnsafeMutableBufferPointer {
            SetAlgebra.difference(sets[0], minus: $0, limits: limits, hasher: hasher)
        }
        #expect(contents(difference) == models[0].subtracting(models[1]).subtracting(models[2]))
        for set in sets + [intersection, union, difference] { set.free() }
    }
}

import Bytes
import SeededRandom
import Testing

@testable import Keyspace

/// A sorted set as plain Swift, for comparison.
private struct ModelSet {
    private(set) var scores: [[UInt8]: Double] = [:]

    var ordered: [(member: [UInt8], score: Double)] {
        scores.map { ($0.key, $0.value) }.sorted {
            $0.1 != $1.1 ? $0.1 < $1.1 : $0.0.lexicographicallyPrecedes($1.0)
        }
        .map { (member: $0.0, score: $0.1) }
    }

    mutating func set(_ member: [UInt8], _ score: Double) { scores[member] = score }
    mutating func remove(_ member: [UInt8]) -> Bool { scores.removeValue(forKey: member) != nil }
}

@Suite("Sorted set")
struct SortedSetTests {
    private static let hasher = KeyedHash(key0: 1, key1: 2)

    private func makeEmpty(_ limits: EncodingLimits) -> SortedSetValue {
        SortedSetValue.make(countHint: 0, memberByteCountHint: 0, limits: limits, hasher: Self.hasher)
    }

    private func add(_ value: inout SortedSetValue, _ member: [UInt8], _ score: Double, _ limits: EncodingLimits) {
        member.withUnsafeBytes { _ = value.add($0, score, limits: limits, hasher: Self.hasher) }
    }

    private func elements(_ cursor: SortedSetCursor) -> [(member: [UInt8], score: Double)] {
        var cursor = cursor
        var result: [(member: [UInt8], score: Double)] = []
        withUnsafeTemporaryAllocation(byteCount: ListPackValue.scratchByteCount, alignment: 8) { scratch in
            while let element = cursor.next() {
                result.append(
                    (element.member.bytes(scratch: scratch.baseAddress.unsafelyUnwrapped).array, element.score))
            }
        }
        return result
    }

    private func expectEqual(_ value: SortedSetValue, _ model: ModelSet, _ comment: Comment) {
        let expected = model.ordered
        let forwards = elements(value.cursor(fromRank: 0, count: value.count))
        let backwards = elements(value.cursor(fromRank: value.count - 1, count: .max, isReversed: true))
        #expect(forwards.map(\.member) == expected.map(\.member), comment)
        #expect(forwards.map(\.score) == expected.map(\.score), comment)
        #expect(Array(backwards.map(\.member).reversed()) == expected.map(\.member), comment)
        #expect(value.count == expected.count, comment)
    }

    /// Checks what must hold of a tree between operations.
    private func checkTree(_ value: SortedSetValue) {
        guard value.kind == .sortedSetTree else { return }
        let tree = SortedSetTree(value.pointer)
        var leaves: [SortedSetLeaf] = []
        let total = checkNode(tree.storage.pointee.root, tree.storage.pointee.height, isRoot: true, &leaves)
        #expect(total == tree.count)
        #expect(tree.storage.pointee.first == leaves.first)
        #expect(tree.storage.pointee.last == leaves.last)
        for (index, leaf) in leaves.enumerated() {
            #expect(leaf.previous == (index > 0 ? leaves[index - 1] : nil))
            #expect(leaf.next == (index + 1 < leaves.count ? leaves[index + 1] : nil))
            for position in 0..<leaf.count {
                #expect(leaf.scores[position] == SortedSetTree.score(leaf.record(position)))
            }
        }
    }

    private func checkNode(
        _ node: UnsafeMutableRawPointer, _ height: Int, isRoot: Bool, _ leaves: inout [SortedSetLeaf]
    ) -> Int {
        guard height > 0 else {
            let leaf = SortedSetLeaf(node)
            #expect(leaf.count > 0 || isRoot)
            #expect(leaf.count <= SortedSetLeaf.capacity)
            leaves.append(leaf)
            return leaf.count
        }
        let branch = SortedSetBranch(node)
        #expect(branch.count > (isRoot ? 1 : 0))
        #expect(branch.count <= SortedSetBranch.capacity)
        var total = 0
        for index in 0..<branch.count {
            let (score, record) = SortedSetTree.first(branch.nodes[index], height: height - 1)
            #expect(branch.scores[index] == score)
            #expect(branch.records[index] == record)
            let count = checkNode(branch.nodes[index], height - 1, isRoot: false, &leaves)
            #expect(branch.counts[index] == count)
            total += count
        }
        return total
    }

    @Test("Agrees with a plain model through random changes", arguments: Array(0..<8) as [UInt64])
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var limits = EncodingLimits()
        if seed % 4 == 3 { limits.sortedSetPackedCountMax = 0 }
        let memberCount = [100, 3000, 300, 5000][Int(seed % 4)]
        // Few scores make members decide.
        let scoreCount = seed % 2 == 0 ? 1_000_000 : 7
        var value = makeEmpty(limits)
        defer { value.free() }
        var model = ModelSet()
        for step in 0..<6000 {
            let grows = (step / 2000) % 2 == 0
            let member = Array("member:\(Int.random(in: 0..<memberCount, using: &random))".utf8)
            let score = Double(Int.random(in: -scoreCount...scoreCount, using: &random)) / 4
            if Int.random(in: 0..<10, using: &random) < (grows ? 8 : 3) {
                add(&value, member, score, limits)
                model.set(member, score)
            } else if Int.random(in: 0..<100, using: &random) == 0, value.count > 0 {
                let from = Int.random(in: 0..<value.count, using: &random)
                let to = min(value.count, from + Int.random(in: 1...max(1, memberCount / 4), using: &random))
                for element in model.ordered[from..<to] { _ = model.remove(element.member) }
                value.removeRange(from, to)
            } else {
                let removed = member.withUnsafeBytes { value.remove($0) }
                #expect(removed == model.remove(member))
            }
            if step % 16 == 0 || value.count < 200 { checkTree(value) }
            if step % 250 == 0 { expectEqual(value, model, "step \(step)") }
        }
        expectEqual(value, model, "end")
        checkRanks(value, model, &random)
    }

    private func checkRanks(_ value: SortedSetValue, _ model: ModelSet, _ random: inout SeededGenerator) {
        let expected = model.ordered
        for (rank, element) in expected.enumerated() {
            let found = element.member.withUnsafeBytes { value.rank(of: $0) }
            #expect(found?.rank == rank)
            #expect(found?.score == element.score)
            #expect(element.member.withUnsafeBytes { value.score(of: $0) } == element.score)
            #expect(elements(value.cursor(fromRank: rank, count: 1)).first?.member == element.member)
        }
        let scores = expected.map(\.score) + [-1e300, 1e300, 0.1]
        for _ in 0..<200 {
            let score = scores.randomElement(using: &random) ?? 0
            let before = expected.count { $0.score < score }
            let upTo = expected.count { $0.score <= score }
            #expect(value.rank(of: ScoreBound(score, isBehindEqual: false)) == before)
            #expect(value.rank(of: ScoreBound(score, isBehindEqual: true)) == upTo)
        }
        #expect("nobody".utf8.withContiguousStorageIfAvailable { value.rank(of: ByteSlice($0)) == nil } ?? false)
    }

    @Test("Orders members of one score by their bytes", arguments: [50, 2000])
    func lexicographical(count: Int) {
        var random = SeededGenerator(seed: 5)
        let limits = EncodingLimits()
        var value = makeEmpty(limits)
        defer { value.free() }
        var model = ModelSet()
        for _ in 0..<count {
            let member = (0..<Int.random(in: 1..<6, using: &random)).map { _ in
                UInt8.random(in: 0x61...0x66, using: &random)
            }
            add(&value, member, 0, limits)
            model.set(member, 0)
        }
        let members = model.ordered.map(\.member)
        for _ in 0..<500 {
            let member = (0..<Int.random(in: 0..<6, using: &random)).map { _ in
                UInt8.random(in: 0x60...0x67, using: &random)
            }
            member.withUnsafeBytes { bytes in
                let before = members.count { $0.lexicographicallyPrecedes(member) }
                #expect(value.rank(of: MemberBound(bytes, isBehindEqual: false)) == before)
                let equal = members.contains(member) ? 1 : 0
                #expect(value.rank(of: MemberBound(bytes, isBehindEqual: true)) == before + equal)
            }
        }
    }

    @Test("Sequential insertion fills leaves", arguments: [false, true])
    func sequentialFill(isDescending: Bool) {
        var limits = EncodingLimits()
        limits.sortedSetPackedCountMax = 0
        var value = makeEmpty(limits)
        defer { value.free() }
        let count = 20_000
        for index in 0..<count {
            add(&value, Array("m\(index)".utf8), Double(isDescending ? -index : index), limits)
        }
        checkTree(value)
        var leafCount = 0
        var leaf: SortedSetLeaf? = SortedSetTree(value.pointer).storage.pointee.first
        while let current = leaf {
            leafCount += 1
            leaf = current.next
        }
        #expect(leafCount <= count / (SortedSetLeaf.capacity - 2))
    }

    @Test("Empties from either end, and by one range", arguments: [0, 1, 2])
    func emptying(way: Int) {
        let limits = EncodingLimits()
        var value = makeEmpty(limits)
        defer { value.free() }
        for index in 0..<5000 { add(&value, Array("m\(index)".utf8), Double(index * 7919 % 5000), limits) }
        while value.count > 0 {
            switch way {
            case 0: value.removeRange(0, 1)
            case 1: value.removeRange(value.count - 1, value.count)
            default: value.removeRange(0, value.count)
            }
            if value.count % 64 == 0 { checkTree(value) }
        }
        checkTree(value)
        add(&value, Array("again".utf8), 1, limits)
        checkTree(value)
        #expect(value.count == 1)
    }

    @Test("Becomes a tree past the limits, and a listpack where a result is small")
    func conversion() {
        let limits = EncodingLimits()
        var value = makeEmpty(limits)
        for index in 0..<128 { add(&value, Array("\(index)".utf8), Double(index) / 2, limits) }
        #expect(value.kind == .sortedSetPacked)
        add(&value, Array("128".utf8), 64, limits)
        #expect(value.kind == .sortedSetTree)
        let scores = elements(value.cursor(fromRank: 0, count: .max)).map(\.score)
        #expect(scores == (0..<129).map { Double($0) / 2 })
        value.packIfSmall(longest: 3, total: 400, limits: limits)
        #expect(value.kind == .sortedSetTree)
        value.removeRange(100, 129)
        value.packIfSmall(longest: 3, total: 400, limits: limits)
        #expect(value.kind == .sortedSetPacked)
        #expect(elements(value.cursor(fromRank: 0, count: .max)).map(\.score) == (0..<100).map { Double($0) / 2 })
        value.free()

        var long = makeEmpty(limits)
        add(&long, [UInt8](repeating: 0x61, count: 65), 1, limits)
        #expect(long.kind == .sortedSetTree)
        long.free()
    }

    @Test("A listpack has the bytes that redis-server 7.0.15 dumps")
    func golden() {
        let limits = EncodingLimits()
        var value = makeEmpty(limits)
        defer { value.free() }
        add(&value, Array("b".utf8), 2.5, limits)
        add(&value, Array("10".utf8), 1, limits)
        add(&value, Array("a".utf8), -0.0, limits)
        #expect(hex(value.packed?.bytes.array ?? []) == "18000000060081610200010a01010181620283322e3504ff")
        #expect(elements(value.cursor(fromRank: 0, count: 3)).map(\.score) == [0, 1, 2.5])
    }

    @Test("Conditions of ZADD", arguments: [EncodingLimits().sortedSetPackedCountMax, 0])
    func conditions(packedMax: Int) {
        var limits = EncodingLimits()
        limits.sortedSetPackedCountMax = packedMax
        var value = makeEmpty(limits)
        defer { value.free() }
        func change(_ score: Double, _ conditions: SortedSetConditions) -> String {
            let member = Array("m".utf8)
            return member.withUnsafeBytes {
                "\(value.add($0, score, conditions, limits: limits, hasher: Self.hasher))"
            }
        }
        #expect(change(1, .onlyPresent) == "refused")
        #expect(change(1, .onlyAbsent) == "added(1.0)")
        #expect(change(2, .onlyAbsent) == "refused")
        #expect(change(2, .onlyLess) == "refused")
        #expect(change(2, .onlyGreater) == "updated(2.0)")
        #expect(change(2, []) == "same(2.0)")
        #expect(change(3, .increment) == "updated(5.0)")
        #expect(change(-1, [.increment, .onlyGreater]) == "refused")
        #expect(change(.infinity, []) == "updated(inf)")
        #expect(change(-.infinity, .increment) == "notANumber")
    }

    @Test("A copy is independent", arguments: [50, 1000])
    func copying(count: Int) {
        let limits = EncodingLimits()
        var value = makeEmpty(limits)
        var model = ModelSet()
        for index in 0..<count {
            add(&value, Array("m\(index)".utf8), Double(index % 10), limits)
            model.set(Array("m\(index)".utf8), Double(index % 10))
        }
        let copy = value.copy()
        value.removeRange(0, value.count)
        value.free()
        expectEqual(copy, model, "copy")
        checkTree(copy)
        copy.free()
    }
}

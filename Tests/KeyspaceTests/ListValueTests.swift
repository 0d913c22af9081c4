import Bytes
import CMemory
import SeededRandom
import Testing

@testable import Keyspace

@Suite("ListValue")
struct ListValueTests {
    private func bytes(_ value: ListPackValue) -> [UInt8] {
        withUnsafeTemporaryAllocation(byteCount: ListPackValue.scratchByteCount, alignment: 1) { scratch in
            scratch.baseAddress.map { value.bytes(scratch: $0).array } ?? []
        }
    }

    private func contents(_ list: ListValue) -> [[UInt8]] {
        guard var cursor = list.cursor(at: 0) else { return [] }
        var result = [bytes(cursor.value)]
        while cursor.moveToNext() { result.append(bytes(cursor.value)) }
        return result
    }

    private func backwards(_ list: ListValue) -> [[UInt8]] {
        guard var cursor = list.cursor(at: -1) else { return [] }
        var result = [bytes(cursor.value)]
        while cursor.moveToPrevious() { result.append(bytes(cursor.value)) }
        return result
    }

    /// A list and what it should hold, changed in step.
    private struct Pair {
        var list = ListValue.make()
        var model: [[UInt8]] = []
        var limits: ListLimits
    }

    @Test(
        "Random changes agree with an array, in small, counted, plain and default nodes",
        arguments: 0..<10 as Range<UInt64>)
    func randomChanges(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let limits = [
            ListLimits(setting: 1), ListLimits(setting: 4), ListLimits(setting: 16, plainByteCountMin: 50),
            ListLimits(setting: -1), ListLimits(),
        ][Int(seed) % 5]
        let before = atoll_memory_used()
        var pair = Pair(limits: limits)
        for step in 0..<1200 {
            change(&pair, growing: step < 700, &random)
            #expect(pair.list.count == pair.model.count)
            if step % 25 == 0 {
                #expect(contents(pair.list) == pair.model)
                #expect(backwards(pair.list) == pair.model.reversed())
                checkNodes(pair)
            }
            checkIndex(pair, &random)
        }
        pair.list.free()
        #expect(atoll_memory_used() == before)
    }

    private func checkNodes(_ pair: Pair) {
        var sum = 0
        for index in 0..<pair.list.nodeCount where !pair.model.isEmpty {
            let (container, bytes) = pair.list.nodeContent(at: index)
            if container == .packed { #expect(ListPack.validate(bytes, deep: true)) }
            sum += container == .packed ? Int(bytes.byte(at: 4)) | Int(bytes.byte(at: 5)) << 8 : 1
        }
        #expect(sum == pair.model.count)
    }

    private func checkIndex(_ pair: Pair, _ random: inout SeededGenerator) {
        let index = Int.random(in: -pair.model.count - 1...pair.model.count, using: &random)
        let expected = index < 0 ? index + pair.model.count : index
        let found = pair.list.cursor(at: index).map { bytes($0.value) }
        #expect(found == (pair.model.indices.contains(expected) ? pair.model[expected] : nil))
    }

    private func change(_ pair: inout Pair, growing: Bool, _ random: inout SeededGenerator) {
        let text = Int.random(in: 0..<4, using: &random) == 0 ? Array("same".utf8) : randomElement(&random)
        let index = pair.model.isEmpty ? 0 : Int.random(in: 0..<pair.model.count, using: &random)
        let end: ListEnd = Bool.random(using: &random) ? .head : .tail
        text.withUnsafeBytes { bytes in
            switch Int.random(in: growing ? 0..<10 : 4..<12, using: &random) {
            case 0...4:
                pair.list.prepareForGrowth(byteCount: bytes.count, count: 1, limits: pair.limits)
                pair.list.push(bytes, at: end, limits: pair.limits)
                pair.model.insert(text, at: end == .head ? 0 : pair.model.count)
            case 5...6:
                pair.list.prepareForGrowth(byteCount: bytes.count, count: 1, limits: pair.limits)
                pair.list.insert(bytes, at: index, limits: pair.limits)
                pair.model.insert(text, at: index)
            case 7:
                pair.list.prepareForGrowth(byteCount: bytes.count, count: 1, limits: pair.limits)
                let replaced = pair.list.replace(at: index, with: bytes, limits: pair.limits)
                #expect(replaced == !pair.model.isEmpty)
                if replaced { pair.model[index] = text }
            case 8...9: removeEnd(&pair, end)
            case 10:
                let count = min(Int.random(in: 0..<30, using: &random), pair.model.count - index)
                pair.list.removeRange(from: index, count: count)?.free()
                pair.model.removeSubrange(index..<(index + count))
            default: removeMatches(&pair, end, countMax: Int.random(in: 1..<6, using: &random))
            }
            if !pair.model.isEmpty { pair.list.convertAfterRemoval(limits: pair.limits) }
        }
    }

    private func removeEnd(_ pair: inout Pair, _ end: ListEnd) {
        let expected = end == .head ? pair.model.first : pair.model.last
        #expect(pair.list.peek(end).map(bytes) == expected)
        guard expected != nil else { return }
        pair.list.removeEnd(end)
        pair.model.remove(at: end == .head ? 0 : pair.model.count - 1)
    }

    private func removeMatches(_ pair: inout Pair, _ end: ListEnd, countMax: Int) {
        let removed = Array("same".utf8).withUnsafeBytes {
            pair.list.removeMatches($0, countMax: countMax, from: end)
        }
        let matching = pair.model.indices.filter { pair.model[$0] == Array("same".utf8) }
        let chosen = end == .head ? matching.prefix(countMax) : matching.suffix(countMax)
        #expect(removed == chosen.count)
        for index in chosen.reversed() { pair.model.remove(at: index) }
    }

    @Test("A queue of any length keeps its order and gives its memory back")
    func queue() {
        let limits = ListLimits()
        for (pushEnd, popEnd) in [(ListEnd.head, ListEnd.tail), (.tail, .head), (.head, .head), (.tail, .tail)] {
            let before = atoll_memory_used()
            var list = ListValue.make()
            for value in 0..<20_000 {
                Array("value:\(value)".utf8).withUnsafeBytes {
                    list.prepareForGrowth(byteCount: $0.count, count: 1, limits: limits)
                    list.push($0, at: pushEnd, limits: limits)
                }
            }
            #expect(list.count == 20_000)
            #expect(list.kind == .listNodes)
            // 20000 elements of 13 to 14 bytes: nodes are full but for what a next element would have needed.
            #expect(list.reservedByteCount() < 20_000 * 14 * 108 / 100)
            for value in 0..<20_000 {
                let expected = pushEnd == popEnd ? 19_999 - value : value
                #expect(list.peek(popEnd).map(bytes) == Array("value:\(expected)".utf8))
                list.removeEnd(popEnd)
                if list.count > 0 { list.convertAfterRemoval(limits: limits) }
            }
            #expect(list.kind == .listPacked)
            list.free()
            #expect(atoll_memory_used() == before)
        }
    }

    @Test("Many nodes removed at once are left to the caller", arguments: [0, 1, 150, 199])
    func detaching(from index: Int) {
        let limits = ListLimits(setting: 1)
        var list = ListValue.make()
        defer { list.free() }
        for value in 0..<400 {
            Array("\(value)".utf8).withUnsafeBytes {
                list.prepareForGrowth(byteCount: $0.count, count: 1, limits: limits)
                list.push($0, at: .tail, limits: limits)
            }
        }
        let detached = list.removeRange(from: index, count: 200)
        #expect(detached?.count == 200)
        #expect(detached.map { contents($0) } == (index..<(index + 200)).map { Array("\($0)".utf8) })
        let kept = (0..<400).filter { $0 < index || $0 >= index + 200 }
        #expect(contents(list) == kept.map { Array("\($0)".utf8) })
        detached?.free()
    }

    @Test("A list changes its form at Redis's limits, and back at half of them")
    func encodings() {
        let limits = ListLimits(setting: 4)
        var list = ListValue.make()
        defer { list.free() }
        func push() {
            "x".utf8.withContiguousStorageIfAvailable {
                let bytes = ByteSlice($0)
                list.prepareForGrowth(byteCount: bytes.count, count: 1, limits: limits)
                list.push(bytes, at: .tail, limits: limits)
            }
        }
        for _ in 0..<4 { push() }
        #expect(list.kind == .listPacked)
        push()
        #expect(list.kind == .listNodes)
        #expect(list.nodeCount == 2)
        while list.count > 2 {
            #expect(list.kind == .listNodes)
            list.removeEnd(.tail)
            list.convertAfterRemoval(limits: limits)
        }
        #expect(list.kind == .listPacked)
        #expect(!ListLimits(setting: -2).exceeds(byteCount: 8192, count: 1 << 20))
        #expect(ListLimits(setting: -2).exceeds(byteCount: 8193, count: 1))
        #expect(ListLimits(setting: -5).byteCountMax == 65_536)
        #expect(ListLimits(setting: Int.min).byteCountMax == 65_536)
        #expect(ListLimits(setting: 0).countMax == 1)
    }

    @Test("Nodes written and loaded give the same list", arguments: [0, 1, 50, 5000])
    func loading(count: Int) {
        let limits = ListLimits(setting: -2, plainByteCountMin: 3000)
        var list = ListValue.make()
        var random = SeededGenerator(seed: 3)
        for _ in 0..<count {
            randomElement(&random).withUnsafeBytes {
                list.prepareForGrowth(byteCount: $0.count, count: 1, limits: limits)
                list.push($0, at: .tail, limits: limits)
            }
        }
        var loaded = ListValue.makeForNodes()
        for index in 0..<list.nodeCount {
            let (container, bytes) = list.nodeContent(at: index)
            loaded.appendNode(container, bytes)
        }
        loaded.chooseEncoding(limits: limits)
        #expect(loaded.kind == list.kind)
        #expect(contents(loaded) == contents(list))
        let copy = loaded.copy()
        #expect(contents(copy) == contents(list))
        let expectedTurns = max(1, (copy.nodeCount + 6) / 7)
        for list in [list, loaded] { list.free() }
        var turns = 1
        while !copy.freeSome(nodeCountMax: 7) { turns += 1 }
        #expect(turns == expectedTurns)
    }
}

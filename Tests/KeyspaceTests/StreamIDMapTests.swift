import SeededRandom
import Testing

@testable import Keyspace

@Suite("StreamIDMap")
struct StreamIDMapTests {
    private typealias Map = StreamIDMap<Int>

    private func contents(_ map: Map, isReversed: Bool = false) -> [(StreamID, Int)] {
        var result: [(StreamID, Int)] = []
        var position = isReversed ? map.lastPosition : map.firstPosition
        while let here = position {
            result.append((map.slot(here).pointee.id, map.slot(here).pointee.value))
            position = isReversed ? map.previous(here) : map.next(here)
        }
        return result
    }

    private func expectSame(_ map: Map, _ model: [(StreamID, Int)], seed: UInt64) {
        #expect(map.count == model.count, "seed \(seed)")
        #expect(contents(map).elementsEqual(model, by: ==), "seed \(seed)")
        #expect(contents(map, isReversed: true).elementsEqual(model.reversed(), by: ==), "seed \(seed)")
    }

    @Test(
        "Random insertions, removals and searches agree with a sorted array", arguments: 1...12 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var map = Map()
        defer { map.free() }
        var model: [(StreamID, Int)] = []
        var top: UInt64 = 0
        // Seeds differ in how often ids come in order, and in whether the map grows or shrinks.
        let appendChance = Int(seed % 4) * 3
        for step in 0..<4000 {
            let growing = (step / 1000).isMultiple(of: 2)
            if Int.random(in: 0..<10, using: &random) < (growing ? 8 : 3) {
                var id = StreamID(UInt64.random(in: 0...top / 3 + 2, using: &random), top % 3)
                if Int.random(in: 0..<10, using: &random) < appendChance {
                    top += 1
                    id = StreamID(top, 0)
                }
                let index = model.firstIndex { $0.0 >= id } ?? model.count
                let isNew = index == model.count || model[index].0 != id
                let isInserted = map.insert(id, step)
                #expect(isInserted == isNew, "seed \(seed) step \(step)")
                if isNew { model.insert((id, step), at: index) }
            } else if !model.isEmpty {
                let isFromFront = Bool.random(using: &random)
                let index = isFromFront ? 0 : Int.random(in: 0..<model.count, using: &random)
                let id = model.remove(at: index).0
                guard let position = map.position(id) else {
                    Issue.record("\(id) is missing, seed \(seed) step \(step)")
                    return
                }
                let next = map.remove(at: position)
                #expect(next.map { map.slot($0).pointee.id } == (index < model.count ? model[index].0 : nil))
                let isRemovedAgain = map.remove(id)
                #expect(!isRemovedAgain)
            }
            let probe = StreamID(UInt64.random(in: 0...top + 1, using: &random), 1)
            #expect(
                map.lowerBound(probe).map { map.slot($0).pointee.id } == model.first { $0.0 >= probe }?.0,
                "seed \(seed) step \(step)")
            #expect(
                map.floor(probe).map { map.slot($0).pointee.id } == model.last { $0.0 <= probe }?.0,
                "seed \(seed) step \(step)")
            if step.isMultiple(of: 97) { expectSame(map, model, seed: seed) }
        }
        expectSame(map, model, seed: seed)
        var copy = map.copy()
        expectSame(copy, model, seed: seed)
        copy.free()
    }

    @Test("A queue takes memory for what is in it")
    func queue() {
        var map = Map()
        defer { map.free() }
        for number in 0..<100_000 as Range<UInt64> {
            map.insert(StreamID(number, 0), Int(number))
            if number >= 100, let first = map.firstPosition { map.remove(at: first) }
        }
        #expect(map.count == 100)
        #expect(map.firstPosition.map { map.slot($0).pointee.value } == 99_900)
        #expect(map.byteCount < 20_000)
    }
}

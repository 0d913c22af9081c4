import Bytes
import SeededRandom
import Testing

@testable import Keyspace

@Suite("ListPack")
struct ListPackTests {
    /// Elements as a client sees them.
    private func contents(_ list: ListPack) -> [[UInt8]] {
        var result: [[UInt8]] = []
        withUnsafeTemporaryAllocation(byteCount: ListPackValue.scratchByteCount, alignment: 1) { scratch in
            guard let room = scratch.baseAddress else { return }
            var position = list.firstPosition
            while let here = position {
                result.append(list.bytes(at: here, scratch: room).array)
                position = list.next(here)
            }
        }
        return result
    }

    private func backwards(_ list: ListPack) -> [[UInt8]] {
        var result: [[UInt8]] = []
        withUnsafeTemporaryAllocation(byteCount: ListPackValue.scratchByteCount, alignment: 1) { scratch in
            guard let room = scratch.baseAddress else { return }
            var position = list.lastPosition
            while let here = position {
                result.append(list.bytes(at: here, scratch: room).array)
                position = list.previous(here)
            }
        }
        return result
    }

    private func make(_ texts: [String]) -> ListPack {
        var list = ListPack.make()
        for text in texts { Array(text.utf8).withUnsafeBytes { list.append($0) } }
        return list
    }

    @Test("Elements have the bytes that redis-server 7.0.15 dumps for a hash")
    func goldenHash() {
        let list = make([
            "a", "1", "b", "127", "c", "128", "d", "-1", "e", "4095", "f", "-4096", "g", "4096", "h", "-32768",
            "i", "32768", "j", "-8388608", "k", "8388608", "l", "2147483648", "m", "-9223372036854775808",
            "n", "hello", "o", "", "p", String(repeating: "x", count: 63), "q", String(repeating: "y", count: 64),
            "r", "007",
        ])
        defer { list.free() }
        let expected =
            "0b010000240081610201018162027f01816302c08002816402dfff02816502cfff02816602d00002816702f1001003816802f1008003"
            + "816902f200800004816a02f200008004816b02f30000800005816c02f4000000800000000009816d02f40000000000000080098"
            + "16e028568656c6c6f06816f028001817002bf" + String(repeating: "78", count: 63) + "40817102e040"
            + String(repeating: "79", count: 64) + "428172028330303704ff"
        #expect(hex(list.bytes.array) == expected)
        #expect(ListPack.validate(list.bytes, deep: true))
    }

    @Test("Long elements have the bytes that redis-server 7.0.15 dumps for a hash")
    func goldenLong() {
        let list = make([
            "z", String(repeating: "z", count: 4095), "y", String(repeating: "y", count: 4096), "x",
            String(repeating: "x", count: 16_385),
        ])
        defer { list.free() }
        let expected =
            "23600000" + "0600817a02efff" + String(repeating: "7a", count: 4095) + "2081817902f000100000"
            + String(repeating: "79", count: 4096) + "2085817802f001400000" + String(repeating: "78", count: 16_385)
            + "018086ff"
        #expect(hex(list.bytes.array) == expected)
        #expect(ListPack.validate(list.bytes, deep: true))
    }

    @Test("Random changes agree with an array of texts", arguments: 0..<12 as Range<UInt64>)
    func randomChanges(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var model: [[UInt8]] = []
        var list = ListPack.make()
        defer { list.free() }
        for step in 0..<250 {
            change(&list, &model, &random)
            if step % 10 == 0 {
                #expect(contents(list) == model)
                #expect(backwards(list) == model.reversed())
                #expect(ListPack.validate(list.bytes, deep: true))
            }
            #expect(list.count == model.count)
            #expect(list.isEmpty == model.isEmpty)
        }
    }

    private func change(_ list: inout ListPack, _ model: inout [[UInt8]], _ random: inout SeededGenerator) {
        let text = randomElement(&random)
        let index = model.isEmpty ? 0 : Int.random(in: 0..<model.count, using: &random)
        let position = list.position(atIndex: index - (Bool.random(using: &random) ? model.count : 0))
        text.withUnsafeBytes { bytes in
            switch (Int.random(in: 0..<12, using: &random), position) {
            case (0...2, _), (_, nil):
                list.append(bytes)
                model.append(text)
            case (3, _):
                list.prepend(bytes)
                model.insert(text, at: 0)
            case (4, let position?):
                list.insert(bytes, before: position)
                model.insert(text, at: index)
            case (5, let position?):
                let at = list.insert(bytes, after: position)
                #expect(list.value(at: at).equals(bytes))
                model.insert(text, at: index + 1)
            case (6...7, let position?):
                list.replace(position, with: bytes)
                model[index] = text
            case (8, let position?):
                let following = list.remove(position)
                model.remove(at: index)
                #expect((following != nil) == (index < model.count))
            case (9, _):
                let count = Int.random(in: 0..<4, using: &random)
                list.removeRange(index: index, count: count)
                model.removeSubrange(index..<min(model.count, index + count))
            case (10, _):
                removeSome(&list, &model, &random)
            case (_, let position?):
                let tail = list.split(at: position)
                let other = list
                list = tail.copy()
                tail.free()
                list.append(contentsOf: other)
                other.free()
                model = Array(model[index...] + model[..<index])
            }
        }
    }

    private func removeSome(_ list: inout ListPack, _ model: inout [[UInt8]], _ random: inout SeededGenerator) {
        var positions: [Int] = []
        var kept: [[UInt8]] = []
        var position = list.firstPosition
        for text in model {
            guard let here = position else { break }
            if Int.random(in: 0..<8, using: &random) == 0 { positions.append(here) } else { kept.append(text) }
            position = list.next(here)
        }
        positions.withUnsafeBufferPointer { list.remove($0) }
        model = kept
    }

    @Test("Elements are found, integers by their value, fields by skipping values")
    func finding() {
        let list = make(["a", "b", "b", "1", "12345", "x", "", "y", String(repeating: "l", count: 100), "z"])
        defer { list.free() }
        func index(of text: String, skip: Int) -> Int? {
            guard
                let found = Array(text.utf8).withUnsafeBytes({ list.find($0, from: list.firstPosition, skip: skip) })
            else { return nil }
            return (0..<list.count).first { list.position(atIndex: $0) == found }
        }
        #expect(index(of: "b", skip: 0) == 1)
        #expect(index(of: "b", skip: 1) == 2)
        #expect(index(of: "1", skip: 1) == nil)
        #expect(index(of: "12345", skip: 1) == 4)
        #expect(index(of: "012345", skip: 1) == nil)
        #expect(index(of: "", skip: 1) == 6)
        #expect(index(of: String(repeating: "l", count: 100), skip: 1) == 8)
        #expect(index(of: "z", skip: 1) == nil)
        #expect(index(of: "z", skip: 0) == 9)
    }

    @Test("More elements than the header can count are counted")
    func manyElements() {
        var list = ListPack.make()
        defer { list.free() }
        for _ in 0..<65_536 { list.append(1) }
        #expect(list.storedCount == 65_535)
        #expect(list.count == 65_536)
        #expect(list.byteCount == ListPack.estimatedByteCount(repeating: 1, count: 65_536))
        list.removeRange(index: -2, count: 2)
        #expect(list.storedCount == 65_535)
        #expect(list.count == 65_534)
        #expect(list.storedCount == 65_534)
    }

    @Test("Validation never reads outside and what it accepts can be walked", arguments: 0..<6 as Range<UInt64>)
    func hostileBytes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let list = make((0..<8).map { _ in String(decoding: randomElement(&random), as: UTF8.self) })
            defer { list.free() }
            var bytes = list.bytes.array
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 4..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard bytes.withUnsafeBytes({ ListPack.validate($0, deep: true) }) else { continue }
            let copy = bytes.withUnsafeBytes { ListPack.make(copying: $0) }
            defer { copy.free() }
            #expect(contents(copy).count == copy.count)
            #expect(backwards(copy).count == copy.count)
        }
        for length in 0..<16 {
            let noise = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            _ = noise.withUnsafeBytes { ListPack.validate($0, deep: true) }
        }
    }

    @Test("Random choice without repetition gives the number asked for, in order")
    func randomChoice() {
        var random = SeededGenerator(seed: 5)
        let list = make((0..<20).map(String.init))
        defer { list.free() }
        for wanted in 0...10 {
            var chosen: [Int] = []
            var index = 0
            var position = list.firstPosition
            while let here = position,
                let found = list.nextRandom(
                    here, index: &index, remaining: wanted - chosen.count, stride: 2, using: &random)
            {
                chosen.append(index)
                position = list.next(found)
                index += 1
            }
            #expect(chosen.count == wanted)
            #expect(chosen.allSatisfy { $0 % 2 == 0 })
            #expect(Set(chosen).count == wanted)
        }
    }
}

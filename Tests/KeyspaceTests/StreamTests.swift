// Streams against a plain array of entries, and their bytes against those of redis-server.

import Bytes
import CMemory
import SeededRandom
import Testing

@testable import Keyspace

@Suite("Stream")
struct StreamTests {
    private struct ModelEntry: Equatable {
        let id: StreamID
        let content: [[UInt8]]
    }

    private func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    @discardableResult
    private func append(
        _ stream: Stream, _ id: StreamID, _ content: [[UInt8]], limits: StreamNodeLimits = StreamNodeLimits()
    ) -> Bool {
        let flat = content.flatMap { $0 }
        return flat.withUnsafeBytes { bytes in
            var offset = 0
            let slices = content.map { part in
                defer { offset += part.count }
                return bytes.slice(offset, offset + part.count)
            }
            return slices.withUnsafeBufferPointer { stream.append(id, $0, limits: limits) }
        }
    }

    private func entries(
        _ stream: Stream, from start: StreamID = .zero, to end: StreamID = .max, isReversed: Bool = false,
        fieldsPerEntryMax: Int = .max
    ) -> [ModelEntry] {
        var result: [ModelEntry] = []
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { scratch in
            guard let room = scratch.baseAddress else { return }
            var iterator = StreamIterator(stream, from: start, to: end, isReversed: isReversed)
            while iterator.next() {
                var content: [[UInt8]] = []
                while content.count / 2 < fieldsPerEntryMax, iterator.nextField() {
                    content.append(iterator.name.bytes(scratch: room).array)
                    content.append(iterator.value.bytes(scratch: room).array)
                }
                result.append(ModelEntry(id: iterator.id, content: content))
            }
        }
        return result
    }

    @Test("A node has the bytes that redis-server 7.0.15 dumps for a stream")
    func golden() {
        let stream = Stream.make()
        defer { stream.free() }
        for number in 1...3 as ClosedRange<UInt64> {
            append(
                stream, StreamID(100, number), [text("name"), text("v\(number)"), text("number"), text("\(number)000")])
        }
        append(stream, StreamID(105, 0), [text("other"), text("x")])
        append(stream, StreamID(105, 7), [text("name"), text(""), text("number"), text("-5")])
        #expect(stream.remove(StreamID(100, 2)))
        append(stream, StreamID(.max, 3), [text("name"), text("z"), text("number"), text("9223372036854775807")])
        let expected =
            "820000002b00050101010201846e616d6505866e756d62657207000102010001000182763103c3e802050103010001010182763203"
            + "c7d002050102010001020182763303cbb802050100010501dfff020101856f74686572068178020601020105010601800"
            + "1dffb0205010201df9b020201817a02f4ffffffffffffff7f090501ff"
        stream.forEachNode { id, bytes in
            #expect(id == StreamID(100, 1))
            #expect(hex(bytes.array) == expected)
            #expect(StreamNode.validate(bytes))
        }
        #expect(stream.nodeCount == 1)
        #expect(stream.length == 5 && stream.entriesAdded == 6)
        #expect(stream.maxDeletedID == StreamID(100, 2) && stream.firstID == StreamID(100, 1))
    }

    private func randomContent(_ random: inout SeededGenerator) -> [[UInt8]] {
        var content: [[UInt8]] = []
        for field in 0..<Int.random(in: 1...3, using: &random) {
            let isCommon = Int.random(in: 0..<4, using: &random) > 0
            content.append(isCommon ? text("field\(field)") : randomElement(&random))
            content.append(randomElement(&random))
        }
        return content
    }

    private func randomTrim(_ model: [ModelEntry], _ random: inout SeededGenerator) -> StreamTrim {
        let isApproximate = Bool.random(using: &random)
        let strategy: StreamTrim.Strategy =
            Bool.random(using: &random)
            ? .length(max(0, model.count - Int.random(in: 0...40, using: &random)))
            : .from(model.isEmpty ? .max : model[min(model.count - 1, Int.random(in: 0...40, using: &random))].id)
        return StreamTrim(
            strategy, isApproximate: isApproximate, limit: isApproximate ? Int.random(in: 0...60, using: &random) : 0)
    }

    /// Checks a trim's result against the model and shortens the model.
    private func apply(_ trim: StreamTrim, removed: Int, to model: inout [ModelEntry], seed: UInt64) {
        let allowed =
            switch trim.strategy {
            case .length(let kept): max(0, model.count - kept)
            case .from(let first): model.prefix { $0.id < first }.count
            }
        if trim.isApproximate {
            #expect(removed <= allowed, "seed \(seed)")
            #expect(trim.limit == 0 || removed <= trim.limit, "seed \(seed)")
        } else {
            #expect(removed == allowed, "seed \(seed)")
        }
        model.removeFirst(removed)
    }

    @Test("Random appends, removals, trims and walks agree with an array", arguments: 1...16 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let stream = Stream.make()
        defer { stream.free() }
        var model: [ModelEntry] = []
        let limits = [
            StreamNodeLimits(), StreamNodeLimits(byteCountMax: 200, entryCountMax: 0),
            StreamNodeLimits(byteCountMax: 0, entryCountMax: 7), StreamNodeLimits(byteCountMax: 0, entryCountMax: 300),
        ][Int(seed % 4)]
        var last = StreamID(1, 0)
        var added: Int64 = 0
        for step in 0..<1500 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<70:
                last = StreamID(
                    last.milliseconds + UInt64.random(in: 0...2, using: &random),
                    Bool.random(using: &random) ? last.sequence + 1 : UInt64.random(in: 0...5, using: &random))
                if let id = model.last?.id, last <= id { last = StreamID(id.milliseconds + 1, 0) }
                if last <= stream.lastID { last = StreamID(stream.lastID.milliseconds + 1, 0) }
                let content = randomContent(&random)
                #expect(append(stream, last, content, limits: limits))
                model.append(ModelEntry(id: last, content: content))
                added += 1
            case 70..<95:
                guard let victim = model.indices.randomElement(using: &random) else { continue }
                #expect(stream.remove(model[victim].id))
                #expect(!stream.remove(model[victim].id))
                #expect(!stream.contains(model[victim].id))
                stream.finishRemoval()
                model.remove(at: victim)
            default:
                let trim = randomTrim(model, &random)
                apply(trim, removed: stream.trim(trim), to: &model, seed: seed)
            }
            #expect(stream.length == model.count, "seed \(seed) step \(step)")
            #expect(stream.firstID == model.first?.id ?? .zero, "seed \(seed) step \(step)")
            #expect(stream.lastEntryID == model.last?.id, "seed \(seed) step \(step)")
            #expect(stream.entriesAdded == added && stream.lastID >= (model.last?.id ?? .zero))
            if step.isMultiple(of: 50) { expectSame(stream, model, &random, seed: seed) }
        }
        expectSame(stream, model, &random, seed: seed)
        stream.forEachNode { _, bytes in #expect(StreamNode.validate(bytes), "seed \(seed)") }
        let copy = stream.copy()
        expectSame(copy, model, &random, seed: seed)
        copy.free()
    }

    private func expectSame(_ stream: Stream, _ model: [ModelEntry], _ random: inout SeededGenerator, seed: UInt64) {
        #expect(entries(stream) == model, "seed \(seed)")
        #expect(entries(stream, isReversed: true) == model.reversed(), "seed \(seed)")
        #expect(entries(stream, fieldsPerEntryMax: 1).map(\.id) == model.map(\.id), "seed \(seed)")
        guard let last = model.last?.id else { return }
        let start = StreamID(UInt64.random(in: 0...last.milliseconds, using: &random), 1)
        let end = StreamID(UInt64.random(in: 0...last.milliseconds + 1, using: &random), 2)
        let expected = model.filter { $0.id >= start && $0.id <= end }
        #expect(entries(stream, from: start, to: end) == expected, "seed \(seed)")
        #expect(entries(stream, from: start, to: end, isReversed: true) == expected.reversed(), "seed \(seed)")
    }

    @Test("Finished nodes share blocks, come out of them to be changed, and leave nothing behind")
    func blocks() {
        let before = atoll_memory_used_by_thread()
        let stream = Stream.make()
        var random = SeededGenerator(seed: 3)
        var model: [ModelEntry] = []
        for number in 1...8000 as ClosedRange<UInt64> {
            let entry = ModelEntry(id: StreamID(number, 0), content: [text("field"), text("v:\(number + 1_000_000)")])
            append(stream, entry.id, entry.content)
            model.append(entry)
        }
        var nodeBytes = 0
        stream.forEachNode { nodeBytes += $1.count }
        // What is over: 24 bytes a node, the rest of each block, and the youngest nodes in allocations of their own.
        #expect(stream.byteCount(samples: 0) < nodeBytes * 110 / 100)
        expectSame(stream, model, &random, seed: 3)
        for _ in 0..<400 {
            guard let victim = model.indices.randomElement(using: &random) else { break }
            #expect(stream.remove(model.remove(at: victim).id))
        }
        stream.finishRemoval()
        let copy = stream.copy()
        #expect(stream.trim(StreamTrim(.length(2345))) == model.count - 2345)
        expectSame(stream, Array(model.suffix(2345)), &random, seed: 3)
        expectSame(copy, model, &random, seed: 3)
        stream.free()
        #expect(copy.trim(StreamTrim(.length(0))) == model.count)
        append(copy, StreamID(9000, 0), [text("a"), text("b")])
        #expect(entries(copy).count == 1)
        copy.free()
        #expect(atoll_memory_used_by_thread() == before)
    }

    @Test("Damaged nodes are refused, or can be walked to their end", arguments: 1...4 as ClosedRange<UInt64>)
    func damaged(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let stream = Stream.make()
        defer { stream.free() }
        for number in 1...20 as ClosedRange<UInt64> { append(stream, StreamID(number, 0), randomContent(&random)) }
        var node: [UInt8] = []
        stream.forEachNode { _, bytes in node = bytes.array }
        for _ in 0..<3000 {
            var damaged = node
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            damaged.withUnsafeBytes { bytes in
                guard StreamNode.validate(bytes) else { return }
                let other = Stream.make()
                if other.appendNode(StreamID(1, 0), copying: bytes) {
                    #expect(entries(other).count == entries(other, isReversed: true).count)
                }
                other.free()
            }
        }
    }

    @Test("Ids are read and written as Redis does")
    func idText() {
        func parse(_ string: String) -> StreamID? { text(string).withUnsafeBytes { StreamID.parse($0) } }
        #expect(parse("5") == StreamID(5, 0))
        #expect(parse("005-07") == StreamID(5, 7))
        #expect(parse("18446744073709551615-18446744073709551615") == .max)
        // Redis reads the parts with strtoull, which passes over spaces and a plus sign in front.
        #expect(parse(" 1") == StreamID(1, 0))
        #expect(parse("+1- 2") == StreamID(1, 2))
        for bad in ["", "-", "+", "-5", "5-", "5-*", "5-x", "18446744073709551616", "1-2-3", "1 "] {
            #expect(parse(bad) == nil, "\(bad)")
        }
        withUnsafeTemporaryAllocation(byteCount: StreamID.textLengthMax, alignment: 8) { room in
            guard let start = room.baseAddress else { return }
            for id in [StreamID.zero, .max, StreamID(.max / 2 + 1, .max / 2), StreamID(1_526_919_030_474, 55)] {
                let written = ByteSlice(start: start, count: id.write(to: start)).text
                #expect(written == "\(id.milliseconds)-\(id.sequence)")
                #expect(parse(written) == id)
            }
        }
    }

    @Test("Pending entries agree with a dictionary", arguments: 1...8 as ClosedRange<UInt64>)
    func groups(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let stream = Stream.make()
        defer { stream.free() }
        let group = text("group").withUnsafeBytes { stream.addGroup($0, lastID: .zero, entriesRead: nil) }
        var model: [StreamID: (consumer: String, count: Int64)] = [:]
        for step in 0..<3000 {
            let name = "consumer\(Int.random(in: 0..<5, using: &random))"
            let consumer = text(name).withUnsafeBytes { bytes in
                group.consumer(bytes) ?? group.addConsumer(bytes, now: 7)
            }
            let id = StreamID(UInt64.random(in: 0..<300, using: &random), 0)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<60:
                group.setPending(id, PendingEntry(deliveryTime: 1, deliveryCount: Int64(step), consumer: consumer))
                model[id] = (name, Int64(step))
            case 60..<99:
                #expect(group.removePending(id) == (model.removeValue(forKey: id) != nil), "seed \(seed)")
            default:
                group.removeConsumer(consumer)
                model = model.filter { $0.value.consumer != name }
            }
        }
        expectSame(group, model, seed: seed)
        let copy = stream.copy()
        expectSame(copy.group(at: 0), model, seed: seed)
        copy.free()
        #expect(stream.byteCount(samples: 0) > model.count * 56)
        _ = text("group").withUnsafeBytes { stream.removeGroup($0) }
        #expect(stream.groupCount == 0)
    }

    private func expectSame(
        _ group: StreamGroup, _ model: [StreamID: (consumer: String, count: Int64)], seed: UInt64
    ) {
        #expect(group.pendingCount == model.count, "seed \(seed)")
        var consumers = 0
        for index in 0..<group.consumerCount {
            let consumer = group.consumer(at: index)
            consumers += consumer.pendingCount
            let ids = consumer.pending
            var position = ids.firstPosition
            while let here = position {
                let id = ids.slot(here).pointee.id
                #expect(model[id]?.consumer == consumer.name.text, "seed \(seed)")
                #expect(group.pendingEntry(id)?.pointee.value.deliveryCount == model[id]?.count, "seed \(seed)")
                #expect(group.pendingEntry(id)?.pointee.value.consumer == consumer, "seed \(seed)")
                position = ids.next(here)
            }
        }
        #expect(consumers == model.count, "seed \(seed)")
    }
}

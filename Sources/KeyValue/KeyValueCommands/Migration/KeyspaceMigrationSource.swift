// Values of the keyspace on their way to another server. The key is looked up anew for every piece, as others are served
// between two of them. It does not change meanwhile, since its writers wait, but it may fall due or be evicted.

import Bytes
import KeyValuePersistence
import Keyspace
import RESP

/// What a migration reads from.
final class KeyspaceMigrationSource: MigrationSource {
    private let engine: EngineReference
    private let databaseIndex: Int
    private var key: [UInt8] = []
    /// Where the next piece begins.
    private var place = Place()

    /// A place in a large value; which of its parts count depends on the type.
    private struct Place {
        /// The kind of value that the walk is through.
        var kind = ValueKind.stringInline
        /// A byte, an element, a bucket, a rank.
        var offset = 0
        /// The last entry of a stream that has been appended.
        var lastID: StreamID?
        var group: GroupPlace?
    }

    /// A place behind the entries of a stream.
    private struct GroupPlace {
        var index = 0
        var hasBegun = false
        var consumerIndex = 0
        var lastPendingID: StreamID?
    }

    /// What goes in one payload: neither end takes longer than a millisecond or two for it.
    private static let wholeByteCountMax = 256 << 10
    private static let wholeElementCountMax = 4096
    private static let wholeNodeCountMax = 256
    /// Bytes of a piece, unless one element is longer.
    private static let pieceByteCountMax = 128 << 10
    /// What Redis takes as one argument (proto-max-bulk-len): 512 MB.
    private static let argumentByteCountMax = 512 << 20

    init(_ engine: EngineReference, databaseIndex: Int) {
        self.engine = engine
        self.databaseIndex = databaseIndex
    }

    private func entry(_ key: [UInt8]) -> Entry? {
        key.withUnsafeBytes {
            engine.find($0, in: engine.pointee.databases + databaseIndex, index: databaseIndex).entry
        }
    }

    func lifetime(of key: [UInt8]) -> MigrationLifetime {
        guard let entry = entry(key) else { return .gone }
        guard let expiry = entry.expiry else { return .unlimited }
        return .milliseconds(max(expiry - engine.pointee.now, 1))
    }

    // MARK: - Whole values

    func open(_ key: [UInt8]) -> MigrationValue {
        guard let entry = entry(key) else { return .gone }
        self.key = key
        place = Place()
        place.kind = entry.kind
        guard entry.kind.isPointer else { return .whole }
        let pointer = entry.pointer
        if let pieces = Self.pieces(entry.kind, pointer) { return pieces }
        let byteCount = ValueMemory.byteCount(kind: entry.kind, pointer: pointer, samples: 1)
        return byteCount < Self.argumentByteCountMax ? .whole : .tooLarge
    }

    /// The command and the number of a value that is too large to go whole.
    private static func pieces(_ kind: ValueKind, _ pointer: UnsafeMutableRawPointer) -> MigrationValue? {
        switch kind {
        case .stringBuffer:
            let count = StringBuffer(pointer).bytes.count
            return count > wholeByteCountMax ? .pieces(countCommand: "STRLEN", count: count) : nil
        case .listNodes:
            let list = ListValue(kind: kind, base: pointer)
            guard list.nodeCount > wholeNodeCountMax || isLong(kind, pointer) else { return nil }
            return .pieces(countCommand: "LLEN", count: list.count)
        case .setTable: return tablePieces(kind, pointer, "SCARD")
        case .hashTable: return tablePieces(kind, pointer, "HLEN")
        case .sortedSetTree: return tablePieces(kind, pointer, "ZCARD")
        case .stream:
            let stream = Stream(pointer)
            guard stream.nodeCount > wholeNodeCountMax || stream.effort > wholeElementCountMax || isLong(kind, pointer)
            else { return nil }
            // An empty stream has no entry that could make the temporary key.
            return stream.isEmpty ? nil : .pieces(countCommand: "XLEN", count: stream.length)
        default: return nil
        }
    }

    private static func tablePieces(
        _ kind: ValueKind, _ pointer: UnsafeMutableRawPointer, _ countCommand: String
    ) -> MigrationValue? {
        let count = ValueMemory.effort(kind: kind, pointer: pointer)
        guard count > wholeElementCountMax || isLong(kind, pointer) else { return nil }
        return .pieces(countCommand: countCommand, count: count)
    }

    /// Whether the value takes many bytes; for values of not too many elements, since it looks at each.
    private static func isLong(_ kind: ValueKind, _ pointer: UnsafeMutableRawPointer) -> Bool {
        ValueMemory.byteCount(kind: kind, pointer: pointer, samples: 0) > wholeByteCountMax * 2
    }

    func appendPayload(to output: inout OutputBuffer) {
        guard let entry = entry(key) else { return output.append(argument: ByteSlice(start: nil, count: 0)) }
        let state = engine.pointee.extensions.part(DumpState.self) { DumpState() }
        state.prepare(engine.pointee.settings)
        state.writer.write(entry.record) { state.payload.append($0) }
        output.append(argument: state.payload.readable)
        state.forgetPayload()
    }

    // MARK: - Pieces

    func appendPiece(to output: inout OutputBuffer, key target: [UInt8], elementCountMax: Int) -> MigrationPiece {
        guard let entry = entry(key), entry.kind == place.kind else { return .gone }
        switch entry.kind {
        case .stringBuffer: return appendString(StringBuffer(entry.pointer).bytes, &output, target, elementCountMax)
        case .listNodes:
            return appendList(ListValue(kind: entry.kind, base: entry.pointer), &output, target, elementCountMax)
        case .setTable, .hashTable: return appendTable(entry, &output, target, elementCountMax)
        case .sortedSetTree:
            let value = SortedSetValue(kind: entry.kind, pointer: entry.pointer)
            return appendSortedSet(value, &output, target, elementCountMax)
        case .stream:
            let stream = Stream(entry.pointer)
            if place.group == nil { return appendEntries(stream, &output, target, elementCountMax) }
            return appendGroups(stream, &output, target, elementCountMax)
        default: return .gone
        }
    }

    private func appendString(
        _ bytes: ByteSlice, _ output: inout OutputBuffer, _ target: [UInt8], _ elementCountMax: Int
    ) -> MigrationPiece {
        guard place.offset < bytes.count else { return .end }
        let end = min(place.offset + Self.pieceByteCountMax, bytes.count)
        output.append(requestOf: 3)
        output.append(argument: ("APPEND" as StaticString).bytes)
        output.append(argument: target)
        output.append(argument: bytes.slice(place.offset, end))
        place.offset = end
        return .commands(1)
    }

    /// Appends one command of arguments whose number is known only when they are there.
    private func appendCommand(
        _ name: StaticString, _ target: [UInt8], _ output: inout OutputBuffer,
        _ body: (inout OutputBuffer) -> Int
    ) -> MigrationPiece {
        var elements = OutputBuffer()
        let count = body(&elements)
        guard count > 0 else { return count < 0 ? .tooLarge : .end }
        output.append(requestOf: count + 2)
        output.append(argument: name.bytes)
        output.append(argument: target)
        output.append(elements.readable)
        return .commands(1)
    }

    private func appendList(
        _ list: ListValue, _ output: inout OutputBuffer, _ target: [UInt8], _ elementCountMax: Int
    ) -> MigrationPiece {
        guard place.offset < list.count, var cursor = list.cursor(at: place.offset) else { return .end }
        return appendCommand("RPUSH", target, &output) { elements in
            var count = 0
            repeat {
                guard elements.append(element: cursor.value, byteCountMax: Self.argumentByteCountMax) else { return -1 }
                count += 1
            } while count < elementCountMax && elements.count < Self.pieceByteCountMax && cursor.moveToNext()
            place.offset += count
            return count
        }
    }

    private func appendTable(
        _ entry: Entry, _ output: inout OutputBuffer, _ target: [UInt8], _ elementCountMax: Int
    ) -> MigrationPiece {
        let kind = entry.kind
        guard let table = ValueMemory.table(kind: kind, pointer: entry.pointer) else { return .gone }
        return appendCommand(kind == .setTable ? "SADD" : "HSET", target, &output) { elements in
            var count = 0
            var isTooLarge = false
            while place.offset < table.pointee.bucketCount, count < elementCountMax,
                elements.count < Self.pieceByteCountMax
            {
                table.pointee.forEach(inBucket: place.offset) { slot in
                    elements.append(argument: slot.record.key)
                    count += 1
                    isTooLarge = isTooLarge || slot.record.key.count > Self.argumentByteCountMax
                    guard kind == .hashTable else { return }
                    let value = FieldTable.value(of: slot.record)
                    elements.append(argument: value)
                    count += 1
                    isTooLarge = isTooLarge || value.count > Self.argumentByteCountMax
                }
                place.offset += 1
            }
            return isTooLarge ? -1 : count
        }
    }

    private func appendSortedSet(
        _ value: SortedSetValue, _ output: inout OutputBuffer, _ target: [UInt8], _ elementCountMax: Int
    ) -> MigrationPiece {
        guard place.offset < value.count else { return .end }
        let wanted = min(elementCountMax, value.count - place.offset)
        var cursor = value.cursor(fromRank: place.offset, count: wanted)
        return appendCommand("ZADD", target, &output) { elements in
            var count = 0
            while elements.count < Self.pieceByteCountMax, let next = cursor.next() {
                elements.append(score: next.score)
                guard elements.append(element: next.member, byteCountMax: Self.argumentByteCountMax) else { return -1 }
                count += 1
            }
            place.offset += count
            return count * 2
        }
    }

    // MARK: - Streams

    private func appendEntries(
        _ stream: Stream, _ output: inout OutputBuffer, _ target: [UInt8], _ elementCountMax: Int
    ) -> MigrationPiece {
        let start = place.lastID.map { $0.successor ?? .max } ?? .zero
        var iterator = StreamIterator(stream, from: start)
        var count = 0
        let before = output.count
        while count < elementCountMax, output.count - before < Self.pieceByteCountMax, iterator.next() {
            output.append(requestOf: 3 + iterator.fieldCount * 2)
            output.append(argument: ("XADD" as StaticString).bytes)
            output.append(argument: target)
            output.append(id: iterator.id)
            while iterator.nextField() {
                _ = output.append(element: iterator.name, byteCountMax: Self.argumentByteCountMax)
                _ = output.append(element: iterator.value, byteCountMax: Self.argumentByteCountMax)
            }
            place.lastID = iterator.id
            count += 1
        }
        if count > 0 { return .commands(count) }
        place.group = GroupPlace()
        output.append(requestOf: 7)
        output.append(argument: ("XSETID" as StaticString).bytes)
        output.append(argument: target)
        output.append(id: stream.lastID)
        output.append(argument: ("ENTRIESADDED" as StaticString).bytes)
        output.append(argument: stream.entriesAdded)
        output.append(argument: ("MAXDELETEDID" as StaticString).bytes)
        output.append(id: stream.maxDeletedID)
        return .commands(1)
    }

    private func appendGroups(
        _ stream: Stream, _ output: inout OutputBuffer, _ target: [UInt8], _ elementCountMax: Int
    ) -> MigrationPiece {
        var count = 0
        while count < elementCountMax, let here = place.group, here.index < stream.groupCount {
            let group = stream.group(at: here.index)
            if !here.hasBegun {
                append(group, &output, target)
                place.group?.hasBegun = true
            } else if here.consumerIndex < group.consumerCount {
                output.append(requestOf: 5)
                output.append(argument: ("XGROUP" as StaticString).bytes)
                output.append(argument: ("CREATECONSUMER" as StaticString).bytes)
                output.append(argument: target)
                output.append(argument: group.name)
                output.append(argument: group.consumer(at: here.consumerIndex).name)
                place.group?.consumerIndex += 1
            } else if appendPending(group, after: here.lastPendingID, &output, target) {
            } else {
                place.group = GroupPlace(index: here.index + 1)
                continue
            }
            count += 1
        }
        return count > 0 ? .commands(count) : .end
    }

    private func append(_ group: StreamGroup, _ output: inout OutputBuffer, _ target: [UInt8]) {
        output.append(requestOf: group.entriesRead == nil ? 5 : 7)
        output.append(argument: ("XGROUP" as StaticString).bytes)
        output.append(argument: ("CREATE" as StaticString).bytes)
        output.append(argument: target)
        output.append(argument: group.name)
        output.append(id: group.lastID)
        guard let entriesRead = group.entriesRead else { return }
        output.append(argument: ("ENTRIESREAD" as StaticString).bytes)
        output.append(argument: entriesRead)
    }

    /// Appends the next delivery that was not acknowledged; false if there is none.
    private func appendPending(
        _ group: StreamGroup, after last: StreamID?, _ output: inout OutputBuffer, _ target: [UInt8]
    ) -> Bool {
        let start = last.map { $0.successor ?? .max } ?? .zero
        guard let position = group.pending.lowerBound(start) else { return false }
        let slot = group.pending.slot(position)
        if let last, slot.pointee.id <= last { return false }
        let entry = slot.pointee.value
        output.append(requestOf: 12)
        output.append(argument: ("XCLAIM" as StaticString).bytes)
        output.append(argument: target)
        output.append(argument: group.name)
        output.append(argument: entry.consumer.name)
        output.append(argument: 0)
        output.append(id: slot.pointee.id)
        output.append(argument: ("TIME" as StaticString).bytes)
        output.append(argument: entry.deliveryTime)
        output.append(argument: ("RETRYCOUNT" as StaticString).bytes)
        output.append(argument: entry.deliveryCount)
        output.append(argument: ("FORCE" as StaticString).bytes)
        output.append(argument: ("JUSTID" as StaticString).bytes)
        place.group?.lastPendingID = slot.pointee.id
        return true
    }
}

extension OutputBuffer {
    /// Appends an element as an argument; false, and nothing, if it is longer than that.
    fileprivate mutating func append(element: ListPackValue, byteCountMax: Int) -> Bool {
        guard element.byteCount <= byteCountMax else { return false }
        if let text = element.text { append(argument: text) } else { append(argument: element.integer ?? 0) }
        return true
    }

    fileprivate mutating func append(score: Double) {
        withUnsafeTemporaryAllocation(byteCount: DoubleText.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            append(argument: ByteSlice(start: start, count: DoubleText.write(score, to: start)))
        }
    }

    fileprivate mutating func append(id: StreamID) {
        withUnsafeTemporaryAllocation(byteCount: StreamID.textLengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            append(argument: ByteSlice(start: start, count: id.write(to: start)))
        }
    }
}

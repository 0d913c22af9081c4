import Bytes
import Glibc
import Keyspace
import RESP

extension ListCommands {
    static func lmove(_ call: inout Call) {
        guard let from = end(call, 3), let to = end(call, 4) else { return }
        move(call, from, to)
    }

    static func rpoplpush(_ call: inout Call) { move(call, .tail, .head) }

    private static func move(_ call: Call, _ from: ListEnd, _ to: ListEnd) {
        guard let place = call.write(call[1], .list) else { return }
        guard let source = place.entry else { return call.reply.null() }
        moveElement(call, source, from, to)
    }

    /// Moves an element from the list of the first argument to that of the second and replies it; false if it replied
    /// an error instead.
    @discardableResult
    static func moveElement(_ call: Call, _ source: Entry, _ from: ListEnd, _ to: ListEnd) -> Bool {
        if call[1].equals(call[2]) {
            rotate(call, source, from, to)
            return true
        }
        guard let target = call.write(call[2], .list), let value = ListValue(source).peek(from) else { return false }
        let isNew = target.entry == nil
        withUnsafeTemporaryAllocation(byteCount: ListPackValue.scratchByteCount, alignment: 1) { scratch in
            guard let room = scratch.baseAddress else { return }
            let bytes = value.bytes(scratch: room)
            call.reply.bulk(bytes)
            pushMoved(call, target, bytes, to)
        }
        // A new key may have moved the old ones' entries.
        guard let source = isNew ? call.peek(call[1]).entry : source else { return false }
        var list = ListValue(source)
        list.removeEnd(from)
        taken(call, source, list, call[1], from: from, count: 1)
        return true
    }

    private static func pushMoved(_ call: Call, _ target: KeyPlace, _ bytes: ByteSlice, _ end: ListEnd) {
        let limits = call.encoding.list
        var list = target.entry.map { ListValue($0) } ?? ListValue.make()
        list.prepareForGrowth(byteCount: bytes.count, count: 1, limits: limits)
        list.push(bytes, at: end, limits: limits)
        if let entry = target.entry {
            list.store(in: entry)
        } else {
            call.add(target, kind: list.kind, pointer: list.base)
        }
        call.signalModified(call[2])
        call.notify(.list, end == .head ? "lpush" : "rpush", call[2])
    }

    /// Source and destination are the same list.
    private static func rotate(_ call: Call, _ entry: Entry, _ from: ListEnd, _ to: ListEnd) {
        let limits = call.encoding.list
        var list = ListValue(entry)
        guard let value = list.peek(from) else { return call.reply.null() }
        call.reply.bulk(value)
        if from != to {
            // The element leaves the memory that it is in before it comes back.
            withUnsafeTemporaryAllocation(byteCount: value.byteCountMax, alignment: 1) { scratch in
                guard let room = scratch.baseAddress else { return }
                let bytes = value.bytes(scratch: room)
                if let start = bytes.baseAddress, start != UnsafeRawPointer(room) { memcpy(room, start, bytes.count) }
                list.removeEnd(from)
                list.prepareForGrowth(byteCount: bytes.count, count: 1, limits: limits)
                list.push(ByteSlice(start: room, count: bytes.count), at: to, limits: limits)
            }
        }
        call.signalModified(call[2])
        call.notify(.list, to == .head ? "lpush" : "rpush", call[2])
        taken(call, entry, list, call[1], from: from, count: 1)
    }
}

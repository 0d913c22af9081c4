import Bytes
import Keyspace
import RESP

extension ListCommands {
    static func lpush(_ call: inout Call) { push(call, .head, onlyIfThere: false) }
    static func rpush(_ call: inout Call) { push(call, .tail, onlyIfThere: false) }
    static func lpushx(_ call: inout Call) { push(call, .head, onlyIfThere: true) }
    static func rpushx(_ call: inout Call) { push(call, .tail, onlyIfThere: true) }

    @inline(__always)
    private static func push(_ call: Call, _ end: ListEnd, onlyIfThere: Bool) {
        let key = call[1]
        guard let place = call.write(key, .list) else { return }
        if place.entry == nil && onlyIfThere { return call.reply.integer(0) }
        let limits = call.encoding.list
        var byteCount = 0
        for index in 2..<call.count { byteCount += call[index].count }
        var list =
            place.entry.map { ListValue($0) } ?? ListValue.make(capacityBytes: newByteCount(byteCount, call.count))
        list.prepareForGrowth(byteCount: byteCount, count: call.count - 2, limits: limits)
        for index in 2..<call.count { list.push(call[index], at: end, limits: limits) }
        if let entry = place.entry {
            list.store(in: entry)
        } else {
            call.add(place, kind: list.kind, pointer: list.base)
        }
        call.reply.integer(list.count)
        call.changed(key, .list, end == .head ? "lpush" : "rpush")
        if call.count > 3 { call.countChanges(call.count - 3) }
    }

    /// Bytes of a new listpack for all elements of a command: each has two bytes around it while they are short.
    @inline(__always)
    private static func newByteCount(_ byteCount: Int, _ argumentCount: Int) -> Int {
        byteCount <= 1024 ? 7 + byteCount + 2 * (argumentCount - 2) : 0
    }

    static func linsert(_ call: inout Call) {
        let after = call.matches(2, "after")
        guard after || call.matches(2, "before") else { return call.syntaxError() }
        let key = call[1]
        guard let place = call.write(key, .list) else { return }
        guard let entry = place.entry else { return call.reply.integer(0) }
        let limits = call.encoding.list
        var list = ListValue(entry)
        guard let pivot = list.firstIndex(of: call[3]) else { return call.reply.integer(-1) }
        list.prepareForGrowth(byteCount: call[4].count, count: 1, limits: limits)
        list.insert(call[4], at: after ? pivot + 1 : pivot, limits: limits)
        list.store(in: entry)
        call.changed(key, .list, "linsert")
        call.reply.integer(list.count)
    }

    static func lset(_ call: inout Call) {
        let key = call[1]
        guard let place = call.write(key, .list) else { return }
        guard let entry = place.entry else { return call.noSuchKey() }
        guard let index = call.integer(2) else { return }
        let limits = call.encoding.list
        var list = ListValue(entry)
        list.prepareForGrowth(byteCount: call[3].count, count: 1, limits: limits)
        let replaced = list.replace(at: Int(index), with: call[3], limits: limits)
        if replaced { list.convertAfterRemoval(limits: limits) }
        list.store(in: entry)
        guard replaced else { return call.outOfRange() }
        call.reply.ok()
        call.changed(key, .list, "lset")
    }
}

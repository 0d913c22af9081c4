import Bytes
import Keyspace
import RESP

/// Commands that take the members with the lowest or highest scores.
enum SortedSetPopCommands {
    private enum End {
        case lowest, highest

        var event: StaticString { self == .lowest ? "zpopmin" : "zpopmax" }
    }

    // MARK: - ZPOPMIN and ZPOPMAX

    static func zpopmin(_ call: inout Call) { pop(call, .lowest) }
    static func zpopmax(_ call: inout Call) { pop(call, .highest) }

    private static func pop(_ call: Call, _ end: End) {
        guard call.count <= 3 else { return call.syntaxError() }
        var wanted = 1
        if call.count == 3 {
            let error = "ERR value is out of range, must be positive"
            guard let count = call.integer(2, in: 0...Int64.max, error: error) else { return }
            wanted = Int(count)
        }
        guard let place = call.write(call[1], .sortedSet) else { return }
        guard let entry = place.entry, wanted > 0 else { return call.reply.emptyArray() }
        let isNested = call.count == 3 && call.reply.isRESP3
        let count = min(wanted, SortedSetValue(entry).count)
        call.reply.array(isNested ? count : count * 2)
        take(call, entry, call[1], count, end, isNested: isNested)
    }

    /// Replies members with their scores and removes them; the array around them has been begun.
    private static func take(
        _ call: Call, _ entry: Entry, _ key: ByteSlice, _ count: Int, _ end: End, isNested: Bool
    ) {
        let value = SortedSetValue(entry)
        let total = value.count
        var cursor = value.cursor(
            fromRank: end == .lowest ? 0 : total - 1, count: count, isReversed: end == .highest)
        while let element = cursor.next() {
            if isNested { call.reply.array(2) }
            call.reply.element(element.member)
            call.reply.double(element.score)
        }
        SortedSetRangeCommands.removeRanks(
            call, entry, key, end == .lowest ? 0..<count : (total - count)..<total, end.event)
    }

    // MARK: - BZPOPMIN and BZPOPMAX

    static func bzpopmin(_ call: inout Call) { blockingPop(call, .lowest) }
    static func bzpopmax(_ call: inout Call) { blockingPop(call, .highest) }

    private static func blockingPop(_ call: Call, _ end: End) {
        let keys = 1..<(call.count - 1)
        guard let timeout = call.timeoutMilliseconds(call.count - 1) else { return }
        guard let found = find(call, keys) else { return }
        guard let entry = found.entry else { return wait(call, keys, timeout) }
        call.reply.array(3)
        call.reply.bulk(found.key)
        if call.isJournalled { call.journalInstead([end.event.bytes, found.key]) }
        take(call, entry, found.key, 1, end, isNested: false)
    }

    private static func wait(_ call: Call, _ keys: Range<Int>, _ timeout: Int64) {
        guard call.mayBlock else { return call.reply.nullArray() }
        call.block(
            on: keys.map { call[$0] }, type: .sortedSet, timeoutMilliseconds: timeout, timeoutReply: .nullArray)
    }

    /// The first of the keys that is there, or the last; nil once WRONGTYPE has been replied.
    private static func find(_ call: Call, _ keys: Range<Int>) -> KeyPlace? {
        var last: KeyPlace?
        for index in keys {
            guard let place = call.write(call[index], .sortedSet) else { return nil }
            if place.entry != nil { return place }
            last = place
        }
        return last
    }

    // MARK: - ZMPOP and BZMPOP

    static func zmpop(_ call: inout Call) {
        let call = call
        guard let request = MultiplePop(call, countIndex: 1), let found = find(call, request.keys) else { return }
        guard let entry = found.entry else { return call.reply.nullArray() }
        take(call, entry, found.key, request)
    }

    static func bzmpop(_ call: inout Call) {
        let call = call
        guard let request = MultiplePop(call, countIndex: 2), let timeout = call.timeoutMilliseconds(1),
            let found = find(call, request.keys)
        else { return }
        guard let entry = found.entry else { return wait(call, request.keys, timeout) }
        take(call, entry, found.key, request)
    }

    private static func take(_ call: Call, _ entry: Entry, _ key: ByteSlice, _ request: MultiplePop) {
        let count = min(request.count, SortedSetValue(entry).count)
        call.reply.array(2)
        call.reply.bulk(key)
        call.reply.array(count)
        if call.isJournalled {
            var text = String(count)
            text.withUTF8 { call.journalInstead([request.end.event.bytes, key, ByteSlice($0)]) }
        }
        take(call, entry, key, count, request.end, isNested: true)
    }

    /// `numkeys key … MIN|MAX [COUNT count]`.
    private struct MultiplePop {
        let keys: Range<Int>
        let end: End
        let count: Int

        /// - Parameter countIndex: where the number of keys is. Nil once the error has been replied.
        init?(_ call: Call, countIndex: Int) {
            let error = "ERR numkeys should be greater than 0"
            guard let keyCount = call.integer(countIndex, in: 1...Int64.max, error: error) else { return nil }
            guard keyCount < call.count - countIndex - 1 else {
                call.syntaxError()
                return nil
            }
            let endIndex = countIndex + 1 + Int(keyCount)
            keys = (countIndex + 1)..<endIndex
            if call.matches(endIndex, "min") {
                end = .lowest
            } else if call.matches(endIndex, "max") {
                end = .highest
            } else {
                call.syntaxError()
                return nil
            }
            guard call.count > endIndex + 1 else {
                count = 1
                return
            }
            guard call.matches(endIndex + 1, "count"), call.count > endIndex + 2 else {
                call.syntaxError()
                return nil
            }
            let countError = "ERR count should be greater than 0"
            guard let given = call.integer(endIndex + 2, in: 1...Int64.max, error: countError) else { return nil }
            count = Int(given)
            guard call.count == endIndex + 3 else {
                call.syntaxError()
                return nil
            }
        }
    }
}

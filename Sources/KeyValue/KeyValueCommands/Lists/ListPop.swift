import Bytes
import Keyspace
import RESP

extension ListCommands {
    static func lpop(_ call: inout Call) { pop(call, .head) }
    static func rpop(_ call: inout Call) { pop(call, .tail) }

    @inline(__always)
    private static func pop(_ call: Call, _ end: ListEnd) {
        if call.count > 2 { return popSeveral(call, end) }
        let key = call[1]
        guard let place = call.write(key, .list) else { return }
        guard let entry = place.entry else { return call.reply.null() }
        popOne(call, entry, key, end)
    }

    /// Replies the element at an end and removes it.
    @inline(__always)
    static func popOne(_ call: Call, _ entry: Entry, _ key: ByteSlice, _ end: ListEnd) {
        var list = ListValue(entry)
        guard let value = list.peek(end) else { return call.reply.null() }
        call.reply.bulk(value)
        list.removeEnd(end)
        taken(call, entry, list, key, from: end, count: 1)
    }

    private static func popSeveral(_ call: Call, _ end: ListEnd) {
        if call.count > 3 { return call.wrongArgumentCount() }
        guard let count = call.integer(2, in: 0...Int64.max, error: "ERR value is out of range, must be positive")
        else {
            return
        }
        let key = call[1]
        guard let place = call.write(key, .list) else { return }
        guard let entry = place.entry else { return call.reply.nullArray() }
        if count == 0 { return call.reply.emptyArray() }
        popRange(call, entry, key, end, countMax: Int(count))
    }

    /// Replies the elements at an end, the outermost first, and removes them; returns how many.
    @discardableResult
    static func popRange(_ call: Call, _ entry: Entry, _ key: ByteSlice, _ end: ListEnd, countMax: Int) -> Int {
        var list = ListValue(entry)
        let total = list.count
        let count = min(countMax, total)
        call.reply.elements(of: list, from: end == .head ? 0 : total - 1, count: count, towardsHead: end == .tail)
        removeRange(call, &list, from: end == .head ? 0 : total - count, count: count)
        taken(call, entry, list, key, from: end, count: count)
        return count
    }

    /// LMPOP numkeys key [key ...] LEFT|RIGHT [COUNT count]
    static func lmpop(_ call: inout Call) {
        guard let request = MultiplePop(call, keyCountIndex: 1) else { return }
        if !popFromFirst(call, request) { call.reply.nullArray() }
    }

    /// The arguments of LMPOP and BLMPOP.
    struct MultiplePop {
        let firstKey: Int
        let keyCount: Int
        let end: ListEnd
        let count: Int

        /// Nil once the error has been replied.
        init?(_ call: Call, keyCountIndex: Int) {
            guard
                let keyCount = call.integer(
                    keyCountIndex, in: 1...Int64.max, error: "ERR numkeys should be greater than 0")
            else { return nil }
            guard keyCount < call.count - keyCountIndex - 1 else {
                call.syntaxError()
                return nil
            }
            firstKey = keyCountIndex + 1
            self.keyCount = Int(keyCount)
            let endIndex = firstKey + self.keyCount
            guard let end = ListCommands.end(call, endIndex) else { return nil }
            self.end = end
            guard endIndex + 1 < call.count else {
                count = 1
                return
            }
            guard endIndex + 3 == call.count, call.matches(endIndex + 1, "count") else {
                // Redis reads a first COUNT before it stumbles over what follows.
                if endIndex + 3 < call.count, call.matches(endIndex + 1, "count"),
                    call.integer(endIndex + 2, in: 1...Int64.max, error: countError) == nil
                {
                    return nil
                }
                call.syntaxError()
                return nil
            }
            guard let count = call.integer(endIndex + 2, in: 1...Int64.max, error: countError) else { return nil }
            self.count = Int(count)
        }
    }

    private static let countError = "ERR count should be greater than 0"

    /// Pops from the first list that there is and replies its key and the elements. False if there is none; true as
    /// well when an error has been replied.
    static func popFromFirst(_ call: Call, _ request: MultiplePop) -> Bool {
        for index in request.firstKey..<(request.firstKey + request.keyCount) {
            let key = call[index]
            guard let place = call.write(key, .list) else { return true }
            guard let entry = place.entry else { continue }
            call.reply.array(2)
            call.reply.bulk(key)
            let count = popRange(call, entry, key, request.end, countMax: request.count)
            journalPop(call, key, request.end, count: count)
            return true
        }
        return false
    }

    /// What happened, for the journal: LPOP or RPOP, with a count if one is given.
    static func journalPop(_ call: Call, _ key: ByteSlice, _ end: ListEnd, count: Int?) {
        guard call.isJournalled else { return }
        let name = (end == .head ? "LPOP" : "RPOP" as StaticString).bytes
        guard let count else { return call.journalInstead([name, key]) }
        withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 1) { scratch in
            guard let room = scratch.baseAddress else { return }
            let digits = ByteSlice(start: room, count: Decimal.write(Int64(count), to: room))
            call.journalInstead([name, key, digits])
        }
    }
}

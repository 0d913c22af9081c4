import Bytes
import Keyspace
import RESP

extension ListCommands {
    static func ltrim(_ call: inout Call) {
        guard let start = call.integer(2), let stop = call.integer(3) else { return }
        let key = call[1]
        guard let place = call.write(key, .list) else { return }
        guard let entry = place.entry else { return call.reply.ok() }
        var list = ListValue(entry)
        let total = list.count
        call.reply.ok()
        if let kept = indexRange(start, stop, count: total) {
            removeRange(call, &list, from: kept.upperBound, count: total - kept.upperBound)
            removeRange(call, &list, from: 0, count: kept.lowerBound)
            list.convertAfterRemoval(limits: call.encoding.list)
            list.store(in: entry)
            call.countChanges(total - kept.count)
            call.signalModified(key)
            call.notify(.list, "ltrim", key)
        } else {
            // The value leaves with its key, which the reclaimer does in slices if it is big.
            call.countChanges(total)
            call.signalModified(key)
            call.notify(.list, "ltrim", key)
            call.removeEmptied(entry, key)
        }
    }

    static func lrem(_ call: inout Call) {
        guard let count = call.integer(2) else { return }
        let key = call[1]
        guard let place = call.write(key, .list) else { return }
        guard let entry = place.entry else { return call.reply.integer(0) }
        var list = ListValue(entry)
        let countMax = count == 0 ? Int.max : Int(clamping: count.magnitude)
        let removed = list.removeMatches(call[3], countMax: countMax, from: count < 0 ? .tail : .head)
        call.reply.integer(removed)
        guard removed > 0 else { return }
        let isEmpty = list.count == 0
        if !isEmpty { list.convertAfterRemoval(limits: call.encoding.list) }
        list.store(in: entry)
        call.changed(key, .list, "lrem")
        call.countChanges(removed - 1)
        if isEmpty { call.removeEmptied(entry, key) }
    }
}

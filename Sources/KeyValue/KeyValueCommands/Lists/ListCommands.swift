import Bytes
import Keyspace
import RESP

/// The commands on lists.
enum ListCommands {
    /// LEFT or RIGHT; nil once the error has been replied.
    static func end(_ call: Call, _ index: Int) -> ListEnd? {
        if call.matches(index, "left") { return .head }
        if call.matches(index, "right") { return .tail }
        call.syntaxError()
        return nil
    }

    /// Removes elements from an index on; much memory is given back by the helper thread.
    static func removeRange(_ call: Call, _ list: inout ListValue, from index: Int, count: Int) {
        guard let detached = list.removeRange(from: index, count: count) else { return }
        call.database.pointee.reclaim(kind: detached.kind, pointer: detached.base)
    }

    /// Stores a list that elements were taken from, or removes its key if none are left; with the events.
    static func taken(
        _ call: Call, _ entry: Entry, _ list: ListValue, _ key: ByteSlice, from end: ListEnd, count: Int
    ) {
        var list = list
        let isEmpty = list.count == 0
        if !isEmpty { list.convertAfterRemoval(limits: call.encoding.list) }
        list.store(in: entry)
        call.changed(key, .list, end == .head ? "lpop" : "rpop")
        if count > 1 { call.countChanges(count - 1) }
        if isEmpty { call.removeEmptied(entry, key) }
    }
}

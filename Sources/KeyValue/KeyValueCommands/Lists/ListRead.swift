import Bytes
import Keyspace
import RESP

extension ListCommands {
    static func llen(_ call: inout Call) {
        guard let place = call.read(call[1], .list) else { return }
        call.reply.integer(place.entry.map { ListValue($0).count } ?? 0)
    }

    static func lindex(_ call: inout Call) {
        guard let place = call.read(call[1], .list) else { return }
        guard let entry = place.entry else { return call.reply.null() }
        guard let index = call.integer(2) else { return }
        guard let cursor = ListValue(entry).cursor(at: Int(index)) else { return call.reply.null() }
        call.reply.bulk(cursor.value)
    }

    static func lrange(_ call: inout Call) {
        guard let start = call.integer(2), let stop = call.integer(3) else { return }
        guard let place = call.read(call[1], .list) else { return }
        guard let entry = place.entry else { return call.reply.emptyArray() }
        let list = ListValue(entry)
        guard let range = indexRange(start, stop, count: list.count) else { return call.reply.emptyArray() }
        call.reply.elements(of: list, from: range.lowerBound, count: range.count, towardsHead: false)
    }

    /// The indices that a start and a stop mean, both included and negative from the end; nil if there are none.
    @inline(__always)
    static func indexRange(_ start: Int64, _ stop: Int64, count: Int) -> Range<Int>? {
        // A negative number plus a count cannot overflow.
        let first = max(start < 0 ? Int(start) + count : Int(start), 0)
        let last = min(stop < 0 ? Int(stop) + count : Int(stop), count - 1)
        return first <= last ? first..<(last + 1) : nil
    }

    static func lpos(_ call: inout Call) {
        guard let search = PositionSearch(call) else { return }
        guard let place = call.read(call[1], .list) else { return }
        guard let entry = place.entry else {
            return search.countMax == nil ? call.reply.null() : call.reply.emptyArray()
        }
        search.run(call, ListValue(entry))
    }

    /// The options of LPOS.
    private struct PositionSearch {
        /// Matches to pass over before the first that counts.
        var skip = 0
        var towardsHead = false
        /// Matches to reply, 0 for all; nil for one and no array.
        var countMax: Int?
        /// Elements to look at; 0 for all.
        var lengthMax = 0

        /// Nil once the error has been replied.
        init?(_ call: Call) {
            var index = 3
            while index < call.count {
                let hasValue = index + 1 < call.count
                if hasValue && call.matches(index, "rank") {
                    guard readRank(call, index + 1) else { return nil }
                } else if hasValue && call.matches(index, "count") {
                    guard
                        let count = call.integer(
                            index + 1, in: 0...Int64.max, error: "ERR COUNT can't be negative")
                    else { return nil }
                    countMax = Int(count)
                } else if hasValue && call.matches(index, "maxlen") {
                    guard
                        let length = call.integer(
                            index + 1, in: 0...Int64.max, error: "ERR MAXLEN can't be negative")
                    else { return nil }
                    lengthMax = Int(length)
                } else {
                    call.syntaxError()
                    return nil
                }
                index += 2
            }
        }

        private mutating func readRank(_ call: Call, _ index: Int) -> Bool {
            guard let rank = call.integer(index) else { return false }
            guard rank != Int64.min else {
                call.error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
                return false
            }
            guard rank != 0 else {
                call.error(
                    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
                        + "or use negative to start from the end of the list")
                return false
            }
            towardsHead = rank < 0
            skip = Int(rank.magnitude) - 1
            return true
        }

        func run(_ call: Call, _ list: ListValue) {
            let total = list.count
            let lookedAt = lengthMax == 0 ? total : min(total, lengthMax)
            let wanted = ListPackElement(call[2])
            let mark = call.reply.beginAggregate()
            var skipped = 0
            var found = 0
            var index = 0
            guard var cursor = list.cursor(at: towardsHead ? -1 : 0) else { return }
            while index < lookedAt {
                if cursor.value.equals(wanted) {
                    if skipped < skip {
                        skipped += 1
                    } else {
                        call.reply.integer(towardsHead ? total - 1 - index : index)
                        found += 1
                        if found == countMax ?? 1 { break }
                    }
                }
                index += 1
                guard towardsHead ? cursor.moveToPrevious() : cursor.moveToNext() else { break }
            }
            if countMax != nil {
                call.reply.endAggregate(mark, count: found)
            } else if found == 0 {
                call.reply.null()
            }
        }
    }
}

import Bytes
import Glibc
import Keyspace
import RESP

// What DEBUG tells of values and tables.
extension DebugCommand {
    /// DEBUG OBJECT. Until snapshots are built, the serialised length is the memory of the value, which is near it.
    static func describeValue(_ call: Call) {
        guard let entry = call.database.pointee.place(call[2]).entry else { return call.noSuchKey() }
        let address = entry.kind.isPointer ? entry.pointer : entry.record.base
        let byteCount =
            entry.kind.isPointer
            ? ValueMemory.byteCount(kind: entry.kind, pointer: entry.pointer, samples: 0) : entry.stringByteCount
        let clock = entry.record.clock
        let idle = AccessClock.idleMilliseconds(clock, now: call.now) / 1000
        var text =
            "Value at:0x\(String(UInt(bitPattern: address), radix: 16)) refcount:1 "
            + "encoding:\(ValueEncoding.name(of: entry)) serializedlength:\(byteCount) "
            + "lru:\(clock) lru_seconds_idle:\(idle)"
        if entry.kind == .listNodes { text += describeNodes(ListValue(entry), call) }
        call.reply.simple(text)
    }

    private static func describeNodes(_ list: ListValue, _ call: Call) -> String {
        let average = Double(list.count) / Double(max(list.nodeCount, 1))
        let hundredths = Int((average * 100).rounded())
        let fraction = hundredths % 100
        let depth = call.settings.encoding.listCompressDepth
        return " ql_nodes:\(list.nodeCount) ql_avg_node:\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
            + " ql_listpack_max:\(call.settings.encoding.listNodeLimit) ql_compressed:\(depth != 0 ? 1 : 0)"
            + " ql_uncompressed_size:\(list.reservedByteCount(samples: 0))"
    }

    /// DEBUG LISTPACK and DEBUG QUICKLIST: the elements with their positions, on standard output.
    static func printPacked(_ call: Call, wantsNodes: Bool) {
        guard let entry = call.peek(call[2]).entry else { return call.noSuchKey() }
        if wantsNodes {
            guard entry.kind == .listNodes else { return call.error("ERR Not a quicklist encoded object.") }
            let list = ListValue(entry)
            print("list of \(list.count) elements in \(list.nodeCount) nodes")
            for index in 0..<list.nodeCount {
                let node = list.nodeContent(at: index)
                print("node \(index): \(node.container), \(node.bytes.count) bytes")
            }
            fflush(nil)
            return call.reply.simple("Quicklist structure printed on stdout" as StaticString)
        }
        switch entry.kind {
        case .listPacked, .setPacked, .hashPacked, .sortedSetPacked: printListPack(ListPack(base: entry.pointer))
        default: return call.error("ERR Not a listpack encoded object.")
        }
        call.reply.simple("Listpack structure printed on stdout" as StaticString)
    }

    private static func printListPack(_ pack: ListPack) {
        print("listpack of \(pack.count) elements, \(pack.bytes.count) bytes")
        var position = pack.firstPosition
        while let here = position {
            print("\(here): \(pack.value(at: here).withBytes { $0.text })")
            position = pack.next(here)
        }
        fflush(nil)
    }

    /// DEBUG HTSTATS: the tables of a database. Keys and expiries lie in one.
    static func describeTables(_ call: Call) {
        guard let index = call.integer(2) else { return }
        guard let database = call.engine.database(index) else { return call.error("ERR Out of range database") }
        let isFull = call.count > 3 && call.matches(3, "full")
        call.reply.verbatim(
            "[Dictionary HT]\n" + describe(database.pointee.table, isFull: isFull)
                + "[Expires HT]\nkeys with an expiry, in the same table: \(database.pointee.volatileCount)\n")
    }

    /// DEBUG HTSTATS-KEY.
    static func describeTable(_ call: Call) {
        guard let entry = call.peek(call[2]).entry else { return call.noSuchKey() }
        let isFull = call.count > 3 && call.matches(3, "full")
        switch entry.kind {
        case .setTable:
            call.reply.verbatim(describe(MemberTable(base: entry.pointer).table.pointee, isFull: isFull))
        case .hashTable:
            call.reply.verbatim(describe(FieldTable(base: entry.pointer).table.pointee, isFull: isFull))
        default:
            call.error("ERR The value stored at the specified key is not represented using an hash table")
        }
    }

    private static func describe(_ table: borrowing HashTable, isFull: Bool) -> String {
        let bucketCount = table.bucketCount
        guard bucketCount > 0 else { return "No stats available for empty dictionaries\n" }
        var text =
            "Hash table 0 stats (main hash table):\n table size: \(bucketCount)\n number of elements: \(table.count)\n"
        guard isFull else { return text }
        var lengths: [Int: Int] = [:]
        for index in 0..<bucketCount { lengths[table.entryCount(inBucket: index), default: 0] += 1 }
        text += " different slots: \(bucketCount - (lengths[0] ?? 0))\n max chain length: \(lengths.keys.max() ?? 0)\n"
        text += " Chain length distribution:\n"
        for (length, count) in lengths.sorted(by: { $0.key < $1.key }) { text += "   \(length): \(count)\n" }
        return text
    }
}

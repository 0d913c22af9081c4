// A snapshot as commands: the base of an append-only file without RDB preamble (aof-use-rdb-preamble no).
//
// Collections are built by commands of up to 64 elements, as Redis writes them. A value whose elements come one by one is
// built as they come; its expiry is set behind the last.

package import Bytes
import Glibc
package import Keyspace

/// Writes keys as the commands that make them.
package final class CommandSnapshotEncoder: SnapshotEncoder {
    private var text = CommandText()
    /// The database of the last key written since the last `take`.
    private var selected = -1
    /// The large value under way: a copy of its key, and when it ends.
    private var large: (key: [UInt8], expiry: Int64?)?
    /// Elements of it that are still to come.
    private var remaining = 0
    /// Elements that still fit into the command under way.
    private var room = 0
    private let functions: [[UInt8]]
    private let seconds: Int64?

    /// - Parameters:
    ///   - functions: sources of libraries.
    ///   - seconds: since 1970, for a note of the time (aof-timestamp-enabled); nil for none.
    package init(functions: [[UInt8]] = [], seconds: Int64? = nil) {
        self.functions = functions
        self.seconds = seconds
    }

    package var byteCount: Int { text.byteCount }

    package func take() -> RDBChunk {
        // What another encoder wrote may come next.
        selected = -1
        return text.take()
    }

    package func makeSide() -> any SnapshotEncoder { CommandSnapshotEncoder() }

    package func begin() {
        if let seconds { text.raw("#TS:\(seconds)\r\n") }
        for function in functions {
            text.command(3)
            text.word("FUNCTION")
            text.word("LOAD")
            function.withUnsafeBytes { text.argument($0) }
        }
    }

    package func select(_ database: SnapshotDatabase) {
        if database.number == selected { return }
        selected = database.number
        text.command(2)
        text.word("SELECT")
        text.argument(Int64(database.number))
    }

    package func key(_ record: Record) {
        switch record.kind {
        case .stringInline: string(record.key, record.inlineBytes)
        case .stringInteger:
            text.command(3)
            text.word("SET")
            text.argument(record.key)
            text.argument(record.integer)
        case .stringBuffer: string(record.key, StringBuffer(record.pointer).bytes)
        case .listPacked, .listNodes: list(record.key, ListValue(kind: record.kind, base: record.pointer))
        case .setIntegers, .setPacked, .setTable:
            set(record.key, SetValue(kind: record.kind, pointer: record.pointer))
        case .hashPacked, .hashTable: hash(record.key, HashValue(kind: record.kind, pointer: record.pointer))
        case .sortedSetPacked, .sortedSetTree:
            sortedSet(record.key, SortedSetValue(kind: record.kind, pointer: record.pointer))
        case .stream: text.stream(record.key, Stream(record.pointer))
        case .member: preconditionFailure("no key")
        }
        expire(record.key, record.expiry)
    }

    private func expire(_ key: ByteSlice, _ expiry: Int64?) {
        guard let expiry else { return }
        text.command(3)
        text.word("PEXPIREAT")
        text.argument(key)
        text.argument(expiry)
    }

    private func string(_ key: ByteSlice, _ value: ByteSlice) {
        text.command(3)
        text.word("SET")
        text.argument(key)
        text.argument(value)
    }

    /// Elements of a command at most (Redis's AOF_REWRITE_ITEMS_PER_CMD).
    private static let elementsMax = 64

    private func list(_ key: ByteSlice, _ list: ListValue) {
        guard var cursor = list.cursor(at: 0) else { return }
        begin(list.count)
        repeat {
            element("RPUSH", key, parts: 1)
            text.argument(cursor.value)
        } while cursor.moveToNext()
    }

    private func set(_ key: ByteSlice, _ set: SetValue) {
        begin(set.count)
        set.forEach { member in
            element("SADD", key, parts: 1)
            text.argument(member)
            return true
        }
    }

    private func hash(_ key: ByteSlice, _ hash: HashValue) {
        begin(hash.count)
        hash.forEach { field, value in
            element("HMSET", key, parts: 2)
            text.argument(field)
            text.argument(value)
        }
    }

    private func sortedSet(_ key: ByteSlice, _ set: SortedSetValue) {
        begin(set.count)
        var cursor = set.cursor(fromRank: 0, count: set.count)
        while let found = cursor.next() {
            element("ZADD", key, parts: 2)
            text.argument(found.score)
            text.argument(found.member)
        }
    }

    // MARK: - Elements

    private func begin(_ count: Int) {
        remaining = count
        room = 0
    }

    /// Begins a command unless the element fits into the one under way.
    private func element(_ name: StaticString, _ key: ByteSlice, parts: Int) {
        if room == 0 {
            room = min(remaining, Self.elementsMax)
            text.command(2 + room * parts)
            text.word(name)
            text.argument(key)
        }
        room -= 1
        remaining -= 1
    }

    // MARK: - Large values

    package func beginLarge(_ record: Record, count: Int) {
        large = (record.key.array, record.expiry)
        begin(count)
    }

    package func element(_ element: Record, of kind: ValueKind) {
        large?.key.withUnsafeBytes { key in
            switch kind {
            case .setTable:
                self.element("SADD", key, parts: 1)
                text.argument(element.key)
            case .hashTable:
                self.element("HMSET", key, parts: 2)
                text.argument(element.key)
                text.argument(FieldTable.value(of: element))
            default:
                self.element("ZADD", key, parts: 2)
                text.argument(element.value.loadUnaligned(as: Double.self))
                text.argument(element.key)
            }
        }
    }

    package func beginLargeList(_ record: Record, nodeCount: Int, elementCount: Int) {
        beginLarge(record, count: elementCount)
    }

    package func listNode(_ container: ListValue.Container, _ bytes: ByteSlice) {
        large?.key.withUnsafeBytes { key in
            guard container == .packed, let base = bytes.baseAddress else {
                element("RPUSH", key, parts: 1)
                return text.argument(bytes)
            }
            let list = ListPack(base: UnsafeMutableRawPointer(mutating: base))
            var position = list.firstPosition
            while let here = position {
                element("RPUSH", key, parts: 1)
                text.argument(list.value(at: here))
                position = list.next(here)
            }
        }
    }

    package func streamNode(_ id: StreamID, _ bytes: ByteSlice) {
        guard let base = bytes.baseAddress else { return }
        // The iterator walks streams: the node stands in one of its own.
        let stream = Stream.make()
        let node = ListPack(base: UnsafeMutableRawPointer(mutating: base)).copy()
        if stream.adoptNode(id, node) {
            large?.key.withUnsafeBytes { text.streamEntries($0, stream) }
        } else {
            node.free()
        }
        stream.free()
    }

    package func streamTail(_ record: Record) { text.streamTail(record.key, Stream(record.pointer)) }
    package func append(_ chunk: RDBChunk) { text.append(chunk) }

    package func endLarge() {
        large?.key.withUnsafeBytes { expire($0, large?.expiry) }
        large = nil
    }

    package func end() {}
}

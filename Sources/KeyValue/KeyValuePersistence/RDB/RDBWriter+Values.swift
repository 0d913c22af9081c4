package import Bytes
package import Keyspace

extension RDBWriter {
    /// A value, whatever its size.
    @inline(__always)
    mutating func value(kind: ValueKind, _ record: Record) {
        switch kind {
        case .stringInline: string(record.inlineBytes)
        case .stringInteger: integer(record.integer)
        case .stringBuffer: string(StringBuffer(record.pointer).bytes)
        default: collection(kind: kind, pointer: record.pointer)
        }
    }

    private mutating func collection(kind: ValueKind, pointer: UnsafeMutableRawPointer) {
        switch kind {
        case .listPacked, .listNodes: list(ListValue(kind: kind, base: pointer))
        case .setIntegers: string(IntegerSet(base: pointer).bytes)
        case .setPacked: packedSet(ListPack(base: pointer))
        case .setTable: table(MemberTable(base: pointer).table) { $0.member($1) }
        case .hashPacked: packedHash(ListPack(base: pointer))
        case .hashTable: table(FieldTable(base: pointer).table) { $0.field($1) }
        case .sortedSetPacked: packedSortedSet(SortedSetValue(kind: kind, pointer: pointer))
        case .sortedSetTree: sortedSet(SortedSetValue(kind: kind, pointer: pointer))
        case .stream: stream(Stream(pointer))
        case .stringInline, .stringInteger, .stringBuffer, .member: preconditionFailure("no collection")
        }
    }

    // MARK: - Lists

    private mutating func list(_ list: ListValue) {
        length(writesListNodes ? list.nodeCount : list.count)
        for index in 0..<list.nodeCount {
            let node = list.nodeContent(at: index)
            listNode(node.container, node.bytes)
        }
    }

    /// One node of a large list.
    package mutating func listNode(_ container: ListValue.Container, _ bytes: ByteSlice) {
        if writesListNodes {
            length(container.rawValue)
            string(bytes)
        } else if container == .plain {
            string(bytes)
        } else if let base = bytes.baseAddress {
            elements(ListPack(base: UnsafeMutableRawPointer(mutating: base)))
        }
    }

    private mutating func elements(_ list: ListPack) {
        var position = list.firstPosition
        while let here = position {
            element(list.value(at: here))
            position = list.next(here)
        }
    }

    // MARK: - Sets and hashes

    private mutating func packedSet(_ list: ListPack) {
        if version >= 11 { return string(list.bytes) }
        length(list.count)
        elements(list)
    }

    private mutating func packedHash(_ list: ListPack) {
        if version >= 10 { return string(list.bytes) }
        length(list.count / 2)
        elements(list)
    }

    @inline(__always)
    private mutating func table(
        _ table: UnsafeMutablePointer<HashTable>, _ body: (inout RDBWriter, Record) -> Void
    ) {
        length(table.pointee.count)
        for bucket in 0..<table.pointee.bucketCount {
            table.pointee.forEach(inBucket: bucket) { body(&self, $0.record) }
        }
    }

    /// One member of a large set.
    @inline(__always)
    package mutating func member(_ record: Record) { string(record.key) }

    /// One field of a large hash with its value.
    @inline(__always)
    package mutating func field(_ record: Record) {
        string(record.key)
        string(FieldTable.value(of: record))
    }

    // MARK: - Sorted sets

    private mutating func packedSortedSet(_ value: SortedSetValue) {
        if version >= 10, let list = value.packed { return string(list.bytes) }
        sortedSet(value)
    }

    /// The highest first, so that who inserts them one by one inserts at one end.
    private mutating func sortedSet(_ value: SortedSetValue) {
        length(value.count)
        var cursor = value.cursor(fromRank: value.count - 1, count: value.count, isReversed: true)
        while let next = cursor.next() {
            element(next.member)
            score(next.score)
        }
    }

    /// One member of a large sorted set with its score.
    @inline(__always)
    package mutating func scoredMember(_ record: Record) {
        string(record.key)
        score(record.value.loadUnaligned(as: Double.self))
    }
}

/// What is common to values of all pointer kinds: how to free them, and how much work that is. Called on the thread that
/// owns the keyspace and on the reclaimer's: nothing here may touch anything but the value.
package enum ValueMemory {
    /// Frees the value with all that it holds.
    package static func free(kind: ValueKind, pointer: UnsafeMutableRawPointer) {
        switch kind {
        case .stringBuffer: StringBuffer(pointer).free()
        case .stream: Stream(pointer).free()
        case .stringInline, .stringInteger, .member: break
        case .listPacked, .listNodes: ListValue(kind: kind, base: pointer).free()
        case .setIntegers: IntegerSet(base: pointer).free()
        case .setPacked, .hashPacked: ListPack(base: pointer).free()
        case .setTable: MemberTable(base: pointer).free()
        case .hashTable: FieldTable(base: pointer).free()
        case .sortedSetPacked, .sortedSetTree: SortedSetValue(kind: kind, pointer: pointer).free()
        }
    }

    /// The table that a value of these kinds is made of: what a snapshot can cut.
    package static func table(kind: ValueKind, pointer: UnsafeMutableRawPointer) -> UnsafeMutablePointer<HashTable>? {
        switch kind {
        case .setTable: MemberTable(base: pointer).table
        case .hashTable: FieldTable(base: pointer).table
        case .sortedSetTree: SortedSetTree(pointer).table
        default: nil
        }
    }

    /// Whether a snapshot is being taken of the value by itself.
    package static func isCut(kind: ValueKind, pointer: UnsafeMutableRawPointer) -> Bool {
        if kind == .listNodes { return PackedList(base: pointer).header.pointee.cut != nil }
        if kind == .stream { return Stream(pointer).header.pointee.cut != nil }
        return table(kind: kind, pointer: pointer)?.pointee.cut != nil
    }

    /// A deep copy of the value, of the same kind.
    package static func copy(kind: ValueKind, pointer: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        switch kind {
        case .stringBuffer: StringBuffer.make(StringBuffer(pointer).bytes).base
        case .listPacked, .listNodes: ListValue(kind: kind, base: pointer).copy().base
        case .setIntegers: IntegerSet(base: pointer).copy().base
        case .setPacked, .hashPacked, .sortedSetPacked: ListPack(base: pointer).copy().base
        case .setTable: MemberTable(base: pointer).copy().base
        case .hashTable: FieldTable(base: pointer).copy().base
        case .sortedSetTree: SortedSetValue(kind: kind, pointer: pointer).copy().pointer
        case .stream: Stream(pointer).copy().base
        case .stringInline, .stringInteger, .member: preconditionFailure("the value lies in its record")
        }
    }

    /// About how many allocations freeing the value gives back, or for a long string what costs as much (the kernel takes
    /// its pages back one by one): in constant time.
    package static func effort(kind: ValueKind, pointer: UnsafeMutableRawPointer) -> Int {
        switch kind {
        case .stringBuffer: StringBuffer(pointer).count >> 14
        case .listNodes: ListValue(kind: kind, base: pointer).nodeCount
        case .setTable: MemberTable(base: pointer).count
        case .hashTable: FieldTable(base: pointer).count
        case .sortedSetTree: SortedSetTree(pointer).count
        case .stream: Stream(pointer).effort
        default: 1
        }
    }

    /// The memory of the value in bytes, by looking at up to `samples` of its elements (0: all of them).
    package static func byteCount(kind: ValueKind, pointer: UnsafeMutableRawPointer, samples: Int) -> Int {
        switch kind {
        case .stringBuffer: StringBuffer(pointer).allocatedByteCount
        case .listPacked, .listNodes: ListValue(kind: kind, base: pointer).reservedByteCount(samples: samples)
        case .setIntegers: IntegerSet(base: pointer).reservedByteCount
        case .setPacked, .hashPacked: ListPack(base: pointer).reservedByteCount
        case .setTable: HashTable.boxByteCount(MemberTable(base: pointer).table, samples: samples)
        case .hashTable: HashTable.boxByteCount(FieldTable(base: pointer).table, samples: samples)
        case .sortedSetPacked: ListPack(base: pointer).reservedByteCount
        case .sortedSetTree: SortedSetTree(pointer).byteCount(samples: samples)
        case .stream: Stream(pointer).byteCount(samples: samples)
        default: 0
        }
    }
}

extension Record {
    /// The memory of a key and its value in bytes, by looking at up to `samples` elements of the value (0: all of them).
    package func keyspaceByteCount(samples: Int) -> Int {
        let value = kind.isPointer ? ValueMemory.byteCount(kind: kind, pointer: pointer, samples: samples) : 0
        return allocatedByteCount + value
    }
}

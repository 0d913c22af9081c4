/// How the value of a key is held. The numbers are 4 bits in the header of a record; nothing on disk uses them.
@usableFromInline
package enum ValueKind: UInt8, Sendable {
    /// Bytes behind the key in the record itself.
    case stringInline = 0
    /// An Int64 in the record.
    case stringInteger = 1
    /// A pointer to a `StringBuffer`.
    case stringBuffer = 2
    /// A pointer to a listpack of elements.
    case listPacked = 3
    /// A pointer to a `PackedList`.
    case listNodes = 4
    /// A pointer to an `IntegerSet`'s bytes.
    case setIntegers = 5
    /// A pointer to a listpack of members.
    case setPacked = 6
    /// A pointer to a `MemberTable`.
    case setTable = 7
    /// A pointer to a listpack of fields and values in turn.
    case hashPacked = 8
    /// A pointer to a `FieldTable`.
    case hashTable = 9
    /// A pointer to a listpack of members and scores in turn.
    case sortedSetPacked = 10
    /// A pointer to a `SortedSet`.
    case sortedSetTree = 11
    /// A pointer to a `Stream`.
    case stream = 12
    /// A member of a set, or a field of a hash with its value behind: records inside a collection.
    case member = 13

    /// The type that TYPE names.
    package var type: ValueType {
        switch self {
        case .stringInline, .stringInteger, .stringBuffer: .string
        case .listPacked, .listNodes: .list
        case .setIntegers, .setPacked, .setTable: .set
        case .hashPacked, .hashTable: .hash
        case .sortedSetPacked, .sortedSetTree: .sortedSet
        case .stream: .stream
        case .member: .string
        }
    }

    /// Whether the record holds an 8-byte pointer to the value.
    @inline(__always)
    package var isPointer: Bool { rawValue >= ValueKind.stringBuffer.rawValue && rawValue <= ValueKind.stream.rawValue }
}

/// The six types of values.
package enum ValueType: UInt8, Sendable, CaseIterable {
    case string, list, set, sortedSet, hash, stream

    /// The name in TYPE and SCAN … TYPE.
    package var name: StaticString {
        switch self {
        case .string: "string"
        case .list: "list"
        case .set: "set"
        case .sortedSet: "zset"
        case .hash: "hash"
        case .stream: "stream"
        }
    }
}

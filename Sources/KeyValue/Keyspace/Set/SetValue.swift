package import Bytes

/// A borrowed handle on a set, whatever it is held in: an intset, a listpack or a table, as Redis 7.2 chooses them.
///
/// Whoever stores kind and pointer owns the set. A call that changes it may move or convert it: store both again.
/// Members are handed out as `ListPackValue`s, which are valid until the set changes.
package struct SetValue {
    package internal(set) var kind: ValueKind
    package internal(set) var pointer: UnsafeMutableRawPointer

    @inline(__always)
    package init(kind: ValueKind, pointer: UnsafeMutableRawPointer) {
        self.kind = kind
        self.pointer = pointer
    }

    /// The set of an entry, which must be one.
    @inline(__always)
    package init(_ entry: Entry) {
        let record = entry.record
        self.init(kind: record.kind, pointer: record.pointer)
    }

    /// Stores the set in the entry that it was taken from.
    @inline(__always)
    package func store(in entry: Entry) {
        entry.replace(kind: kind, pointer: pointer)
    }

    /// A new empty set in the form that suits a first member and the number of members that are about to come.
    package static func make(
        first member: ByteSlice, expectedCount: Int, limits: EncodingLimits, hasher: KeyedHash
    ) -> SetValue {
        if expectedCount <= limits.setIntegersMax, Decimal.parse(member) != nil { return makeIntegers() }
        return expectedCount <= limits.setPackedCountMax ? makePacked() : makeTable(hasher: hasher)
    }

    /// A new empty intset.
    package static func makeIntegers() -> SetValue { SetValue(kind: .setIntegers, pointer: IntegerSet.make().base) }

    /// A new empty listpack.
    package static func makePacked() -> SetValue { SetValue(kind: .setPacked, pointer: ListPack.make().base) }

    /// A new empty table.
    package static func makeTable(hasher: KeyedHash) -> SetValue {
        SetValue(kind: .setTable, pointer: MemberTable.make(hasher: hasher).base)
    }

    @inline(__always) var integers: IntegerSet { IntegerSet(base: pointer) }
    @inline(__always) var packed: ListPack { ListPack(base: pointer) }
    @inline(__always) var table: MemberTable { MemberTable(base: pointer) }

    /// Frees a set that belongs to no key, at once whatever its size.
    package func free() { ValueMemory.free(kind: kind, pointer: pointer) }

    /// Whether both are the same set in memory.
    package func isSame(as other: SetValue) -> Bool { pointer == other.pointer }

    /// Number of members.
    package var count: Int {
        switch kind {
        case .setTable: table.count
        case .setIntegers: integers.count
        default: packed.count
        }
    }

    /// - Complexity: constant, but linear in a listpack and logarithmic in an intset.
    package func contains(_ member: ByteSlice) -> Bool {
        switch kind {
        case .setTable: return table.contains(member)
        case .setIntegers:
            guard let integer = Decimal.parse(member) else { return false }
            return integers.contains(integer)
        default: return packed.find(member, from: packed.firstPosition) != nil
        }
    }

    /// Whether a member of another set is one of this set's.
    package func contains(_ member: ListPackValue) -> Bool {
        if kind == .setIntegers, let integer = member.integer { return integers.contains(integer) }
        return member.withBytes { contains($0) }
    }

    /// Removes the member and returns whether it was there. The set may be empty then.
    package mutating func remove(_ member: ByteSlice) -> Bool {
        switch kind {
        case .setTable: return table.remove(member)
        case .setIntegers:
            guard let integer = Decimal.parse(member) else { return false }
            var set = integers
            defer { pointer = set.base }
            return set.remove(integer)
        default:
            var list = packed
            guard let position = list.find(member, from: list.firstPosition) else { return false }
            list.remove(position)
            pointer = list.base
            return true
        }
    }

    /// Removes what is a member of another set, and returns whether it was there.
    package mutating func remove(_ member: ListPackValue) -> Bool {
        guard let integer = member.integer else { return remove(member.text ?? ByteSlice(start: nil, count: 0)) }
        return withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            return remove(ByteSlice(start: start, count: Decimal.write(integer, to: start)))
        }
    }

    /// Calls with every member until the body returns false. The body may change nothing.
    package func forEach(_ body: (ListPackValue) -> Bool) {
        switch kind {
        case .setTable:
            var goesOn = true
            var bucket = 0
            while goesOn, bucket < table.table.pointee.bucketCount {
                table.table.pointee.forEach(inBucket: bucket) { slot in
                    if goesOn { goesOn = body(ListPackValue(slot.record.key)) }
                }
                bucket += 1
            }
        case .setIntegers:
            for index in 0..<integers.count where !body(ListPackValue(integers.value(at: index))) { return }
        default:
            var position = packed.firstPosition
            while let here = position {
                guard body(packed.value(at: here)) else { return }
                position = packed.next(here)
            }
        }
    }

    /// One step of SSCAN: calls with some members and returns the next cursor, 0 at the end.
    ///
    /// A table is walked bucket by bucket until about `effort` members were met; a packed set is reported whole.
    package func scan(_ cursor: UInt64, effort: Int, _ body: (ListPackValue) -> Void) -> UInt64 {
        guard kind == .setTable else {
            forEach {
                body($0)
                return true
            }
            return 0
        }
        return table.table.pointee.scan(cursor, effort: effort) { body(ListPackValue($0.key)) }
    }

    /// A copy with memory of its own, held in the same way.
    package func copy() -> SetValue {
        switch kind {
        case .setTable: SetValue(kind: kind, pointer: table.copy().base)
        case .setIntegers: SetValue(kind: kind, pointer: integers.copy().base)
        default: SetValue(kind: kind, pointer: packed.copy().base)
        }
    }
}

extension ListPackValue {
    /// Bytes of a record, whose address is never nil, as an element.
    @inline(__always)
    package init(_ bytes: ByteSlice) {
        self.init(start: bytes.baseAddress.unsafelyUnwrapped, number: Int64(bytes.count))
    }

    /// An integer as an element.
    @inline(__always)
    package init(_ integer: Int64) {
        self.init(start: nil, number: integer)
    }

    /// The integer 0.
    package static var zero: ListPackValue { ListPackValue(0) }

    /// Calls with the bytes that a client sees.
    @inline(__always)
    package func withBytes<R>(_ body: (ByteSlice) -> R) -> R {
        if let text { return body(text) }
        return withUnsafeTemporaryAllocation(byteCount: Self.scratchByteCount, alignment: 8) { scratch in
            body(bytes(scratch: scratch.baseAddress.unsafelyUnwrapped))
        }
    }
}

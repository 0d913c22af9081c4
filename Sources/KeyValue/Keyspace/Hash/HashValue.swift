package import Bytes

/// A borrowed handle on a hash, whatever it is held in: a listpack or a table, as Redis 7.2 chooses them.
///
/// Whoever stores kind and pointer owns the hash. A call that changes it may move or convert it: store both again.
/// Fields and values are handed out as `ListPackValue`s, which are valid until the hash changes.
package struct HashValue {
    package private(set) var kind: ValueKind
    package private(set) var pointer: UnsafeMutableRawPointer

    @inline(__always)
    package init(kind: ValueKind, pointer: UnsafeMutableRawPointer) {
        self.kind = kind
        self.pointer = pointer
    }

    /// The hash of an entry, which must be one.
    @inline(__always)
    package init(_ entry: Entry) {
        let record = entry.record
        self.init(kind: record.kind, pointer: record.pointer)
    }

    /// Stores the hash in the entry that it was taken from.
    @inline(__always)
    package func store(in entry: Entry) {
        entry.replace(kind: kind, pointer: pointer)
    }

    /// A new empty hash.
    package static func make() -> HashValue { HashValue(kind: .hashPacked, pointer: ListPack.make().base) }

    @inline(__always) var packed: ListPack { ListPack(base: pointer) }
    @inline(__always) var table: FieldTable { FieldTable(base: pointer) }

    /// Frees a hash that belongs to no key, at once whatever its size.
    package func free() { ValueMemory.free(kind: kind, pointer: pointer) }

    /// Number of fields.
    package var count: Int { kind == .hashTable ? table.count : packed.count / 2 }

    /// The value of a field, or nil.
    /// - Complexity: constant, but linear in a listpack.
    package func value(of field: ByteSlice) -> ListPackValue? {
        if kind == .hashTable { return table.value(of: field).map { ListPackValue($0) } }
        let list = packed
        guard let position = list.find(field, from: list.firstPosition, skip: 1), let next = list.next(position) else {
            return nil
        }
        return list.value(at: next)
    }

    /// - Complexity: constant, but linear in a listpack.
    package func contains(_ field: ByteSlice) -> Bool {
        if kind == .hashTable { return table.value(of: field) != nil }
        return packed.find(field, from: packed.firstPosition, skip: 1) != nil
    }

    /// Makes a table of a packed hash that is about to be given more fields at once than it may have.
    package mutating func expect(pairCount: Int, limits: EncodingLimits, hasher: KeyedHash) {
        if kind == .hashPacked, pairCount > limits.hashPackedCountMax { convertToTable(hasher: hasher) }
    }

    /// Gives the field a value and returns whether the field is new. Field and value must not lie in this hash.
    @inline(__always)
    package mutating func set(
        _ field: ByteSlice, _ value: ByteSlice, limits: EncodingLimits, hasher: KeyedHash
    ) -> Bool {
        kind == .hashTable
            ? table.set(field, value) : setInPacked(field, value, limits: limits, hasher: hasher)
    }

    private mutating func setInPacked(
        _ field: ByteSlice, _ value: ByteSlice, limits: EncodingLimits, hasher: KeyedHash
    ) -> Bool {
        var list = packed
        guard field.count <= limits.hashPackedByteCountMax, value.count <= limits.hashPackedByteCountMax,
            list.isSafeToAdd(field.count + value.count)
        else {
            convertToTable(hasher: hasher)
            return table.set(field, value)
        }
        if let position = list.find(field, from: list.firstPosition, skip: 1), let next = list.next(position) {
            list.replace(next, with: value)
            pointer = list.base
            return false
        }
        list.append(field)
        list.append(value)
        pointer = list.base
        if list.count / 2 > limits.hashPackedCountMax { convertToTable(hasher: hasher) }
        return true
    }

    /// Removes the field and returns whether it was there. The hash may be empty then.
    package mutating func remove(_ field: ByteSlice) -> Bool {
        if kind == .hashTable { return table.remove(field) }
        var list = packed
        guard let position = list.find(field, from: list.firstPosition, skip: 1) else { return false }
        list.removeRange(from: position, count: 2)
        pointer = list.base
        return true
    }

    private mutating func convertToTable(hasher: KeyedHash) {
        let fields = FieldTable.make(hasher: hasher)
        forEach { field, value in
            field.withBytes { fieldBytes in
                value.withBytes { _ = fields.set(fieldBytes, $0) }
            }
        }
        packed.free()
        kind = .hashTable
        pointer = fields.base
    }

    /// Calls with every field and its value. The body may change nothing.
    package func forEach(_ body: (_ field: ListPackValue, _ value: ListPackValue) -> Void) {
        if kind == .hashTable {
            return table.table.pointee.forEach { Self.report($0.record, body) }
        }
        let list = packed
        var position = list.firstPosition
        while let here = position, let next = list.next(here) {
            body(list.value(at: here), list.value(at: next))
            position = list.next(next)
        }
    }

    @inline(__always)
    private static func report(_ record: Record, _ body: (ListPackValue, ListPackValue) -> Void) {
        body(ListPackValue(record.key), ListPackValue(FieldTable.value(of: record)))
    }

    /// One step of HSCAN: calls with some fields and values and returns the next cursor, 0 at the end.
    ///
    /// A table is walked bucket by bucket until about `effort` fields were met; a packed hash is reported whole.
    package func scan(
        _ cursor: UInt64, effort: Int, _ body: (_ field: ListPackValue, _ value: ListPackValue) -> Void
    ) -> UInt64 {
        guard kind == .hashTable else {
            forEach(body)
            return 0
        }
        return table.table.pointee.scan(cursor, effort: effort) { Self.report($0, body) }
    }

    // MARK: - Chance

    /// Calls that many times with a field chosen by chance, perhaps the same one again, until the body returns false.
    /// The hash must not be empty.
    package func forEachDraw(
        _ draws: Int, using random: inout FastRandom,
        _ body: (_ field: ListPackValue, _ value: ListPackValue) -> Bool
    ) {
        guard kind == .hashPacked else {
            for _ in 0..<draws {
                guard let slot = table.table.pointee.randomEntry(using: &random) else { return }
                let record = slot.record
                guard body(ListPackValue(record.key), ListPackValue(FieldTable.value(of: record))) else { return }
            }
            return
        }
        // Finding a field by its index is a walk, so the walk is done once.
        let list = packed
        let count = list.count / 2
        withUnsafeTemporaryAllocation(of: (ListPack.Position, ListPack.Position).self, capacity: count) { positions in
            var position = list.firstPosition
            for index in 0..<count {
                let field = position.unsafelyUnwrapped
                let value = list.next(field).unsafelyUnwrapped
                positions[index] = (field, value)
                position = list.next(value)
            }
            for _ in 0..<draws {
                let (field, value) = positions[random.below(count)]
                guard body(list.value(at: field), list.value(at: value)) else { return }
            }
        }
    }

    /// Calls with that many different fields chosen by chance, in no special order; with all if there are no more.
    package func forEachRandom(
        _ wanted: Int, using random: inout FastRandom,
        _ body: (_ field: ListPackValue, _ value: ListPackValue) -> Void
    ) {
        guard kind == .hashPacked else {
            return table.table.pointee.forEachRandom(wanted, using: &random) { Self.report($0.record, body) }
        }
        var sampler = SelectionSampler(wanted: wanted, of: count)
        forEach { field, value in
            if sampler.takesNext(using: &random) { body(field, value) }
        }
    }

    /// A copy with memory of its own, held in the same way.
    package func copy() -> HashValue {
        let base = kind == .hashTable ? table.copy().base : packed.copy().base
        return HashValue(kind: kind, pointer: base)
    }
}

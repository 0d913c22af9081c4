package import Bytes

/// A borrowed handle on a large set: a table whose records are the members, in no order.
///
/// Whoever stores the handle's `base` owns the table. A member costs its record (two bytes and its own) and about 14
/// bytes of buckets.
package struct MemberTable {
    package let table: UnsafeMutablePointer<HashTable>

    package init(base: UnsafeMutableRawPointer) {
        table = base.assumingMemoryBound(to: HashTable.self)
    }

    private init(_ table: UnsafeMutablePointer<HashTable>) {
        self.table = table
    }

    /// A new empty set.
    package static func make(hasher: KeyedHash) -> MemberTable { MemberTable(HashTable.makeBox(hasher: hasher)) }

    /// What a record of a key points to.
    package var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(table) }

    package func free() { HashTable.freeBox(table) }

    @inline(__always) package var count: Int { table.pointee.count }

    /// - Complexity: constant.
    @inline(__always)
    package func contains(_ member: ByteSlice) -> Bool {
        table.pointee.find(member, hash: table.pointee.hash(member)) != nil
    }

    /// Adds the member and returns whether it was new.
    @inline(__always)
    package func add(_ member: ByteSlice) -> Bool {
        let hash = table.pointee.hash(member)
        if table.pointee.find(member, hash: hash) != nil { return false }
        _ = table.pointee.insert(Record.make(kind: .member, key: member, valueByteCount: 0), hash: hash)
        return true
    }

    /// Removes the member and returns whether it was there.
    package func remove(_ member: ByteSlice) -> Bool {
        guard let slot = table.pointee.find(member, hash: table.pointee.hash(member)) else { return false }
        remove(slot)
        return true
    }

    /// Removes the member at a place in the table.
    package func remove(_ slot: TableSlot) {
        let record = slot.record
        table.pointee.remove(slot)
        record.free()
    }

    /// A copy with memory of its own.
    package func copy() -> MemberTable {
        let other = MemberTable.make(hasher: table.pointee.hasher)
        table.pointee.forEach { _ = other.add($0.record.key) }
        return other
    }
}

package import Bytes
import CMemory
import Glibc

/// A borrowed handle on a large hash: a table whose records are the fields, each with its value behind, in no order.
///
/// Whoever stores the handle's `base` owns the table. Behind a field's name in its record:
///
/// ```
/// size    what
/// 1 or 5  length of the value: below 255 in one byte, else 255 and 4 bytes, low byte first
/// n       the value
/// ```
package struct FieldTable {
    package let table: UnsafeMutablePointer<HashTable>

    package init(base: UnsafeMutableRawPointer) {
        table = base.assumingMemoryBound(to: HashTable.self)
    }

    private init(_ table: UnsafeMutablePointer<HashTable>) {
        self.table = table
    }

    /// A new empty hash.
    package static func make(hasher: KeyedHash) -> FieldTable { FieldTable(HashTable.makeBox(hasher: hasher)) }

    /// What a record of a key points to.
    package var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(table) }

    package func free() { HashTable.freeBox(table) }

    @inline(__always) package var count: Int { table.pointee.count }

    private static let longMark: UInt8 = 255

    @inline(__always)
    private static func prefixByteCount(_ count: Int) -> Int { count < Int(longMark) ? 1 : 5 }

    /// The value of a field's record. Valid until the field changes.
    @inline(__always)
    package static func value(of record: Record) -> ByteSlice {
        let start = record.value
        let first = start.load(as: UInt8.self)
        if first != longMark { return ByteSlice(start: start + 1, count: Int(first)) }
        return ByteSlice(start: start + 5, count: Int(start.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
    }

    @inline(__always)
    private static func write(_ value: ByteSlice, to start: UnsafeMutableRawPointer) {
        let prefix = prefixByteCount(value.count)
        if prefix == 1 {
            start.storeBytes(of: UInt8(truncatingIfNeeded: value.count), as: UInt8.self)
        } else {
            start.storeBytes(of: longMark, as: UInt8.self)
            start.storeBytes(of: UInt32(truncatingIfNeeded: value.count), toByteOffset: 1, as: UInt32.self)
        }
        if let source = value.baseAddress { memcpy(start + prefix, source, value.count) }
    }

    /// The value of a field. Valid until the field changes.
    /// - Complexity: constant.
    @inline(__always)
    package func value(of field: ByteSlice) -> ByteSlice? {
        table.pointee.find(field, hash: table.pointee.hash(field)).map { Self.value(of: $0.record) }
    }

    /// Gives the field a value and returns whether the field is new. The value must not lie in this table.
    package func set(_ field: ByteSlice, _ value: ByteSlice) -> Bool {
        let hash = table.pointee.hash(field)
        if let slot = table.pointee.find(field, hash: hash) {
            table.pointee.willChange(hash: hash)
            Self.overwrite(slot, value)
            return false
        }
        _ = table.pointee.insert(Self.makeRecord(field, value), hash: hash)
        return true
    }

    @inline(__always)
    private static func makeRecord(_ field: ByteSlice, _ value: ByteSlice) -> Record {
        let record = Record.make(
            kind: .member, key: field, valueByteCount: prefixByteCount(value.count) + value.count)
        write(value, to: record.value)
        return record
    }

    /// In place where the allocation holds it and would not be left half empty.
    @inline(__always)
    private static func overwrite(_ slot: TableSlot, _ value: ByteSlice) {
        let record = slot.record
        let start = record.value
        let needed = start - record.base + prefixByteCount(value.count) + value.count
        let held = record.allocatedByteCount
        if needed <= held, needed > held / 2 || held <= 32 { return write(value, to: start) }
        slot.replaceRecord(makeRecord(record.key, value))
        record.free()
    }

    /// Removes the field and returns whether it was there.
    package func remove(_ field: ByteSlice) -> Bool {
        guard let slot = table.pointee.find(field, hash: table.pointee.hash(field)) else { return false }
        let record = slot.record
        table.pointee.remove(slot)
        record.free()
        return true
    }

    /// A copy with memory of its own.
    package func copy() -> FieldTable {
        let other = FieldTable.make(hasher: table.pointee.hasher)
        table.pointee.forEach { _ = other.set($0.record.key, Self.value(of: $0.record)) }
        return other
    }
}

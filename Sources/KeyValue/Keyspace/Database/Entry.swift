package import Bytes

/// A key of a database and its value. Valid until a key is added to or removed from that database.
package struct Entry {
    package let slot: TableSlot

    @inline(__always)
    package init(_ slot: TableSlot) {
        self.slot = slot
    }

    @inline(__always) package var record: Record { slot.record }
    @inline(__always) package var kind: ValueKind { record.kind }
    @inline(__always) package var type: ValueType { record.kind.type }
    @inline(__always) package var key: ByteSlice { record.key }
    /// Milliseconds since 1970, or nil.
    @inline(__always) package var expiry: Int64? { record.expiry }

    /// The value of a pointer kind. Set it after a change that may have moved the value.
    @inline(__always)
    package var pointer: UnsafeMutableRawPointer {
        get { record.pointer }
        nonmutating set { record.pointer = newValue }
    }

    /// Changes how a pointer value is held (listpack to table, say). The old one is the caller's to free.
    package func replace(kind: ValueKind, pointer: UnsafeMutableRawPointer) {
        let record = record
        precondition(record.kind.isPointer && kind.isPointer)
        record.kind = kind
        record.pointer = pointer
    }

    /// The bytes of a string. An integer is written into the scratch space of `Decimal.lengthMax` bytes.
    @inline(__always)
    package func stringBytes(scratch: UnsafeMutableRawPointer) -> ByteSlice {
        let record = record
        switch record.kind {
        case .stringInline: return record.inlineBytes
        case .stringInteger: return ByteSlice(start: scratch, count: Decimal.write(record.integer, to: scratch))
        default: return StringBuffer(record.pointer).bytes
        }
    }

    /// The length of a string in bytes.
    package var stringByteCount: Int {
        let record = record
        switch record.kind {
        case .stringInline: return record.inlineBytes.count
        case .stringInteger: return Decimal.length(record.integer)
        default: return StringBuffer(record.pointer).count
        }
    }
}

/// A key as a command names it, its hash, and its entry if it has one. Valid as long as the entry.
package struct KeyPlace {
    package let key: ByteSlice
    package let hash: UInt64
    package var entry: Entry?

    package init(key: ByteSlice, hash: UInt64, entry: Entry?) {
        self.key = key
        self.hash = hash
        self.entry = entry
    }
}

/// A value that has been taken out of a database with its expiry and clock: to be put under another key, or elsewhere.
package struct DetachedValue {
    let record: Record
    package var expiry: Int64? { record.expiry }
    package var kind: ValueKind { record.kind }
    package var pointer: UnsafeMutableRawPointer { record.pointer }
}

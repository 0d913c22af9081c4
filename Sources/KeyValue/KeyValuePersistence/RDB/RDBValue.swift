package import Bytes
package import Keyspace

/// A value as it was read. Pointers are the caller's to put into a record, or to free.
package enum RDBValue {
    /// At most `Database.inlineStringByteCountMax` bytes, valid until more is read.
    case text(ByteSlice)
    case integer(Int64)
    /// A value of a pointer kind.
    case pointer(ValueKind, UnsafeMutableRawPointer)
    /// A collection without elements, which old versions have written now and then: no key.
    case empty

    /// The type that TYPE names; nil for an empty collection.
    package var type: ValueType? {
        switch self {
        case .text, .integer: .string
        case .pointer(let kind, _): kind.type
        case .empty: nil
        }
    }

    /// Frees a value that is not wanted.
    package func free() {
        if case .pointer(let kind, let pointer) = self { ValueMemory.free(kind: kind, pointer: pointer) }
    }

    /// A record that takes the value over; nil for an empty collection.
    /// - Parameter expiry: milliseconds since 1970.
    @inline(__always)
    package func makeRecord(key: ByteSlice, clock: UInt32, expiry: Int64?) -> Record? {
        switch self {
        case .text(let bytes):
            let record = Record.make(
                kind: .stringInline, key: key, valueByteCount: 1 + bytes.count, clock: clock, expiry: expiry)
            let target = record.value
            target.storeBytes(of: UInt8(truncatingIfNeeded: bytes.count), as: UInt8.self)
            UnsafeMutableRawBufferPointer(start: target + 1, count: bytes.count).copyMemory(from: bytes)
            return record
        case .integer(let integer):
            let record = Record.make(kind: .stringInteger, key: key, valueByteCount: 8, clock: clock, expiry: expiry)
            record.integer = integer
            return record
        case .pointer(let kind, let pointer):
            let record = Record.make(kind: kind, key: key, valueByteCount: 8, clock: clock, expiry: expiry)
            record.pointer = pointer
            return record
        case .empty: return nil
        }
    }
}

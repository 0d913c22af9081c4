package import Bytes
import CMemory
import Glibc

/// A borrowed handle on one allocation that holds a key and, small enough, its value.
///
/// ```
/// offset  size     what
/// 0       1        bits 0-3 kind, bit 4 has a clock, bit 5 has an expiry, bits 6-7 width of the key's length (1, 2, 4)
/// 1       0 or 3   clock: LRU seconds or LFU counter and minutes (`AccessClock`)
/// …       0 or 8   expiry: milliseconds since 1970
/// …       1, 2, 4  length of the key
/// …       n        key
/// …       …        value: by kind, see below
/// ```
/// Value: `stringInline` one byte of length and up to 255 bytes; `stringInteger` 8 bytes; pointer kinds 8 bytes;
/// `member` whatever its collection puts there. Nothing is aligned: all loads are unaligned ones.
package struct Record {
    package let base: UnsafeMutableRawPointer

    package init(_ base: UnsafeMutableRawPointer) {
        self.base = base
    }

    private static let kindMask: UInt8 = 0x0F
    private static let clockBit: UInt8 = 0x10
    private static let expiryBit: UInt8 = 0x20
    private static let clockByteCount = 3
    private static let expiryByteCount = 8

    @inline(__always) private var header: UInt8 { base.load(as: UInt8.self) }

    @inline(__always)
    package var kind: ValueKind {
        get { ValueKind(rawValue: header & Self.kindMask).unsafelyUnwrapped }
        nonmutating set { base.storeBytes(of: (header & ~Self.kindMask) | newValue.rawValue, as: UInt8.self) }
    }

    @inline(__always) package var hasExpiry: Bool { header & Self.expiryBit != 0 }
    @inline(__always) private var hasClock: Bool { header & Self.clockBit != 0 }

    /// The 24 bits of the access clock; 0 where the record has none.
    @inline(__always)
    package var clock: UInt32 {
        get {
            guard hasClock else { return 0 }
            return base.loadUnaligned(as: UInt32.self) >> 8
        }
        nonmutating set {
            guard hasClock else { return }
            base.storeBytes(of: UInt32(header) | newValue << 8, as: UInt32.self)
        }
    }

    @inline(__always) private var expiryOffset: Int { hasClock ? 1 + Self.clockByteCount : 1 }

    /// Milliseconds since 1970, or nil.
    @inline(__always)
    package var expiry: Int64? {
        hasExpiry ? base.loadUnaligned(fromByteOffset: expiryOffset, as: Int64.self) : nil
    }

    /// Overwrites an expiry that is there.
    package func overwriteExpiry(_ milliseconds: Int64) {
        precondition(hasExpiry)
        base.storeBytes(of: milliseconds, toByteOffset: expiryOffset, as: Int64.self)
    }

    @inline(__always) private var keyLengthOffset: Int { expiryOffset + (hasExpiry ? Self.expiryByteCount : 0) }

    @inline(__always)
    private var keyExtent: (offset: Int, count: Int) {
        let offset = keyLengthOffset
        switch header >> 6 {
        case 0: return (offset + 1, Int(base.load(fromByteOffset: offset, as: UInt8.self)))
        case 1: return (offset + 2, Int(base.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
        default: return (offset + 4, Int(base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        }
    }

    @inline(__always)
    package var key: ByteSlice {
        let extent = keyExtent
        return ByteSlice(start: base + extent.offset, count: extent.count)
    }

    /// Where the value begins.
    @inline(__always)
    package var value: UnsafeMutableRawPointer {
        let extent = keyExtent
        return base + extent.offset + extent.count
    }

    /// The value of a pointer kind.
    @inline(__always)
    package var pointer: UnsafeMutableRawPointer {
        get { value.loadUnaligned(as: UnsafeMutableRawPointer.self) }
        nonmutating set { value.storeBytes(of: newValue, as: UnsafeMutableRawPointer.self) }
    }

    /// The value of `stringInteger`.
    @inline(__always)
    package var integer: Int64 {
        get { value.loadUnaligned(as: Int64.self) }
        nonmutating set { value.storeBytes(of: newValue, as: Int64.self) }
    }

    /// The value of `stringInline`.
    @inline(__always)
    package var inlineBytes: ByteSlice {
        let start = value
        return ByteSlice(start: start + 1, count: Int(start.load(as: UInt8.self)))
    }

    /// Bytes that the value takes inside the record, for keyspace kinds.
    package var valueByteCount: Int {
        kind == .stringInline ? 1 + inlineBytes.count : 8
    }

    // MARK: - Making

    /// Bytes before the value of a record.
    @inline(__always)
    package static func overhead(keyByteCount: Int, hasClock: Bool, hasExpiry: Bool) -> Int {
        let width = keyByteCount < 0x100 ? 1 : keyByteCount < 0x1_0000 ? 2 : 4
        return 1 + (hasClock ? clockByteCount : 0) + (hasExpiry ? expiryByteCount : 0) + width + keyByteCount
    }

    /// Writes everything before the value into memory of at least `overhead` bytes.
    @inline(__always)
    package static func write(
        to base: UnsafeMutableRawPointer, kind: ValueKind, key: ByteSlice, clock: UInt32?, expiry: Int64?
    ) {
        let width: UInt8 = key.count < 0x100 ? 0 : key.count < 0x1_0000 ? 1 : 2
        var header = kind.rawValue | width << 6
        var offset = 1
        if let clock {
            header |= clockBit
            base.storeBytes(of: UInt32(header) | clock << 8, as: UInt32.self)
            offset += clockByteCount
        }
        if let expiry {
            header |= expiryBit
            base.storeBytes(of: expiry, toByteOffset: offset, as: Int64.self)
            offset += expiryByteCount
        }
        base.storeBytes(of: header, as: UInt8.self)
        switch width {
        case 0:
            base.storeBytes(of: UInt8(truncatingIfNeeded: key.count), toByteOffset: offset, as: UInt8.self)
            offset += 1
        case 1:
            base.storeBytes(of: UInt16(truncatingIfNeeded: key.count), toByteOffset: offset, as: UInt16.self)
            offset += 2
        default:
            base.storeBytes(of: UInt32(truncatingIfNeeded: key.count), toByteOffset: offset, as: UInt32.self)
            offset += 4
        }
        if let start = key.baseAddress { memcpy(base + offset, start, key.count) }
    }

    /// A new record with room for the value, which the caller writes.
    package static func make(
        kind: ValueKind, key: ByteSlice, valueByteCount: Int, clock: UInt32? = nil, expiry: Int64? = nil
    ) -> Record {
        let overhead = overhead(keyByteCount: key.count, hasClock: clock != nil, hasExpiry: expiry != nil)
        let base = atoll_memory_take(max(overhead + valueByteCount, 8)).unsafelyUnwrapped
        write(to: base, kind: kind, key: key, clock: clock, expiry: expiry)
        return Record(base)
    }

    /// Gives the record's own memory back, not what it points to.
    package func free() {
        atoll_memory_give(base)
    }

    /// What the allocator gave to this record.
    package var allocatedByteCount: Int { atoll_memory_size(base) }
}

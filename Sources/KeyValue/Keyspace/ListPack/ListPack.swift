// Redis's listpack, byte for byte: small collections live in it and RDB, DUMP and RESTORE copy it.
//
//     total bytes, UInt32 | elements, UInt16 (65535: unknown) | elements ... | 0xFF
//
// All reading trusts the bytes: what comes from outside goes through `validate` first.

public import Bytes
import CMemory
public import Glibc

/// A borrowed handle on one listpack's allocation.
///
/// Whoever stores the listpack owns its memory. Calls that change it may move it: store `base` again afterwards.
/// Positions are offsets of elements from `base`; a change at or before a position invalidates it.
@usableFromInline
package struct ListPack {
    /// The allocation; it begins with the listpack.
    @usableFromInline package var base: UnsafeMutableRawPointer

    /// Offset of an element from the base.
    @usableFromInline package typealias Position = Int

    @usableFromInline static let headerByteCount = 6
    @usableFromInline static let endMark: UInt8 = 0xFF
    /// Written as the count when there are this many elements or more: then they have to be counted.
    @usableFromInline static let countUnknown = 65_535
    /// No listpack grows past this, long before its 32-bit size overflows.
    @usableFromInline package static let byteCountMax = 1 << 30

    /// A handle on an existing listpack.
    @inlinable @inline(__always)
    package init(base: UnsafeMutableRawPointer) {
        self.base = base
    }

    /// A new empty listpack with room for that many bytes in all.
    package static func make(capacityBytes: Int = 0) -> ListPack {
        let list = ListPack(base: atoll_memory_take(max(capacityBytes, headerByteCount + 1)))
        list.setByteCount(headerByteCount + 1)
        list.setStoredCount(0)
        list.base.storeBytes(of: endMark, toByteOffset: headerByteCount, as: UInt8.self)
        return list
    }

    /// A listpack with these bytes, which must be valid.
    package static func make(copying bytes: ByteSlice) -> ListPack {
        let base = atoll_memory_take(bytes.count).unsafelyUnwrapped
        memcpy(base, bytes.baseAddress.unsafelyUnwrapped, bytes.count)
        return ListPack(base: base)
    }

    /// Gives the memory back; the handle is void.
    package func free() {
        atoll_memory_give(base)
    }

    /// Memory that the listpack holds.
    package var reservedByteCount: Int { atoll_memory_size(base) }

    /// Bytes of the listpack, header and end included.
    @inlinable @inline(__always)
    package var byteCount: Int { Int(base.loadUnaligned(as: UInt32.self)) }

    /// The whole listpack as RDB stores it. Valid until the next change.
    @inlinable
    package var bytes: ByteSlice { ByteSlice(start: base, count: byteCount) }

    @inlinable @inline(__always)
    var storedCount: Int { Int(base.loadUnaligned(fromByteOffset: 4, as: UInt16.self)) }

    /// Number of elements.
    /// - Complexity: constant below 65535 elements, else linear.
    @inlinable @inline(__always)
    package var count: Int {
        let stored = storedCount
        return stored != ListPack.countUnknown ? stored : countByWalking()
    }

    /// Whether there is no element.
    @inlinable @inline(__always)
    package var isEmpty: Bool { byteCount == ListPack.headerByteCount + 1 }

    @inlinable @inline(__always)
    func setByteCount(_ count: Int) {
        base.storeBytes(of: UInt32(truncatingIfNeeded: count), as: UInt32.self)
    }

    @inlinable @inline(__always)
    func setStoredCount(_ count: Int) {
        base.storeBytes(
            of: UInt16(truncatingIfNeeded: min(count, ListPack.countUnknown)), toByteOffset: 4, as: UInt16.self)
    }

    @usableFromInline
    func countByWalking() -> Int {
        var count = 0
        var position = firstPosition
        while let here = position {
            count += 1
            position = next(here)
        }
        if count < ListPack.countUnknown { setStoredCount(count) }
        return count
    }
}

// MARK: Positions

extension ListPack {
    /// Bytes of encoding and data of the element at an address.
    @inlinable @inline(__always)
    static func payloadByteCount(_ element: UnsafeRawPointer) -> Int {
        let first = Int(element.load(as: UInt8.self))
        if first & 0x80 == 0 { return 1 }
        if first & 0xC0 == 0x80 { return 1 + (first & 0x3F) }
        if first & 0xE0 == 0xC0 { return 2 }
        if first & 0xF0 == 0xE0 {
            return 2 + ((first & 0x0F) << 8 | Int(element.load(fromByteOffset: 1, as: UInt8.self)))
        }
        switch first {
        case 0xF0: return 5 + Int(element.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
        case 0xF1: return 3
        case 0xF2: return 4
        case 0xF3: return 5
        case 0xF4: return 9
        default: return 1
        }
    }

    /// Bytes of the element at a position, its trailer included.
    @inlinable @inline(__always)
    package func elementByteCount(at position: Position) -> Int {
        let payload = ListPack.payloadByteCount(base + position)
        return payload + ListPackElement.trailerByteCount(payload)
    }

    @inlinable @inline(__always)
    func isEnd(_ position: Position) -> Bool {
        base.load(fromByteOffset: position, as: UInt8.self) == ListPack.endMark
    }

    /// The first element, or nil if there is none.
    @inlinable @inline(__always)
    package var firstPosition: Position? {
        isEmpty ? nil : ListPack.headerByteCount
    }

    /// The last element, or nil if there is none.
    @inlinable @inline(__always)
    package var lastPosition: Position? { previous(byteCount - 1) }

    /// Where appended elements go: not an element.
    @inlinable @inline(__always)
    package var endPosition: Position { byteCount - 1 }

    /// The element behind the one at the position.
    @inlinable @inline(__always)
    package func next(_ position: Position) -> Position? {
        let following = position + elementByteCount(at: position)
        return isEnd(following) ? nil : following
    }

    /// The element before the one at the position.
    @inlinable @inline(__always)
    package func previous(_ position: Position) -> Position? {
        guard position > ListPack.headerByteCount else { return nil }
        var offset = position - 1
        var byte = Int(base.load(fromByteOffset: offset, as: UInt8.self))
        var payload = byte & 0x7F
        var shift = 7
        while byte & 0x80 != 0 && shift <= 28 {
            offset -= 1
            byte = Int(base.load(fromByteOffset: offset, as: UInt8.self))
            payload |= (byte & 0x7F) << shift
            shift += 7
        }
        return position - payload - ListPackElement.trailerByteCount(payload)
    }

    /// How many elements are before the one at the position.
    /// - Complexity: linear.
    package func index(of position: Position) -> Int {
        var index = 0
        var here = ListPack.headerByteCount
        while here < position {
            here += elementByteCount(at: here)
            index += 1
        }
        return index
    }

    /// The element with that index, counted from the end if it is negative (-1 is the last).
    /// - Complexity: linear in the distance to the nearer end.
    package func position(atIndex index: Int) -> Position? {
        var index = index
        let stored = storedCount
        if stored != ListPack.countUnknown {
            if index < 0 { index += stored }
            guard index >= 0 && index < stored else { return nil }
            if index > stored / 2 { index -= stored }
        }
        if index >= 0 {
            var position = firstPosition
            while index > 0, let here = position {
                position = next(here)
                index -= 1
            }
            return position
        }
        var position = lastPosition
        while index < -1, let here = position {
            position = previous(here)
            index += 1
        }
        return position
    }
}

// MARK: Values

extension ListPack {
    /// The element at a position.
    @inlinable @inline(__always)
    package func value(at position: Position) -> ListPackValue {
        ListPack.value(base + position)
    }

    /// The element's bytes as a client sees them; the scratch room must have `ListPackValue.scratchByteCount` bytes.
    @inlinable @inline(__always)
    package func bytes(at position: Position, scratch: UnsafeMutableRawPointer) -> ByteSlice {
        value(at: position).bytes(scratch: scratch)
    }

    /// The element at an address.
    @inlinable @inline(__always)
    static func value(_ element: UnsafeRawPointer) -> ListPackValue {
        let first = element.load(as: UInt8.self)
        if first & 0xC0 == 0x80 { return ListPackValue(start: element + 1, number: Int64(first & 0x3F)) }
        if first & 0x80 == 0 { return ListPackValue(start: nil, number: Int64(first)) }
        return wideValue(element)
    }

    @usableFromInline
    static func wideValue(_ element: UnsafeRawPointer) -> ListPackValue {
        let first = element.load(as: UInt8.self)
        if first & 0xF0 == 0xE0 {
            let low = element.load(fromByteOffset: 1, as: UInt8.self)
            return ListPackValue(start: element + 2, number: Int64(first & 0x0F) << 8 | Int64(low))
        }
        if first & 0xE0 == 0xC0 {
            let low = element.load(fromByteOffset: 1, as: UInt8.self)
            let bits = Int64(first & 0x1F) << 8 | Int64(low)
            return ListPackValue(start: nil, number: (bits << 51) >> 51)
        }
        let data = element + 1
        switch first {
        case 0xF0: return ListPackValue(start: element + 5, number: Int64(data.loadUnaligned(as: UInt32.self)))
        case 0xF1: return ListPackValue(start: nil, number: Int64(data.loadUnaligned(as: Int16.self)))
        case 0xF2:
            let low = Int64(data.loadUnaligned(as: UInt16.self))
            return ListPackValue(start: nil, number: Int64(data.load(fromByteOffset: 2, as: Int8.self)) << 16 | low)
        case 0xF3: return ListPackValue(start: nil, number: Int64(data.loadUnaligned(as: Int32.self)))
        default: return ListPackValue(start: nil, number: data.loadUnaligned(as: Int64.self))
        }
    }

    /// The first element with these bytes from a position on, looking at every (skip + 1)th: with one skipped, the
    /// fields of a hash. Integers are compared as numbers.
    /// - Complexity: linear.
    @inlinable
    package func find(_ bytes: ByteSlice, from start: Position?, skip: Int = 0) -> Position? {
        guard var position = start else { return nil }
        let wanted = ListPackElement(bytes)
        if wanted.isInteger || bytes.count >= 64 || bytes.isEmpty {
            return findGeneral(wanted, from: position, skip: skip)
        }
        // Short text: one comparison of the first byte tells the length, and most elements are skipped by it.
        let head = 0x80 | UInt8(truncatingIfNeeded: bytes.count)
        let source = bytes.baseAddress.unsafelyUnwrapped
        while true {
            let element = base + position
            let first = element.load(as: UInt8.self)
            if first == head, memcmp(element + 1, source, bytes.count) == 0 { return position }
            if first == ListPack.endMark { return nil }
            position += elementByteCount(at: position)
            var skipped = skip
            while skipped > 0 {
                if isEnd(position) { return nil }
                position += elementByteCount(at: position)
                skipped -= 1
            }
        }
    }

    @usableFromInline
    func findGeneral(_ wanted: ListPackElement, from start: Position, skip: Int) -> Position? {
        var position = start
        while !isEnd(position) {
            let value = value(at: position)
            if let integer = value.integer {
                if wanted.isInteger && wanted.integer == integer { return position }
            } else if !wanted.isInteger, let text = value.text, text.equals(wanted.text) {
                return position
            }
            position += elementByteCount(at: position)
            var skipped = skip
            while skipped > 0 && !isEnd(position) {
                position += elementByteCount(at: position)
                skipped -= 1
            }
        }
        return nil
    }
}

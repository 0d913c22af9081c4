public import Bytes
import CMemory
import Glibc

/// A borrowed handle on one allocation with Redis's intset: ascending integers, all as wide as the widest needs.
///
///     bytes an integer, UInt32: 2, 4 or 8 | count, UInt32 | integers, low byte first
///
/// Whoever stores the set owns its memory. `add` and `remove` may move it: store `base` again afterwards.
@usableFromInline
package struct IntegerSet {
    /// The allocation; it begins with the set.
    @usableFromInline package var base: UnsafeMutableRawPointer

    @usableFromInline static let headerByteCount = 8

    /// A handle on an existing set.
    @inlinable @inline(__always)
    package init(base: UnsafeMutableRawPointer) {
        self.base = base
    }

    /// A new empty set.
    package static func make() -> IntegerSet {
        let set = IntegerSet(base: atoll_memory_take(headerByteCount))
        set.base.storeBytes(of: 2, as: UInt32.self)
        set.base.storeBytes(of: 0, toByteOffset: 4, as: UInt32.self)
        return set
    }

    /// A set with these bytes, which must be valid.
    package static func make(copying bytes: ByteSlice) -> IntegerSet {
        let base = atoll_memory_take(bytes.count).unsafelyUnwrapped
        memcpy(base, bytes.baseAddress.unsafelyUnwrapped, bytes.count)
        return IntegerSet(base: base)
    }

    /// A copy with memory of its own.
    package func copy() -> IntegerSet { IntegerSet.make(copying: bytes) }

    /// Gives the memory back; the handle is void.
    package func free() {
        atoll_memory_give(base)
    }

    /// Memory that the set holds.
    package var reservedByteCount: Int { atoll_memory_size(base) }

    @inlinable @inline(__always)
    var width: Int { Int(base.load(as: UInt32.self)) }

    /// Number of integers.
    @inlinable @inline(__always)
    package var count: Int { Int(base.load(fromByteOffset: 4, as: UInt32.self)) }

    /// Whether there is no integer.
    @inlinable @inline(__always)
    package var isEmpty: Bool { count == 0 }

    /// Bytes of the set, header included.
    @inlinable
    package var byteCount: Int { IntegerSet.headerByteCount + count * width }

    /// The whole set as RDB stores it. Valid until the next change.
    @inlinable
    package var bytes: ByteSlice { ByteSlice(start: base, count: byteCount) }

    @inlinable @inline(__always)
    static func width(of value: Int64) -> Int {
        if value == Int64(Int16(truncatingIfNeeded: value)) { return 2 }
        return value == Int64(Int32(truncatingIfNeeded: value)) ? 4 : 8
    }

    @inlinable @inline(__always)
    func value(at index: Int, width: Int) -> Int64 {
        let data = base + IntegerSet.headerByteCount
        switch width {
        case 2: return Int64(data.load(fromByteOffset: index << 1, as: Int16.self))
        case 4: return Int64(data.load(fromByteOffset: index << 2, as: Int32.self))
        default: return data.load(fromByteOffset: index << 3, as: Int64.self)
        }
    }

    @inlinable @inline(__always)
    func store(_ value: Int64, at index: Int, width: Int) {
        let data = base + IntegerSet.headerByteCount
        switch width {
        case 2: data.storeBytes(of: Int16(truncatingIfNeeded: value), toByteOffset: index << 1, as: Int16.self)
        case 4: data.storeBytes(of: Int32(truncatingIfNeeded: value), toByteOffset: index << 2, as: Int32.self)
        default: data.storeBytes(of: value, toByteOffset: index << 3, as: Int64.self)
        }
    }

    /// The integer with that index in ascending order; the index must be below `count`.
    @inlinable @inline(__always)
    package func value(at index: Int) -> Int64 { value(at: index, width: width) }

    /// Where the integer is, or the complement of where it belongs.
    @inlinable
    func search(_ wanted: Int64) -> Int {
        let width = width
        var low = 0
        var high = count - 1
        // Ascending inserts are common: look at the last one first.
        if high >= 0 && wanted > value(at: high, width: width) { return ~(high + 1) }
        while low <= high {
            let middle = (low + high) >> 1
            let here = value(at: middle, width: width)
            if here == wanted { return middle }
            if here < wanted { low = middle + 1 } else { high = middle - 1 }
        }
        return ~low
    }

    /// Whether the integer is in the set.
    /// - Complexity: logarithmic.
    @inlinable
    package func contains(_ value: Int64) -> Bool {
        IntegerSet.width(of: value) <= width && search(value) >= 0
    }

    /// The index of the integer in ascending order, if it is in the set.
    @inlinable
    package func index(of value: Int64) -> Int? {
        guard IntegerSet.width(of: value) <= width else { return nil }
        let index = search(value)
        return index >= 0 ? index : nil
    }

    /// A random integer; the set must not be empty.
    package func random(using random: inout some RandomNumberGenerator) -> Int64 {
        value(at: Int.random(in: 0..<count, using: &random))
    }

    /// Adds the integer and returns whether it was new.
    package mutating func add(_ value: Int64) -> Bool {
        let width = width
        if IntegerSet.width(of: value) > width {
            widenAndAdd(value)
            return true
        }
        let found = search(value)
        if found >= 0 { return false }
        let index = ~found
        let count = count
        resize(IntegerSet.headerByteCount + (count + 1) * width)
        let place = base + (IntegerSet.headerByteCount + index * width)
        if index < count { memmove(place + width, place, (count - index) * width) }
        store(value, at: index, width: width)
        base.storeBytes(of: UInt32(truncatingIfNeeded: count + 1), toByteOffset: 4, as: UInt32.self)
        return true
    }

    /// A value wider than all others is the smallest or the largest.
    private mutating func widenAndAdd(_ value: Int64) {
        let from = width
        let to = IntegerSet.width(of: value)
        let count = count
        resize(IntegerSet.headerByteCount + (count + 1) * to)
        let shift = value < 0 ? 1 : 0
        var index = count - 1
        while index >= 0 {
            store(self.value(at: index, width: from), at: index + shift, width: to)
            index -= 1
        }
        store(value, at: value < 0 ? 0 : count, width: to)
        base.storeBytes(of: UInt32(truncatingIfNeeded: to), as: UInt32.self)
        base.storeBytes(of: UInt32(truncatingIfNeeded: count + 1), toByteOffset: 4, as: UInt32.self)
    }

    /// Removes the integer and returns whether it was there. The width stays, as in Redis.
    package mutating func remove(_ value: Int64) -> Bool {
        guard let index = index(of: value) else { return false }
        let width = width
        let count = count
        let place = base + (IntegerSet.headerByteCount + index * width)
        memmove(place, place + width, (count - index - 1) * width)
        base.storeBytes(of: UInt32(truncatingIfNeeded: count - 1), toByteOffset: 4, as: UInt32.self)
        let held = atoll_memory_size(base)
        if held > 64 && byteCount <= held / 2 { base = atoll_memory_resize(base, byteCount) }
        return true
    }

    private mutating func resize(_ total: Int) {
        if total > atoll_memory_size(base) { base = atoll_memory_resize(base, total) }
    }

    /// Whether foreign bytes are an intset that is not empty; with `deep`, also whether its integers ascend.
    package static func validate(_ bytes: ByteSlice, deep: Bool) -> Bool {
        guard bytes.count > headerByteCount, let base = bytes.baseAddress else { return false }
        let width = Int(base.loadUnaligned(as: UInt32.self))
        let count = Int(base.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        guard width == 2 || width == 4 || width == 8, headerByteCount + count * width == bytes.count else {
            return false
        }
        guard deep else { return true }
        var previous: Int64?
        for index in 0..<count {
            let place = base + (headerByteCount + index * width)
            let value: Int64
            switch width {
            case 2: value = Int64(place.loadUnaligned(as: Int16.self))
            case 4: value = Int64(place.loadUnaligned(as: Int32.self))
            default: value = place.loadUnaligned(as: Int64.self)
            }
            if let previous, previous >= value { return false }
            previous = value
        }
        return true
    }
}

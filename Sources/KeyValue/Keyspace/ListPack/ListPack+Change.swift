package import Bytes
import CMemory
import Glibc

extension ListPack {
    /// Whether that many more bytes keep the listpack within its limit.
    @inlinable
    package func isSafeToAdd(_ byteCount: Int) -> Bool { self.byteCount + byteCount <= ListPack.byteCountMax }

    /// Makes room for that many more bytes, so that the appends to come do not move the listpack again.
    package mutating func reserve(_ additional: Int) {
        reserve(total: byteCount + additional)
    }

    /// The allocator's size classes grow by an eighth, so asking for what is needed already moves rarely; only far
    /// above them, where sizes are exact, room is asked for in advance.
    @inline(__always)
    private mutating func reserve(total: Int) {
        if total > atoll_memory_size(base) { grow(total) }
    }

    @inline(never)
    private mutating func grow(_ total: Int) {
        base = atoll_memory_resize(base, total < 1 << 20 ? total : total + total >> 3)
    }

    /// Gives back memory that single removals have left unused: only when it is half, as in a queue it will be used
    /// again at once.
    @inline(__always)
    private mutating func shrinkIfSparse() {
        let held = atoll_memory_size(base)
        if held > 64 && byteCount <= held / 2 { base = atoll_memory_resize(base, byteCount) }
    }

    /// Gives back memory that is not used, unless it is less than an eighth.
    package mutating func shrinkToFit() {
        let count = byteCount
        guard atoll_memory_size(base) - count > max(8, count / 8) else { return }
        let moved = atoll_memory_take(count).unsafelyUnwrapped
        memcpy(moved, base, count)
        atoll_memory_give(base)
        base = moved
    }

    /// Appends a prepared element.
    package mutating func append(_ element: ListPackElement) {
        let count = byteCount
        let added = element.byteCount
        reserve(total: count + added)
        let target = base + (count - 1)
        element.write(to: target)
        target.storeBytes(of: ListPack.endMark, toByteOffset: added, as: UInt8.self)
        setByteCount(count + added)
        let stored = storedCount
        if stored != ListPack.countUnknown { setStoredCount(stored + 1) }
    }

    /// Appends bytes, as an integer if they are one's canonical form.
    package mutating func append(_ bytes: ByteSlice) { append(ListPackElement(bytes)) }

    /// Appends an integer.
    package mutating func append(_ integer: Int64) { append(ListPackElement(integer)) }

    /// Inserts a prepared element before the position, which may be `endPosition`.
    package mutating func insert(_ element: ListPackElement, before position: Position) {
        let count = byteCount
        let added = element.byteCount
        reserve(total: count + added)
        memmove(base + (position + added), base + position, count - position)
        element.write(to: base + position)
        setByteCount(count + added)
        let stored = storedCount
        if stored != ListPack.countUnknown { setStoredCount(stored + 1) }
    }

    /// Inserts bytes before the position, where the new element then is.
    package mutating func insert(_ bytes: ByteSlice, before position: Position) {
        insert(ListPackElement(bytes), before: position)
    }

    /// Inserts an integer before the position, where the new element then is.
    package mutating func insert(_ integer: Int64, before position: Position) {
        insert(ListPackElement(integer), before: position)
    }

    /// Inserts bytes after the element at the position and returns the new element's.
    @discardableResult
    package mutating func insert(_ bytes: ByteSlice, after position: Position) -> Position {
        let following = position + elementByteCount(at: position)
        insert(ListPackElement(bytes), before: following)
        return following
    }

    /// Puts bytes before all elements.
    package mutating func prepend(_ bytes: ByteSlice) {
        insert(ListPackElement(bytes), before: ListPack.headerByteCount)
    }

    /// Puts an integer before all elements.
    package mutating func prepend(_ integer: Int64) {
        insert(ListPackElement(integer), before: ListPack.headerByteCount)
    }

    /// Replaces the element at the position, which stays valid.
    package mutating func replace(_ position: Position, with element: ListPackElement) {
        let added = element.byteCount
        let removed = elementByteCount(at: position)
        if added != removed {
            let count = byteCount
            if added > removed { reserve(total: count + added - removed) }
            memmove(base + (position + added), base + (position + removed), count - position - removed)
            setByteCount(count + added - removed)
        }
        element.write(to: base + position)
        if added < removed { shrinkIfSparse() }
    }

    /// Replaces the element at the position with bytes; the position stays valid.
    package mutating func replace(_ position: Position, with bytes: ByteSlice) {
        replace(position, with: ListPackElement(bytes))
    }

    /// Replaces the element at the position with an integer; the position stays valid.
    package mutating func replace(_ position: Position, with integer: Int64) {
        replace(position, with: ListPackElement(integer))
    }

    /// Removes the element at the position, where its successor then is; nil if it was the last.
    @discardableResult
    package mutating func remove(_ position: Position) -> Position? {
        let removed = elementByteCount(at: position)
        let count = byteCount
        memmove(base + position, base + (position + removed), count - position - removed)
        setByteCount(count - removed)
        let stored = storedCount
        if stored != ListPack.countUnknown { setStoredCount(stored - 1) }
        shrinkIfSparse()
        return isEnd(position) ? nil : position
    }

    /// Removes that many elements, or all that there are, from the position on; returns what then is there.
    @discardableResult
    package mutating func removeRange(from position: Position, count: Int) -> Position? {
        guard count > 0 else { return position }
        var removed = 0
        var tail = position
        while removed < count && !isEnd(tail) {
            tail += elementByteCount(at: tail)
            removed += 1
        }
        let total = byteCount
        memmove(base + position, base + tail, total - tail)
        setByteCount(total - (tail - position))
        let stored = storedCount
        if stored != ListPack.countUnknown { setStoredCount(stored - removed) }
        // A pair is a field or a member that mostly comes back at once with another value.
        if removed <= 2 { shrinkIfSparse() } else { shrinkToFit() }
        return isEnd(position) ? nil : position
    }

    /// Removes that many elements, or all that there are, from an index on (negative: from the end).
    package mutating func removeRange(index: Int, count: Int) {
        guard count > 0, let position = position(atIndex: index) else { return }
        removeRange(from: position, count: count)
    }

    /// Removes the elements at these positions, which must ascend.
    /// - Complexity: one pass over the listpack.
    package mutating func remove(_ positions: UnsafeBufferPointer<Position>) {
        guard let first = positions.first else { return }
        let total = byteCount
        var target = first
        for (index, position) in positions.enumerated() {
            let keepFrom = position + elementByteCount(at: position)
            let keepTo = index + 1 < positions.count ? positions[index + 1] : total
            memmove(base + target, base + keepFrom, keepTo - keepFrom)
            target += keepTo - keepFrom
        }
        setByteCount(target)
        let stored = storedCount
        if stored != ListPack.countUnknown { setStoredCount(stored - positions.count) }
        shrinkToFit()
    }

    /// Appends all elements of another listpack.
    package mutating func append(contentsOf other: ListPack) {
        let sum = count + other.count
        let total = byteCount
        let added = other.byteCount - ListPack.headerByteCount - 1
        reserve(total: total + added)
        memcpy(base + (total - 1), other.base + ListPack.headerByteCount, added + 1)
        setByteCount(total + added)
        setStoredCount(sum)
    }

    /// Removes the elements from the position on and returns them as a listpack of their own.
    package mutating func split(at position: Position) -> ListPack {
        let total = byteCount
        let moved = total - 1 - position
        let other = ListPack.make(capacityBytes: moved + ListPack.headerByteCount + 1)
        memcpy(other.base + ListPack.headerByteCount, base + position, moved + 1)
        other.setByteCount(moved + ListPack.headerByteCount + 1)
        other.setStoredCount(ListPack.countUnknown)
        let movedCount = other.countByWalking()
        let before = count
        base.storeBytes(of: ListPack.endMark, toByteOffset: position, as: UInt8.self)
        setByteCount(position + 1)
        setStoredCount(before - movedCount)
        shrinkToFit()
        return other
    }

    /// A copy with memory of its own.
    package func copy() -> ListPack { ListPack.make(copying: bytes) }

    /// Size of a listpack that holds an integer that many times.
    package static func estimatedByteCount(repeating integer: Int64, count: Int) -> Int {
        let (bytes, overflow) = ListPackElement(integer).byteCount.multipliedReportingOverflow(by: count)
        return overflow ? Int.max : min(bytes, Int.max - headerByteCount - 1) + headerByteCount + 1
    }
}

import Bytes
import CMemory
import Glibc

/// One node of a packed list: a listpack somewhere in an allocation, or one huge element.
///
/// Room before and behind the listpack makes pushing and popping at either end independent of the node's size:
///
///     allocation: | start bytes free | listpack | free |
///
/// A plain node has the element's length as Int64, then its bytes.
@usableFromInline
struct PackedListNode {
    @usableFromInline var memory: UnsafeMutableRawPointer
    /// Offset of the listpack in the memory.
    @usableFromInline var start: UInt32
    /// Bytes that the memory has; unused in plain nodes.
    @usableFromInline var capacity: UInt32
    @usableFromInline var count: UInt32
    @usableFromInline var isPlain: Bool
    /// Its number in the list's cut, from 1 on; 0 if no cut has it. Means nothing while the list has no cut.
    @usableFromInline var cutIndex: UInt32 = 0

    static let plainHeaderByteCount = 8

    /// Memory below which it is not worth shrinking.
    private static let shrinkByteCountMin = 256

    @usableFromInline
    init(memory: UnsafeMutableRawPointer, start: Int, capacity: Int, count: Int, isPlain: Bool) {
        self.memory = memory
        self.start = UInt32(truncatingIfNeeded: start)
        self.capacity = UInt32(truncatingIfNeeded: capacity)
        self.count = UInt32(truncatingIfNeeded: count)
        self.isPlain = isPlain
    }

    /// Takes over a listpack's memory.
    init(_ list: ListPack) {
        self.init(
            memory: list.base, start: 0, capacity: min(list.reservedByteCount, Int(UInt32.max)), count: list.count,
            isPlain: false)
    }

    /// A plain node with a copy of the bytes.
    init(plain bytes: ByteSlice) {
        let memory = atoll_memory_take(PackedListNode.plainHeaderByteCount + bytes.count).unsafelyUnwrapped
        memory.storeBytes(of: Int64(bytes.count), as: Int64.self)
        if bytes.count > 0 {
            memcpy(memory + PackedListNode.plainHeaderByteCount, bytes.baseAddress.unsafelyUnwrapped, bytes.count)
        }
        self.init(memory: memory, start: 0, capacity: 0, count: 1, isPlain: true)
    }

    /// The listpack; not for plain nodes.
    @inlinable @inline(__always)
    var list: ListPack { ListPack(base: memory + Int(start)) }

    /// The element of a plain node.
    @usableFromInline var plainValue: ListPackValue {
        ListPackValue(start: memory + PackedListNode.plainHeaderByteCount, number: memory.load(as: Int64.self))
    }

    /// Bytes of the listpack, or of the huge element.
    var byteCount: Int { isPlain ? Int(memory.load(as: Int64.self)) : list.byteCount }

    func free() { atoll_memory_give(memory) }

    func copy() -> PackedListNode {
        guard isPlain else { return PackedListNode(list.copy()) }
        return plainValue.text.map { PackedListNode(plain: $0) } ?? self
    }

    /// The listpack at the beginning of its memory, as general changes need it; `adopt` takes it back.
    mutating func listForChange() -> ListPack {
        if start > 0 {
            memmove(memory, memory + Int(start), list.byteCount)
            start = 0
        }
        return list
    }

    /// Takes back a listpack that was changed.
    mutating func adopt(_ list: ListPack, count: Int) {
        self = PackedListNode(
            memory: list.base, start: 0, capacity: list.reservedByteCount, count: count, isPlain: false)
    }
}

// MARK: Ends

extension PackedListNode {
    /// Puts an element behind all others.
    @inline(__always)
    mutating func pushBack(_ element: ListPackElement, limits: ListLimits) {
        let added = element.byteCount
        let used = list.byteCount
        if Int(start) + used + added > Int(capacity) { makeRoom(front: 0, back: added, limits: limits) }
        let list = list
        let target = list.base + (used - 1)
        element.write(to: target)
        target.storeBytes(of: ListPack.endMark, toByteOffset: added, as: UInt8.self)
        count += 1
        list.setByteCount(used + added)
        list.setStoredCount(Int(count))
    }

    /// Puts an element before all others: the header moves down and the element takes its place.
    @inline(__always)
    mutating func pushFront(_ element: ListPackElement, limits: ListLimits) {
        let added = element.byteCount
        let used = list.byteCount
        if Int(start) < added { makeRoom(front: added, back: 0, limits: limits) }
        start -= UInt32(truncatingIfNeeded: added)
        count += 1
        let list = list
        list.setByteCount(used + added)
        list.setStoredCount(Int(count))
        element.write(to: list.base + ListPack.headerByteCount)
    }

    /// Removes the first element; the header moves up over it.
    @inline(__always)
    mutating func popFront() {
        let used = list.byteCount
        let removed = list.elementByteCount(at: ListPack.headerByteCount)
        start += UInt32(truncatingIfNeeded: removed)
        count -= 1
        let list = list
        list.setByteCount(used - removed)
        list.setStoredCount(Int(count))
        shrinkIfSparse(used - removed)
    }

    /// Removes the last element.
    @inline(__always)
    mutating func popBack() {
        let list = list
        guard let last = list.lastPosition else { return }
        list.base.storeBytes(of: ListPack.endMark, toByteOffset: last, as: UInt8.self)
        count -= 1
        list.setByteCount(last + 1)
        list.setStoredCount(Int(count))
        shrinkIfSparse(last + 1)
    }

    @inline(__always)
    private mutating func shrinkIfSparse(_ used: Int) {
        if Int(capacity) > PackedListNode.shrinkByteCountMin && used < Int(capacity) / 2 { shrink(used) }
    }

    /// Leaves a little room at both ends, as a queue is pushed to at one end and popped from at the other.
    @inline(never)
    private mutating func shrink(_ used: Int) {
        move(toCapacity: used + used / 4, start: used / 8, used: used)
    }

    @inline(never)
    private mutating func makeRoom(front: Int, back: Int, limits: ListLimits) {
        let used = list.byteCount
        let total = used + front + back
        let free = Int(capacity) - total
        // Shifting within the memory only pays if many pushes follow until the next shift, or if it cannot grow.
        if free >= 0 && (free > total / 16 || total >= limits.byteCountMax * 7 / 8) {
            let newStart = front > 0 ? front + (free + 1) / 2 : free / 2
            memmove(memory + newStart, memory + Int(start), used)
            start = UInt32(truncatingIfNeeded: newStart)
            return
        }
        // Room for more is what the last node of each list wastes: an eighth, as between size classes.
        let generous = total < 1024 ? max(total + total / 4, 128) : total + total / 8
        let wanted = max(total, min(generous, limits.byteCountMax))
        let memory = atoll_memory_take(wanted).unsafelyUnwrapped
        let capacity = min(atoll_memory_size(memory), Int(UInt32.max))
        place(in: memory, capacity: capacity, start: front > 0 ? capacity - used : 0, used: used)
    }

    private mutating func move(toCapacity wanted: Int, start newStart: Int, used: Int) {
        let memory = atoll_memory_take(wanted).unsafelyUnwrapped
        place(in: memory, capacity: min(atoll_memory_size(memory), Int(UInt32.max)), start: newStart, used: used)
    }

    private mutating func place(in memory: UnsafeMutableRawPointer, capacity: Int, start newStart: Int, used: Int) {
        memcpy(memory + newStart, list.base, used)
        atoll_memory_give(self.memory)
        self.memory = memory
        self.capacity = UInt32(truncatingIfNeeded: capacity)
        start = UInt32(truncatingIfNeeded: newStart)
    }
}

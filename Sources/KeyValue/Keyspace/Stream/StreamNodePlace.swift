// Where packed nodes lie: the youngest in allocations of their own, finished ones many to a block.
//
//     block:  nodes still in it, UInt32 | nodes it was made with, UInt32 | node ...
//     node:   its distance from the block's start, UInt32 | 4 unused | listpack, to a multiple of 8 bytes
//
// The allocator's size classes lie an eighth apart where nodes are, so that alone they would waste up to an eighth.
// What lies in a block never changes: a node is taken out before an entry of it is deleted or added.

import CMemory
import Glibc

/// Where a stream's node is, and whose memory that is.
struct StreamNodePlace: BitwiseCopyable {
    /// The listpack's address; the lowest bit is set in a block.
    private let bits: UInt

    /// A node in an allocation of its own.
    init(own base: UnsafeMutableRawPointer) { bits = UInt(bitPattern: base) }

    private init(inBlock base: UnsafeMutableRawPointer) { bits = UInt(bitPattern: base) | 1 }

    @inline(__always)
    var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: bits & ~1).unsafelyUnwrapped }
    @inline(__always)
    var node: StreamNode { StreamNode(base) }
    @inline(__always)
    var isInBlock: Bool { bits & 1 != 0 }

    private var block: UnsafeMutableRawPointer {
        base - Int((base - Self.prefixByteCount).load(as: UInt32.self))
    }

    /// Its memory in bytes; of a block, its part.
    var byteCount: Int {
        guard isInBlock else { return atoll_memory_size(base) }
        return atoll_memory_size(block) / Int(block.load(fromByteOffset: 4, as: UInt32.self))
    }

    /// Gives the memory back; a block's goes with its last node.
    func free() {
        guard isInBlock else { return atoll_memory_give(base) }
        let block = block
        let remaining = block.load(as: UInt32.self) - 1
        if remaining == 0 { return atoll_memory_give(block) }
        block.storeBytes(of: remaining, as: UInt32.self)
    }

    // MARK: - Blocks

    /// A size class of the allocator. Large enough that what is left at its end is little, and small enough that a
    /// stream which is trimmed at its old end does not hold much that has gone.
    private static let blockByteCountMax = 32 << 10
    /// Larger nodes stay alone.
    private static let nodeByteCountMax = 5 << 10
    private static let headerByteCount = 8
    private static let prefixByteCount = 8

    /// What the node takes in a block; nil if it stays alone.
    private var byteCountInBlock: Int? {
        guard !isInBlock else { return nil }
        let count = node.list.byteCount
        return count <= Self.nodeByteCountMax ? Self.prefixByteCount + (count + 7) & ~7 : nil
    }

    /// The last node is finished: puts those before it into a block once they fill one; itself begins the next.
    /// - Parameter waitingByteCount: what the nodes at the end that are in no block take in one, or more.
    static func pack(_ nodes: Stream.Nodes, waitingByteCount: inout Int) {
        guard let last = nodes.lastPosition, let added = nodes.slot(last).pointee.value.byteCountInBlock else { return }
        waitingByteCount += added
        guard headerByteCount + waitingByteCount > blockByteCountMax else { return }
        var byteCount = 0
        var count = 0
        var first = last
        while let more = nodes.slot(first).pointee.value.byteCountInBlock {
            byteCount += more
            count += 1
            // Room for as many again: nodes that were taken out of blocks may stand before those that wait.
            guard byteCount <= 2 * blockByteCountMax, let before = nodes.previous(first) else { break }
            first = before
        }
        waitingByteCount = byteCount
        guard headerByteCount + byteCount > blockByteCountMax, count > 2 else { return }
        if nodes.slot(first).pointee.value.byteCountInBlock == nil, let start = nodes.next(first) { first = start }
        pack(nodes, from: first, count: count - 1)
        waitingByteCount = added
    }

    private static func pack(_ nodes: Stream.Nodes, from first: Stream.Nodes.Position, count: Int) {
        let block = atoll_memory_take(blockByteCountMax).unsafelyUnwrapped
        var end = headerByteCount
        var packed: UInt32 = 0
        var position: Stream.Nodes.Position? = first
        while let here = position, packed < count {
            let slot = nodes.slot(here)
            guard let added = slot.pointee.value.byteCountInBlock, end + added <= blockByteCountMax else { break }
            let target = block + end + prefixByteCount
            (block + end).storeBytes(of: UInt32(truncatingIfNeeded: end + prefixByteCount), as: UInt32.self)
            let list = slot.pointee.value.node.list
            memcpy(target, list.base, list.byteCount)
            list.free()
            slot.pointee.value = StreamNodePlace(inBlock: target)
            end += added
            packed += 1
            position = nodes.next(here)
        }
        block.storeBytes(of: packed, as: UInt32.self)
        block.storeBytes(of: packed, toByteOffset: 4, as: UInt32.self)
    }
}

extension StreamIDMap<StreamNodePlace>.Slot {
    /// The node, in an allocation of its own from now on, where it may change.
    @inline(__always)
    mutating func nodeForChange() -> StreamNode {
        if value.isInBlock { takeOut() }
        return value.node
    }

    @inline(never)
    private mutating func takeOut() {
        let own = ListPack.make(copying: value.node.list.bytes)
        value.free()
        value = StreamNodePlace(own: own.base)
    }
}

// Large lists: Redis's quicklist, as a ring of nodes instead of a chain, so that an index is found by adding up counts
// that lie side by side and both ends are reached at once.
//
//     header: ring | count | head, node count, mask
//     ring:   nodes of 32 bytes, a power of two of them; logical node i is at (head + i) & mask

import Bytes
import CMemory
import Glibc

/// A borrowed handle on a list of packed nodes. There are no empty nodes.
@usableFromInline
struct PackedList {
    @usableFromInline
    struct Header {
        @usableFromInline var ring: UnsafeMutablePointer<PackedListNode>
        @usableFromInline var count: Int
        @usableFromInline var head: Int32
        @usableFromInline var nodeCount: Int32
        @usableFromInline var mask: Int32
        /// The snapshot that is being taken of the list.
        @usableFromInline var cut: Unmanaged<ListCut>?
    }

    @usableFromInline let header: UnsafeMutablePointer<Header>

    private static let ringCountMin = 4

    @usableFromInline
    init(base: UnsafeMutableRawPointer) {
        header = base.assumingMemoryBound(to: Header.self)
    }

    static func make() -> PackedList {
        let list = PackedList(base: atoll_memory_take(MemoryLayout<Header>.size))
        list.header.initialize(
            to: Header(
                ring: takeRing(ringCountMin), count: 0, head: 0, nodeCount: 0, mask: Int32(ringCountMin - 1),
                cut: nil))
        return list
    }

    private static func takeRing(_ count: Int) -> UnsafeMutablePointer<PackedListNode> {
        atoll_memory_take(count * MemoryLayout<PackedListNode>.stride).unsafelyUnwrapped
            .bindMemory(to: PackedListNode.self, capacity: count)
    }

    @usableFromInline var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(header) }

    @inlinable @inline(__always)
    var count: Int { header.pointee.count }

    @inlinable @inline(__always)
    var nodeCount: Int { Int(header.pointee.nodeCount) }

    /// The node with that index; the pointer is valid until nodes are added or removed.
    @inlinable @inline(__always)
    func node(_ index: Int) -> UnsafeMutablePointer<PackedListNode> {
        let mask = Int(header.pointee.mask)
        return header.pointee.ring + ((Int(header.pointee.head) &+ index) & mask)
    }

    /// Gives all memory back.
    func free() {
        _ = freeSome(nodeCountMax: Int.max)
    }

    /// Gives back the memory of some nodes; true when everything is gone and the handle is void.
    func freeSome(nodeCountMax: Int) -> Bool {
        var left = nodeCountMax
        while nodeCount > 0 && left > 0 {
            let last = node(nodeCount - 1)
            header.pointee.count -= Int(last.pointee.count)
            last.pointee.free()
            header.pointee.nodeCount -= 1
            left -= 1
        }
        guard nodeCount == 0 else { return false }
        atoll_memory_give(header.pointee.ring)
        atoll_memory_give(header)
        return true
    }

    /// Memory that the list holds, judged by that many of its nodes (0: all).
    func reservedByteCount(samples: Int) -> Int {
        let looked = samples > 0 ? min(samples, nodeCount) : nodeCount
        var sum = 0
        for index in 0..<looked { sum += atoll_memory_size(node(index).pointee.memory) }
        if looked > 0 { sum = Int(Double(sum) / Double(looked) * Double(nodeCount)) }
        return sum + atoll_memory_size(header) + atoll_memory_size(header.pointee.ring)
    }

    /// Gives back the list's own memory but not its only node's, which is returned.
    func dissolve() -> PackedListNode {
        var only = node(0).pointee
        only.cutIndex = 0
        atoll_memory_give(header.pointee.ring)
        atoll_memory_give(header)
        return only
    }

    func copy() -> PackedList {
        let other = PackedList.make()
        for index in 0..<nodeCount { other.insertNode(node(index).pointee.copy(), at: index) }
        return other
    }
}

// MARK: Nodes

extension PackedList {
    /// Adds a node and its elements.
    /// - Complexity: linear in the nodes to the nearer end.
    func insertNode(_ node: PackedListNode, at index: Int) {
        if nodeCount > Int(header.pointee.mask) { resizeRing((Int(header.pointee.mask) + 1) * 2) }
        let before = nodeCount
        header.pointee.nodeCount += 1
        if index < before / 2 || index == 0 && before > 0 {
            header.pointee.head = (header.pointee.head &- 1) & header.pointee.mask
            var position = 0
            while position < index {
                self.node(position).pointee = self.node(position + 1).pointee
                position += 1
            }
        } else {
            var position = before
            while position > index {
                self.node(position).pointee = self.node(position - 1).pointee
                position -= 1
            }
        }
        self.node(index).initialize(to: node)
        header.pointee.count += Int(node.count)
    }

    /// Takes nodes and their elements out and gives their memory back.
    func removeNodes(from index: Int, count: Int) {
        guard count > 0 else { return }
        for position in index..<(index + count) {
            header.pointee.count -= Int(node(position).pointee.count)
            drop(position)
        }
        forgetNodes(from: index, count: count)
    }

    /// Takes nodes and their elements out and returns them as a list of their own.
    func detachNodes(from index: Int, count: Int) -> PackedList {
        let other = PackedList.make()
        for position in index..<(index + count) {
            willDrop(position, into: other)
            header.pointee.count -= Int(node(position).pointee.count)
        }
        forgetNodes(from: index, count: count)
        return other
    }

    /// Moves a node to the end of another list, unless a cut keeps it.
    private func willDrop(_ index: Int, into other: PackedList) {
        var node = node(index).pointee
        if let cut = header.pointee.cut, node.cutIndex > 0, cut._withUnsafeGuaranteedRef({ $0.keeps(node) }) { return }
        node.cutIndex = 0
        other.insertNode(node, at: other.nodeCount)
    }

    /// Takes nodes out of the ring without freeing what they hold.
    private func forgetNodes(from index: Int, count: Int) {
        let behind = nodeCount - index - count
        if index < behind {
            var position = index - 1
            while position >= 0 {
                node(position + count).pointee = node(position).pointee
                position -= 1
            }
            let head = Int(header.pointee.head) + count
            header.pointee.head = Int32(truncatingIfNeeded: head & Int(header.pointee.mask))
        } else {
            var position = index
            while position < index + behind {
                node(position).pointee = node(position + count).pointee
                position += 1
            }
        }
        header.pointee.nodeCount -= Int32(truncatingIfNeeded: count)
        let ringCount = Int(header.pointee.mask) + 1
        if ringCount > 64 && nodeCount < ringCount / 4 { resizeRing(ringCount / 2) }
    }

    private func resizeRing(_ ringCount: Int) {
        let ring = PackedList.takeRing(ringCount)
        for index in 0..<nodeCount { (ring + index).initialize(to: node(index).pointee) }
        atoll_memory_give(header.pointee.ring)
        header.pointee.ring = ring
        header.pointee.head = 0
        header.pointee.mask = Int32(truncatingIfNeeded: ringCount - 1)
    }

    /// The node that has the element with an index, and how many elements of that node are before it. The index must
    /// be within the list.
    /// - Complexity: linear in the nodes to the nearer end.
    @usableFromInline
    func locate(_ index: Int) -> (node: Int, offset: Int) {
        if index <= count / 2 {
            var before = 0
            var position = 0
            while true {
                let here = Int(node(position).pointee.count)
                if index < before + here { return (position, index - before) }
                before += here
                position += 1
            }
        }
        var behind = count
        var position = nodeCount - 1
        while true {
            behind -= Int(node(position).pointee.count)
            if index >= behind { return (position, index - behind) }
            position -= 1
        }
    }
}

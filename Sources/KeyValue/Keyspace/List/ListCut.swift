package import Bytes
import CMemory

/// The nodes of a large list as they were at a snapshot's cut. The list goes on changing: it shares the nodes with the
/// cut, and before it changes or drops one that has not been written yet, it leaves that one to the cut and takes a copy.
///
/// Whoever makes the cut ends it. Making one costs a copy of the ring: 32 bytes a node.
@usableFromInline
package final class ListCut {
    /// What the record of the key points to: the list's header, which stays where it is while there is a cut.
    package let base: UnsafeMutableRawPointer
    /// Elements at the cut.
    package let elementCount: Int
    private let nodes: UnsafeMutablePointer<PackedListNode>
    package let nodeCount: Int
    /// Nodes that the list has left to the cut: a bit each.
    private var orphans: [UInt64]
    /// Nodes that have been written: so many from the first on.
    package private(set) var writtenCount = 0

    /// Begins a cut of a list of nodes.
    package init(base: UnsafeMutableRawPointer) {
        let list = PackedList(base: base)
        self.base = base
        elementCount = list.count
        nodeCount = list.nodeCount
        nodes = .allocate(capacity: max(nodeCount, 1))
        orphans = Array(repeating: 0, count: (nodeCount + 63) / 64)
        for index in 0..<nodeCount {
            let node = list.node(index)
            node.pointee.cutIndex = UInt32(truncatingIfNeeded: index + 1)
            (nodes + index).initialize(to: node.pointee)
        }
        list.header.pointee.cut = Unmanaged.passUnretained(self)
    }

    deinit {
        PackedList(base: base).header.pointee.cut = nil
        for index in writtenCount..<nodeCount where isOrphan(index) { nodes[index].free() }
        nodes.deallocate()
    }

    private func isOrphan(_ index: Int) -> Bool { orphans[index >> 6] >> UInt64(index & 63) & 1 != 0 }

    /// The next node as RDB stores it, or nil at the end. The bytes are valid during the call.
    package func writeNext(_ body: (ListValue.Container, ByteSlice) -> Void) -> Bool {
        guard writtenCount < nodeCount else { return false }
        let node = nodes[writtenCount]
        if node.isPlain {
            body(.plain, node.plainValue.text ?? ByteSlice(start: nil, count: 0))
        } else {
            body(.packed, node.list.bytes)
        }
        if isOrphan(writtenCount) { node.free() }
        writtenCount += 1
        return true
    }

    /// The list is about to change or drop a node.
    /// - Returns: whether the cut keeps the node's memory: the list must not touch it any more.
    func keeps(_ node: PackedListNode) -> Bool {
        let index = Int(node.cutIndex) - 1
        guard index >= writtenCount else { return false }
        orphans[index >> 6] |= 1 << UInt64(index & 63)
        return true
    }
}

extension PackedList {
    /// To be called before a node is changed in place: one that a cut still needs is copied.
    @inline(__always)
    func willChange(_ index: Int) {
        if header.pointee.cut != nil { detachFromCut(index) }
    }

    @inline(never)
    private func detachFromCut(_ index: Int) {
        guard let cut = header.pointee.cut, node(index).pointee.cutIndex > 0 else { return }
        if cut._withUnsafeGuaranteedRef({ $0.keeps(node(index).pointee) }) {
            let copy = node(index).pointee.copy()
            node(index).pointee = copy
        }
        node(index).pointee.cutIndex = 0
    }

    /// Gives a node's memory back, unless a cut still needs it.
    func drop(_ index: Int) {
        let node = node(index).pointee
        if node.cutIndex > 0, let cut = header.pointee.cut, cut._withUnsafeGuaranteedRef({ $0.keeps(node) }) { return }
        node.free()
    }
}

package import Bytes
import CMemory

/// The nodes of a large stream as they were at a snapshot's cut. The stream goes on changing: of a node that has not been
/// written yet it leaves the cut a copy before it changes it.
///
/// Groups and counters are not part of it: whoever makes the cut writes them there and then.
package final class StreamCut {
    /// What the record of the key points to: it never changes.
    package let base: UnsafeMutableRawPointer
    package let nodeCount: Int
    /// The last node that the cut has.
    private let lastNodeID: StreamID
    /// Nodes before this one have been written; nil: all of them.
    private var cursor: StreamID? = StreamID.zero
    /// Nodes as they were at the cut, if they have changed; nil for those that came later under an id in between.
    private var early = StreamIDMap<UnsafeMutableRawPointer?>()
    package private(set) var heldByteCount = 0

    /// Begins a cut of a stream that is not empty.
    package init(base: UnsafeMutableRawPointer) {
        let stream = Stream(base)
        let nodes = stream.header.pointee.nodes
        self.base = base
        nodeCount = nodes.count
        lastNodeID = nodes.lastPosition.map { nodes.slot($0).pointee.id } ?? .zero
        stream.header.pointee.cut = Unmanaged.passUnretained(self)
    }

    deinit {
        Stream(base).header.pointee.cut = nil
        var position = early.firstPosition
        while let here = position {
            if let memory = early.slot(here).pointee.value { atoll_memory_give(memory) }
            position = early.next(here)
        }
        early.free()
    }

    /// The next node with its id, or false at the end. The bytes are valid during the call.
    package func writeNext(_ body: (StreamID, ByteSlice) -> Void) -> Bool {
        guard let from = cursor else { return false }
        let nodes = Stream(base).header.pointee.nodes
        let live = nodes.lowerBound(from).map { nodes.slot($0).pointee }
        if let first = early.firstPosition, case let kept = early.slot(first).pointee,
            live.map({ kept.id <= $0.id }) ?? true
        {
            early.remove(at: first)
            move(behind: kept.id)
            guard let memory = kept.value else { return true }
            body(kept.id, ListPack(base: memory).bytes)
            heldByteCount -= atoll_memory_size(memory)
            atoll_memory_give(memory)
            return true
        }
        guard let live, live.id <= lastNodeID else {
            cursor = nil
            return false
        }
        move(behind: live.id)
        body(live.id, live.value.node.list.bytes)
        return true
    }

    private func move(behind id: StreamID) {
        cursor = id < lastNodeID ? id.successor : nil
    }

    private func isToCome(_ id: StreamID) -> Bool {
        guard let cursor else { return false }
        return id >= cursor && id <= lastNodeID
    }

    /// A node is about to be changed or removed.
    func keep(_ id: StreamID, _ memory: UnsafeMutableRawPointer) {
        guard isToCome(id), early.find(id) == nil else { return }
        let copy = ListPack.make(copying: ListPack(base: memory).bytes).base
        early.insert(id, copy)
        heldByteCount += atoll_memory_size(copy)
    }

    /// A node is about to be added: the cut does not have it, even if its id lies in between.
    func leaveOut(_ id: StreamID) {
        guard isToCome(id), early.find(id) == nil else { return }
        early.insert(id, nil)
    }
}

extension Stream {
    /// To be called before a node is changed or removed.
    @inline(__always)
    func willChange(_ slot: UnsafeMutablePointer<Nodes.Slot>) {
        if let cut = header.pointee.cut {
            cut._withUnsafeGuaranteedRef { $0.keep(slot.pointee.id, slot.pointee.value.base) }
        }
    }

    /// To be called before a node is added.
    @inline(__always)
    func willAdd(_ id: StreamID) {
        if let cut = header.pointee.cut { cut._withUnsafeGuaranteedRef { $0.leaveOut(id) } }
    }
}

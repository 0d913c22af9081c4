import CMemory
import Glibc

/// What entries a stream is shortened by, from its old end.
package struct StreamTrim: Sendable {
    /// Which entries stay.
    package enum Strategy: Sendable {
        /// As many of the newest.
        case length(Int)
        /// Those with this id or a higher one.
        case from(StreamID)
    }

    /// Which entries stay.
    package var strategy: Strategy
    /// Only whole nodes are removed: what is left may be longer.
    package var isApproximate: Bool
    /// At most so many entries are removed; 0: any number.
    package var limit: Int

    /// A trim that is exact and without a limit unless told otherwise.
    package init(_ strategy: Strategy, isApproximate: Bool = false, limit: Int = 0) {
        self.strategy = strategy
        self.isApproximate = isApproximate
        self.limit = limit
    }
}

extension Stream {
    // MARK: - By id

    /// Removes the entry with that id; false if there is none. `finishRemoval` follows.
    package func remove(_ id: StreamID) -> Bool {
        var iterator = StreamIterator(self, from: id, to: id)
        guard iterator.next(), let (position, entry) = iterator.current else { return false }
        let slot = header.pointee.nodes.slot(position)
        willChange(slot)
        if slot.pointee.value.node.liveCount <= 1 {
            slot.pointee.value.free()
            header.pointee.nodes.remove(at: position)
        } else {
            var node = slot.pointee.nodeForChange()
            node.markDeleted(entry)
            node.addToCounts(live: -1, deleted: 1)
            slot.pointee.value = StreamNodePlace(own: node.list.base)
        }
        header.pointee.length -= 1
        if id > maxDeletedID { header.pointee.maxDeletedID = id }
        if id == firstID { header.pointee.firstID = .zero }
        return true
    }

    /// Finds the first entry again, where removals took the one that was it.
    package func finishRemoval() {
        if firstID.isZero || length == 0 { header.pointee.firstID = firstEntryID() ?? .zero }
    }

    /// Whether there is an entry with that id.
    package func contains(_ id: StreamID) -> Bool {
        var iterator = StreamIterator(self, from: id, to: id)
        return iterator.next()
    }

    // MARK: - From the old end

    /// Removes the oldest entries and returns how many.
    package func trim(_ trim: StreamTrim) -> Int {
        var removed = 0
        while let position = header.pointee.nodes.firstPosition {
            if case .length(let kept) = trim.strategy, length <= kept { break }
            let slot = header.pointee.nodes.slot(position)
            let node = slot.pointee.value.node
            let live = node.liveCount
            if trim.limit > 0, removed + live > trim.limit { break }
            guard goesWhole(node, id: slot.pointee.id, live: live, trim) else {
                if !trim.isApproximate { removed += trimInside(slot, trim) }
                break
            }
            willChange(slot)
            slot.pointee.value.free()
            header.pointee.nodes.remove(at: position)
            header.pointee.length -= live
            removed += live
        }
        if removed > 0 { header.pointee.firstID = firstEntryID() ?? .zero }
        return removed
    }

    private func goesWhole(_ node: StreamNode, id: StreamID, live: Int, _ trim: StreamTrim) -> Bool {
        switch trim.strategy {
        case .length(let kept): length - live >= kept
        case .from(let first): (node.lastID(nodeID: id) ?? .zero) < first
        }
    }

    /// Marks the oldest entries of the first node as deleted.
    private func trimInside(_ slot: UnsafeMutablePointer<Nodes.Slot>, _ trim: StreamTrim) -> Int {
        willChange(slot)
        var node = slot.pointee.nodeForChange()
        let nodeHeader = node.header
        var position = node.entriesStart(nodeHeader)
        var removed = 0
        while !node.list.isEnd(position) {
            let entry = node.entry(at: position, nodeID: slot.pointee.id, masterFieldCount: nodeHeader.fieldCount)
            let stays =
                switch trim.strategy {
                case .length(let kept): length - removed <= kept
                case .from(let first): entry.id >= first
                }
            if stays { break }
            if !entry.isDeleted {
                node.markDeleted(entry)
                removed += 1
            }
            position = node.entryEnd(entry)
        }
        node.addToCounts(live: -Int64(removed), deleted: Int64(removed))
        slot.pointee.value = StreamNodePlace(own: node.list.base)
        header.pointee.length -= removed
        return removed
    }
}

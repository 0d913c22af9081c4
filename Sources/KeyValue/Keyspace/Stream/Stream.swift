// A stream: packed nodes of entries in the order of their ids, what it remembers of ids past, and its consumer groups.

package import Bytes
import CMemory
import Glibc

/// How large a node of a stream may grow: `stream-node-max-bytes` and `stream-node-max-entries`; 0 is no limit.
package struct StreamNodeLimits: Sendable {
    /// Bytes of a node with the next entry.
    package var byteCountMax: Int
    /// Entries of a node, deleted ones included.
    package var entryCountMax: Int

    /// Redis's defaults, unless others are given.
    package init(byteCountMax: Int = 4096, entryCountMax: Int = 100) {
        self.byteCountMax = byteCountMax
        self.entryCountMax = entryCountMax
    }
}

/// A borrowed handle on a stream. Its address never changes; whoever stores it frees it.
package struct Stream {
    /// The stream's allocation: what a record points to.
    package let base: UnsafeMutableRawPointer

    /// A handle on an existing stream.
    @inline(__always)
    package init(_ base: UnsafeMutableRawPointer) {
        self.base = base
    }

    /// Nodes by the id of their first entry.
    typealias Nodes = StreamIDMap<StreamNodePlace>

    struct Header {
        var nodes = Nodes()
        var length = 0
        var lastID = StreamID.zero
        var firstID = StreamID.zero
        var maxDeletedID = StreamID.zero
        var entriesAdded: Int64 = 0
        var groups = NamedItems()
        /// The snapshot that is being taken of the stream.
        var cut: Unmanaged<StreamCut>?
        /// What the youngest nodes would take in a block (StreamNodePlace); no less than that.
        var waitingByteCount = 0
    }

    @inline(__always)
    var header: UnsafeMutablePointer<Header> { base.assumingMemoryBound(to: Header.self) }

    /// A new empty stream.
    package static func make() -> Stream {
        let base = atoll_memory_take(MemoryLayout<Header>.size).unsafelyUnwrapped
        base.bindMemory(to: Header.self, capacity: 1).initialize(to: Header())
        return Stream(base)
    }

    /// Gives all memory back; the handle is void.
    package func free() {
        var position = header.pointee.nodes.firstPosition
        while let here = position {
            header.pointee.nodes.slot(here).pointee.value.free()
            position = header.pointee.nodes.next(here)
        }
        header.pointee.nodes.free()
        for index in 0..<groupCount { group(at: index).free() }
        header.pointee.groups.free()
        atoll_memory_give(base)
    }

    /// A stream of its own with the same contents, groups included.
    package func copy() -> Stream {
        let other = Stream.make()
        let target = other.header
        target.pointee.length = length
        target.pointee.lastID = lastID
        target.pointee.firstID = firstID
        target.pointee.maxDeletedID = maxDeletedID
        target.pointee.entriesAdded = entriesAdded
        forEachNode { id, bytes in
            target.pointee.nodes.insert(id, StreamNodePlace(own: ListPack.make(copying: bytes).base))
            other.packFinishedNodes()
        }
        for index in 0..<groupCount {
            let copy = group(at: index).copy()
            target.pointee.groups.insert(copy.base)
        }
        return other
    }

    // MARK: - What it knows

    /// Entries that are there.
    @inline(__always) package var length: Int { header.pointee.length }
    @inline(__always) package var isEmpty: Bool { length == 0 }
    /// The highest id that an entry ever had, or that it was told.
    @inline(__always) package var lastID: StreamID { header.pointee.lastID }
    /// The first entry's id, or 0-0.
    @inline(__always) package var firstID: StreamID { header.pointee.firstID }
    /// The highest id that was deleted other than by trimming, or 0-0.
    @inline(__always) package var maxDeletedID: StreamID { header.pointee.maxDeletedID }
    /// How many entries were ever added, or what it was told.
    @inline(__always) package var entriesAdded: Int64 { header.pointee.entriesAdded }

    /// Sets the highest id; it must not be below an entry's.
    package func setLastID(_ id: StreamID) { header.pointee.lastID = id }
    /// Sets the first entry's id, where nodes came from outside.
    package func setFirstID(_ id: StreamID) { header.pointee.firstID = id }
    /// Sets the highest deleted id.
    package func setMaxDeletedID(_ id: StreamID) { header.pointee.maxDeletedID = id }
    /// Sets how many entries were ever added.
    package func setEntriesAdded(_ count: Int64) { header.pointee.entriesAdded = count }

    /// The id of the last entry that is there, or nil.
    package var lastEntryID: StreamID? {
        var iterator = StreamIterator(self, isReversed: true)
        return iterator.next() ? iterator.id : nil
    }

    /// The id of the first entry that is there, or nil; with `skipsDeleted` false, deleted ones count that their node
    /// still holds.
    package func firstEntryID(skipsDeleted: Bool = true) -> StreamID? {
        var iterator = StreamIterator(self)
        iterator.skipsDeleted = skipsDeleted
        return iterator.next() ? iterator.id : nil
    }

    // MARK: - Nodes

    /// Packed nodes.
    package var nodeCount: Int { header.pointee.nodes.count }

    /// Nodes of the tree and packed nodes together.
    package var treeNodeCount: Int { nodeCount + header.pointee.nodes.nodeCount }

    /// Calls with the id and the bytes of every node in order, as RDB stores them.
    package func forEachNode(_ body: (StreamID, ByteSlice) -> Void) {
        let nodes = header.pointee.nodes
        var position = nodes.firstPosition
        while let here = position {
            let slot = nodes.slot(here)
            body(slot.pointee.id, slot.pointee.value.node.list.bytes)
            position = nodes.next(here)
        }
    }

    /// Adds a node from outside whose bytes `StreamNode.validate` accepts; false if its id is not above the last one's,
    /// or if it has no entry. The length and what the stream knows otherwise are the caller's to set.
    package func appendNode(_ id: StreamID, copying bytes: ByteSlice) -> Bool {
        if let last = header.pointee.nodes.lastPosition, header.pointee.nodes.slot(last).pointee.id >= id {
            return false
        }
        let list = ListPack.make(copying: bytes)
        guard StreamNode(list.base).liveCount + StreamNode(list.base).deletedCount > 0 else {
            list.free()
            return false
        }
        header.pointee.nodes.insert(id, StreamNodePlace(own: list.base))
        packFinishedNodes()
        return true
    }

    /// The last node is finished: it and those before it may move into a block.
    func packFinishedNodes() {
        StreamNodePlace.pack(header.pointee.nodes, waitingByteCount: &header.pointee.waitingByteCount)
    }

    /// Sets the length, where nodes came from outside.
    package func setLength(_ count: Int) { header.pointee.length = count }

    // MARK: - Memory

    /// About how many allocations freeing gives back.
    package var effort: Int {
        var effort = nodeCount
        if groupCount > 0 {
            let first = group(at: 0)
            effort += groupCount * (1 + first.consumerCount + first.pendingCount / 64)
        }
        return effort
    }

    /// The memory in bytes, by looking at up to `samples` nodes (0: all).
    package func byteCount(samples: Int) -> Int {
        let nodes = header.pointee.nodes
        var total = atoll_memory_size(base) + nodes.byteCount + header.pointee.groups.byteCount
        var position = nodes.firstPosition
        var looked = 0
        var sampled = 0
        while let here = position, samples == 0 || looked < samples {
            sampled += nodes.slot(here).pointee.value.byteCount
            looked += 1
            position = nodes.next(here)
        }
        if looked > 0, looked < nodes.count, let last = nodes.lastPosition {
            // All but the last node are full, and it is not.
            total += sampled / looked * (nodes.count - 1) + nodes.slot(last).pointee.value.byteCount
        } else {
            total += sampled
        }
        for index in 0..<groupCount { total += group(at: index).byteCount }
        return total
    }
}

// A large sorted set: a B+tree of members in order, with the count of every subtree, so that ranks cost a descent; and
// a hash table from member to the same records. A member with its score is one record; there is no second copy.
//
// The tree changes from the root down in one pass: a full node is relieved, and a sparse one filled, before it is
// entered, so no path has to be remembered. What holds between operations: no node is empty, unless the set is; a
// branch's counts, scores and records are those of its subtrees; the root is a leaf or has two subtrees or more.

package import Bytes
import CMemory

/// A borrowed handle on a large sorted set. Whoever stores the pointer owns it and calls `free`.
package struct SortedSetTree {
    struct Storage: ~Copyable {
        var table: HashTable
        var root: UnsafeMutableRawPointer
        /// Levels of branches above the leaves.
        var height = 0
        var first: SortedSetLeaf
        var last: SortedSetLeaf
    }

    let storage: UnsafeMutablePointer<Storage>

    package init(_ pointer: UnsafeMutableRawPointer) {
        storage = pointer.assumingMemoryBound(to: Storage.self)
    }

    /// The table from member to record: the first field of the storage.
    package var table: UnsafeMutablePointer<HashTable> {
        UnsafeMutableRawPointer(storage).assumingMemoryBound(to: HashTable.self)
    }

    /// What a key holds.
    package var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(storage) }

    static let scoreByteCount = 8

    /// A new empty sorted set.
    package static func make(hasher: KeyedHash) -> SortedSetTree {
        let memory = atoll_memory_take(MemoryLayout<Storage>.size).unsafelyUnwrapped
        let leaf = SortedSetLeaf.make()
        memory.bindMemory(to: Storage.self, capacity: 1).initialize(
            to: Storage(table: HashTable(hasher: hasher), root: leaf.base, first: leaf, last: leaf))
        return SortedSetTree(memory)
    }

    /// Gives everything back.
    package func free() {
        var leaf: SortedSetLeaf? = storage.pointee.first
        while let current = leaf {
            leaf = current.next
            for index in 0..<current.count { current.record(index).free() }
        }
        Self.freeNodes(storage.pointee.root, height: storage.pointee.height)
        storage.deinitialize(count: 1)
        atoll_memory_give(storage)
    }

    private static func freeNodes(_ node: UnsafeMutableRawPointer, height: Int) {
        if height > 0 {
            let branch = SortedSetBranch(node)
            for index in 0..<branch.count { freeNodes(branch.nodes[index], height: height - 1) }
        }
        atoll_memory_give(node)
    }

    /// Number of members, in constant time.
    @inline(__always)
    package var count: Int { storage.pointee.table.count }

    @inline(__always)
    static func score(_ record: Record) -> Double { record.value.loadUnaligned(as: Double.self) }

    @inline(__always)
    static func setScore(_ record: Record, _ score: Double) { record.value.storeBytes(of: score, as: Double.self) }

    /// The entry of the member in the table.
    @inline(__always)
    func find(_ member: ByteSlice, hash: UInt64) -> TableSlot? { storage.pointee.table.find(member, hash: hash) }

    @inline(__always)
    func hash(_ member: ByteSlice) -> UInt64 { storage.pointee.table.hash(member) }

    // MARK: - Order

    /// How many members lie before the bound.
    /// - Complexity: O(log n).
    func rank<Bound: SortedSetBound>(of bound: Bound) -> Int {
        var node = storage.pointee.root
        var rank = 0
        for _ in 0..<storage.pointee.height {
            let branch = SortedSetBranch(node)
            let index = Self.subtree(branch, bound)
            rank &+= branch.memberCount(before: index)
            node = branch.nodes[index]
        }
        let leaf = SortedSetLeaf(node)
        return rank &+ bound.position(leaf.scores, leaf.records, leaf.count)
    }

    /// The subtree in which the bound lies: the last one whose first member lies before it.
    @inline(__always)
    static func subtree<Bound: SortedSetBound>(_ branch: SortedSetBranch, _ bound: Bound) -> Int {
        max(bound.position(branch.scores, branch.records, branch.count) &- 1, 0)
    }

    /// The place of the member with that rank, which must be there.
    func position(atRank rank: Int) -> (leaf: SortedSetLeaf, index: Int) {
        if rank == 0 { return (storage.pointee.first, 0) }
        var rest = rank
        var node = storage.pointee.root
        for _ in 0..<storage.pointee.height {
            let branch = SortedSetBranch(node)
            let counts = branch.counts
            var index = 0
            while rest >= counts[index] {
                rest &-= counts[index]
                index &+= 1
            }
            node = branch.nodes[index]
        }
        return (SortedSetLeaf(node), rest)
    }

    // MARK: - Memory

    /// Memory of nodes, table and, estimated from up to `samples` of them (0: all), records.
    package func byteCount(samples: Int) -> Int {
        var total = atoll_memory_size(storage) + storage.pointee.table.bucketByteCount
        total += Self.nodeByteCount(storage.pointee.root, height: storage.pointee.height)
        var leaf: SortedSetLeaf? = storage.pointee.first
        var seen = 0
        var recordByteCount = 0
        while let current = leaf, samples == 0 || seen < samples {
            leaf = current.next
            for index in 0..<current.count where samples == 0 || seen < samples {
                recordByteCount += current.record(index).allocatedByteCount
                seen += 1
            }
        }
        return total + (seen > 0 ? recordByteCount / seen * count : 0)
    }

    private static func nodeByteCount(_ node: UnsafeMutableRawPointer, height: Int) -> Int {
        var total = atoll_memory_size(node)
        guard height > 0 else { return total }
        let branch = SortedSetBranch(node)
        if height == 1 { return total + branch.count * atoll_memory_size(branch.nodes[0]) }
        for index in 0..<branch.count { total += nodeByteCount(branch.nodes[index], height: height - 1) }
        return total
    }
}

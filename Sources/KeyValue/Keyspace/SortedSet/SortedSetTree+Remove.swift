import Bytes
import CMemory

extension SortedSetTree {
    /// Removes a member that is there.
    func remove(_ slot: TableSlot) {
        let record = slot.record
        unlink(record, score: Self.score(record))
        storage.pointee.table.remove(slot)
        record.free()
    }

    /// Takes a record out of the tree; it stays the caller's.
    func unlink(_ record: Record, score: Double) {
        let isUnlinked = withPath(to: record, score: score) { path, leaf, index in unlink(along: path, leaf, index) }
        if !isUnlinked { unlinkAndFill(record, score: score) }
    }

    /// A branch on the way to a leaf, and which of its subtrees is the next step.
    struct PathStep {
        let branch: SortedSetBranch
        let index: Int
    }

    /// Levels that no tree in memory can have.
    private static let heightMax = 24

    /// Calls with the way to a record that is in the tree, from the root down, and its place in its leaf.
    @inline(__always)
    func withPath<Result>(
        to record: Record, score: Double,
        _ body: (UnsafeMutableBufferPointer<PathStep>, SortedSetLeaf, Int) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: PathStep.self, capacity: Self.heightMax) { path in
            let bound = PairBound(score: score, member: record.key, isBehindEqual: true)
            let height = storage.pointee.height
            var node = storage.pointee.root
            for level in 0..<height {
                let branch = SortedSetBranch(node)
                let index = Self.subtree(branch, bound)
                path[level] = PathStep(branch: branch, index: index)
                node = branch.nodes[index]
            }
            let leaf = SortedSetLeaf(node)
            let index = bound.position(leaf.scores, leaf.records, leaf.count) &- 1
            assert(leaf.records[index] == record.base)
            return body(UnsafeMutableBufferPointer(rebasing: path[..<height]), leaf, index)
        }
    }

    /// Takes a member out of a leaf that stays well filled.
    /// - Returns: false if it would not: then nothing is done.
    @inline(__always)
    func unlink(along path: UnsafeMutableBufferPointer<PathStep>, _ leaf: SortedSetLeaf, _ index: Int) -> Bool {
        guard leaf.count > Self.sparseMax || path.count == 0 else { return false }
        leaf.close(index, 1)
        var isFirst = index == 0
        var level = path.count
        while level > 0 {
            level &-= 1
            let step = path[level]
            step.branch.counts[step.index] &-= 1
            if isFirst {
                step.branch.scores[step.index] = leaf.scores[0]
                step.branch.records[step.index] = leaf.records[0]
                isFirst = step.index == 0
            }
        }
        return true
    }

    /// Takes a record out of the tree, and merges or fills the nodes on the way that have little in them.
    func unlinkAndFill(_ record: Record, score: Double) {
        let bound = PairBound(score: score, member: record.key, isBehindEqual: true)
        var node = storage.pointee.root
        var height = storage.pointee.height
        while height > 0 {
            let branch = SortedSetBranch(node)
            var index = Self.subtree(branch, bound)
            if Self.isSparse(branch.nodes[index], height: height - 1), fill(branch, index, height: height - 1) {
                index = Self.subtree(branch, bound)
            }
            branch.counts[index] &-= 1
            node = branch.nodes[index]
            height &-= 1
        }
        let leaf = SortedSetLeaf(node)
        let index = bound.position(leaf.scores, leaf.records, leaf.count) &- 1
        assert(leaf.records[index] == record.base)
        leaf.close(index, 1)
        if index == 0, leaf.count > 0 { replaceFirst(record, of: leaf, bound) }
        shrinkRoot()
    }

    /// Branches that knew the record as the first of a subtree know the first of its leaf instead.
    private func replaceFirst(_ record: Record, of leaf: SortedSetLeaf, _ bound: PairBound) {
        var node = storage.pointee.root
        for _ in 0..<storage.pointee.height {
            let branch = SortedSetBranch(node)
            // The record is still there to be compared with, only its place in the leaf is gone.
            let index = Self.subtree(branch, bound)
            if branch.records[index] == record.base {
                branch.records[index] = leaf.records[0]
                branch.scores[index] = leaf.scores[0]
            }
            node = branch.nodes[index]
        }
    }

    /// Members of a leaf, or subtrees of a branch, up to which it is merged with a neighbour if possible.
    private static var sparseMax: Int { SortedSetLeaf.capacity / 3 }

    @inline(__always)
    private static func isSparse(_ node: UnsafeMutableRawPointer, height: Int) -> Bool {
        count(node, height: height) <= sparseMax
    }

    @inline(__always)
    private static func count(_ node: UnsafeMutableRawPointer, height: Int) -> Int {
        height == 0 ? SortedSetLeaf(node).count : SortedSetBranch(node).count
    }

    /// Merges a sparse subtree with a neighbour, or takes from it if it must: so that one with a single member or
    /// subtree is not entered, which would become empty.
    private func fill(_ branch: SortedSetBranch, _ index: Int, height: Int) -> Bool {
        guard branch.count > 1 else { return false }
        let left = index + 1 < branch.count ? index : index - 1
        let leftCount = Self.count(branch.nodes[left], height: height)
        let rightCount = Self.count(branch.nodes[left + 1], height: height)
        /// Three quarters: what is merged is not soon split again.
        let mergedMax = SortedSetLeaf.capacity * 3 / 4
        if leftCount + rightCount <= mergedMax {
            merge(branch, left, height: height)
            return true
        }
        guard Self.count(branch.nodes[index], height: height) < 2 else { return false }
        Self.balance(branch, left, height: height)
        return true
    }

    private func merge(_ branch: SortedSetBranch, _ left: Int, height: Int) {
        let node = branch.nodes[left]
        let other = branch.nodes[left + 1]
        if height == 0 {
            let leaf = SortedSetLeaf(node)
            let next = SortedSetLeaf(other)
            next.move(0, next.count, to: leaf, at: leaf.count)
            unlinkLeaf(next)
        } else {
            let next = SortedSetBranch(other)
            let target = SortedSetBranch(node)
            next.move(0, next.count, to: target, at: target.count)
        }
        atoll_memory_give(other)
        branch.counts[left] += branch.counts[left + 1]
        branch.close(left + 1, 1)
    }

    private func unlinkLeaf(_ leaf: SortedSetLeaf) {
        leaf.next?.previous = leaf.previous
        leaf.previous?.next = leaf.next
        if storage.pointee.last == leaf, let previous = leaf.previous { storage.pointee.last = previous }
        if storage.pointee.first == leaf, let next = leaf.next { storage.pointee.first = next }
    }

    /// Gives two neighbours as many.
    private static func balance(_ branch: SortedSetBranch, _ left: Int, height: Int) {
        let difference = count(branch.nodes[left], height: height) - count(branch.nodes[left + 1], height: height)
        let moved = abs(difference) / 2
        if height == 0 {
            let (low, high) = (SortedSetLeaf(branch.nodes[left]), SortedSetLeaf(branch.nodes[left + 1]))
            if difference > 0 {
                low.move(low.count - moved, moved, to: high, at: 0)
            } else {
                high.move(0, moved, to: low, at: low.count)
            }
        } else {
            let (low, high) = (SortedSetBranch(branch.nodes[left]), SortedSetBranch(branch.nodes[left + 1]))
            if difference > 0 {
                low.move(low.count - moved, moved, to: high, at: 0)
            } else {
                high.move(0, moved, to: low, at: low.count)
            }
        }
        refresh(branch, left, height: height)
        refresh(branch, left + 1, height: height)
    }

    /// A root with one subtree is replaced by that.
    private func shrinkRoot() {
        while storage.pointee.height > 0 {
            let root = SortedSetBranch(storage.pointee.root)
            guard root.count == 1 else { return }
            storage.pointee.root = root.nodes[0]
            storage.pointee.height -= 1
            atoll_memory_give(root.base)
        }
    }

    // MARK: - Ranges

    /// Removes the members from one rank up to, not including, another.
    func removeRange(_ from: Int, _ to: Int) {
        guard from < to else { return }
        removeRange(in: storage.pointee.root, height: storage.pointee.height, from, to)
        if storage.pointee.height > 0, SortedSetBranch(storage.pointee.root).count == 0 {
            // Every leaf was given back but the last one, which `dropSubtree` keeps.
            atoll_memory_give(storage.pointee.root)
            storage.pointee.root = storage.pointee.first.base
            storage.pointee.height = 0
        }
        shrinkRoot()
    }

    private func removeRange(in node: UnsafeMutableRawPointer, height: Int, _ from: Int, _ to: Int) {
        guard height > 0 else {
            let leaf = SortedSetLeaf(node)
            for index in from..<to { drop(leaf.record(index)) }
            leaf.close(from, to - from)
            return
        }
        let branch = SortedSetBranch(node)
        var start = 0
        var index = 0
        while index < branch.count, start < to {
            let count = branch.counts[index]
            let low = max(from - start, 0)
            let high = min(to - start, count)
            start += count
            if low >= high {
                index += 1
            } else if high - low == count {
                dropSubtree(branch.nodes[index], height: height - 1)
                branch.close(index, 1)
            } else {
                removeRange(in: branch.nodes[index], height: height - 1, low, high)
                Self.refresh(branch, index, height: height - 1)
                index += 1
            }
        }
        // At most two subtrees were cut: what is left of them may go to neighbours.
        let end = index
        index = max(end - 2, 0)
        while index < min(end, branch.count) {
            let isFilled =
                Self.isSparse(branch.nodes[index], height: height - 1) && fill(branch, index, height: height - 1)
            if !isFilled { index += 1 }
        }
    }

    private func dropSubtree(_ node: UnsafeMutableRawPointer, height: Int) {
        if height > 0 {
            let branch = SortedSetBranch(node)
            for index in 0..<branch.count { dropSubtree(branch.nodes[index], height: height - 1) }
            atoll_memory_give(node)
            return
        }
        let leaf = SortedSetLeaf(node)
        for index in 0..<leaf.count { drop(leaf.record(index)) }
        leaf.count = 0
        if leaf.next == nil && leaf.previous == nil { return }
        unlinkLeaf(leaf)
        atoll_memory_give(node)
    }

    private func drop(_ record: Record) {
        let key = record.key
        if let slot = find(key, hash: hash(key)) { storage.pointee.table.remove(slot) }
        record.free()
    }
}

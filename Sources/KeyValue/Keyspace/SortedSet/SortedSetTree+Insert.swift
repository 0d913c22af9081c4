import Bytes

extension SortedSetTree {
    /// Adds a member that is not there.
    func insert(_ member: ByteSlice, hash: UInt64, score: Double) {
        let record = Record.make(kind: .member, key: member, valueByteCount: Self.scoreByteCount)
        Self.setScore(record, score)
        _ = storage.pointee.table.insert(record, hash: hash)
        link(record, score: score)
    }

    /// Adds a member that is not there to the table only: `link` has to follow.
    func insertUnlinked(_ member: ByteSlice, hash: UInt64, score: Double) {
        let record = Record.make(kind: .member, key: member, valueByteCount: Self.scoreByteCount)
        Self.setScore(record, score)
        _ = storage.pointee.table.insert(record, hash: hash)
    }

    /// Gives a member another score: in place if it stays between its neighbours.
    func update(_ record: Record, to score: Double) {
        let old = Self.score(record)
        if storage.pointee.table.cut != nil { storage.pointee.table.willChange(hash: hash(record.key)) }
        let isUnlinked = withPath(to: record, score: old) { path, leaf, index in
            let isAlone = storage.pointee.height == 0
            let staysBehind = index > 0 ? leaf.scores[index - 1] < score : isAlone
            let staysBefore = index + 1 < leaf.count ? score < leaf.scores[index + 1] : isAlone
            if staysBehind && staysBefore {
                leaf.scores[index] = score
                Self.setScore(record, score)
                return false
            }
            if !unlink(along: path, leaf, index) { unlinkAndFill(record, score: old) }
            return true
        }
        guard isUnlinked else { return }
        Self.setScore(record, score)
        link(record, score: score)
    }

    /// Puts a record into the tree.
    func link(_ record: Record, score: Double) {
        let bound = PairBound(score: score, member: record.key, isBehindEqual: false)
        growRootIfFull(for: bound)
        var node = storage.pointee.root
        var height = storage.pointee.height
        while height > 0 {
            let branch = SortedSetBranch(node)
            var index = Self.subtree(branch, bound)
            if Self.isFull(branch.nodes[index], height: height - 1) {
                relieve(branch, index, height: height - 1, for: bound)
                index = Self.subtree(branch, bound)
            }
            branch.counts[index] &+= 1
            if index == 0, !bound.isAfter(score: branch.scores[0], record: Record(branch.records[0])) {
                branch.scores[0] = score
                branch.records[0] = record.base
            }
            node = branch.nodes[index]
            height &-= 1
        }
        let leaf = SortedSetLeaf(node)
        let index = bound.position(leaf.scores, leaf.records, leaf.count)
        leaf.open(index, 1)
        leaf.scores[index] = score
        leaf.records[index] = record.base
    }

    @inline(__always)
    private static func isFull(_ node: UnsafeMutableRawPointer, height: Int) -> Bool {
        height == 0
            ? SortedSetLeaf(node).count == SortedSetLeaf.capacity
            : SortedSetBranch(node).count == SortedSetBranch.capacity
    }

    /// Where the next member goes tells how nodes are split: what grows at an end is filled completely.
    private enum Growth { case atEnd, atFront, within }

    private func growth(_ bound: PairBound) -> Growth {
        let last = storage.pointee.last
        if bound.isAfter(score: last.scores[last.count - 1], record: last.record(last.count - 1)) { return .atEnd }
        let first = storage.pointee.first
        return bound.isAfter(score: first.scores[0], record: first.record(0)) ? .within : .atFront
    }

    private func growRootIfFull(for bound: PairBound) {
        let height = storage.pointee.height
        let old = storage.pointee.root
        guard Self.isFull(old, height: height) else { return }
        let root = SortedSetBranch.make()
        root.insert(
            old, memberCount: Self.memberCount(old, height: height), first: Self.first(old, height: height), at: 0)
        storage.pointee.root = root.base
        storage.pointee.height = height + 1
        relieve(root, 0, height: height, for: bound)
    }

    /// Makes room in a full subtree of a branch that is not full itself.
    private func relieve(_ branch: SortedSetBranch, _ index: Int, height: Int, for bound: PairBound) {
        let growth = growth(bound)
        if height > 0 { return splitBranch(branch, index, height: height, growth) }
        if growth == .within, shareLeaf(branch, index) { return }
        splitLeaf(branch, index, growth)
    }

    /// Moves members of a full leaf to a neighbour that has room: keeps leaves at four fifths instead of two thirds.
    private func shareLeaf(_ branch: SortedSetBranch, _ index: Int) -> Bool {
        /// Moving fewer would soon have to be done again.
        let movedMin = 5
        let leaf = SortedSetLeaf(branch.nodes[index])
        if index + 1 < branch.count {
            let right = SortedSetLeaf(branch.nodes[index + 1])
            let moved = (leaf.count - right.count) / 2
            if moved >= movedMin {
                leaf.move(leaf.count - moved, moved, to: right, at: 0)
                Self.refresh(branch, index, height: 0)
                Self.refresh(branch, index + 1, height: 0)
                return true
            }
        }
        guard index > 0 else { return false }
        let left = SortedSetLeaf(branch.nodes[index - 1])
        let moved = (leaf.count - left.count) / 2
        guard moved >= movedMin else { return false }
        leaf.move(0, moved, to: left, at: left.count)
        Self.refresh(branch, index - 1, height: 0)
        Self.refresh(branch, index, height: 0)
        return true
    }

    private func splitLeaf(_ branch: SortedSetBranch, _ index: Int, _ growth: Growth) {
        let left = SortedSetLeaf(branch.nodes[index])
        let right = SortedSetLeaf.make()
        let moved =
            switch growth {
            case .atEnd: 1
            case .atFront: left.count - 1
            case .within: left.count / 2
            }
        left.move(left.count - moved, moved, to: right, at: 0)
        right.next = left.next
        right.previous = left
        left.next?.previous = right
        left.next = right
        if storage.pointee.last == left { storage.pointee.last = right }
        branch.insert(right.base, memberCount: right.count, first: (right.scores[0], right.records[0]), at: index + 1)
        branch.counts[index] = left.count
    }

    private func splitBranch(_ parent: SortedSetBranch, _ index: Int, height: Int, _ growth: Growth) {
        let left = SortedSetBranch(parent.nodes[index])
        let right = SortedSetBranch.make()
        let moved =
            switch growth {
            case .atEnd: 2
            case .atFront: left.count - 2
            case .within: left.count / 2
            }
        left.move(left.count - moved, moved, to: right, at: 0)
        parent.insert(
            right.base, memberCount: right.memberCount(before: right.count), first: (right.scores[0], right.records[0]),
            at: index + 1)
        parent.counts[index] = left.memberCount(before: left.count)
    }

    // MARK: - What branches know of subtrees

    static func memberCount(_ node: UnsafeMutableRawPointer, height: Int) -> Int {
        guard height > 0 else { return SortedSetLeaf(node).count }
        let branch = SortedSetBranch(node)
        return branch.memberCount(before: branch.count)
    }

    static func first(_ node: UnsafeMutableRawPointer, height: Int) -> (Double, UnsafeMutableRawPointer) {
        if height == 0 {
            let leaf = SortedSetLeaf(node)
            return (leaf.scores[0], leaf.records[0])
        }
        let branch = SortedSetBranch(node)
        return (branch.scores[0], branch.records[0])
    }

    /// Takes what a branch knows of a subtree from that again.
    static func refresh(_ branch: SortedSetBranch, _ index: Int, height: Int) {
        let node = branch.nodes[index]
        branch.counts[index] = memberCount(node, height: height)
        (branch.scores[index], branch.records[index]) = first(node, height: height)
    }
}

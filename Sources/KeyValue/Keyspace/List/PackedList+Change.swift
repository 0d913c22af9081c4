import Bytes

extension PackedList {
    /// Whether one more element of that size may go into the node.
    @inline(__always)
    private func mayInsert(_ byteCount: Int, into node: UnsafeMutablePointer<PackedListNode>, limits: ListLimits)
        -> Bool
    {
        if node.pointee.isPlain || limits.isPlain(byteCount) { return false }
        let grown = node.pointee.list.byteCount + byteCount + ListLimits.elementOverheadByteCount
        return !limits.exceeds(byteCount: grown, count: Int(node.pointee.count) + 1)
    }

    private func makeNode(_ bytes: ByteSlice, limits: ListLimits) -> PackedListNode {
        if limits.isPlain(bytes.count) { return PackedListNode(plain: bytes) }
        let element = ListPackElement(bytes)
        var list = ListPack.make(capacityBytes: element.byteCount + ListPack.headerByteCount + 1)
        list.append(element)
        return PackedListNode(list)
    }

    @inline(__always)
    func pushBack(_ bytes: ByteSlice, limits: ListLimits) {
        let last = nodeCount - 1
        if last >= 0, mayInsert(bytes.count, into: node(last), limits: limits) {
            willChange(last)
            node(last).pointee.pushBack(ListPackElement(bytes), limits: limits)
            header.pointee.count += 1
        } else {
            insertNode(makeNode(bytes, limits: limits), at: last + 1)
        }
    }

    @inline(__always)
    func pushFront(_ bytes: ByteSlice, limits: ListLimits) {
        if nodeCount > 0, mayInsert(bytes.count, into: node(0), limits: limits) {
            willChange(0)
            node(0).pointee.pushFront(ListPackElement(bytes), limits: limits)
            header.pointee.count += 1
        } else {
            insertNode(makeNode(bytes, limits: limits), at: 0)
        }
    }

    @inline(__always)
    func popBack() {
        let last = nodeCount - 1
        if node(last).pointee.count == 1 {
            removeNodes(from: last, count: 1)
        } else {
            willChange(last)
            node(last).pointee.popBack()
            header.pointee.count -= 1
        }
    }

    @inline(__always)
    func popFront() {
        if node(0).pointee.count == 1 {
            removeNodes(from: 0, count: 1)
        } else {
            willChange(0)
            node(0).pointee.popFront()
            header.pointee.count -= 1
        }
    }

    /// Changes the listpack of a node, which may become empty and is then removed.
    private func change(_ index: Int, _ body: (inout ListPack) -> Void) {
        willChange(index)
        let node = node(index)
        var list = node.pointee.listForChange()
        header.pointee.count -= Int(node.pointee.count)
        body(&list)
        node.pointee.adopt(list, count: list.count)
        header.pointee.count += Int(node.pointee.count)
        if node.pointee.count == 0 { removeNodes(from: index, count: 1) }
    }

    /// Splits a node before one of its elements, which must not be its first.
    private func split(_ index: Int, at offset: Int) {
        var tail: ListPack?
        change(index) { list in
            if let position = list.position(atIndex: offset) { tail = list.split(at: position) }
        }
        if let tail { insertNode(PackedListNode(tail), at: index + 1) }
    }

    /// Inserts an element so that it has that index.
    func insert(_ bytes: ByteSlice, at index: Int, limits: ListLimits) {
        if index == count { return pushBack(bytes, limits: limits) }
        if index == 0 { return pushFront(bytes, limits: limits) }
        let (position, offset) = locate(index)
        if mayInsert(bytes.count, into: node(position), limits: limits) {
            change(position) { list in
                if let at = list.position(atIndex: offset) { list.insert(bytes, before: at) }
            }
            return
        }
        if offset == 0 {
            if position > 0, mayInsert(bytes.count, into: node(position - 1), limits: limits) {
                willChange(position - 1)
                node(position - 1).pointee.pushBack(ListPackElement(bytes), limits: limits)
                header.pointee.count += 1
            } else {
                insertNode(makeNode(bytes, limits: limits), at: position)
            }
            return
        }
        split(position, at: offset)
        if mayInsert(bytes.count, into: node(position), limits: limits) {
            willChange(position)
            node(position).pointee.pushBack(ListPackElement(bytes), limits: limits)
            header.pointee.count += 1
        } else {
            insertNode(makeNode(bytes, limits: limits), at: position + 1)
        }
        mergeAround(position, limits: limits)
    }

    /// Joins neighbours that fit one node, after a split has left small ones.
    private func mergeAround(_ index: Int, limits: ListLimits) {
        var position = min(index + 2, nodeCount - 2)
        while position >= max(index - 2, 0) {
            mergeWithNext(position, limits: limits)
            position -= 1
        }
    }

    private func mergeWithNext(_ index: Int, limits: ListLimits) {
        guard index >= 0, index + 1 < nodeCount else { return }
        let first = node(index).pointee
        let second = node(index + 1).pointee
        if first.isPlain || second.isPlain { return }
        let merged = first.list.byteCount + second.list.byteCount - ListPack.headerByteCount - 1
        if limits.exceeds(byteCount: merged, count: Int(first.count) + Int(second.count)) { return }
        change(index) { $0.append(contentsOf: second.list) }
        removeNodes(from: index + 1, count: 1)
    }

    /// Replaces the element with an index.
    func replace(at index: Int, with bytes: ByteSlice, limits: ListLimits) {
        var (position, offset) = locate(index)
        if !node(position).pointee.isPlain && !limits.isPlain(bytes.count) {
            change(position) { list in
                if let at = list.position(atIndex: offset) { list.replace(at, with: bytes) }
            }
            return
        }
        // The old or the new element has a node of its own: cut the old one out and put a new node there.
        if offset > 0 {
            split(position, at: offset)
            position += 1
            offset = 0
        }
        insertNode(makeNode(bytes, limits: limits), at: position)
        if node(position + 1).pointee.count == 1 {
            removeNodes(from: position + 1, count: 1)
        } else {
            change(position + 1) { list in
                if let first = list.firstPosition { list.remove(first) }
            }
        }
        mergeAround(position, limits: limits)
    }

    /// More nodes than this are not freed at once.
    private static let freedNodeCountMax = 64

    /// Removes elements from an index on; all must be within the list. Many nodes are not freed but returned.
    func removeRange(from index: Int, count: Int) -> PackedList? {
        guard count > 0 else { return nil }
        var (position, offset) = locate(index)
        var left = count
        if offset > 0 {
            let here = min(left, Int(node(position).pointee.count) - offset)
            change(position) { $0.removeRange(index: offset, count: here) }
            left -= here
            position += 1
        }
        var whole = 0
        while left > 0, Int(node(position + whole).pointee.count) <= left {
            left -= Int(node(position + whole).pointee.count)
            whole += 1
        }
        var detached: PackedList?
        if whole > PackedList.freedNodeCountMax {
            detached = detachNodes(from: position, count: whole)
        } else {
            removeNodes(from: position, count: whole)
        }
        if left > 0 {
            change(position) { $0.removeRange(index: 0, count: left) }
        }
        return detached
    }

    /// Removes the elements of a node that equal the bytes, at most that many, from its front or its back, and returns
    /// how many; the node goes if it becomes empty.
    func removeMatches(_ bytes: ByteSlice, inNode index: Int, countMax: Int, fromBack: Bool) -> Int {
        if node(index).pointee.isPlain {
            guard node(index).pointee.plainValue.equals(bytes) else { return 0 }
            removeNodes(from: index, count: 1)
            return 1
        }
        // Look before touching: most nodes have no match.
        let list = node(index).pointee.list
        guard list.find(bytes, from: list.firstPosition) != nil else { return 0 }
        var removed = 0
        change(index) { removed = $0.removeMatches(bytes, countMax: countMax, fromBack: fromBack) }
        return removed
    }
}

extension ListPack {
    /// Removes elements that equal the bytes, at most that many, from the front or the back; returns how many.
    mutating func removeMatches(_ bytes: ByteSlice, countMax: Int, fromBack: Bool) -> Int {
        withUnsafeTemporaryAllocation(of: Position.self, capacity: count) { found in
            var matches = 0
            var position = find(bytes, from: firstPosition)
            while let here = position, fromBack || matches < countMax {
                found[matches] = here
                matches += 1
                position = next(here).flatMap { find(bytes, from: $0) }
            }
            let kept = max(0, matches - countMax)
            remove(UnsafeBufferPointer(rebasing: found[kept..<matches]))
            return matches - kept
        }
    }
}

package import Bytes

extension ListValue {
    /// To be called before elements are added, with the sum of their sizes: a listpack that they would take past the
    /// limits becomes a ring of nodes.
    @inline(__always)
    package mutating func prepareForGrowth(byteCount: Int, count: Int, limits: ListLimits) {
        guard kind == .listPacked else { return }
        if limits.exceeds(byteCount: pack.byteCount + byteCount, count: pack.count + count) { convertToNodes() }
    }

    private mutating func convertToNodes() {
        let nodes = PackedList.make()
        if pack.isEmpty { pack.free() } else { nodes.insertNode(PackedListNode(pack), at: 0) }
        kind = .listNodes
        base = nodes.base
    }

    /// To be called after elements were removed: a ring that has come down to one small node becomes a listpack.
    @inline(__always)
    package mutating func convertAfterRemoval(limits: ListLimits) {
        if kind == .listNodes && nodes.nodeCount == 1 { convertToPack(limits: limits, afterRemoval: true) }
    }

    /// Chooses the encoding of a list that was built or loaded as a whole.
    package mutating func chooseEncoding(limits: ListLimits) {
        if kind == .listPacked {
            prepareForGrowth(byteCount: 0, count: 0, limits: limits)
        } else if nodes.nodeCount == 1 {
            convertToPack(limits: limits, afterRemoval: false)
        }
    }

    private mutating func convertToPack(limits: ListLimits, afterRemoval: Bool) {
        let only = nodes.node(0).pointee
        // A cut refers to the list's header, which has to stay.
        guard nodes.header.pointee.cut == nil, !only.isPlain,
            limits.fitsListPack(byteCount: only.list.byteCount, count: Int(only.count), afterRemoval: afterRemoval)
        else { return }
        var node = nodes.dissolve()
        var list = node.listForChange()
        list.shrinkToFit()
        kind = .listPacked
        base = list.base
    }

    /// Adds an element at an end; `prepareForGrowth` comes first.
    @inline(__always)
    package mutating func push(_ bytes: ByteSlice, at end: ListEnd, limits: ListLimits) {
        if kind == .listNodes {
            if end == .head { nodes.pushFront(bytes, limits: limits) } else { nodes.pushBack(bytes, limits: limits) }
            return
        }
        var list = pack
        if end == .head { list.prepend(bytes) } else { list.append(bytes) }
        base = list.base
    }

    /// Removes the element at an end of a list that is not empty; the list may become empty.
    @inline(__always)
    package mutating func removeEnd(_ end: ListEnd) {
        if kind == .listNodes {
            if end == .head { nodes.popFront() } else { nodes.popBack() }
            return
        }
        var list = pack
        if let position = end == .head ? list.firstPosition : list.lastPosition { list.remove(position) }
        base = list.base
    }

    /// Inserts an element so that it has that index, from 0 to the count; `prepareForGrowth` comes first.
    package mutating func insert(_ bytes: ByteSlice, at index: Int, limits: ListLimits) {
        if kind == .listNodes { return nodes.insert(bytes, at: index, limits: limits) }
        var list = pack
        list.insert(bytes, before: list.position(atIndex: index) ?? list.endPosition)
        base = list.base
    }

    /// Replaces the element with an index, negative from the end; false if there is none. `prepareForGrowth` comes
    /// first and `convertAfterRemoval` last.
    package mutating func replace(at index: Int, with bytes: ByteSlice, limits: ListLimits) -> Bool {
        let count = count
        let index = index < 0 ? index + count : index
        guard index >= 0 && index < count else { return false }
        if kind == .listNodes {
            nodes.replace(at: index, with: bytes, limits: limits)
            return true
        }
        var list = pack
        if let position = list.position(atIndex: index) { list.replace(position, with: bytes) }
        base = list.base
        return true
    }

    /// Removes that many elements from an index on; all must be within the list. `convertAfterRemoval` comes last.
    /// - Returns: what is still to be freed, if that is much.
    package mutating func removeRange(from index: Int, count: Int) -> ListValue? {
        guard count > 0 else { return nil }
        if kind == .listNodes {
            return nodes.removeRange(from: index, count: count).map { ListValue(kind: .listNodes, base: $0.base) }
        }
        var list = pack
        list.removeRange(index: index, count: count)
        base = list.base
        return nil
    }

    /// Removes elements that equal the bytes, at most that many, from the head on or from the tail on, and returns how
    /// many. `convertAfterRemoval` comes last.
    package mutating func removeMatches(_ bytes: ByteSlice, countMax: Int, from end: ListEnd) -> Int {
        if kind == .listPacked {
            var list = pack
            let removed = list.removeMatches(bytes, countMax: countMax, fromBack: end == .tail)
            base = list.base
            return removed
        }
        var removed = 0
        var index = end == .head ? 0 : nodes.nodeCount - 1
        while removed < countMax && index >= 0 && index < nodes.nodeCount {
            let before = nodes.nodeCount
            removed += nodes.removeMatches(
                bytes, inNode: index, countMax: countMax - removed, fromBack: end == .tail)
            if end == .tail { index -= 1 } else if nodes.nodeCount == before { index += 1 }
        }
        return removed
    }
}

// MARK: Nodes, for RDB, DUMP and DEBUG

extension ListValue {
    /// What a node holds: Redis's container numbers.
    package enum Container: UInt64 {
        case plain = 1
        case packed = 2
    }

    /// A node's content as RDB stores it: a listpack, or one element's bytes.
    package func nodeContent(at index: Int) -> (container: Container, bytes: ByteSlice) {
        if kind == .listPacked { return (.packed, pack.bytes) }
        let node = nodes.node(index).pointee
        guard node.isPlain else { return (.packed, node.list.bytes) }
        return (.plain, node.plainValue.text ?? ByteSlice(start: nil, count: 0))
    }

    /// An empty list that takes nodes as they are loaded; `chooseEncoding` comes last.
    package static func makeForNodes() -> ListValue {
        ListValue(kind: .listNodes, base: PackedList.make().base)
    }

    /// Appends a loaded node: a valid listpack that is not empty, or one element's bytes. Both are copied.
    package func appendNode(_ container: Container, _ bytes: ByteSlice) {
        let node = container == .plain ? PackedListNode(plain: bytes) : PackedListNode(ListPack.make(copying: bytes))
        nodes.insertNode(node, at: nodes.nodeCount)
    }
}

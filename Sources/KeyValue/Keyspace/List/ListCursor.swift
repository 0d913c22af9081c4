/// A place in a list, from which its elements are walked. Any change to the list invalidates it.
@usableFromInline
package struct ListCursor {
    @usableFromInline let list: ListValue
    /// Index of the node.
    @usableFromInline var node: Int
    /// The node's listpack or, in a plain node, its memory.
    @usableFromInline var base: UnsafeMutableRawPointer
    @usableFromInline var position: Int
    @usableFromInline var isPlain: Bool

    @inlinable @inline(__always)
    init(list: ListValue, node: Int, base: UnsafeMutableRawPointer, position: Int, isPlain: Bool) {
        self.list = list
        self.node = node
        self.base = base
        self.position = position
        self.isPlain = isPlain
    }

    /// The element.
    @inlinable @inline(__always)
    package var value: ListPackValue {
        isPlain
            ? ListPackValue(start: base + 8, number: base.load(as: Int64.self))
            : ListPack(base: base).value(at: position)
    }

    /// Goes on to the next element; false, and the cursor stays, if there is none.
    @inlinable @inline(__always)
    package mutating func moveToNext() -> Bool {
        if !isPlain, let following = ListPack(base: base).next(position) {
            position = following
            return true
        }
        return enterNode(node + 1, atEnd: false)
    }

    /// Goes back to the previous element; false, and the cursor stays, if there is none.
    @inlinable @inline(__always)
    package mutating func moveToPrevious() -> Bool {
        if !isPlain, let before = ListPack(base: base).previous(position) {
            position = before
            return true
        }
        return enterNode(node - 1, atEnd: true)
    }

    @usableFromInline
    mutating func enterNode(_ index: Int, atEnd: Bool) -> Bool {
        guard list.kind == .listNodes else { return false }
        let nodes = PackedList(base: list.base)
        guard index >= 0 && index < nodes.nodeCount else { return false }
        let entered = nodes.node(index).pointee
        node = index
        isPlain = entered.isPlain
        guard !entered.isPlain else {
            base = entered.memory
            position = 0
            return true
        }
        base = entered.list.base
        position = (atEnd ? entered.list.lastPosition : entered.list.firstPosition) ?? ListPack.headerByteCount
        return true
    }
}

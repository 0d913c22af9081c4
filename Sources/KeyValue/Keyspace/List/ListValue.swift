package import Bytes

/// One end of a list.
@usableFromInline
package enum ListEnd: UInt8, Sendable {
    case head
    case tail
}

/// A borrowed handle on a list: one listpack while it is small, a ring of nodes from then on. Whoever stores it owns
/// its memory; calls that change it may change both fields: store them again afterwards.
@usableFromInline
package struct ListValue {
    /// `listPacked` or `listNodes`.
    @usableFromInline package var kind: ValueKind
    /// The listpack, or the header of the ring.
    @usableFromInline package var base: UnsafeMutableRawPointer

    /// A handle on an existing list.
    @inlinable @inline(__always)
    package init(kind: ValueKind, base: UnsafeMutableRawPointer) {
        self.kind = kind
        self.base = base
    }

    /// A handle on the list of a key.
    @inline(__always)
    package init(_ entry: Entry) {
        self.init(kind: entry.kind, base: entry.pointer)
    }

    /// Stores the list in its key again, after a change.
    @inline(__always)
    package func store(in entry: Entry) {
        if entry.kind == kind { entry.pointer = base } else { entry.replace(kind: kind, pointer: base) }
    }

    /// A new empty list.
    package static func make(capacityBytes: Int = 0) -> ListValue {
        ListValue(kind: .listPacked, base: ListPack.make(capacityBytes: capacityBytes).base)
    }

    @inlinable @inline(__always)
    var pack: ListPack { ListPack(base: base) }

    @inlinable @inline(__always)
    var nodes: PackedList { PackedList(base: base) }

    /// Number of elements.
    @inlinable @inline(__always)
    package var count: Int { kind == .listPacked ? pack.count : nodes.count }

    /// Number of nodes: what DEBUG OBJECT shows as `ql_nodes`.
    package var nodeCount: Int { kind == .listPacked ? 1 : nodes.nodeCount }

    /// Memory that the list holds, judged by that many of its nodes (0: all).
    package func reservedByteCount(samples: Int = 0) -> Int {
        kind == .listPacked ? pack.reservedByteCount : nodes.reservedByteCount(samples: samples)
    }

    /// Gives all memory back; the handle is void.
    package func free() {
        if kind == .listPacked { pack.free() } else { nodes.free() }
    }

    /// Gives back the memory of some nodes; true when nothing is left and the handle is void.
    package func freeSome(nodeCountMax: Int) -> Bool {
        if kind == .listNodes { return nodes.freeSome(nodeCountMax: nodeCountMax) }
        pack.free()
        return true
    }

    /// A copy with memory of its own, in the same encoding.
    package func copy() -> ListValue {
        ListValue(kind: kind, base: kind == .listPacked ? pack.copy().base : nodes.copy().base)
    }

    /// A cursor on the element with an index, counted from the end if it is negative; nil outside the list.
    package func cursor(at index: Int) -> ListCursor? {
        guard kind == .listNodes else {
            return pack.position(atIndex: index).map {
                ListCursor(list: self, node: 0, base: base, position: $0, isPlain: false)
            }
        }
        let count = nodes.count
        let index = index < 0 ? index + count : index
        guard index >= 0 && index < count else { return nil }
        let (node, offset) = nodes.locate(index)
        let found = nodes.node(node).pointee
        if found.isPlain { return ListCursor(list: self, node: node, base: found.memory, position: 0, isPlain: true) }
        return found.list.position(atIndex: offset).map {
            ListCursor(list: self, node: node, base: found.list.base, position: $0, isPlain: false)
        }
    }

    /// The index of the first element that equals the bytes.
    /// - Complexity: linear.
    package func firstIndex(of bytes: ByteSlice) -> Int? {
        if kind == .listPacked { return pack.find(bytes, from: pack.firstPosition).map { pack.index(of: $0) } }
        var before = 0
        for index in 0..<nodes.nodeCount {
            let node = nodes.node(index).pointee
            if node.isPlain {
                if node.plainValue.equals(bytes) { return before }
            } else if let position = node.list.find(bytes, from: node.list.firstPosition) {
                return before + node.list.index(of: position)
            }
            before += Int(node.count)
        }
        return nil
    }

    /// The element at an end; nil if the list is empty.
    @inlinable @inline(__always)
    package func peek(_ end: ListEnd) -> ListPackValue? {
        guard kind == .listPacked else { return peekNode(end) }
        return (end == .head ? pack.firstPosition : pack.lastPosition).map { pack.value(at: $0) }
    }

    @usableFromInline
    func peekNode(_ end: ListEnd) -> ListPackValue? {
        guard nodes.nodeCount > 0 else { return nil }
        let node = nodes.node(end == .head ? 0 : nodes.nodeCount - 1).pointee
        if node.isPlain { return node.plainValue }
        return (end == .head ? node.list.firstPosition : node.list.lastPosition).map { node.list.value(at: $0) }
    }
}

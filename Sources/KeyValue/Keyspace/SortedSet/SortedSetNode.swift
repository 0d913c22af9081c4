// The nodes of a sorted set's tree. Scores lie in the nodes beside the pointers, so that a search by score reads a few
// cache lines of a node and touches no record; records are read only where scores are equal.

import CMemory
import Glibc

/// A leaf: members in order, and links to its neighbours.
///
/// ```
/// offset  size  what
/// 0       8     next leaf, or 0
/// 8       8     previous leaf, or 0
/// 16      8     members in this leaf
/// 32      496   their scores, as in their records
/// 528     496   their records
/// ```
struct SortedSetLeaf: Equatable {
    let base: UnsafeMutableRawPointer

    /// 62 members make 1024 bytes, a size class of the allocator.
    static let capacity = 62
    private static let scoresOffset = 32
    private static let recordsOffset = 528
    private static let byteCount = 1024

    @inline(__always)
    init(_ base: UnsafeMutableRawPointer) {
        self.base = base
    }

    static func make() -> SortedSetLeaf {
        let leaf = SortedSetLeaf(atoll_memory_take_lines(byteCount).unsafelyUnwrapped)
        leaf.next = nil
        leaf.previous = nil
        leaf.count = 0
        return leaf
    }

    @inline(__always)
    var next: SortedSetLeaf? {
        get { base.load(as: UnsafeMutableRawPointer?.self).map(SortedSetLeaf.init) }
        nonmutating set { base.storeBytes(of: newValue?.base, as: UnsafeMutableRawPointer?.self) }
    }

    @inline(__always)
    var previous: SortedSetLeaf? {
        get { base.load(fromByteOffset: 8, as: UnsafeMutableRawPointer?.self).map(SortedSetLeaf.init) }
        nonmutating set { base.storeBytes(of: newValue?.base, toByteOffset: 8, as: UnsafeMutableRawPointer?.self) }
    }

    @inline(__always)
    var count: Int {
        get { base.load(fromByteOffset: 16, as: Int.self) }
        nonmutating set { base.storeBytes(of: newValue, toByteOffset: 16, as: Int.self) }
    }

    @inline(__always)
    var scores: UnsafeMutablePointer<Double> {
        (base + Self.scoresOffset).assumingMemoryBound(to: Double.self)
    }

    @inline(__always)
    var records: UnsafeMutablePointer<UnsafeMutableRawPointer> {
        (base + Self.recordsOffset).assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    }

    @inline(__always)
    func record(_ index: Int) -> Record { Record(records[index]) }

    /// Makes room for that many members at an index.
    @inline(__always)
    func open(_ index: Int, _ added: Int) {
        let behind = (count - index) * 8
        memmove(scores + index + added, scores + index, behind)
        memmove(records + index + added, records + index, behind)
        count += added
    }

    /// Closes the gap that that many members leave at an index.
    @inline(__always)
    func close(_ index: Int, _ removed: Int) {
        let behind = (count - index - removed) * 8
        memmove(scores + index, scores + index + removed, behind)
        memmove(records + index, records + index + removed, behind)
        count -= removed
    }

    /// Moves members to another leaf, to an index there.
    func move(_ index: Int, _ moved: Int, to other: SortedSetLeaf, at otherIndex: Int) {
        other.open(otherIndex, moved)
        memcpy(other.scores + otherIndex, scores + index, moved * 8)
        memcpy(other.records + otherIndex, records + index, moved * 8)
        close(index, moved)
    }
}

/// An inner node: subtrees in order, how many members each has, and the first member of each.
///
/// ```
/// offset  size  what
/// 0       8     subtrees
/// 32      504   their nodes
/// 536     504   how many members they have
/// 1040    504   score of their first member
/// 1544    504   record of their first member
/// ```
struct SortedSetBranch {
    let base: UnsafeMutableRawPointer

    /// 63 subtrees make 2048 bytes, a size class of the allocator.
    static let capacity = 63
    private static let arrayByteCount = 504
    private static let headerByteCount = 32
    private static let byteCount = 2048

    @inline(__always)
    init(_ base: UnsafeMutableRawPointer) {
        self.base = base
    }

    static func make() -> SortedSetBranch {
        let branch = SortedSetBranch(atoll_memory_take_lines(byteCount).unsafelyUnwrapped)
        branch.count = 0
        return branch
    }

    @inline(__always)
    var count: Int {
        get { base.load(as: Int.self) }
        nonmutating set { base.storeBytes(of: newValue, as: Int.self) }
    }

    @inline(__always)
    private func array<Element>(_ number: Int, of: Element.Type) -> UnsafeMutablePointer<Element> {
        (base + (Self.headerByteCount + number * Self.arrayByteCount)).assumingMemoryBound(to: Element.self)
    }

    @inline(__always)
    var nodes: UnsafeMutablePointer<UnsafeMutableRawPointer> { array(0, of: UnsafeMutableRawPointer.self) }
    @inline(__always)
    var counts: UnsafeMutablePointer<Int> { array(1, of: Int.self) }
    @inline(__always)
    var scores: UnsafeMutablePointer<Double> { array(2, of: Double.self) }
    @inline(__always)
    var records: UnsafeMutablePointer<UnsafeMutableRawPointer> { array(3, of: UnsafeMutableRawPointer.self) }

    /// Members before the subtree with that index.
    @inline(__always)
    func memberCount(before index: Int) -> Int {
        let counts = counts
        var total = 0
        for position in 0..<index { total &+= counts[position] }
        return total
    }

    func open(_ index: Int, _ added: Int) {
        let behind = (count - index) * 8
        for number in 0..<4 {
            let start = base + (Self.headerByteCount + number * Self.arrayByteCount + index * 8)
            memmove(start + added * 8, start, behind)
        }
        count += added
    }

    func close(_ index: Int, _ removed: Int) {
        let behind = (count - index - removed) * 8
        for number in 0..<4 {
            let start = base + (Self.headerByteCount + number * Self.arrayByteCount + index * 8)
            memmove(start, start + removed * 8, behind)
        }
        count -= removed
    }

    func move(_ index: Int, _ moved: Int, to other: SortedSetBranch, at otherIndex: Int) {
        other.open(otherIndex, moved)
        for number in 0..<4 {
            let array = Self.headerByteCount + number * Self.arrayByteCount
            memcpy(other.base + (array + otherIndex * 8), base + (array + index * 8), moved * 8)
        }
        close(index, moved)
    }

    /// Inserts a subtree.
    func insert(
        _ node: UnsafeMutableRawPointer, memberCount: Int, first: (Double, UnsafeMutableRawPointer), at index: Int
    ) {
        open(index, 1)
        nodes[index] = node
        counts[index] = memberCount
        scores[index] = first.0
        records[index] = first.1
    }
}

/// A member of a sorted set, and its score.
package struct SortedSetElement {
    /// Valid until the sorted set changes.
    package let member: ListPackValue
    /// A number, or an infinity.
    package let score: Double
}

extension SortedSetElement {
    /// The member of a tree.
    @inline(__always)
    init(_ record: Record) {
        self.init(member: ListPackValue(record.key), score: SortedSetTree.score(record))
    }
}

/// Goes from one member of a sorted set to the next, or backwards. Valid until the sorted set changes.
package struct SortedSetCursor {
    /// The leaf that the next element is in, or the listpack.
    private var base: UnsafeMutableRawPointer
    /// The next element's index in the leaf, or position in the listpack.
    private var place: Int
    private var remaining: Int
    private let isTree: Bool
    private let isReversed: Bool

    init(leaf: SortedSetLeaf, index: Int, count: Int, isReversed: Bool) {
        base = leaf.base
        place = index
        remaining = count
        isTree = true
        self.isReversed = isReversed
    }

    init(list: ListPack, position: ListPack.Position, count: Int, isReversed: Bool) {
        base = list.base
        place = position
        remaining = count
        isTree = false
        self.isReversed = isReversed
    }

    /// A cursor at the end.
    package init() {
        base = UnsafeMutableRawPointer(bitPattern: 1).unsafelyUnwrapped
        place = 0
        remaining = 0
        isTree = false
        isReversed = false
    }

    /// Elements that are still to come.
    package var remainingCount: Int { remaining }

    /// The next element, or nil at the end.
    package mutating func next() -> SortedSetElement? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        return isTree ? nextInTree() : nextInPack()
    }

    @inline(__always)
    private mutating func nextInTree() -> SortedSetElement {
        let leaf = SortedSetLeaf(base)
        let record = leaf.record(place)
        let element = SortedSetElement(member: ListPackValue(record.key), score: leaf.scores[place])
        if isReversed {
            place -= 1
            if place < 0, let previous = leaf.previous {
                base = previous.base
                place = previous.count - 1
            }
        } else {
            place += 1
            if place == leaf.count, let next = leaf.next {
                base = next.base
                place = 0
            }
        }
        return element
    }

    private mutating func nextInPack() -> SortedSetElement {
        let pack = SortedSetPack(base)
        let position = place
        let scorePosition = position + pack.list.elementByteCount(at: position)
        if isReversed {
            let before = pack.list.previous(position).flatMap { pack.list.previous($0) }
            place = before ?? position
        } else {
            place = pack.list.next(scorePosition) ?? position
        }
        return SortedSetElement(member: pack.list.value(at: position), score: pack.score(at: scorePosition))
    }
}

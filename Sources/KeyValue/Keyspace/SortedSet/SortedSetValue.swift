// A sorted set as commands see it, whichever of its two forms it has: a listpack (`SortedSetPack`) or a tree with a
// table (`SortedSetTree`). Ranges of every kind are turned into ranks first, then walked or removed by rank.

package import Bytes
import CMemory

/// What ZADD asks for beyond setting a score.
@usableFromInline
package struct SortedSetConditions: OptionSet, Sendable {
    /// One bit a condition.
    @usableFromInline package let rawValue: UInt8

    @inlinable @inline(__always)
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The member gets the score, whatever it had.
    @inlinable package static var none: SortedSetConditions { SortedSetConditions(rawValue: 0) }
    /// The number is added to the score.
    @inlinable package static var increment: SortedSetConditions { SortedSetConditions(rawValue: 1) }
    /// Members that are there are left alone.
    @inlinable package static var onlyAbsent: SortedSetConditions { SortedSetConditions(rawValue: 2) }
    /// No members are added.
    @inlinable package static var onlyPresent: SortedSetConditions { SortedSetConditions(rawValue: 4) }
    /// Scores are only raised.
    @inlinable package static var onlyGreater: SortedSetConditions { SortedSetConditions(rawValue: 8) }
    /// Scores are only lowered.
    @inlinable package static var onlyLess: SortedSetConditions { SortedSetConditions(rawValue: 16) }

    /// Whether one condition is among these.
    @inlinable @inline(__always)
    package func has(_ condition: SortedSetConditions) -> Bool { rawValue & condition.rawValue != 0 }
}

/// What became of a member, and its score now.
package enum SortedSetChange {
    case added(Double)
    case updated(Double)
    /// It had that score before.
    case same(Double)
    /// The conditions forbade the change.
    case refused
    /// An increment of an infinite score by the opposite infinity.
    case notANumber
}

/// A borrowed handle on the value of a sorted set's key. Changes may convert or move the value: `store` it in its entry
/// again after each.
package struct SortedSetValue {
    /// The form: a listpack or a tree.
    package private(set) var kind: ValueKind
    /// The listpack's or the tree's address.
    package private(set) var pointer: UnsafeMutableRawPointer

    package init(kind: ValueKind, pointer: UnsafeMutableRawPointer) {
        self.kind = kind
        self.pointer = pointer
    }

    package init(_ entry: Entry) {
        self.init(kind: entry.kind, pointer: entry.pointer)
    }

    /// Writes the value's form and address back to its entry.
    @inline(__always)
    package func store(in entry: Entry) {
        if entry.kind == kind { entry.pointer = pointer } else { entry.replace(kind: kind, pointer: pointer) }
    }

    /// A new empty sorted set for that many members, of which the longest has that many bytes.
    package static func make(
        countHint: Int, memberByteCountHint: Int, limits: borrowing EncodingLimits, hasher: KeyedHash
    ) -> SortedSetValue {
        if countHint <= limits.sortedSetPackedCountMax, memberByteCountHint <= limits.sortedSetPackedByteCountMax {
            return SortedSetValue(kind: .sortedSetPacked, pointer: ListPack.make().base)
        }
        return SortedSetValue(kind: .sortedSetTree, pointer: SortedSetTree.make(hasher: hasher).pointer)
    }

    /// A new empty sorted set in the form of a large one, which `packIfSmall` may change once its members are known.
    package static func makeTree(hasher: KeyedHash) -> SortedSetValue {
        SortedSetValue(kind: .sortedSetTree, pointer: SortedSetTree.make(hasher: hasher).pointer)
    }

    @inline(__always) private var isTree: Bool { kind == .sortedSetTree }
    @inline(__always) private var tree: SortedSetTree { SortedSetTree(pointer) }
    @inline(__always) private var pack: SortedSetPack { SortedSetPack(pointer) }

    /// The listpack of a small sorted set, for those that store it as it is.
    package var packed: ListPack? { isTree ? nil : ListPack(base: pointer) }

    /// Number of members, in constant time.
    package var count: Int { isTree ? tree.count : pack.count }

    /// Gives everything back at once; for sorted sets that belong to no key.
    package func free() {
        if isTree { tree.free() } else { pack.list.free() }
    }

    /// A copy with memory of its own.
    package func copy() -> SortedSetValue {
        guard isTree else { return SortedSetValue(kind: kind, pointer: pack.list.copy().base) }
        let hasher = tree.storage.pointee.table.hasher
        let target = SortedSetTree.make(hasher: hasher)
        var cursor = cursor(fromRank: 0, count: count)
        while let element = cursor.next() {
            guard let member = element.member.text else { continue }
            target.insert(member, hash: target.hash(member), score: element.score)
        }
        return SortedSetValue(kind: .sortedSetTree, pointer: target.pointer)
    }

    // MARK: - Members

    /// The member's score, or nil.
    package func score(of member: ByteSlice) -> Double? {
        if isTree {
            let tree = tree
            return tree.find(member, hash: tree.hash(member)).map { SortedSetTree.score($0.record) }
        }
        let pack = pack
        return pack.find(member).map { pack.score(at: $0.score) }
    }

    /// How many members come before the member, and its score; nil if it is not there.
    package func rank(of member: ByteSlice) -> (rank: Int, score: Double)? {
        if isTree {
            guard let score = score(of: member) else { return nil }
            return (tree.rank(of: PairBound(score: score, member: member, isBehindEqual: false)), score)
        }
        let pack = pack
        guard let found = pack.find(member) else { return nil }
        return (pack.rank(at: found.member), pack.score(at: found.score))
    }

    /// Adds a member, or changes its score. The score is a number.
    package mutating func add(
        _ member: ByteSlice, _ score: Double, _ conditions: SortedSetConditions = .none,
        limits: borrowing EncodingLimits, hasher: KeyedHash
    ) -> SortedSetChange {
        if !isTree, let change = addToPack(member, score, conditions, limits: limits) { return change }
        if !isTree { convertToTree(hasher: hasher) }
        let tree = tree
        let hash = tree.hash(member)
        guard let slot = tree.find(member, hash: hash) else {
            if conditions.has(.onlyPresent) { return .refused }
            tree.insert(member, hash: hash, score: score)
            return .added(score)
        }
        let record = slot.record
        let current = SortedSetTree.score(record)
        let change = Self.change(from: current, by: score, conditions)
        if case .updated(let new) = change { tree.update(record, to: new) }
        return change
    }

    /// - Returns: nil if the sorted set has to become a tree first.
    private mutating func addToPack(
        _ member: ByteSlice, _ score: Double, _ conditions: SortedSetConditions, limits: borrowing EncodingLimits
    ) -> SortedSetChange? {
        var pack = pack
        if let found = pack.find(member) {
            let change = Self.change(from: pack.score(at: found.score), by: score, conditions)
            if case .updated(let new) = change {
                pack.update(member, at: found.member, score: new)
                pointer = pack.list.base
            }
            return change
        }
        if conditions.has(.onlyPresent) { return .refused }
        guard pack.count < limits.sortedSetPackedCountMax, member.count <= limits.sortedSetPackedByteCountMax,
            pack.list.isSafeToAdd(member.count)
        else { return nil }
        pack.insert(member, score: score)
        pointer = pack.list.base
        return .added(score)
    }

    @inline(__always)
    private static func change(
        from current: Double, by number: Double, _ conditions: SortedSetConditions
    ) -> SortedSetChange {
        var score = number
        if conditions.rawValue != 0 {
            if conditions.has(.onlyAbsent) { return .refused }
            if conditions.has(.increment) {
                score += current
                if score.isNaN { return .notANumber }
            }
            if conditions.has(.onlyLess), score >= current { return .refused }
            if conditions.has(.onlyGreater), score <= current { return .refused }
        }
        return score == current ? .same(score) : .updated(score)
    }

    /// Removes the member if it is there.
    package mutating func remove(_ member: ByteSlice) -> Bool {
        if isTree {
            let tree = tree
            guard let slot = tree.find(member, hash: tree.hash(member)) else { return false }
            tree.remove(slot)
            return true
        }
        var pack = pack
        guard let found = pack.find(member) else { return false }
        pack.remove(found.member)
        pointer = pack.list.base
        return true
    }

    // MARK: - Order

    /// How many members lie before a bound among the scores.
    package func rank(of bound: ScoreBound) -> Int { isTree ? tree.rank(of: bound) : pack.rank(of: bound) }

    /// How many members lie before a bound among the members, where all have the same score.
    package func rank(of bound: MemberBound) -> Int { isTree ? tree.rank(of: bound) : pack.rank(of: bound) }

    /// Goes through that many members from the one with the rank on; backwards, to lower ranks. Fewer come if there are
    /// fewer.
    package func cursor(fromRank rank: Int, count wanted: Int, isReversed: Bool = false) -> SortedSetCursor {
        let total = count
        guard rank >= 0, rank < total, wanted > 0 else { return SortedSetCursor() }
        let available = min(wanted, isReversed ? rank + 1 : total - rank)
        if isTree {
            let place = tree.position(atRank: rank)
            return SortedSetCursor(leaf: place.leaf, index: place.index, count: available, isReversed: isReversed)
        }
        let list = pack.list
        guard let position = list.position(atIndex: rank * 2) else { return SortedSetCursor() }
        return SortedSetCursor(list: list, position: position, count: available, isReversed: isReversed)
    }

    /// Removes the members from one rank up to, not including, another; both must be there.
    package mutating func removeRange(_ from: Int, _ to: Int) {
        guard from < to else { return }
        if isTree { return tree.removeRange(from, to) }
        var pack = pack
        pack.list.removeRange(index: from * 2, count: (to - from) * 2)
        pointer = pack.list.base
    }

    // MARK: - Scanning

    /// One step of ZSCAN: calls with about `effort` members, or with all of a small sorted set.
    /// - Returns: the next cursor, 0 at the end.
    package func scan(_ cursor: UInt64, effort: Int, _ body: (SortedSetElement) -> Void) -> UInt64 {
        guard isTree else {
            var all = self.cursor(fromRank: 0, count: count)
            while let element = all.next() { body(element) }
            return 0
        }
        return tree.storage.pointee.table.scan(cursor, effort: effort) { body(SortedSetElement($0)) }
    }

    /// Calls with that many different members, chosen by chance; with all if there are no more.
    package func forEachRandom(_ wanted: Int, using random: inout FastRandom, _ body: (SortedSetElement) -> Void) {
        if isTree {
            tree.storage.pointee.table.forEachRandom(wanted, using: &random) { body(SortedSetElement($0.record)) }
            return
        }
        var sampler = SelectionSampler(wanted: wanted, of: count)
        var all = cursor(fromRank: 0, count: count)
        while !sampler.isDone, let element = all.next() {
            if sampler.takesNext(using: &random) { body(element) }
        }
    }

    // MARK: - Forms

    /// Makes a small sorted set a tree if that many members are about to be added at once.
    package mutating func prepare(toAdd count: Int, limits: borrowing EncodingLimits, hasher: KeyedHash) {
        if !isTree, count > limits.sortedSetPackedCountMax { convertToTree(hasher: hasher) }
    }

    /// Makes a small sorted set a tree, whatever its size.
    package mutating func convertToTree(hasher: KeyedHash) {
        guard !isTree else { return }
        let old = pack
        let target = SortedSetTree.make(hasher: hasher)
        var cursor = cursor(fromRank: 0, count: old.count)
        withUnsafeTemporaryAllocation(byteCount: ListPackValue.scratchByteCount, alignment: 8) { scratch in
            while let element = cursor.next() {
                let member = element.member.bytes(scratch: scratch.baseAddress.unsafelyUnwrapped)
                let hash = target.hash(member)
                // A payload from outside may have a member twice.
                guard target.find(member, hash: hash) == nil else { continue }
                target.insert(member, hash: hash, score: element.score)
            }
        }
        old.list.free()
        kind = .sortedSetTree
        pointer = target.pointer
    }

    /// Makes a result that has been built as a tree a listpack if it is small enough.
    /// - Parameters:
    ///   - longest: bytes of the longest member.
    ///   - total: bytes of all members.
    package mutating func packIfSmall(longest: Int, total: Int, limits: borrowing EncodingLimits) {
        guard isTree, count <= limits.sortedSetPackedCountMax, longest <= limits.sortedSetPackedByteCountMax,
            total <= ListPack.byteCountMax
        else { return }
        let old = tree
        var target = SortedSetPack(ListPack.make().base)
        var cursor = cursor(fromRank: 0, count: old.count)
        while let element = cursor.next() {
            guard let member = element.member.text else { continue }
            target.append(ListPackElement(member), score: element.score)
        }
        old.free()
        kind = .sortedSetPacked
        pointer = target.list.base
    }
}

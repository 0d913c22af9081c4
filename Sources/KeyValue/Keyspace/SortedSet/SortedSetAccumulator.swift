package import Bytes
import CMemory

/// Gathers the members of a result in any order, and makes a sorted set of them at the end: the table grows first, the
/// tree is built from the sorted members in one go.
package struct SortedSetAccumulator: ~Copyable {
    private var tree: SortedSetTree?
    private let limits: EncodingLimits

    package init(limits: EncodingLimits, hasher: KeyedHash) {
        tree = SortedSetTree.make(hasher: hasher)
        self.limits = limits
    }

    deinit {
        guard let tree else { return }
        tree.storage.pointee.table.forEach { $0.record.free() }
        tree.free()
    }

    /// Members gathered so far.
    package var count: Int { tree?.count ?? 0 }

    /// Adds a member that is not there yet.
    package mutating func insert(_ member: ByteSlice, score: Double) {
        guard let tree else { return }
        tree.insertUnlinked(member, hash: tree.hash(member), score: score)
    }

    /// Adds a member, or combines its score with the one that is there.
    package mutating func accumulate(_ member: ByteSlice, score: Double, _ combine: (Double, Double) -> Double) {
        guard let tree else { return }
        let hash = tree.hash(member)
        guard let slot = tree.find(member, hash: hash) else {
            return tree.insertUnlinked(member, hash: hash, score: score)
        }
        SortedSetTree.setScore(slot.record, combine(SortedSetTree.score(slot.record), score))
    }

    /// Removes a member if it is there.
    package mutating func remove(_ member: ByteSlice) {
        guard let tree, let slot = tree.find(member, hash: tree.hash(member)) else { return }
        let record = slot.record
        tree.storage.pointee.table.remove(slot)
        record.free()
    }

    /// The sorted set, in the form that suits its size: the caller's from then on.
    package consuming func finish() -> SortedSetValue {
        guard let tree else { return SortedSetValue(kind: .sortedSetPacked, pointer: ListPack.make().base) }
        var longest = 0
        var total = 0
        var members: [(score: Double, record: Record)] = []
        members.reserveCapacity(tree.count)
        tree.storage.pointee.table.forEach { slot in
            let count = slot.record.key.count
            longest = max(longest, count)
            total += count
            members.append((SortedSetTree.score(slot.record), slot.record))
        }
        members.sort { $0.score != $1.score ? $0.score < $1.score : $0.record.key.compare($1.record.key) < 0 }
        for member in members { tree.link(member.record, score: member.score) }
        self.tree = nil
        var value = SortedSetValue(kind: .sortedSetTree, pointer: tree.pointer)
        value.packIfSmall(longest: longest, total: total, limits: limits)
        return value
    }
}

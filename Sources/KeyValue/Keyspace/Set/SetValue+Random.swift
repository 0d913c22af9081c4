package import Bytes
import CMemory

extension SetValue {
    /// Calls with one member, each with about the same chance. The set must not be empty.
    package func withRandom<R>(using random: inout FastRandom, _ body: (ListPackValue) -> R) -> R {
        switch kind {
        case .setTable:
            let slot = table.table.pointee.randomEntry(using: &random).unsafelyUnwrapped
            return body(ListPackValue(slot.record.key))
        case .setIntegers:
            return body(ListPackValue(integers.value(at: random.below(integers.count))))
        default:
            let list = packed
            let position = list.position(atIndex: random.below(list.count)).unsafelyUnwrapped
            return body(list.value(at: position))
        }
    }

    /// Calls that many times with a member chosen by chance, perhaps the same one again, until the body returns false.
    package func forEachDraw(_ draws: Int, using random: inout FastRandom, _ body: (ListPackValue) -> Bool) {
        guard kind == .setPacked else {
            for _ in 0..<draws where !withRandom(using: &random, body) { return }
            return
        }
        // Finding a member by its index is a walk, so the walk is done once.
        let list = packed
        let count = list.count
        withUnsafeTemporaryAllocation(of: ListPack.Position.self, capacity: count) { positions in
            var position = list.firstPosition
            for index in 0..<count {
                positions[index] = position.unsafelyUnwrapped
                position = list.next(positions[index])
            }
            for _ in 0..<draws where !body(list.value(at: positions[random.below(count)])) { return }
        }
    }

    /// Calls with that many different members chosen by chance, in no special order; with all if there are no more.
    package func forEachRandom(_ wanted: Int, using random: inout FastRandom, _ body: (ListPackValue) -> Void) {
        guard kind != .setTable else {
            return table.table.pointee.forEachRandom(wanted, using: &random) { body(ListPackValue($0.record.key)) }
        }
        var sampler = SelectionSampler(wanted: wanted, of: count)
        forEach { member in
            if sampler.takesNext(using: &random) { body(member) }
            return !sampler.isDone
        }
    }

    /// Removes one member chosen by chance; the body sees it before. The set must not be empty, and may be afterwards.
    package mutating func popRandom<R>(using random: inout FastRandom, _ body: (ListPackValue) -> R) -> R {
        switch kind {
        case .setTable:
            let members = table
            let slot = members.table.pointee.randomEntry(using: &random).unsafelyUnwrapped
            let result = body(ListPackValue(slot.record.key))
            members.remove(slot)
            return result
        case .setIntegers:
            var set = integers
            let integer = set.value(at: random.below(set.count))
            let result = body(ListPackValue(integer))
            _ = set.remove(integer)
            pointer = set.base
            return result
        default:
            var list = packed
            let position = list.position(atIndex: random.below(list.count)).unsafelyUnwrapped
            let result = body(list.value(at: position))
            list.remove(position)
            pointer = list.base
            return result
        }
    }

    /// Removes that many members chosen by chance, which must be fewer than there are; the body sees each before.
    ///
    /// What stays is moved to a new set where it is little beside what goes: then its form follows the members that
    /// stay.
    /// - Returns: the old set in that case, which is the caller's to free.
    package mutating func popRandom(
        _ wanted: Int, limits: EncodingLimits, hasher: KeyedHash, using random: inout FastRandom,
        _ body: (ListPackValue) -> Void
    ) -> SetValue? {
        let remaining = count - wanted
        if remaining > wanted / Self.popKeepRatio {
            if kind == .setPacked {
                popFromPacked(wanted, using: &random, body)
            } else {
                for _ in 0..<wanted { popRandom(using: &random, body) }
            }
            return nil
        }
        var kept = kind == .setIntegers ? SetValue.makeIntegers() : SetValue.makePacked()
        if kind == .setPacked {
            var sampler = SelectionSampler(wanted: remaining, of: count)
            forEach { member in
                if sampler.takesNext(using: &random) {
                    _ = kept.add(member, limits: limits, hasher: hasher)
                } else {
                    body(member)
                }
                return true
            }
        } else {
            for _ in 0..<remaining {
                popRandom(using: &random) { _ = kept.add($0, limits: limits, hasher: hasher) }
            }
            forEach { member in
                body(member)
                return true
            }
        }
        defer { self = kept }
        return self
    }

    /// A set keeps its form while more than one member in this many stays.
    private static let popKeepRatio = 5

    private mutating func popFromPacked(
        _ wanted: Int, using random: inout FastRandom, _ body: (ListPackValue) -> Void
    ) {
        var list = packed
        var sampler = SelectionSampler(wanted: wanted, of: list.count)
        withUnsafeTemporaryAllocation(of: ListPack.Position.self, capacity: wanted) { positions in
            var chosen = 0
            var position = list.firstPosition
            while let here = position, !sampler.isDone {
                if sampler.takesNext(using: &random) {
                    body(list.value(at: here))
                    positions[chosen] = here
                    chosen += 1
                }
                position = list.next(here)
            }
            list.remove(UnsafeBufferPointer(rebasing: positions[..<chosen]))
        }
        pointer = list.base
    }
}

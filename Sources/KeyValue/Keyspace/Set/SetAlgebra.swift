package import Bytes

/// Intersection, union and difference of sets that belong to somebody else and are not changed.
package enum SetAlgebra {
    /// Calls with every member that all sets have, until the body returns false. The sets are put into another order.
    /// - Complexity: O(members of the smallest, times sets).
    package static func forEachCommon(
        _ sets: UnsafeMutableBufferPointer<SetValue>, _ body: (ListPackValue) -> Bool
    ) {
        guard sets.count > 0 else { return }
        var sets = sets
        sets.sort { $0.count < $1.count }
        let smallest = sets[0]
        smallest.forEach { member in
            for index in 1..<sets.count where !sets[index].isSame(as: smallest) {
                guard sets[index].contains(member) else { return true }
            }
            return body(member)
        }
    }

    /// The members that all sets have, as a set of its own. The sets are put into another order.
    package static func intersection(
        _ sets: UnsafeMutableBufferPointer<SetValue>, limits: EncodingLimits, hasher: KeyedHash
    ) -> SetValue {
        guard let smallest = sets.min(by: { $0.count < $1.count }) else { return SetValue.makeIntegers() }
        // A listpack is quicker to append to than an intset; what turns out to be integers is converted at the end.
        var result = smallest.kind == .setIntegers ? SetValue.makeIntegers() : SetValue.makePacked()
        forEachCommon(sets) { member in
            _ = result.add(member, limits: limits, hasher: hasher)
            return true
        }
        result.convertToIntegers(limits: limits)
        result.shrinkToFit()
        return result
    }

    /// The members that any set has, as a set of its own.
    package static func union(
        _ sets: UnsafeMutableBufferPointer<SetValue>, limits: EncodingLimits, hasher: KeyedHash
    ) -> SetValue {
        var result = SetValue.makeIntegers()
        for set in sets {
            set.forEach { member in
                _ = result.add(member, limits: limits, hasher: hasher)
                return true
            }
        }
        return result
    }

    /// The members of the first set that no other has, as a set of its own. The others are put into another order.
    /// - Complexity: the lesser of O(members of the first, times sets) and O(members of all sets).
    package static func difference(
        _ first: SetValue, minus others: UnsafeMutableBufferPointer<SetValue>, limits: EncodingLimits,
        hasher: KeyedHash
    ) -> SetValue {
        if others.contains(where: { $0.isSame(as: first) }) { return SetValue.makeIntegers() }
        let looksUpWork = first.count * (others.count + 1) / 2
        let removesWork = others.reduce(first.count) { $0 + $1.count }
        return looksUpWork <= removesWork
            ? differenceByLookup(first, minus: others, limits: limits, hasher: hasher)
            : differenceByRemoval(first, minus: others, limits: limits, hasher: hasher)
    }

    private static func differenceByLookup(
        _ first: SetValue, minus others: UnsafeMutableBufferPointer<SetValue>, limits: EncodingLimits,
        hasher: KeyedHash
    ) -> SetValue {
        var result = SetValue.makeIntegers()
        // The largest is the likeliest to have a member.
        var others = others
        others.sort { $0.count > $1.count }
        first.forEach { member in
            for index in 0..<others.count where others[index].contains(member) { return true }
            _ = result.add(member, limits: limits, hasher: hasher)
            return true
        }
        return result
    }

    private static func differenceByRemoval(
        _ first: SetValue, minus others: UnsafeMutableBufferPointer<SetValue>, limits: EncodingLimits,
        hasher: KeyedHash
    ) -> SetValue {
        var result = SetValue.makeIntegers()
        first.forEach { member in
            _ = result.add(member, limits: limits, hasher: hasher)
            return true
        }
        for set in others {
            set.forEach { member in
                _ = result.remove(member)
                return result.count > 0
            }
            if result.count == 0 { break }
        }
        return result
    }
}

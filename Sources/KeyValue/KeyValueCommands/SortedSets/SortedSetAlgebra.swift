import Bytes
import Keyspace

/// Intersection, union and difference of sorted sets and sets that belong to somebody else and are not changed.
struct SortedSetAlgebra {
    enum Operation { case union, intersection, difference }

    /// How scores of a member that several inputs have become one.
    enum Aggregate {
        case sum, min, max

        func combine(_ left: Double, _ right: Double) -> Double {
            switch self {
            case .sum:
                // Opposite infinities come to zero, by convention.
                let sum = left + right
                return sum.isNaN ? 0 : sum
            case .min: return right < left ? right : left
            case .max: return right > left ? right : left
            }
        }
    }

    struct Input {
        enum Source {
            case nothing
            case sortedSet(SortedSetValue)
            case set(SetValue)
        }

        let source: Source
        let count: Int
        var weight = 1.0

        init(_ source: Source) {
            self.source = source
            switch source {
            case .nothing: count = 0
            case .sortedSet(let value): count = value.count
            case .set(let value): count = value.count
            }
        }

        /// Members of plain sets have the score 1.
        func score(of member: ByteSlice) -> Double? {
            switch source {
            case .nothing: nil
            case .sortedSet(let value): value.score(of: member)
            case .set(let value): value.contains(member) ? 1 : nil
            }
        }

        /// Calls with every member and its score, weight left out, until the body returns false.
        func forEach(_ body: (ByteSlice, Double) -> Bool) {
            withUnsafeTemporaryAllocation(byteCount: ListPackValue.scratchByteCount, alignment: 8) { scratch in
                let start = scratch.baseAddress.unsafelyUnwrapped
                switch source {
                case .nothing: return
                case .sortedSet(let value):
                    var cursor = value.cursor(fromRank: 0, count: count)
                    while let element = cursor.next() {
                        guard body(element.member.bytes(scratch: start), element.score) else { return }
                    }
                case .set(let value): value.forEach { body($0.bytes(scratch: start), 1) }
                }
            }
        }

        func weighted(_ score: Double) -> Double {
            let product = weight * score
            return product.isNaN ? 0 : product
        }
    }

    var inputs: [Input] = []
    var aggregate = Aggregate.sum

    /// The result as a sorted set of its own.
    func result(_ operation: Operation, limits: EncodingLimits, hasher: KeyedHash) -> SortedSetValue {
        var result = SortedSetAccumulator(limits: limits, hasher: hasher)
        switch operation {
        case .union: addUnion(to: &result)
        case .intersection:
            forEachCommon { member, score in
                result.insert(member, score: score)
                return true
            }
        case .difference: addDifference(to: &result)
        }
        return result.finish()
    }

    private var bySize: [Input] { inputs.sorted { $0.count < $1.count } }

    private func addUnion(to result: inout SortedSetAccumulator) {
        for input in bySize {
            input.forEach { member, score in
                result.accumulate(member, score: input.weighted(score)) { aggregate.combine($0, $1) }
                return true
            }
        }
    }

    /// Calls with every member that all inputs have and its score, until the body returns false.
    /// - Complexity: O(members of the smallest, times inputs).
    func forEachCommon(_ body: (ByteSlice, Double) -> Bool) {
        let inputs = bySize
        guard let smallest = inputs.first else { return }
        smallest.forEach { member, score in
            var total = smallest.weighted(score)
            for other in inputs.dropFirst() {
                guard let found = other.score(of: member) else { return true }
                total = aggregate.combine(total, found * other.weight)
            }
            return body(member, total)
        }
    }

    /// - Complexity: the lesser of O(members of the first, times inputs) and O(members of all).
    private func addDifference(to result: inout SortedSetAccumulator) {
        guard let first = inputs.first, first.count > 0 else { return }
        let looksUpWork = first.count * inputs.count / 2
        let removesWork = inputs.reduce(0) { $0 + $1.count }
        if looksUpWork <= removesWork {
            // The largest is the likeliest to have a member.
            let others = inputs.dropFirst().sorted { $0.count > $1.count }
            first.forEach { member, score in
                if !others.contains(where: { $0.score(of: member) != nil }) { result.insert(member, score: score) }
                return true
            }
            return
        }
        first.forEach { member, score in
            result.insert(member, score: score)
            return true
        }
        for other in inputs.dropFirst() {
            other.forEach { member, _ in
                result.remove(member)
                return result.count > 0
            }
        }
    }
}

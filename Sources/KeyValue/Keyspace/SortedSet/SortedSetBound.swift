package import Bytes

/// A place in the order of a sorted set: the members before it come before all others.
protocol SortedSetBound {
    /// Whether the member lies before the bound. The record is read only where the score does not tell.
    func isAfter(score: Double, record: Record) -> Bool

    /// The same for a member of a listpack.
    func isAfter(score: Double, member: ByteSlice) -> Bool

    /// Of that many scores, those that alone say that their members lie before, and from where on they say the
    /// opposite; in between records decide.
    func split(_ scores: UnsafeMutablePointer<Double>, _ count: Int) -> (Int, Int)
}

/// Before, or behind, all members with a score.
package struct ScoreBound: SortedSetBound {
    let score: Double
    /// Whether members with the score itself lie before the bound.
    let isBehindEqual: Bool

    /// - Parameter isBehindEqual: whether members with the score itself lie before the bound.
    package init(_ score: Double, isBehindEqual: Bool) {
        self.score = score
        self.isBehindEqual = isBehindEqual
    }

    @inline(__always)
    private func isAfter(_ other: Double) -> Bool { isBehindEqual ? other <= score : other < score }

    @inline(__always)
    func isAfter(score: Double, record: Record) -> Bool { isAfter(score) }
    @inline(__always)
    func isAfter(score: Double, member: ByteSlice) -> Bool { isAfter(score) }

    @inline(__always)
    func split(_ scores: UnsafeMutablePointer<Double>, _ count: Int) -> (Int, Int) {
        let index = isBehindEqual ? scores.firstAbove(score, count) : scores.firstNotBelow(score, count)
        return (index, index)
    }
}

/// Before, or behind, a member's place where all scores are equal, as the commands by lexicographical order expect.
package struct MemberBound: SortedSetBound {
    let member: ByteSlice
    let isBehindEqual: Bool

    /// - Parameter isBehindEqual: whether the member itself lies before the bound.
    package init(_ member: ByteSlice, isBehindEqual: Bool) {
        self.member = member
        self.isBehindEqual = isBehindEqual
    }

    @inline(__always)
    func isAfter(score: Double, record: Record) -> Bool { isAfter(score: score, member: record.key) }
    @inline(__always)
    func isAfter(score: Double, member other: ByteSlice) -> Bool {
        let order = other.compare(member)
        return isBehindEqual ? order <= 0 : order < 0
    }

    @inline(__always)
    func split(_ scores: UnsafeMutablePointer<Double>, _ count: Int) -> (Int, Int) { (0, count) }
}

/// The place of a member with a score: before it, or behind it.
struct PairBound: SortedSetBound {
    let score: Double
    let member: ByteSlice
    let isBehindEqual: Bool

    @inline(__always)
    func isAfter(score other: Double, record: Record) -> Bool { isAfter(score: other, member: record.key) }
    @inline(__always)
    func isAfter(score other: Double, member otherMember: ByteSlice) -> Bool {
        if other != score { return other < score }
        let order = otherMember.compare(member)
        return isBehindEqual ? order <= 0 : order < 0
    }

    @inline(__always)
    func split(_ scores: UnsafeMutablePointer<Double>, _ count: Int) -> (Int, Int) {
        let low = scores.firstNotBelow(score, count)
        guard low < count, scores[low] == score else { return (low, low) }
        return (low, low + (scores + low).firstAbove(score, count - low))
    }
}

extension SortedSetBound {
    /// How many of the members in order lie before the bound.
    @inline(__always)
    func position(
        _ scores: UnsafeMutablePointer<Double>, _ records: UnsafeMutablePointer<UnsafeMutableRawPointer>, _ count: Int
    ) -> Int {
        var (low, high) = split(scores, count)
        while low < high {
            let middle = (low + high) >> 1
            if isAfter(score: scores[middle], record: Record(records[middle])) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}

extension UnsafeMutablePointer<Double> {
    /// Of that many ascending numbers, the index of the first one not below the number.
    @inline(__always)
    fileprivate func firstNotBelow(_ number: Double, _ count: Int) -> Int {
        countLeading(count) { $0 < number }
    }

    /// Of that many ascending numbers, the index of the first one above the number.
    @inline(__always)
    fileprivate func firstAbove(_ number: Double, _ count: Int) -> Int {
        countLeading(count) { $0 <= number }
    }

    /// How many numbers at the front have the property, which none behind the first one without it has.
    ///
    /// The first number of every cache line is looked at, then those of one line: these loads do not wait for each
    /// other, nor on branches, as the steps of a binary search do.
    @inline(__always)
    private func countLeading(_ count: Int, _ property: (Double) -> Bool) -> Int {
        let numbersPerLine = 8
        var line = 0
        var index = numbersPerLine
        while index < count {
            line &+= property(self[index]) ? 1 : 0
            index &+= numbersPerLine
        }
        let start = line &* numbersPerLine
        let rest = Swift.min(count &- start, numbersPerLine)
        var result = start
        index = 0
        while index < rest {
            result &+= property(self[start &+ index]) ? 1 : 0
            index &+= 1
        }
        return result
    }
}

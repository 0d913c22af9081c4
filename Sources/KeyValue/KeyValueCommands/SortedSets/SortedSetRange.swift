import Bytes
import Keyspace

/// What the range in a request is of.
enum SortedSetRangeBasis { case rank, score, member }

/// A range as the request has it, before it is known how many members there are.
enum SortedSetRange {
    /// Indices, both included; negative ones count from the end.
    case ranks(Int64, Int64)
    case scores(ScoreBound, ScoreBound)
    case members(MemberEnd, MemberEnd)

    /// One end of a range of members.
    enum MemberEnd {
        case least, greatest
        case at(MemberBound)
    }

    /// The range at two indices of the request; nil once the error has been replied.
    init?(_ call: Call, _ basis: SortedSetRangeBasis, from: Int, to: Int) {
        switch basis {
        case .rank:
            guard let first = call.integer(from), let last = call.integer(to) else { return nil }
            self = .ranks(first, last)
        case .score:
            guard let low = Self.score(call[from]), let high = Self.score(call[to]) else {
                call.error("ERR min or max is not a float")
                return nil
            }
            self = .scores(
                ScoreBound(low.score, isBehindEqual: low.isExclusive),
                ScoreBound(high.score, isBehindEqual: !high.isExclusive))
        case .member:
            guard let low = Self.end(call[from], isUpper: false), let high = Self.end(call[to], isUpper: true) else {
                call.error("ERR min or max not valid string range item")
                return nil
            }
            self = .members(low, high)
        }
    }

    /// `1.5`, or `(1.5` without the score itself.
    private static func score(_ text: ByteSlice) -> (score: Double, isExclusive: Bool)? {
        let isExclusive = text.count > 0 && text.byte(at: 0) == UInt8(ascii: "(")
        let number = isExclusive ? text.slice(1, text.count) : text
        return DoubleText.parseLoosely(number).map { ($0, isExclusive) }
    }

    /// `-`, `+`, `[member` or `(member` without the member itself.
    private static func end(_ text: ByteSlice, isUpper: Bool) -> MemberEnd? {
        guard text.count > 0 else { return nil }
        let member = text.slice(1, text.count)
        switch text.byte(at: 0) {
        case UInt8(ascii: "-"): return text.count == 1 ? .least : nil
        case UInt8(ascii: "+"): return text.count == 1 ? .greatest : nil
        case UInt8(ascii: "["): return .at(MemberBound(member, isBehindEqual: isUpper))
        case UInt8(ascii: "("): return .at(MemberBound(member, isBehindEqual: !isUpper))
        default: return nil
        }
    }

    /// The ranks from the first member in the range up to, not including, the one behind the last; nil if there is none.
    ///
    /// Indices count from the other end for a reversed range, scores and members do not.
    func ranks(in value: SortedSetValue, isReversed: Bool = false) -> Range<Int>? {
        let count = value.count
        let (low, high): (Int, Int)
        switch self {
        case .ranks(let first, let last):
            let start = max(first < 0 ? Int64(count) + first : first, 0)
            let end = last < 0 ? Int64(count) + last : last
            guard start <= end, start < Int64(count) else { return nil }
            let bounds = (Int(start), min(Int(clamping: end), count - 1) + 1)
            (low, high) = isReversed ? (count - bounds.1, count - bounds.0) : bounds
        case .scores(let least, let greatest):
            (low, high) = (value.rank(of: least), value.rank(of: greatest))
        case .members(let least, let greatest):
            (low, high) = (Self.rank(least, value, count), Self.rank(greatest, value, count))
        }
        return low < high ? low..<high : nil
    }

    private static func rank(_ end: MemberEnd, _ value: SortedSetValue, _ count: Int) -> Int {
        switch end {
        case .least: 0
        case .greatest: count
        case .at(let bound): value.rank(of: bound)
        }
    }
}

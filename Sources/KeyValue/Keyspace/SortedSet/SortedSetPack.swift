import Bytes

/// A small sorted set: Redis's listpack of members and scores in turn, in order. Most work is linear, over few bytes.
struct SortedSetPack {
    var list: ListPack

    @inline(__always)
    init(_ pointer: UnsafeMutableRawPointer) {
        list = ListPack(base: pointer)
    }

    @inline(__always)
    var count: Int { list.count >> 1 }

    /// The position of the member and of its score.
    func find(_ member: ByteSlice) -> (member: ListPack.Position, score: ListPack.Position)? {
        guard let position = list.find(member, from: list.firstPosition, skip: 1) else { return nil }
        return (position, position + list.elementByteCount(at: position))
    }

    @inline(__always)
    func score(at position: ListPack.Position) -> Double {
        let value = list.value(at: position)
        if let integer = value.integer { return Double(integer) }
        return Self.parse(value.text)
    }

    /// Scores that are no integers are text; what cannot be read, which only a hostile payload has, is 0.
    @inline(never)
    private static func parse(_ text: ByteSlice?) -> Double {
        guard let text else { return 0 }
        return DoubleText.parse(text) ?? 0
    }

    /// Adds a member that is not there.
    mutating func insert(_ member: ByteSlice, score: Double) {
        Self.withElement(score) { element in
            let text = ListPackElement(member)
            list.reserve(text.byteCount + element.byteCount)
            guard let position = firstPosition(after: PairBound(score: score, member: member, isBehindEqual: false))
            else {
                list.append(text)
                list.append(element)
                return
            }
            list.insert(text, before: position)
            list.insert(element, before: position + text.byteCount)
        }
    }

    /// Calls with the score as it is stored: an integer where it is one, else text.
    @inline(__always)
    private static func withElement(_ score: Double, _ body: (ListPackElement) -> Void) {
        // Negative zero is stored as zero, as in Redis.
        if abs(score) <= 0x1p62, Double(Int64(score)) == score { return body(ListPackElement(Int64(score))) }
        withUnsafeTemporaryAllocation(byteCount: DoubleText.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            body(ListPackElement(ByteSlice(start: start, count: DoubleText.write(score, to: start))))
        }
    }

    mutating func append(_ member: ListPackElement, score: Double) {
        list.append(member)
        Self.withElement(score) { list.append($0) }
    }

    mutating func remove(_ position: ListPack.Position) {
        list.removeRange(from: position, count: 2)
    }

    mutating func update(_ member: ByteSlice, at position: ListPack.Position, score: Double) {
        list.removeRange(from: position, count: 2)
        insert(member, score: score)
    }

    /// The first member behind the bound, and how many are before it.
    @inline(__always)
    private func search<Bound: SortedSetBound>(_ bound: Bound) -> (position: ListPack.Position?, rank: Int) {
        var rank = 0
        var next = list.firstPosition
        return withUnsafeTemporaryAllocation(byteCount: ListPackValue.scratchByteCount, alignment: 8) { scratch in
            while let position = next {
                let scorePosition = position + list.elementByteCount(at: position)
                let member = list.bytes(at: position, scratch: scratch.baseAddress.unsafelyUnwrapped)
                if !bound.isAfter(score: score(at: scorePosition), member: member) { break }
                rank += 1
                next = list.next(scorePosition)
            }
            return (next, rank)
        }
    }

    func rank<Bound: SortedSetBound>(of bound: Bound) -> Int { search(bound).rank }

    private func firstPosition(after bound: PairBound) -> ListPack.Position? { search(bound).position }

    /// How many members are before the one at the position.
    func rank(at position: ListPack.Position) -> Int {
        var rank = 0
        var next = list.firstPosition
        while let here = next, here < position {
            rank += 1
            next = list.next(here + list.elementByteCount(at: here))
        }
        return rank
    }
}

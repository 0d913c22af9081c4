import Bytes
import Keyspace
import RESP

/// Commands on a range of ranks, scores or members.
enum SortedSetRangeCommands {
    // MARK: - Reading

    static func zrange(_ call: inout Call) { range(call) }
    static func zrevrange(_ call: inout Call) { range(call, .rank, isReversed: true) }
    static func zrangebyscore(_ call: inout Call) { range(call, .score, isReversed: false) }
    static func zrevrangebyscore(_ call: inout Call) { range(call, .score, isReversed: true) }
    static func zrangebylex(_ call: inout Call) { range(call, .member, isReversed: false) }
    static func zrevrangebylex(_ call: inout Call) { range(call, .member, isReversed: true) }

    /// - Parameters: what the command's name says, or nil where options say it.
    private static func range(
        _ call: Call, _ basis: SortedSetRangeBasis? = nil, isReversed: Bool? = nil
    ) {
        guard let request = SortedSetRangeRequest(call, keyIndex: 1, basis: basis, isReversed: isReversed),
            let place = call.read(call[1], .sortedSet)
        else { return }
        guard let entry = place.entry else { return call.reply.emptyArray() }
        SortedSetReply(call.reply, hasScores: request.wantsScores).addAll(request.cursor(SortedSetValue(entry)))
    }

    static func zrangestore(_ call: inout Call) {
        let call = call
        guard let request = SortedSetRangeRequest(call, keyIndex: 2, isStored: true),
            let place = call.read(call[2], .sortedSet)
        else { return }
        guard let entry = place.entry else {
            SortedSetCommands.removeResult(call, call.peek(call[1]))
            return call.reply.integer(0)
        }
        let limits = call.engine.pointee.settings.encoding
        let hasher = call.engine.pointee.hasher
        var cursor = request.cursor(SortedSetValue(entry))
        var result = SortedSetValue.make(
            countHint: request.basis == .rank ? cursor.remainingCount : 0, memberByteCountHint: 0, limits: limits,
            hasher: hasher)
        withUnsafeTemporaryAllocation(byteCount: ListPackValue.scratchByteCount, alignment: 8) { scratch in
            while let element = cursor.next() {
                let member = element.member.bytes(scratch: scratch.baseAddress.unsafelyUnwrapped)
                _ = result.add(member, element.score, limits: limits, hasher: hasher)
            }
        }
        SortedSetCommands.store(call, call[1], result, "zrangestore")
    }

    // MARK: - Counting

    static func zcount(_ call: inout Call) { count(call, .score) }
    static func zlexcount(_ call: inout Call) { count(call, .member) }

    private static func count(_ call: Call, _ basis: SortedSetRangeBasis) {
        guard let range = SortedSetRange(call, basis, from: 2, to: 3), let place = call.read(call[1], .sortedSet)
        else { return }
        guard let entry = place.entry else { return call.reply.integer(0) }
        call.reply.integer(range.ranks(in: SortedSetValue(entry))?.count ?? 0)
    }

    // MARK: - Removing

    static func zremrangebyrank(_ call: inout Call) { remove(call, .rank, "zremrangebyrank") }
    static func zremrangebyscore(_ call: inout Call) { remove(call, .score, "zremrangebyscore") }
    static func zremrangebylex(_ call: inout Call) { remove(call, .member, "zremrangebylex") }

    private static func remove(_ call: Call, _ basis: SortedSetRangeBasis, _ event: StaticString) {
        guard let range = SortedSetRange(call, basis, from: 2, to: 3), let place = call.write(call[1], .sortedSet)
        else { return }
        guard let entry = place.entry, let ranks = range.ranks(in: SortedSetValue(entry)) else {
            return call.reply.integer(0)
        }
        removeRanks(call, entry, call[1], ranks, event)
        call.reply.integer(ranks.count)
    }

    /// Removes members by rank, and the key when none is left, with their events.
    static func removeRanks(
        _ call: Call, _ entry: Entry, _ key: ByteSlice, _ ranks: Range<Int>, _ event: StaticString
    ) {
        var value = SortedSetValue(entry)
        let isAll = ranks.count == value.count
        // All of them go with the key, which the reclaimer frees.
        if !isAll {
            value.removeRange(ranks.lowerBound, ranks.upperBound)
            value.store(in: entry)
        }
        call.countChanges(ranks.count - 1)
        call.changed(key, .sortedSet, event)
        if isAll { call.removeEmptied(entry, key) }
    }
}

/// A range and the options of ZRANGE and its kin.
struct SortedSetRangeRequest {
    private(set) var basis = SortedSetRangeBasis.rank
    private(set) var isReversed = false
    private(set) var wantsScores = false
    private var offset: Int64 = 0
    /// Negative: no limit.
    private var limit: Int64 = -1
    private var range = SortedSetRange.ranks(0, -1)

    /// The request from the index of the key on; nil once the error has been replied.
    ///
    /// - Parameters: what the command's name says, or nil where options say it.
    init?(
        _ call: Call, keyIndex: Int, basis givenBasis: SortedSetRangeBasis? = nil,
        isReversed givenDirection: Bool? = nil, isStored: Bool = false
    ) {
        var basis = givenBasis
        var isReversed = givenDirection
        var index = keyIndex + 3
        while index < call.count {
            if !isStored, call.matches(index, "withscores") {
                wantsScores = true
            } else if call.matches(index, "limit"), index + 2 < call.count {
                guard let offset = call.integer(index + 1), let limit = call.integer(index + 2) else { return nil }
                self.offset = offset
                self.limit = limit
                index += 2
            } else if isReversed == nil, call.matches(index, "rev") {
                isReversed = true
            } else if basis == nil, call.matches(index, "bylex") {
                basis = .member
            } else if basis == nil, call.matches(index, "byscore") {
                basis = .score
            } else {
                call.syntaxError()
                return nil
            }
            index += 1
        }
        self.basis = basis ?? .rank
        self.isReversed = isReversed ?? false
        guard validate(call), let range = parseRange(call, keyIndex) else { return nil }
        self.range = range
    }

    private func validate(_ call: Call) -> Bool {
        if limit != -1, basis == .rank {
            call.error(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
            return false
        }
        if wantsScores, basis == .member {
            call.error("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
            return false
        }
        return true
    }

    private func parseRange(_ call: Call, _ keyIndex: Int) -> SortedSetRange? {
        // A reversed range by score or member names its upper end first.
        let isSwapped = isReversed && basis != .rank
        return SortedSetRange(
            call, basis, from: keyIndex + (isSwapped ? 2 : 1), to: keyIndex + (isSwapped ? 1 : 2))
    }

    /// The members asked for, in the order asked for.
    func cursor(_ value: SortedSetValue) -> SortedSetCursor {
        guard let ranks = range.ranks(in: value, isReversed: isReversed), offset >= 0, offset < ranks.count else {
            return SortedSetCursor()
        }
        let available = ranks.count - Int(offset)
        let count = limit < 0 ? available : min(Int(clamping: limit), available)
        let start = isReversed ? ranks.upperBound - 1 - Int(offset) : ranks.lowerBound + Int(offset)
        return value.cursor(fromRank: start, count: count, isReversed: isReversed)
    }
}

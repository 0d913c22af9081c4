import Bytes
import Keyspace
import RESP

extension StringCommands {
    private struct LCSOptions {
        var wantsLength = false
        var wantsIndexes = false
        var wantsMatchLengths = false
        var matchByteCountMin: Int64 = 0

        /// Nil once an error has been replied.
        init?(_ call: Call) {
            var index = 3
            while index < call.count {
                if call.matches(index, "idx") {
                    wantsIndexes = true
                } else if call.matches(index, "len") {
                    wantsLength = true
                } else if call.matches(index, "withmatchlen") {
                    wantsMatchLengths = true
                } else if call.matches(index, "minmatchlen"), index + 1 < call.count {
                    index += 1
                    guard let minimum = call.integer(index) else { return nil }
                    matchByteCountMin = minimum
                } else {
                    call.syntaxError()
                    return nil
                }
                index += 1
            }
            if wantsLength, wantsIndexes {
                call.error("ERR If you want both the length and indexes, please just use IDX.")
                return nil
            }
        }
    }

    static func longestCommonSubsequence(_ call: inout Call) {
        let first = call.read(call[1]).entry.map(\.record)
        // Looking for the second key may have moved the first one's entry, not its record.
        let second = call.read(call[2]).entry.map(\.record)
        guard first.map({ $0.kind.type == .string }) ?? true, second.map({ $0.kind.type == .string }) ?? true else {
            return call.error("ERR The specified keys must contain string values")
        }
        guard let options = LCSOptions(call) else { return }
        let call = call
        withBytes(of: first) { first in
            withBytes(of: second) { second in
                let byteCount = LongestCommonSubsequence.byteCount(first.count, second.count)
                guard let byteCount, byteCount <= call.settings.limits.bulkByteCountMax else {
                    return call.error(
                        "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
                }
                reply(call, LongestCommonSubsequence(first, second), options)
            }
        }
    }

    /// Has a body see the bytes of a record's string; none stands for an empty string.
    private static func withBytes(of record: Record?, _ body: (ByteSlice) -> Void) {
        guard let record else { return body(("" as StaticString).bytes) }
        switch record.kind {
        case .stringInline: body(record.inlineBytes)
        case .stringInteger:
            withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 8) { scratch in
                let start = scratch.baseAddress.unsafelyUnwrapped
                body(ByteSlice(start: start, count: Decimal.write(record.integer, to: start)))
            }
        default: body(StringBuffer(record.pointer).bytes)
        }
    }

    private static func reply(
        _ call: Call, _ solution: borrowing LongestCommonSubsequence, _ options: LCSOptions
    ) {
        let reply = call.reply
        if options.wantsLength { return reply.integer(solution.count) }
        guard options.wantsIndexes else {
            return withUnsafeTemporaryAllocation(byteCount: max(solution.count, 1), alignment: 1) { room in
                let start = room.baseAddress.unsafelyUnwrapped
                solution.write(to: start)
                reply.bulk(ByteSlice(start: start, count: solution.count))
            }
        }
        reply.map(2)
        reply.bulk("matches")
        let mark = reply.beginAggregate()
        var count = 0
        solution.forEachMatch { match in
            guard match.count >= options.matchByteCountMin else { return }
            count += 1
            reply.array(options.wantsMatchLengths ? 3 : 2)
            reply.array(2)
            reply.integer(match.firstStart)
            reply.integer(match.firstEnd)
            reply.array(2)
            reply.integer(match.secondStart)
            reply.integer(match.secondEnd)
            if options.wantsMatchLengths { reply.integer(match.count) }
        }
        reply.endAggregate(mark, count: count)
        reply.bulk("len")
        reply.integer(solution.count)
    }
}

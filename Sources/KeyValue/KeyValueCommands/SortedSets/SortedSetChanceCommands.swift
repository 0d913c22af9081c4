import Bytes
import Keyspace
import RESP

/// ZRANDMEMBER and ZSCAN.
enum SortedSetChanceCommands {
    static func zrandmember(_ call: inout Call) {
        let call = call
        guard call.count > 2 else {
            guard let value = SortedSetCommands.read(call, 1, missing: { call.reply.null() }),
                let element = randomElement(call, value)
            else { return }
            return call.reply.element(element.member)
        }
        guard let wanted = call.integer(2) else { return }
        guard wanted != Int64.min else {
            return call.error(
                "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
        }
        let hasScores = call.count == 4
        guard call.count <= 4, !hasScores || call.matches(3, "withscores") else { return call.syntaxError() }
        guard !hasScores || wanted.magnitude <= UInt64(Int64.max / 2) else {
            return call.error("ERR value is out of range")
        }
        guard let value = SortedSetCommands.read(call, 1, missing: { call.reply.emptyArray() }) else { return }
        let reply = SortedSetReply(call.reply, hasScores: hasScores)
        if wanted < 0 {
            replyRepeating(call, value, Int(wanted.magnitude), reply)
        } else if wanted >= value.count {
            // From the end, as in Redis.
            reply.addAll(value.cursor(fromRank: value.count - 1, count: value.count, isReversed: true))
        } else {
            reply.begin(count: Int(wanted))
            value.forEachRandom(Int(wanted), using: &call.engine.pointee.random) { reply.add($0) }
        }
    }

    /// Members that may come again.
    private static func replyRepeating(
        _ call: Call, _ value: SortedSetValue, _ count: Int, _ reply: SortedSetReply
    ) {
        reply.begin(count: count)
        for _ in 0..<count {
            guard let element = randomElement(call, value) else { return }
            reply.add(element)
            if call.client.pointee.flags.contains(.closeNow) { return }
        }
    }

    private static func randomElement(_ call: Call, _ value: SortedSetValue) -> SortedSetElement? {
        var cursor = value.cursor(fromRank: call.engine.pointee.random.below(value.count), count: 1)
        return cursor.next()
    }

    static func zscan(_ call: inout Call) {
        let call = call
        guard let cursor = ScanCursor.parse(call, 2) else { return }
        guard let value = SortedSetCommands.read(call, 1, missing: { ScanReply.empty(call.reply) }),
            let options = ScanOptions(call, from: 3)
        else { return }
        var reply = ScanReply(call.reply)
        let isPacked = value.packed != nil
        withUnsafeTemporaryAllocation(byteCount: DoubleText.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            let next = value.scan(cursor, effort: options.count) { element in
                guard options.matches(element.member.bytes(scratch: start)) else { return }
                reply.add(element.member)
                // Redis has two forms of scores here: as stored where the sorted set is small, else 17 digits.
                let length =
                    isPacked
                    ? DoubleText.write(element.score, to: start) : DoubleText.writeGeneral(element.score, to: start)
                reply.add(ByteSlice(start: start, count: length))
            }
            reply.finish(cursor: next)
        }
    }
}

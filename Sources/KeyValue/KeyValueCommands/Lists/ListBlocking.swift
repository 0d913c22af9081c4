import Bytes
import Keyspace
import RESP

extension ListCommands {
    static func blpop(_ call: inout Call) { blockingPop(call, .head) }
    static func brpop(_ call: inout Call) { blockingPop(call, .tail) }

    /// BLPOP and BRPOP key [key ...] timeout
    private static func blockingPop(_ call: Call, _ end: ListEnd) {
        let timeoutIndex = call.count - 1
        guard let timeout = call.timeoutMilliseconds(timeoutIndex) else { return }
        for index in 1..<timeoutIndex {
            let key = call[index]
            guard let place = call.write(key, .list) else { return }
            guard let entry = place.entry else { continue }
            call.reply.array(2)
            call.reply.bulk(key)
            popOne(call, entry, key, end)
            journalPop(call, key, end, count: nil)
            return
        }
        waitForList(call, keys: 1..<timeoutIndex, timeout, refusal: .nullArray)
    }

    /// BLMPOP timeout numkeys key [key ...] LEFT|RIGHT [COUNT count]
    static func blmpop(_ call: inout Call) {
        guard let request = MultiplePop(call, keyCountIndex: 2), let timeout = call.timeoutMilliseconds(1) else {
            return
        }
        if popFromFirst(call, request) { return }
        waitForList(call, keys: request.firstKey..<(request.firstKey + request.keyCount), timeout, refusal: .nullArray)
    }

    /// BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout
    static func blmove(_ call: inout Call) {
        guard let from = end(call, 3), let to = end(call, 4), let timeout = call.timeoutMilliseconds(5) else { return }
        blockingMove(call, from, to, timeout, journalled: "LMOVE")
    }

    /// BRPOPLPUSH source destination timeout
    static func brpoplpush(_ call: inout Call) {
        guard let timeout = call.timeoutMilliseconds(3) else { return }
        blockingMove(call, .tail, .head, timeout, journalled: "RPOPLPUSH")
    }

    private static func blockingMove(
        _ call: Call, _ from: ListEnd, _ to: ListEnd, _ timeout: Int64, journalled name: StaticString
    ) {
        guard let place = call.write(call[1], .list) else { return }
        guard let source = place.entry else { return waitForList(call, keys: 1..<2, timeout, refusal: .null) }
        guard moveElement(call, source, from, to), call.isJournalled else { return }
        // The timeout is the last argument of both.
        call.journalInstead([name.bytes] + (1..<(call.count - 1)).map { call[$0] })
    }

    /// Makes the client wait; where it may not, the answer is `refusal`. Time that is up is a null array for all.
    private static func waitForList(
        _ call: Call, keys: Range<Int>, _ timeoutMilliseconds: Int64, refusal: TimeoutReply
    ) {
        if call.mayBlock {
            call.block(
                on: keys.map { call[$0] }, type: .list, timeoutMilliseconds: timeoutMilliseconds,
                timeoutReply: .nullArray)
        } else if case .null = refusal {
            call.reply.null()
        } else {
            call.reply.nullArray()
        }
    }
}

import Bytes
import Keyspace
import RESP

/// The reply of members, with their scores or without: a flat array in RESP2, pairs in RESP3.
struct SortedSetReply {
    private let reply: ReplyWriter
    private let hasScores: Bool

    init(_ reply: ReplyWriter, hasScores: Bool) {
        self.reply = reply
        self.hasScores = hasScores
    }

    func begin(count: Int) {
        if count == 0 { return reply.emptyArray() }
        reply.array(hasScores && !reply.isRESP3 ? count * 2 : count)
    }

    @inline(__always)
    func add(_ element: SortedSetElement) {
        guard hasScores else { return reply.element(element.member) }
        if reply.isRESP3 { reply.array(2) }
        reply.element(element.member)
        reply.double(element.score)
    }

    /// The whole reply.
    func addAll(_ cursor: SortedSetCursor) {
        var cursor = cursor
        begin(count: cursor.remainingCount)
        while let element = cursor.next() { add(element) }
    }
}

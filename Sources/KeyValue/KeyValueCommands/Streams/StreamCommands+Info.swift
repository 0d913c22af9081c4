// XINFO.

import Bytes
import Keyspace
import RESP

extension StreamCommands {
    /// The stream of the key; nil once an error has been replied.
    private static func existingStream(_ call: Call) -> Stream? {
        guard let place = call.read(call[2], .stream) else { return nil }
        if place.entry == nil { call.noSuchKey() }
        return place.stream
    }

    // MARK: - XINFO STREAM

    /// Entries and pending entries that FULL shows unless told otherwise.
    private static let shownMax = 10

    static func infoStream(_ call: inout Call) {
        guard let stream = existingStream(call) else { return }
        var countMax = shownMax
        if call.count > 3 {
            guard call.count == 4 || call.count == 6, call.matches(3, "full") else {
                return call.subcommandSyntaxError()
            }
            if call.count == 6 {
                guard call.matches(4, "count") else { return call.subcommandSyntaxError() }
                guard let count = call.integer(5) else { return }
                countMax = count < 0 ? shownMax : count == 0 ? .max : Int(count)
            }
        }
        let reply = call.reply
        reply.map(call.count > 3 ? 9 : 10)
        reply.bulk("length")
        reply.integer(stream.length)
        reply.bulk("radix-tree-keys")
        reply.integer(stream.nodeCount)
        reply.bulk("radix-tree-nodes")
        reply.integer(stream.isEmpty ? 1 : stream.treeNodeCount)
        reply.bulk("last-generated-id")
        reply.streamID(stream.lastID)
        reply.bulk("max-deleted-entry-id")
        reply.streamID(stream.maxDeletedID)
        reply.bulk("entries-added")
        reply.integer(stream.entriesAdded)
        reply.bulk("recorded-first-entry-id")
        reply.streamID(stream.firstID)
        if call.count > 3 {
            replyFull(reply, stream, countMax: countMax)
        } else {
            reply.bulk("groups")
            reply.integer(stream.groupCount)
            reply.bulk("first-entry")
            replyEdge(reply, stream, isReversed: false)
            reply.bulk("last-entry")
            replyEdge(reply, stream, isReversed: true)
        }
    }

    private static func replyEdge(_ reply: ReplyWriter, _ stream: Stream, isReversed: Bool) {
        var iterator = StreamIterator(stream, isReversed: isReversed)
        if iterator.next() { reply.streamEntry(&iterator) } else { reply.null() }
    }

    private static func replyFull(_ reply: ReplyWriter, _ stream: Stream, countMax: Int) {
        reply.bulk("entries")
        let mark = reply.beginAggregate()
        var iterator = StreamIterator(stream)
        var count = 0
        while count < countMax, iterator.next() {
            reply.streamEntry(&iterator)
            count += 1
        }
        reply.endAggregate(mark, count: count)
        reply.bulk("groups")
        reply.array(stream.groupCount)
        for index in 0..<stream.groupCount { replyFull(reply, stream, stream.group(at: index), countMax: countMax) }
    }

    private static func replyFull(_ reply: ReplyWriter, _ stream: Stream, _ group: StreamGroup, countMax: Int) {
        reply.map(7)
        reply.bulk("name")
        reply.bulk(group.name)
        reply.bulk("last-delivered-id")
        reply.streamID(group.lastID)
        replyProgress(reply, stream, group)
        reply.bulk("pel-count")
        reply.integer(group.pendingCount)
        reply.bulk("pending")
        let pending = group.pending
        reply.array(min(pending.count, countMax))
        var position = pending.firstPosition
        var count = 0
        while count < countMax, let here = position {
            let slot = pending.slot(here).pointee
            reply.array(4)
            reply.streamID(slot.id)
            reply.bulk(slot.value.consumer.name)
            reply.integer(slot.value.deliveryTime)
            reply.integer(slot.value.deliveryCount)
            count += 1
            position = pending.next(here)
        }
        reply.bulk("consumers")
        reply.array(group.consumerCount)
        for index in 0..<group.consumerCount { replyFull(reply, group, group.consumer(at: index), countMax: countMax) }
    }

    private static func replyFull(
        _ reply: ReplyWriter, _ group: StreamGroup, _ consumer: StreamConsumer, countMax: Int
    ) {
        reply.map(5)
        reply.bulk("name")
        reply.bulk(consumer.name)
        reply.bulk("seen-time")
        reply.integer(consumer.seenTime)
        reply.bulk("active-time")
        reply.integer(consumer.activeTime)
        reply.bulk("pel-count")
        reply.integer(consumer.pendingCount)
        reply.bulk("pending")
        let pending = consumer.pending
        reply.array(min(pending.count, countMax))
        var position = pending.firstPosition
        var count = 0
        while count < countMax, let here = position {
            let id = pending.slot(here).pointee.id
            let entry = group.pendingEntry(id)?.pointee.value
            reply.array(3)
            reply.streamID(id)
            reply.integer(entry?.deliveryTime ?? 0)
            reply.integer(entry?.deliveryCount ?? 0)
            count += 1
            position = pending.next(here)
        }
    }

    /// entries-read and lag.
    private static func replyProgress(_ reply: ReplyWriter, _ stream: Stream, _ group: StreamGroup) {
        reply.bulk("entries-read")
        if let read = group.entriesRead { reply.integer(read) } else { reply.null() }
        reply.bulk("lag")
        if let lag = stream.lag(of: group) { reply.integer(lag) } else { reply.null() }
    }

    // MARK: - XINFO GROUPS, XINFO CONSUMERS

    static func infoGroups(_ call: inout Call) {
        guard let stream = existingStream(call) else { return }
        call.reply.array(stream.groupCount)
        for index in 0..<stream.groupCount {
            let group = stream.group(at: index)
            call.reply.map(6)
            call.reply.bulk("name")
            call.reply.bulk(group.name)
            call.reply.bulk("consumers")
            call.reply.integer(group.consumerCount)
            call.reply.bulk("pending")
            call.reply.integer(group.pendingCount)
            call.reply.bulk("last-delivered-id")
            call.reply.streamID(group.lastID)
            replyProgress(call.reply, stream, group)
        }
    }

    static func infoConsumers(_ call: inout Call) {
        guard let stream = existingStream(call) else { return }
        guard let group = stream.group(call[3]) else { return call.noSuchGroup(call[3], key: call[2]) }
        call.reply.array(group.consumerCount)
        for index in 0..<group.consumerCount {
            let consumer = group.consumer(at: index)
            call.reply.map(4)
            call.reply.bulk("name")
            call.reply.bulk(consumer.name)
            call.reply.bulk("pending")
            call.reply.integer(consumer.pendingCount)
            call.reply.bulk("idle")
            call.reply.integer(max(0, call.now &- consumer.seenTime))
            call.reply.bulk("inactive")
            call.reply.integer(consumer.activeTime == -1 ? -1 : call.now &- consumer.activeTime)
        }
    }
}

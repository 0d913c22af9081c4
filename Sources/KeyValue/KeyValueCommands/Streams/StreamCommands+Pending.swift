// XPENDING, XCLAIM, XAUTOCLAIM: what was given and not acknowledged, and taking it over.

import Bytes
import Keyspace
import RESP

extension StreamCommands {
    private static func noSuchGroup(_ call: Call) {
        call.error("NOGROUP No such key '\(call[1].printed)' or consumer group '\(call[2].printed)'")
    }

    // MARK: - XPENDING

    static func pending(_ call: inout Call) {
        guard call.count == 3 || (6...9).contains(call.count) else { return call.syntaxError() }
        guard call.count > 3 else {
            guard let place = call.read(call[1], .stream) else { return }
            guard let group = place.stream?.group(call[2]) else { return noSuchGroup(call) }
            return replyPendingSummary(call, group)
        }
        var idleMin: Int64 = 0
        var first = 3
        if call.matches(3, "idle") {
            guard let idle = call.integer(4) else { return }
            guard call.count >= 8 else { return call.syntaxError() }
            idleMin = idle
            first = 5
        }
        guard let count = call.integer(first + 2) else { return }
        guard let start = call.rangeStart(first), let end = call.rangeEnd(first + 1) else { return }
        guard let place = call.read(call[1], .stream) else { return }
        guard let group = place.stream?.group(call[2]) else { return noSuchGroup(call) }
        let range = StreamRange(start: start, end: end)
        guard first + 3 < call.count else {
            return replyPending(call, group, group.pending, range, countMax: count, idleMin: idleMin)
        }
        guard let consumer = group.consumer(call[first + 3]) else { return call.reply.emptyArray() }
        replyPending(call, group, consumer.pending, range, countMax: count, idleMin: idleMin)
    }

    private static func replyPendingSummary(_ call: Call, _ group: StreamGroup) {
        let pending = group.pending
        call.reply.array(4)
        call.reply.integer(pending.count)
        guard let first = pending.firstPosition, let last = pending.lastPosition else {
            call.reply.null()
            call.reply.null()
            return call.reply.nullArray()
        }
        call.reply.streamID(pending.slot(first).pointee.id)
        call.reply.streamID(pending.slot(last).pointee.id)
        let mark = call.reply.beginAggregate()
        var count = 0
        for index in 0..<group.consumerCount {
            let consumer = group.consumer(at: index)
            guard consumer.pendingCount > 0 else { continue }
            call.reply.array(2)
            call.reply.bulk(consumer.name)
            call.reply.bulk(integer: Int64(consumer.pendingCount))
            count += 1
        }
        call.reply.endAggregate(mark, count: count)
    }

    /// Replies what the group knows of the ids in one of its maps, or a consumer's.
    private static func replyPending<Value>(
        _ call: Call, _ group: StreamGroup, _ ids: StreamIDMap<Value>, _ range: StreamRange, countMax: Int64,
        idleMin: Int64
    ) {
        let mark = call.reply.beginAggregate()
        var count = 0
        var position = ids.lowerBound(range.start)
        while count < countMax, let here = position {
            let id = ids.slot(here).pointee.id
            guard id <= range.end else { break }
            position = ids.next(here)
            guard let entry = group.pendingEntry(id)?.pointee.value else { continue }
            let idle = call.now &- entry.deliveryTime
            if idleMin != 0, idle < idleMin { continue }
            call.reply.array(4)
            call.reply.streamID(id)
            call.reply.bulk(entry.consumer.name)
            call.reply.integer(max(0, idle))
            call.reply.integer(entry.deliveryCount)
            count += 1
        }
        call.reply.endAggregate(mark, count: count)
    }

    // MARK: - XCLAIM

    /// The arguments of XCLAIM behind the ids.
    private struct ClaimOptions {
        /// Behind the last id.
        var idsEnd = 5
        var deliveryTime: Int64?
        var retryCount: Int64 = -1
        var createsPending = false
        var repliesOnlyIDs = false
        var lastID = StreamID.zero

        /// Reads the arguments; nil once an error has been replied.
        static func parse(_ call: Call) -> ClaimOptions? {
            var options = ClaimOptions()
            while options.idsEnd < call.count, StreamID.parse(call[options.idsEnd]) != nil { options.idsEnd += 1 }
            var index = options.idsEnd
            while index < call.count {
                guard let next = options.parseOption(call, index) else { return nil }
                index = next
            }
            return options
        }

        private mutating func parseOption(_ call: Call, _ index: Int) -> Int? {
            func number(_ option: String) -> Int64? {
                call.integer(index + 1, error: "ERR Invalid \(option) option argument for XCLAIM")
            }
            if call.matches(index, "force") {
                createsPending = true
                return index + 1
            }
            if call.matches(index, "justid") {
                repliesOnlyIDs = true
                return index + 1
            }
            if index + 1 < call.count {
                if call.matches(index, "idle") {
                    guard let idle = number("IDLE") else { return nil }
                    deliveryTime = call.now &- idle
                    return index + 2
                }
                if call.matches(index, "time") {
                    guard let time = number("TIME") else { return nil }
                    deliveryTime = time
                    return index + 2
                }
                if call.matches(index, "retrycount") {
                    guard let count = number("RETRYCOUNT") else { return nil }
                    retryCount = count
                    return index + 2
                }
                if call.matches(index, "lastid") {
                    guard let id = call.streamID(index + 1) else { return nil }
                    lastID = id
                    return index + 2
                }
            }
            call.error("ERR Unrecognized XCLAIM option '\(call[index].printed)'")
            return nil
        }

        /// When the entries shall have been given: now, unless another time that is past was named.
        func deliveryTime(now: Int64) -> Int64 {
            guard let deliveryTime, deliveryTime >= 0, deliveryTime <= now else { return now }
            return deliveryTime
        }
    }

    static func claim(_ call: inout Call) {
        call.journalNothing()
        guard let place = call.read(call[1], .stream) else { return }
        guard let stream = place.stream, let group = stream.group(call[2]) else { return noSuchGroup(call) }
        guard let idle = call.integer(4, error: "ERR Invalid min-idle-time argument for XCLAIM") else { return }
        guard let options = ClaimOptions.parse(call) else { return }
        var hasNewLastID = options.lastID > group.lastID
        if hasNewLastID { group.setLastID(options.lastID) }
        let consumer = group.consumer(call[3]) ?? addConsumer(call, group, call[3], key: call[1])
        consumer.seenTime = call.now
        let mark = call.reply.beginAggregate()
        var count = 0
        for index in 5..<options.idsEnd {
            guard let id = StreamID.parse(call[index]) else { continue }
            let known = group.pendingEntry(id)?.pointee.value
            guard stream.contains(id) else {
                if let known {
                    if call.isJournalled { journalClaim(call, group, id, known, key: call[1]) }
                    group.removePending(id)
                    call.countChanges(1)
                    hasNewLastID = false
                }
                continue
            }
            guard known != nil || options.createsPending else { continue }
            if let known, idle > 0, call.now &- known.deliveryTime < idle { continue }
            var entry = PendingEntry(
                deliveryTime: options.deliveryTime(now: call.now), deliveryCount: known?.deliveryCount ?? 1,
                consumer: consumer)
            if options.retryCount >= 0 {
                entry.deliveryCount = options.retryCount
            } else if !options.repliesOnlyIDs {
                entry.deliveryCount &+= 1
            }
            take(call, stream, group, id, entry, repliesOnlyID: options.repliesOnlyIDs)
            hasNewLastID = false
            count += 1
        }
        if hasNewLastID {
            if call.isJournalled { journalGroupID(call, group, key: call[1]) }
            call.countChanges(1)
        }
        call.reply.endAggregate(mark, count: count)
    }

    /// Makes an entry a consumer's and replies it.
    private static func take(
        _ call: Call, _ stream: Stream, _ group: StreamGroup, _ id: StreamID, _ entry: PendingEntry, repliesOnlyID: Bool
    ) {
        group.setPending(id, entry)
        entry.consumer.activeTime = call.now
        if repliesOnlyID {
            call.reply.streamID(id)
        } else {
            _ = call.reply.streamEntry(id, of: stream)
        }
        if call.isJournalled { journalClaim(call, group, id, entry, key: call[1]) }
        call.countChanges(1)
    }

    // MARK: - XAUTOCLAIM

    /// Pending entries that are looked at for each one that is to be replied.
    private static let attemptsPerEntry: Int64 = 10

    static func automaticClaim(_ call: inout Call) {
        call.journalNothing()
        let invalidIdle = "ERR Invalid min-idle-time argument for XAUTOCLAIM"
        guard let idle = call.integer(4, error: invalidIdle), let start = call.rangeStart(5) else { return }
        var countMax: Int64 = 100
        var repliesOnlyIDs = false
        var index = 6
        while index < call.count {
            if index + 1 < call.count, call.matches(index, "count") {
                // As many as Redis could remember the ids of.
                guard let count = call.integer(index + 1, in: 1...(.max / 16), error: "ERR COUNT must be > 0") else {
                    return
                }
                countMax = count
                index += 2
            } else if call.matches(index, "justid") {
                repliesOnlyIDs = true
                index += 1
            } else {
                return call.syntaxError()
            }
        }
        guard let place = call.read(call[1], .stream) else { return }
        guard let stream = place.stream, let group = stream.group(call[2]) else { return noSuchGroup(call) }
        let consumer = group.consumer(call[3]) ?? addConsumer(call, group, call[3], key: call[1])
        consumer.seenTime = call.now
        let claim = AutomaticClaim(
            consumer: consumer, idleMin: idle, countMax: countMax, repliesOnlyIDs: repliesOnlyIDs)
        perform(call, stream, group, claim, from: start)
    }

    private struct AutomaticClaim {
        let consumer: StreamConsumer
        let idleMin: Int64
        let countMax: Int64
        let repliesOnlyIDs: Bool
    }

    private static func perform(
        _ call: Call, _ stream: Stream, _ group: StreamGroup, _ claim: AutomaticClaim, from start: StreamID
    ) {
        let whole = call.reply.beginAggregate()
        var attempts = claim.countMax * attemptsPerEntry
        var remaining = claim.countMax
        var claimedCount = 0
        var deleted: [StreamID] = []
        var position = group.pending.lowerBound(start)
        while attempts > 0, remaining > 0, let here = position {
            attempts -= 1
            let slot = group.pending.slot(here)
            let id = slot.pointee.id
            var entry = slot.pointee.value
            guard stream.contains(id) else {
                if call.isJournalled { journalClaim(call, group, id, entry, key: call[1]) }
                position = group.removePending(at: here)
                call.countChanges(1)
                deleted.append(id)
                remaining -= 1
                continue
            }
            position = group.pending.next(here)
            if claim.idleMin > 0, call.now &- entry.deliveryTime < claim.idleMin { continue }
            entry.deliveryTime = call.now
            entry.consumer = claim.consumer
            if !claim.repliesOnlyIDs { entry.deliveryCount &+= 1 }
            take(call, stream, group, id, entry, repliesOnlyID: claim.repliesOnlyIDs)
            claimedCount += 1
            remaining -= 1
        }
        call.reply.endAggregate(whole, count: claimedCount)
        // The id to go on from stands before the claimed entries, and is known only now.
        let next = position.map { group.pending.slot($0).pointee.id } ?? .zero
        call.reply.insert(at: whole) {
            call.reply.array(3)
            call.reply.streamID(next)
        }
        call.reply.array(deleted.count)
        for id in deleted { call.reply.streamID(id) }
    }

    // MARK: - Journal

    /// What was given to whom, in a form that can be repeated.
    static func journalClaim(_ call: Call, _ group: StreamGroup, _ id: StreamID, _ entry: PendingEntry, key: ByteSlice)
    {
        func decimal(_ value: Int64) -> [UInt8] { Array(String(value).utf8) }
        func text(_ id: StreamID) -> [UInt8] { Array("\(id.milliseconds)-\(id.sequence)".utf8) }
        let arguments = [
            Array("XCLAIM".utf8), key.array, group.name.array, entry.consumer.name.array, [0x30], text(id),
            Array("TIME".utf8), decimal(entry.deliveryTime), Array("RETRYCOUNT".utf8), decimal(entry.deliveryCount),
            Array("FORCE".utf8), Array("JUSTID".utf8), Array("LASTID".utf8), text(group.lastID),
        ]
        journal(call, arguments)
    }

    static func journalGroupID(_ call: Call, _ group: StreamGroup, key: ByteSlice) {
        let id = group.lastID
        let arguments = [
            Array("XGROUP".utf8), Array("SETID".utf8), key.array, group.name.array,
            Array("\(id.milliseconds)-\(id.sequence)".utf8), Array("ENTRIESREAD".utf8),
            Array(String(group.entriesRead ?? -1).utf8),
        ]
        journal(call, arguments)
    }

    private static func journal(_ call: Call, _ arguments: [[UInt8]]) {
        let flat = arguments.flatMap { $0 }
        flat.withUnsafeBytes { bytes in
            var offset = 0
            call.journalInstead(
                arguments.map { part in
                    defer { offset += part.count }
                    return bytes.slice(offset, offset + part.count)
                })
        }
    }
}

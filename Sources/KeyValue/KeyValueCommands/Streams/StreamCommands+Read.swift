// XRANGE, XREVRANGE, XREAD, XREADGROUP: the commands that hand out entries.

import Bytes
import Keyspace
import RESP

extension StreamCommands {
    // MARK: - XRANGE, XREVRANGE

    static func range(_ call: inout Call) { range(call, isReversed: false) }
    static func reverseRange(_ call: inout Call) { range(call, isReversed: true) }

    private static func range(_ call: Call, isReversed: Bool) {
        guard let start = call.rangeStart(isReversed ? 3 : 2), let end = call.rangeEnd(isReversed ? 2 : 3) else {
            return
        }
        var countMax = Int.max
        var index = 4
        while index < call.count {
            guard index + 1 < call.count, call.matches(index, "count") else { return call.syntaxError() }
            guard let count = call.integer(index + 1) else { return }
            countMax = max(0, Int(count))
            index += 2
        }
        guard let place = call.read(call[1], .stream) else { return }
        guard let stream = place.stream else { return call.reply.emptyArray() }
        guard countMax > 0 else { return call.reply.nullArray() }
        let mark = call.reply.beginAggregate()
        var iterator = StreamIterator(stream, from: start, to: end, isReversed: isReversed)
        var count = 0
        while count < countMax, iterator.next() {
            call.reply.streamEntry(&iterator)
            count += 1
        }
        call.reply.endAggregate(mark, count: count)
    }

    // MARK: - XREAD, XREADGROUP

    static func read(_ call: inout Call) { read(call, forGroup: false) }

    static func readGroup(_ call: inout Call) {
        // The journal says what was given to whom.
        call.journalNothing()
        read(call, forGroup: true)
    }

    private static func read(_ call: Call, forGroup: Bool) {
        guard let options = StreamReadOptions.parse(call, forGroup: forGroup) else { return }
        withUnsafeTemporaryAllocation(of: StreamID.self, capacity: options.streamCount) { room in
            let ids = room.baseAddress.unsafelyUnwrapped
            for index in 0..<options.streamCount {
                guard let id = options.lastKnownID(call, index) else { return }
                ids[index] = id
            }
            serve(call, options, ids)
        }
    }

    /// Replies what there is behind the ids, or waits.
    private static func serve(_ call: Call, _ options: StreamReadOptions, _ ids: UnsafeMutablePointer<StreamID>) {
        let mark = call.reply.beginAggregate()
        var servedCount = 0
        for index in 0..<options.streamCount {
            let key = call[options.firstKey + index]
            guard let stream = call.write(key).stream else { continue }
            if let name = options.group {
                guard let group = stream.group(name) else { continue }
                if serve(call, options, stream, group, key: key, id: ids[index]) { servedCount += 1 }
            } else if let last = stream.lastEntryID, last > ids[index], let start = ids[index].successor {
                call.reply.streamHeader(key)
                var iterator = StreamIterator(stream, from: start)
                var count = 0
                let entries = call.reply.beginAggregate()
                while count < options.countMax, iterator.next() {
                    call.reply.streamEntry(&iterator)
                    count += 1
                }
                call.reply.endAggregate(entries, count: count)
                servedCount += 1
            }
        }
        if servedCount > 0 {
            return call.reply.endAggregate(mark, call.reply.isRESP3 ? .map : .array, count: servedCount)
        }
        guard let timeout = options.timeoutMilliseconds, call.mayBlock else { return call.reply.nullArray() }
        block(call, options, ids, timeoutMilliseconds: timeout)
    }

    private static func block(
        _ call: Call, _ options: StreamReadOptions, _ ids: UnsafeMutablePointer<StreamID>, timeoutMilliseconds: Int64
    ) {
        // `$` is the last id of now: the command will run again when there is a later one.
        var replacing: [(index: Int, bytes: [UInt8])] = []
        for index in 0..<options.streamCount {
            let argument = options.firstKey + options.streamCount + index
            guard call[argument].equals("$") else { continue }
            let text = [UInt8](unsafeUninitializedCapacity: StreamID.textLengthMax) { room, count in
                count = room.baseAddress.map { ids[index].write(to: $0) } ?? 0
            }
            replacing.append((argument, text))
        }
        call.block(
            on: (0..<options.streamCount).map { call[options.firstKey + $0] }, type: .stream,
            timeoutMilliseconds: timeoutMilliseconds, timeoutReply: .nullArray, retriesOnLoss: options.group != nil,
            replacing: replacing)
    }

    // MARK: - For a group

    /// Replies entries of one stream for a consumer; false, with nothing written, if there is none.
    private static func serve(
        _ call: Call, _ options: StreamReadOptions, _ stream: Stream, _ group: StreamGroup, key: ByteSlice, id: StreamID
    ) -> Bool {
        let isHistory = id != .max
        let isServed = isHistory || (stream.lastEntryID ?? .zero) > group.lastID
        let known = group.consumer(options.consumer)
        let consumer = known ?? addConsumer(call, group, options.consumer, key: key)
        consumer.seenTime = call.now
        guard isServed else { return false }
        call.reply.streamHeader(key)
        // Behind the last id comes what cannot be given: the first one, where nothing is pending.
        let start = (isHistory ? id : group.lastID).successor ?? .zero
        if isHistory {
            replyHistory(call, options, stream, group, consumer, key: key, from: start)
        } else {
            deliver(call, options, stream, group, consumer, key: key, from: start)
        }
        call.countChanges(1)
        return true
    }

    /// Adds a consumer that a command names for the first time.
    static func addConsumer(_ call: Call, _ group: StreamGroup, _ name: ByteSlice, key: ByteSlice) -> StreamConsumer {
        let consumer = group.addConsumer(name, now: call.now)
        call.countChanges(1)
        if call.isJournalled {
            call.journalInstead([
                ("XGROUP" as StaticString).bytes, ("CREATECONSUMER" as StaticString).bytes, key, group.name, name,
            ])
        }
        call.notify(.stream, "xgroup-createconsumer", key)
        return consumer
    }

    /// Replies entries that nobody in the group was given yet, and notes that the consumer has them.
    private static func deliver(
        _ call: Call, _ options: StreamReadOptions, _ stream: Stream, _ group: StreamGroup, _ consumer: StreamConsumer,
        key: ByteSlice, from start: StreamID
    ) {
        let mark = call.reply.beginAggregate()
        var iterator = StreamIterator(stream, from: start)
        var count = 0
        while count < options.countMax, iterator.next() {
            stream.advance(group, to: iterator.id)
            call.reply.streamEntry(&iterator)
            count += 1
            if options.isAcknowledged { continue }
            let entry = PendingEntry(deliveryTime: call.now, deliveryCount: 1, consumer: consumer)
            group.setPending(iterator.id, entry)
            consumer.activeTime = call.now
            if call.isJournalled { journalClaim(call, group, iterator.id, entry, key: key) }
        }
        call.reply.endAggregate(mark, count: count)
        // XCLAIM tells the last id and not how many entries were read; Redis loses that number here.
        if count > 0, call.isJournalled { journalGroupID(call, group, key: key) }
    }

    /// Replies entries that the consumer was given before and has not acknowledged.
    private static func replyHistory(
        _ call: Call, _ options: StreamReadOptions, _ stream: Stream, _ group: StreamGroup, _ consumer: StreamConsumer,
        key: ByteSlice, from start: StreamID
    ) {
        let mark = call.reply.beginAggregate()
        let pending = consumer.pending
        var position = pending.lowerBound(start)
        var count = 0
        while count < options.countMax, let here = position {
            let id = pending.slot(here).pointee.id
            if call.reply.streamEntry(id, of: stream) {
                if let slot = group.pendingEntry(id) {
                    slot.pointee.value.deliveryTime = call.now
                    slot.pointee.value.deliveryCount &+= 1
                    if call.isJournalled { journalClaim(call, group, id, slot.pointee.value, key: key) }
                }
            } else {
                // The entry was deleted since.
                call.reply.array(2)
                call.reply.streamID(id)
                call.reply.nullArray()
            }
            count += 1
            position = pending.next(here)
        }
        call.reply.endAggregate(mark, count: count)
    }

}

extension ReplyWriter {
    /// What stands before a stream's entries in the reply of XREAD.
    fileprivate func streamHeader(_ key: ByteSlice) {
        if !isRESP3 { array(2) }
        bulk(key)
    }
}

/// The arguments of XREAD and XREADGROUP.
struct StreamReadOptions {
    /// Nil: does not wait; 0: waits for ever.
    var timeoutMilliseconds: Int64?
    var countMax = Int.max
    /// The name of the group, for XREADGROUP.
    var group: ByteSlice?
    var consumer = ByteSlice(start: nil, count: 0)
    /// Whether entries are acknowledged as soon as they are given.
    var isAcknowledged = false
    /// Where the first key is; the ids follow the keys.
    var firstKey = 0
    var streamCount = 0

    /// Reads the arguments; nil once an error has been replied.
    static func parse(_ call: Call, forGroup: Bool) -> StreamReadOptions? {
        var options = StreamReadOptions()
        var index = 1
        while index < call.count, options.firstKey == 0 {
            guard let next = options.parseOption(call, index, forGroup: forGroup) else { return nil }
            index = next
        }
        guard options.firstKey > 0 else {
            call.syntaxError()
            return nil
        }
        if forGroup && options.group == nil {
            call.error("ERR Missing GROUP option for XREADGROUP")
            return nil
        }
        return options
    }

    /// Reads the option at the index and returns where the next one is.
    private mutating func parseOption(_ call: Call, _ index: Int, forGroup: Bool) -> Int? {
        let remaining = call.count - index - 1
        if remaining >= 1, call.matches(index, "block") {
            guard let timeout = Self.timeout(call, index + 1) else { return nil }
            timeoutMilliseconds = timeout
            return index + 2
        }
        if remaining >= 1, call.matches(index, "count") {
            guard let count = call.integer(index + 1) else { return nil }
            countMax = count > 0 ? Int(count) : .max
            return index + 2
        }
        if remaining >= 1, call.matches(index, "streams") {
            return parseStreams(call, index + 1, forGroup: forGroup)
        }
        if remaining >= 2, call.matches(index, "group") {
            guard forGroup else { return Self.refuse(call, "GROUP") }
            group = call[index + 1]
            consumer = call[index + 2]
            return index + 3
        }
        if call.matches(index, "noack") {
            guard forGroup else { return Self.refuse(call, "NOACK") }
            isAcknowledged = true
            return index + 1
        }
        call.syntaxError()
        return nil
    }

    private static func refuse(_ call: Call, _ option: String) -> Int? {
        call.error("ERR The \(option) option is only supported by XREADGROUP. You called XREAD instead.")
        return nil
    }

    private mutating func parseStreams(_ call: Call, _ index: Int, forGroup: Bool) -> Int? {
        guard (call.count - index).isMultiple(of: 2) else {
            call.error(
                "ERR Unbalanced '\(call.command.pointee.fullName)' list of streams: for each stream key an ID or "
                    + "'\(forGroup ? ">" : "$")' must be specified.")
            return nil
        }
        firstKey = index
        streamCount = (call.count - index) / 2
        return index
    }

    private static func timeout(_ call: Call, _ index: Int) -> Int64? {
        guard let value = call.integer(index, error: "ERR timeout is not an integer or out of range") else {
            return nil
        }
        guard value >= 0 else {
            call.error("ERR timeout is negative")
            return nil
        }
        guard value <= Int64.max - call.now else {
            call.error("ERR timeout is out of range")
            return nil
        }
        return value
    }

    /// The id after which a stream is read: the greatest one for `>`; nil once an error has been replied.
    func lastKnownID(_ call: Call, _ index: Int) -> StreamID? {
        let key = call[firstKey + index]
        let argument = firstKey + streamCount + index
        guard let place = call.read(key, .stream) else { return nil }
        if let group, place.stream?.group(group) == nil {
            call.error(
                "NOGROUP No such key '\(key.printed)' or consumer group '\(group.printed)' in XREADGROUP with GROUP option"
            )
            return nil
        }
        if call[argument].equals("$") {
            guard group == nil else {
                call.error(
                    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this "
                        + "consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would "
                        + "just return an empty result set.")
                return nil
            }
            return place.stream?.lastID ?? .zero
        }
        if call[argument].equals(">") {
            guard group != nil else {
                call.error(
                    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> "
                        + "option.")
                return nil
            }
            return .max
        }
        return call.streamID(argument)
    }
}

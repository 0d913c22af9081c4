// XADD, XTRIM, XDEL, XLEN, XSETID: the commands that make and shorten streams.

import Bytes
import Keyspace
import RESP

/// The commands on streams.
enum StreamCommands {
    // MARK: - XADD

    static func add(_ call: inout Call) {
        var options = StreamAddOptions()
        options.idIndex = 2
        if !call[2].equals("*") {
            guard let parsed = StreamAddOptions.parse(call, isAdding: true) else { return }
            options = parsed
        }
        let contentStart = options.idIndex + 1
        guard call.count - contentStart >= 2, (call.count - contentStart).isMultiple(of: 2) else {
            return call.wrongArgumentCount()
        }
        if case .id(let id)? = options.id, id.isZero {
            return call.error("ERR The ID specified in XADD must be greater than 0-0")
        }
        guard let place = call.write(call[1], .stream) else { return }
        if place.entry == nil, !options.createsStream { return call.reply.null() }
        let existing = place.stream
        if let existing, existing.lastID == .max {
            return call.error("ERR The stream has exhausted the last possible ID, unable to add more items")
        }
        guard let id = newID(options, existing, now: call.now) else {
            return call.error("ERR The ID specified in XADD is equal or smaller than the target stream top item")
        }
        let content = UnsafeBufferPointer(start: call.arguments.base + contentStart, count: call.count - contentStart)
        let stream = existing ?? Stream.make()
        guard stream.append(id, content, limits: call.streamNodeLimits) else {
            if existing == nil { stream.free() }
            return call.error("ERR Elements are too large to be stored")
        }
        call.reply.streamID(id)
        if existing == nil { call.add(place, kind: .stream, pointer: stream.base) }
        call.changed(call[1], .stream, "xadd")
        if let trim = options.trim, stream.trim(trim) > 0 { call.notify(.stream, "xtrim", call[1]) }
        if call.isJournalled { journalAdd(call, options, id, stream) }
    }

    /// The id that the entry gets, or nil where it would not be above the last.
    @inline(__always)
    private static func newID(_ options: StreamAddOptions, _ stream: Stream?, now: Int64) -> StreamID? {
        let last = stream?.lastID ?? .zero
        switch options.id {
        case nil:
            let milliseconds = UInt64(bitPattern: max(now, 0))
            return milliseconds > last.milliseconds ? StreamID(milliseconds, 0) : last.successor
        case .id(let id)?:
            return id > last ? id : nil
        case .automaticSequence(let id)?:
            guard id.milliseconds == last.milliseconds else { return id > last ? id : nil }
            return last.sequence < .max ? StreamID(last.milliseconds, last.sequence + 1) : nil
        }
    }

    /// What was chosen here becomes explicit: the id, and how far the stream was trimmed.
    private static func journalAdd(_ call: Call, _ options: StreamAddOptions, _ id: StreamID, _ stream: Stream) {
        var isIDGiven = false
        if case .id? = options.id { isIDGiven = true }
        let isApproximate = options.trim?.isApproximate ?? false
        guard !isIDGiven || isApproximate else { return }
        journal(call, options, id: id, stream)
    }

    /// Journals the request with an explicit id (XADD) and an exact trim.
    private static func journal(_ call: Call, _ options: StreamAddOptions, id: StreamID?, _ stream: Stream) {
        withUnsafeTemporaryAllocation(byteCount: 2 * StreamID.textLengthMax, alignment: 8) { room in
            let start = room.baseAddress.unsafelyUnwrapped
            var arguments = (0..<call.count).map { call[$0] }
            if let id { arguments[options.idIndex] = ByteSlice(start: start, count: id.write(to: start)) }
            if let trim = options.trim, trim.isApproximate {
                let text = start + StreamID.textLengthMax
                let count =
                    switch trim.strategy {
                    case .length: Decimal.write(Int64(stream.length), to: text)
                    case .from: (stream.firstEntryID(skipsDeleted: false) ?? .max).write(to: text)
                    }
                arguments[options.thresholdIndex] = ByteSlice(start: text, count: count)
                arguments[options.thresholdIndex - 1] = ("=" as StaticString).bytes
                // LIMIT is for approximate trims only.
                for index in (2..<options.idIndex).reversed() where arguments[index].equalsIgnoringCase("limit") {
                    arguments.removeSubrange(index...index + 1)
                }
            }
            call.journalInstead(arguments)
        }
    }

    // MARK: - XTRIM, XDEL, XLEN

    static func trim(_ call: inout Call) {
        guard let options = StreamAddOptions.parse(call, isAdding: false), let trim = options.trim else { return }
        guard let place = call.write(call[1], .stream) else { return }
        guard let stream = place.stream else { return call.reply.integer(0) }
        let removed = stream.trim(trim)
        if removed > 0 {
            call.changed(call[1], .stream, "xtrim")
            call.countChanges(removed - 1)
            if trim.isApproximate, call.isJournalled { journal(call, options, id: nil, stream) }
        }
        call.reply.integer(removed)
    }

    static func delete(_ call: inout Call) {
        guard let place = call.write(call[1], .stream) else { return }
        guard let stream = place.stream else { return call.reply.integer(0) }
        for index in 2..<call.count where call.streamID(index) == nil { return }
        var removed = 0
        for index in 2..<call.count {
            if let id = StreamID.parse(call[index]), stream.remove(id) { removed += 1 }
        }
        if removed > 0 {
            stream.finishRemoval()
            call.changed(call[1], .stream, "xdel")
            call.countChanges(removed - 1)
        }
        call.reply.integer(removed)
    }

    static func length(_ call: inout Call) {
        guard let place = call.read(call[1], .stream) else { return }
        call.reply.integer(place.stream?.length ?? 0)
    }

    // MARK: - XSETID

    static func setID(_ call: inout Call) {
        guard let id = call.streamID(2) else { return }
        var entriesAdded: Int64?
        var maxDeletedID = StreamID.zero
        var index = 3
        while index < call.count {
            guard index + 1 < call.count else { return call.syntaxError() }
            if call.matches(index, "entriesadded") {
                guard let count = call.integer(index + 1) else { return }
                guard count >= 0 else { return call.error("ERR entries_added must be positive") }
                entriesAdded = count
            } else if call.matches(index, "maxdeletedid") {
                guard let deleted = call.streamID(index + 1) else { return }
                guard id >= deleted else {
                    return call.error(
                        "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id")
                }
                maxDeletedID = deleted
            } else {
                return call.syntaxError()
            }
            index += 2
        }
        guard let place = call.write(call[1], .stream) else { return }
        guard let stream = place.stream else { return call.noSuchKey() }
        if id < stream.maxDeletedID {
            return call.error("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")
        }
        if let last = stream.lastEntryID, id < last {
            return call.error("ERR The ID specified in XSETID is smaller than the target stream top item")
        }
        if let entriesAdded, entriesAdded < Int64(stream.length) {
            return call.error("ERR The entries_added specified in XSETID is smaller than the target stream length")
        }
        stream.setLastID(id)
        if let entriesAdded { stream.setEntriesAdded(entriesAdded) }
        if !maxDeletedID.isZero { stream.setMaxDeletedID(maxDeletedID) }
        call.reply.ok()
        call.countChanges(1)
        call.notify(.stream, "xsetid", call[1])
    }
}

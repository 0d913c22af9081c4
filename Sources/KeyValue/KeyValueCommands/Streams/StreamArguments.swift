// Ids, ranges and trims as stream commands take them, and ids and entries as they reply them.

import Bytes
import Glibc
import Keyspace
import RESP

/// A range of ids, both ends included. It may be empty.
struct StreamRange {
    var start: StreamID
    var end: StreamID
}

extension Call {
    private func invalidStreamID() { error("ERR Invalid stream ID specified as stream command argument") }

    /// The argument as an id; nil once an error has been replied.
    func streamID(_ index: Int, missingSequence: UInt64 = 0) -> StreamID? {
        if let id = StreamID.parse(self[index], missingSequence: missingSequence) { return id }
        invalidStreamID()
        return nil
    }

    /// The argument as an id that XADD can take; nil once an error has been replied.
    func addedStreamID(_ index: Int) -> StreamID.Text? {
        if let id = StreamID.parseAdding(self[index]) { return id }
        invalidStreamID()
        return nil
    }

    /// The argument as an id, or `-` or `+` for the ends; nil once an error has been replied.
    func streamIDOrEnd(_ index: Int, missingSequence: UInt64) -> StreamID? {
        if self[index].equals("-") { return .zero }
        if self[index].equals("+") { return .max }
        return streamID(index, missingSequence: missingSequence)
    }

    /// The lower end of a range, which `(` leaves out; nil once an error has been replied.
    func rangeStart(_ index: Int) -> StreamID? {
        guard let (id, isExcluded) = rangeEnd(index, missingSequence: 0) else { return nil }
        guard isExcluded else { return id }
        if id.successor == nil { error("ERR invalid start ID for the interval") }
        return id.successor
    }

    /// The upper end of a range, which `(` leaves out; nil once an error has been replied.
    func rangeEnd(_ index: Int) -> StreamID? {
        guard let (id, isExcluded) = rangeEnd(index, missingSequence: .max) else { return nil }
        guard isExcluded else { return id }
        if id.predecessor == nil { error("ERR invalid end ID for the interval") }
        return id.predecessor
    }

    private func rangeEnd(_ index: Int, missingSequence: UInt64) -> (id: StreamID, isExcluded: Bool)? {
        let text = self[index]
        guard text.count > 1, text.byte(at: 0) == 0x28 else {
            return streamIDOrEnd(index, missingSequence: missingSequence).map { ($0, false) }
        }
        if let id = StreamID.parse(text.slice(1, text.count), missingSequence: missingSequence) { return (id, true) }
        invalidStreamID()
        return nil
    }

    /// The argument as an integer; nil once the given error has been replied.
    func integer(_ index: Int, error text: String) -> Int64? {
        integer(index, in: .min ... .max, error: text)
    }

    /// The limits of nodes as they are set now.
    @inline(__always)
    var streamNodeLimits: StreamNodeLimits {
        StreamNodeLimits(
            byteCountMax: encoding.streamNodeByteCountMax,
            entryCountMax: encoding.streamNodeEntriesMax)
    }

    /// Replies that a key or its group is missing.
    func noSuchGroup(_ group: ByteSlice, key: ByteSlice) {
        error("NOGROUP No such consumer group '\(group.printed)' for key name '\(key.printed)'")
    }

    /// Replies that a container's subcommand is not used rightly.
    func subcommandSyntaxError() {
        let name = self[1].slice(0, min(self[1].count, 128)).printed
        error(
            "ERR unknown subcommand or wrong number of arguments for '\(name)'. Try \(self[0].text.uppercased()) HELP.")
    }
}

extension KeyPlace {
    /// The stream of a key that has no other type.
    @inline(__always)
    var stream: Stream? { entry.map { Stream($0.pointer) } }
}

extension ReplyWriter {
    /// An id, as a bulk string.
    func streamID(_ id: StreamID) {
        withUnsafeTemporaryAllocation(byteCount: StreamID.textLengthMax, alignment: 8) { room in
            let start = room.baseAddress.unsafelyUnwrapped
            bulk(ByteSlice(start: start, count: id.write(to: start)))
        }
    }

    /// The current entry of an iterator: its id, then names and values in turn.
    func streamEntry(_ iterator: inout StreamIterator) {
        array(2)
        streamID(iterator.id)
        array(iterator.fieldCount * 2)
        withUnsafeTemporaryAllocation(byteCount: ListPackValue.scratchByteCount, alignment: 8) { room in
            let scratch = room.baseAddress.unsafelyUnwrapped
            while iterator.nextField() {
                bulk(iterator.name.bytes(scratch: scratch))
                bulk(iterator.value.bytes(scratch: scratch))
            }
        }
    }

    /// Writes something in front of what was written since the mark (`beginAggregate`).
    func insert(at mark: Int, _ write: () -> Void) {
        let before = output.pointee.count
        write()
        let inserted = output.pointee.count - before
        withUnsafeTemporaryAllocation(byteCount: inserted, alignment: 1) { saved in
            guard let scratch = saved.baseAddress, let start = output.pointee.readable.baseAddress else { return }
            let base = UnsafeMutableRawPointer(mutating: start)
            memcpy(scratch, base + before, inserted)
            memmove(base + mark + inserted, base + mark, before - mark)
            memcpy(base + mark, scratch, inserted)
        }
    }

    /// The entry of exactly that id; false, with nothing written, if there is none.
    func streamEntry(_ id: StreamID, of stream: Stream) -> Bool {
        var iterator = StreamIterator(stream, from: id, to: id)
        guard iterator.next() else { return false }
        streamEntry(&iterator)
        return true
    }
}

/// The options of XADD and XTRIM.
struct StreamAddOptions {
    /// Nil: `*`.
    var id: StreamID.Text?
    /// Where the id is, for XADD.
    var idIndex = 0
    var createsStream = true
    var trim: StreamTrim?
    /// Where the length or id is that the stream is trimmed by.
    var thresholdIndex = 0

    /// Reads the options; nil once an error has been replied.
    static func parse(_ call: Call, isAdding: Bool) -> StreamAddOptions? {
        var options = StreamAddOptions()
        var limit: Int64?
        var index = 2
        scan: while index < call.count {
            let hasMore = index + 1 < call.count
            if isAdding, call[index].equals("*") { break }
            if hasMore, call.matches(index, "maxlen") || call.matches(index, "minid") {
                guard let next = options.parseTrim(call, index) else { return nil }
                index = next
            } else if hasMore, call.matches(index, "limit") {
                guard let value = call.integer(index + 1) else { return nil }
                guard value >= 0 else {
                    call.error("ERR The LIMIT argument must be >= 0.")
                    return nil
                }
                limit = value
                index += 2
            } else if isAdding, call.matches(index, "nomkstream") {
                options.createsStream = false
                index += 1
            } else if isAdding {
                guard let id = call.addedStreamID(index) else { return nil }
                options.id = id
                break scan
            } else {
                call.syntaxError()
                return nil
            }
        }
        options.idIndex = index
        return options.setLimit(limit, call, isAdding: isAdding) ? options : nil
    }

    /// Reads MAXLEN or MINID at the index and returns where the next option is.
    private mutating func parseTrim(_ call: Call, _ index: Int) -> Int? {
        guard trim == nil else {
            call.error("ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
            return nil
        }
        var threshold = index + 1
        let hasOperator = index + 2 < call.count && (call[threshold].equals("~") || call[threshold].equals("="))
        let isApproximate = hasOperator && call[threshold].equals("~")
        if hasOperator { threshold += 1 }
        thresholdIndex = threshold
        if call.matches(index, "minid") {
            guard let id = call.streamID(threshold) else { return nil }
            trim = StreamTrim(.from(id), isApproximate: isApproximate)
            return threshold + 1
        }
        guard let length = call.integer(threshold) else { return nil }
        guard length >= 0 else {
            call.error("ERR The MAXLEN argument must be >= 0.")
            return nil
        }
        trim = StreamTrim(.length(Int(length)), isApproximate: isApproximate)
        return threshold + 1
    }

    /// Nodes that a trim without a limit of its own removes at most.
    private static let trimmedNodesMax = 100

    private mutating func setLimit(_ limit: Int64?, _ call: Call, isAdding: Bool) -> Bool {
        guard let trim else {
            if let limit, limit > 0 {
                call.error("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
                return false
            }
            if !isAdding { call.error("ERR syntax error, XTRIM must be called with a trimming strategy") }
            return isAdding && limit == nil || isAdding && refuseLimit(limit, call)
        }
        if !trim.isApproximate { return refuseLimit(limit, call) }
        if let limit {
            self.trim?.limit = Int(limit)
            return true
        }
        let (product, overflow) = call.streamNodeLimits.entryCountMax.multipliedReportingOverflow(
            by: Self.trimmedNodesMax)
        self.trim?.limit = overflow ? 1_000_000 : product <= 0 ? 10_000 : min(product, 1_000_000)
        return true
    }

    /// A limit makes no sense where the trim is exact: false once that has been replied.
    private func refuseLimit(_ limit: Int64?, _ call: Call) -> Bool {
        guard limit != nil else { return true }
        call.error("ERR syntax error, LIMIT cannot be used without the special ~ option")
        return false
    }
}

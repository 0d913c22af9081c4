import Bytes
import Keyspace
import RESP

/// Commands on strings; here those that only read, and those that read and then expire or delete.
enum StringCommands {
    /// Replies the string of an entry.
    @inline(__always)
    static func replyValue(_ call: Call, _ entry: Entry) {
        if entry.kind == .stringInteger { return call.reply.bulk(integer: entry.record.integer) }
        call.reply.bulk(bytes(of: entry))
    }

    /// The bytes of a string that is not held as an integer.
    @inline(__always)
    private static func bytes(of entry: Entry) -> ByteSlice {
        entry.kind == .stringInline ? entry.record.inlineBytes : StringBuffer(entry.pointer).bytes
    }

    /// Has a body see the bytes of a string however it is held.
    @inline(__always)
    static func withBytes<Result: ~Copyable>(of entry: Entry, _ body: (ByteSlice) -> Result) -> Result {
        if entry.kind != .stringInteger { return body(bytes(of: entry)) }
        return withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 8) { scratch in
            body(entry.stringBytes(scratch: scratch.baseAddress.unsafelyUnwrapped))
        }
    }

    static func get(_ call: inout Call) {
        guard let place = call.read(call[1], .string) else { return }
        guard let entry = place.entry else { return call.reply.null() }
        replyValue(call, entry)
    }

    static func getDelete(_ call: inout Call) {
        guard let place = call.read(call[1], .string) else { return }
        guard let entry = place.entry else { return call.reply.null() }
        replyValue(call, entry)
        call.database.pointee.remove(entry)
        call.changed(call[1], .generic, "del")
        if call.isJournalled { call.journalInstead([("DEL" as StaticString).bytes, call[1]]) }
    }

    static func getExpire(_ call: inout Call) {
        var time: (index: Int, unit: StringOptions.TimeUnit)?
        guard var options = StringOptions(ofGetExpire: call, time: &time) else { return }
        guard let place = call.read(call[1], .string) else { return }
        guard let entry = place.entry else { return call.reply.null() }
        if let time, !options.readTime(call, time.index, time.unit) { return }
        replyValue(call, entry)
        switch options.expiry {
        case .at(let milliseconds, let isRelative):
            if !isRelative, milliseconds <= call.engine.pointee.dueTime {
                call.database.pointee.remove(entry)
                call.changed(call[1], .generic, "del")
                if call.isJournalled { call.journalInstead([("DEL" as StaticString).bytes, call[1]]) }
                return
            }
            call.database.pointee.setExpiry(entry, milliseconds)
            call.changed(call[1], .generic, "expire")
            if call.isJournalled {
                call.journalInstead("PEXPIREAT", call[1], time: milliseconds)
            }
        case .remove:
            guard entry.record.hasExpiry else { return }
            call.database.pointee.setExpiry(entry, nil)
            call.changed(call[1], .generic, "persist")
            if call.isJournalled { call.journalInstead([("PERSIST" as StaticString).bytes, call[1]]) }
        case .unspecified, .keep: return
        }
    }

    static func length(_ call: inout Call) {
        guard let place = call.read(call[1], .string) else { return }
        call.reply.integer(place.entry?.stringByteCount ?? 0)
    }

    static func range(_ call: inout Call) {
        guard let start = call.integer(2), let end = call.integer(3) else { return }
        guard let place = call.read(call[1], .string) else { return }
        guard let entry = place.entry else { return call.reply.bulk("") }
        withBytes(of: entry) { bytes in
            guard let range = ByteRange(start, end, count: bytes.count) else { return call.reply.bulk("") }
            call.reply.bulk(bytes.slice(range.first, range.last + 1))
        }
    }

    static func getMany(_ call: inout Call) {
        call.reply.array(call.count - 1)
        for index in 1..<call.count {
            guard let entry = call.read(call[index]).entry, entry.type == .string else {
                call.reply.null()
                continue
            }
            replyValue(call, entry)
        }
    }
}

/// Offsets from the first to the last element that a command means, negative ones counted from the end.
struct ByteRange {
    var first: Int
    var last: Int

    /// The part that lies within `count` elements; nil when that is empty.
    init?(_ start: Int64, _ end: Int64, count: Int) {
        if start < 0, end < 0, start > end { return nil }
        self.init(clamping: start, end, count: count)
    }

    /// The same without the rule for two negative offsets in the wrong order.
    init?(clamping start: Int64, _ end: Int64, count: Int) {
        let total = Int64(count)
        let from = max(start < 0 ? start &+ total : start, 0)
        let to = min(max(end < 0 ? end &+ total : end, 0), total - 1)
        guard from <= to else { return nil }
        first = Int(from)
        last = Int(to)
    }
}

extension Call {
    /// Journals a command that sets a key's expiry.
    func journalInstead(_ command: StaticString, _ key: ByteSlice, time milliseconds: Int64) {
        withDecimal(milliseconds) { journalInstead([command.bytes, key, $0]) }
    }

    /// Has a body see the decimal form of an integer.
    func withDecimal<Result>(_ value: Int64, _ body: (ByteSlice) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            return body(ByteSlice(start: start, count: Decimal.write(value, to: start)))
        }
    }
}

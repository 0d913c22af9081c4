import Bytes
import Keyspace
import RESP

/// EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT, TTL, PTTL, EXPIRETIME, PEXPIRETIME, PERSIST.
enum ExpiryCommands {
    static func expire(_ call: inout Call) { expire(call, from: call.now, unit: 1000) }
    static func expireMilliseconds(_ call: inout Call) { expire(call, from: call.now, unit: 1) }
    static func expireAt(_ call: inout Call) { expire(call, from: 0, unit: 1000) }
    static func expireAtMilliseconds(_ call: inout Call) { expire(call, from: 0, unit: 1) }

    private struct Conditions: OptionSet {
        let rawValue: UInt8
        static let absent = Conditions(rawValue: 1)
        static let present = Conditions(rawValue: 2)
        static let later = Conditions(rawValue: 4)
        static let sooner = Conditions(rawValue: 8)

        /// Whether an expiry may take the place of the present one; none counts as never.
        func allow(_ expiry: Int64, over current: Int64?) -> Bool {
            if contains(.absent), current != nil { return false }
            if contains(.present), current == nil { return false }
            if contains(.later), expiry <= current ?? .max { return false }
            if contains(.sooner), let current, expiry >= current { return false }
            return true
        }
    }

    private static func expire(_ call: Call, from base: Int64, unit: Int64) {
        guard let conditions = conditions(call), let amount = call.integer(2) else { return }
        let (scaled, overflow) = amount.multipliedReportingOverflow(by: unit)
        guard !overflow, scaled <= Int64.max - base else {
            return call.error("ERR invalid expire time in '\(call.command.pointee.fullName)' command")
        }
        let expiry = scaled + base
        let key = call[1]
        guard let entry = call.write(key).entry, conditions.allow(expiry, over: entry.expiry) else {
            return call.reply.integer(0)
        }
        if expiry <= call.engine.pointee.dueTime {
            call.database.pointee.remove(entry)
            if call.isJournalled { call.journalInstead([("DEL" as StaticString).bytes, key]) }
            call.changed(key, .generic, "del")
            return call.reply.integer(1)
        }
        call.database.pointee.setExpiry(entry, expiry)
        if call.isJournalled { journal(call, expiry) }
        call.changed(key, .generic, "expire")
        call.reply.integer(1)
    }

    private static func journal(_ call: Call, _ expiry: Int64) {
        withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            let text = ByteSlice(start: start, count: Decimal.write(expiry, to: start))
            call.journalInstead([("PEXPIREAT" as StaticString).bytes, call[1], text])
        }
    }

    /// NX, XX, GT and LT; nil once an error has been replied.
    private static func conditions(_ call: Call) -> Conditions? {
        var conditions: Conditions = []
        for index in 3..<max(call.count, 3) {
            if call.matches(index, "nx") {
                conditions.insert(.absent)
            } else if call.matches(index, "xx") {
                conditions.insert(.present)
            } else if call.matches(index, "gt") {
                conditions.insert(.later)
            } else if call.matches(index, "lt") {
                conditions.insert(.sooner)
            } else {
                call.error("ERR Unsupported option \(call[index].printed)")
                return nil
            }
        }
        if conditions.contains(.absent), conditions != .absent {
            call.error("ERR NX and XX, GT or LT options at the same time are not compatible")
            return nil
        }
        if conditions.contains(.later), conditions.contains(.sooner) {
            call.error("ERR GT and LT options at the same time are not compatible")
            return nil
        }
        return conditions
    }

    // MARK: - Remaining time

    static func timeToLive(_ call: inout Call) { tell(call, isAbsolute: false, inSeconds: true) }
    static func timeToLiveMilliseconds(_ call: inout Call) { tell(call, isAbsolute: false, inSeconds: false) }
    static func expireTime(_ call: inout Call) { tell(call, isAbsolute: true, inSeconds: true) }
    static func expireTimeMilliseconds(_ call: inout Call) { tell(call, isAbsolute: true, inSeconds: false) }

    private static func tell(_ call: Call, isAbsolute: Bool, inSeconds: Bool) {
        guard let entry = call.readUntouched(call[1]).entry else { return call.reply.integer(-2) }
        guard let expiry = entry.expiry else { return call.reply.integer(-1) }
        let milliseconds = isAbsolute ? expiry : max(expiry &- call.now, 0)
        guard inSeconds else { return call.reply.integer(milliseconds) }
        call.reply.integer(milliseconds / 1000 + (milliseconds % 1000 >= 500 ? 1 : 0))
    }

    static func persist(_ call: inout Call) {
        guard let entry = call.write(call[1]).entry, entry.expiry != nil else { return call.reply.integer(0) }
        call.database.pointee.setExpiry(entry, nil)
        call.changed(call[1], .generic, "persist")
        call.reply.integer(1)
    }
}

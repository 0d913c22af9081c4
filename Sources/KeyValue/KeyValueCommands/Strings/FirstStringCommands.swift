import Bytes
import RESP
import Keyspace

/// GET, SET and INCR in their plainest form.
enum FirstStringCommands {
    static func get(_ call: inout Call) {
        guard let place = call.read(call[1], .string) else { return }
        guard let entry = place.entry else { return call.reply.null() }
        withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 8) { scratch in
            call.reply.bulk(entry.stringBytes(scratch: scratch.baseAddress.unsafelyUnwrapped))
        }
    }

    static func set(_ call: inout Call) {
        let place = call.write(call[1])
        let isNew = place.entry == nil
        call.database.pointee.setString(place, call[2], clock: call.freshClock, expiry: nil)
        if isNew { call.keyAdded(call[1]) }
        call.changed(call[1], .string, "set")
        call.reply.ok()
    }

    static func incr(_ call: inout Call) {
        guard let place = call.write(call[1], .string) else { return }
        guard let entry = place.entry else {
            call.database.pointee.setInteger(place, 1, clock: call.freshClock, expiry: nil)
            call.keyAdded(call[1])
            call.changed(call[1], .string, "incrby")
            return call.reply.integer(1)
        }
        guard entry.kind == .stringInteger else { return call.notAnInteger() }
        let (sum, overflow) = entry.record.integer.addingReportingOverflow(1)
        guard !overflow else { return call.error("ERR increment or decrement would overflow") }
        entry.record.integer = sum
        call.changed(call[1], .string, "incrby")
        call.reply.integer(sum)
    }
}

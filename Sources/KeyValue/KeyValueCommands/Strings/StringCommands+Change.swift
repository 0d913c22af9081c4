// Commands that change a part of a string, or its value as a number.

import Bytes
import Glibc
import Keyspace
import RESP

extension StringCommands {
    // MARK: - Parts

    static func append(_ call: inout Call) {
        guard let place = call.write(call[1], .string) else { return }
        let addition = call[2]
        guard let entry = place.entry else {
            call.database.pointee.setString(place, addition, clock: call.freshClock, expiry: nil)
            call.keyAdded(call[1])
            call.changed(call[1], .string, "append")
            return call.reply.integer(addition.count)
        }
        let old = entry.stringByteCount
        guard allowsLength(call, Int64(old), addition.count) else { return }
        let buffer = call.database.pointee.stringBuffer(entry).resized(to: old + addition.count)
        if let start = addition.baseAddress {
            memcpy(buffer.mutableBytes.baseAddress.unsafelyUnwrapped + old, start, addition.count)
        }
        entry.pointer = buffer.base
        call.changed(call[1], .string, "append")
        call.reply.integer(buffer.count)
    }

    static func setRange(_ call: inout Call) {
        guard let offset = call.integer(2) else { return }
        guard offset >= 0 else { return call.error("ERR offset is out of range") }
        guard let place = call.write(call[1], .string) else { return }
        let part = call[3]
        guard let start = part.baseAddress, part.count > 0 else {
            return call.reply.integer(place.entry?.stringByteCount ?? 0)
        }
        guard allowsLength(call, offset, part.count) else { return }
        let buffer = bufferForChange(call, place, byteCountMin: Int(offset) + part.count).buffer
        memcpy(buffer.mutableBytes.baseAddress.unsafelyUnwrapped + Int(offset), start, part.count)
        call.changed(call[1], .string, "setrange")
        call.reply.integer(buffer.count)
    }

    /// Whether a string may have that many bytes; false once the error has been replied.
    private static func allowsLength(_ call: Call, _ byteCount: Int64, _ additional: Int) -> Bool {
        let (total, overflow) = byteCount.addingReportingOverflow(Int64(additional))
        if !overflow, total <= call.settings.limits.bulkByteCountMax { return true }
        call.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
        return false
    }

    /// The string of a key as a buffer of at least that many bytes; what is new in it is zero. A missing key is made.
    /// - Returns: the buffer, and whether it became longer.
    static func bufferForChange(
        _ call: Call, _ place: KeyPlace, byteCountMin: Int
    ) -> (buffer: StringBuffer, hasGrown: Bool) {
        guard let entry = place.entry else {
            let buffer = StringBuffer.make(count: byteCountMin)
            memset(buffer.mutableBytes.baseAddress.unsafelyUnwrapped, 0, byteCountMin)
            call.add(place, kind: .stringBuffer, pointer: buffer.base)
            return (buffer, true)
        }
        let buffer = call.database.pointee.stringBuffer(entry)
        guard buffer.count < byteCountMin else { return (buffer, false) }
        let grown = buffer.resized(to: byteCountMin)
        entry.pointer = grown.base
        return (grown, true)
    }

    // MARK: - Numbers

    static func increment(_ call: inout Call) { add(call, 1) }
    static func decrement(_ call: inout Call) { add(call, -1) }

    static func incrementBy(_ call: inout Call) {
        guard let increment = call.integer(2) else { return }
        add(call, increment)
    }

    static func decrementBy(_ call: inout Call) {
        guard let decrement = call.integer(2) else { return }
        guard decrement != .min else { return call.error("ERR decrement would overflow") }
        add(call, -decrement)
    }

    @inline(__always)
    private static func add(_ call: Call, _ increment: Int64) {
        guard let place = call.write(call[1], .string) else { return }
        guard let entry = place.entry else {
            call.database.pointee.setInteger(place, increment, clock: call.freshClock, expiry: nil)
            call.keyAdded(call[1])
            call.changed(call[1], .string, "incrby")
            return call.reply.integer(increment)
        }
        if entry.kind == .stringInteger {
            let (sum, overflow) = entry.record.integer.addingReportingOverflow(increment)
            guard !overflow else { return call.error("ERR increment or decrement would overflow") }
            entry.record.integer = sum
            call.changed(call[1], .string, "incrby")
            return call.reply.integer(sum)
        }
        addToText(call, place, entry, increment)
    }

    /// Adds to a string that has the form of an integer but is not held as one.
    private static func addToText(
        _ call: Call, _ place: KeyPlace, _ entry: Entry, _ increment: Int64
    ) {
        guard let value = withBytes(of: entry, { Decimal.parse($0) }) else { return call.notAnInteger() }
        let (sum, overflow) = value.addingReportingOverflow(increment)
        guard !overflow else { return call.error("ERR increment or decrement would overflow") }
        call.database.pointee.setInteger(place, sum, clock: entry.record.clock, expiry: entry.expiry)
        call.changed(call[1], .string, "incrby")
        call.reply.integer(sum)
    }

    static func incrementByFloat(_ call: inout Call) {
        let call = call
        guard let place = call.write(call[1], .string) else { return }
        let zero = ("0" as StaticString).bytes
        withUnsafeTemporaryAllocation(byteCount: LongDoubleText.lengthMax, alignment: 8) { room in
            let start = room.baseAddress.unsafelyUnwrapped
            var isNumber = false
            let length: Int?
            if let entry = place.entry {
                length = withBytes(of: entry) { add($0, call[2], &isNumber, to: start) }
            } else {
                length = add(zero, call[2], &isNumber, to: start)
            }
            guard isNumber else { return call.notAFloat() }
            guard let length else { return call.error("ERR increment would produce NaN or Infinity") }
            let sum = ByteSlice(start: start, count: length)
            store(call, place, sum)
            call.reply.bulk(sum)
        }
    }

    private static func add(
        _ value: ByteSlice, _ increment: ByteSlice, _ isNumber: inout Bool, to target: UnsafeMutableRawPointer
    ) -> Int? {
        isNumber = LongDoubleText.classify(value) != .invalid && LongDoubleText.classify(increment) != .invalid
        return isNumber ? LongDoubleText.writeSum(value, increment, to: target) : nil
    }

    /// Stores the result of INCRBYFLOAT, which Redis keeps as text even when it is whole.
    private static func store(_ call: Call, _ place: KeyPlace, _ sum: ByteSlice) {
        let expiry = place.entry?.expiry
        let clock = place.entry?.record.clock ?? call.freshClock
        call.database.pointee.setText(place, sum, clock: clock, expiry: expiry)
        if place.entry == nil { call.keyAdded(call[1]) }
        call.changed(call[1], .string, "incrbyfloat")
        guard call.isJournalled else { return }
        call.journalInstead([("SET" as StaticString).bytes, call[1], sum, ("KEEPTTL" as StaticString).bytes])
    }
}

// SET and what stands for a SET with options.

import Bytes
import Keyspace
import RESP

extension StringCommands {
    static func set(_ call: inout Call) {
        guard call.count > 3 else {
            store(call, call.write(call[1]), call[2], expiry: nil)
            return call.reply.ok()
        }
        setWithOptions(call)
    }

    private static func setWithOptions(_ call: Call) {
        guard let options = StringOptions(ofSet: call, from: 3) else { return }
        let place: KeyPlace
        if options.repliesOldValue {
            guard let found = call.read(call[1], .string) else { return }
            if let entry = found.entry { replyValue(call, entry) } else { call.reply.null() }
            place = found
        } else {
            place = call.write(call[1])
        }
        if options.onlyIfMissing && place.entry != nil || options.onlyIfPresent && place.entry == nil {
            if !options.repliesOldValue { call.reply.null() }
            return
        }
        switch options.expiry {
        case .at(let milliseconds, _):
            store(call, place, call[2], expiry: milliseconds)
            call.notify(.generic, "expire", call[1])
            if call.isJournalled { journalSet(call, call[2], expiry: milliseconds) }
        case .keep:
            store(call, place, call[2], expiry: place.entry?.expiry)
            if options.repliesOldValue { journalWithoutGet(call) }
        case .unspecified, .remove:
            store(call, place, call[2], expiry: nil)
            if options.repliesOldValue { journalWithoutGet(call) }
        }
        if !options.repliesOldValue { call.reply.ok() }
    }

    /// Gives a key a string, whatever it had, with the event `set`.
    @inline(__always)
    private static func store(_ call: Call, _ place: KeyPlace, _ value: ByteSlice, expiry: Int64?) {
        if let entry = place.entry {
            if entry.type != .string { replaced(call, place.key) }
            let keepsClock = call.engine.pointee.settings.maxMemoryPolicy.usesFrequency
            let clock = keepsClock ? entry.record.clock : call.freshClock
            call.database.pointee.setString(place, value, clock: clock, expiry: expiry)
        } else {
            call.database.pointee.setString(place, value, clock: call.freshClock, expiry: expiry)
            call.keyAdded(place.key)
        }
        call.changed(place.key, .string, "set")
    }

    /// Clients may wait for the value that a string takes the place of.
    private static func replaced(_ call: Call, _ key: ByteSlice) {
        guard call.engine.pointee.blockedKeyCount > 0 else { return }
        call.engine.keyReady(key, databaseIndex: call.client.pointee.databaseIndex)
    }

    private static func journalSet(_ call: Call, _ value: ByteSlice, expiry: Int64) {
        call.withDecimal(expiry) { time in
            call.journalInstead([("SET" as StaticString).bytes, call[1], value, ("PXAT" as StaticString).bytes, time])
        }
    }

    private static func journalWithoutGet(_ call: Call) {
        guard call.isJournalled else { return }
        call.journalInstead((0..<call.count).filter { $0 < 3 || !call.matches($0, "get") }.map { call[$0] })
    }

    static func setIfMissing(_ call: inout Call) {
        let place = call.write(call[1])
        guard place.entry == nil else { return call.reply.flag(false) }
        store(call, place, call[2], expiry: nil)
        call.reply.flag(true)
    }

    static func setWithSeconds(_ call: inout Call) { set(call, for: .seconds) }
    static func setWithMilliseconds(_ call: inout Call) { set(call, for: .milliseconds) }

    private static func set(_ call: Call, for unit: StringOptions.TimeUnit) {
        guard let expiry = StringOptions.time(call, 2, unit) else { return }
        store(call, call.write(call[1]), call[3], expiry: expiry)
        call.notify(.generic, "expire", call[1])
        call.reply.ok()
        if call.isJournalled { journalSet(call, call[3], expiry: expiry) }
    }

    static func getSet(_ call: inout Call) {
        guard let place = call.read(call[1], .string) else { return }
        if let entry = place.entry { replyValue(call, entry) } else { call.reply.null() }
        store(call, place, call[2], expiry: nil)
        if call.isJournalled { call.journalInstead([("SET" as StaticString).bytes, call[1], call[2]]) }
    }

    static func setMany(_ call: inout Call) {
        guard call.count & 1 == 1 else { return call.wrongArgumentCount() }
        for index in stride(from: 1, to: call.count, by: 2) {
            store(call, call.write(call[index]), call[index + 1], expiry: nil)
        }
        call.reply.ok()
    }

    static func setManyIfMissing(_ call: inout Call) {
        guard call.count & 1 == 1 else { return call.wrongArgumentCount() }
        for index in stride(from: 1, to: call.count, by: 2) where call.write(call[index]).entry != nil {
            return call.reply.flag(false)
        }
        for index in stride(from: 1, to: call.count, by: 2) {
            store(call, call.write(call[index]), call[index + 1], expiry: nil)
        }
        call.reply.flag(true)
    }
}

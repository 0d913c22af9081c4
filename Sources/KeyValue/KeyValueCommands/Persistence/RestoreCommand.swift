import Bytes
import KeyValuePersistence
import Keyspace
import RESP

/// RESTORE and RESTORE-ASKING.
enum RestoreCommand {
    private struct Options {
        var replaces = false
        var isAbsolute = false
        var idleSeconds: Int64?
        var frequency: UInt8?
    }

    static func restore(_ call: inout Call) {
        let (key, payload) = (call[1], call[3])
        guard let options = options(call) else { return }
        if !options.replaces, call.write(key).entry != nil {
            return call.error("BUSYKEY Target key name already exists.")
        }
        guard let lifetime = call.integer(2) else { return }
        let (deadline, overflow) = lifetime.addingReportingOverflow(options.isAbsolute ? 0 : call.now)
        guard lifetime >= 0, !overflow else { return call.error("ERR Invalid TTL value, must be >= 0") }
        guard DumpReader.isIntact(payload, verifiesChecksum: !call.settings.skipsChecksums) else {
            return call.error("ERR DUMP payload version or checksum are wrong")
        }
        let expiry = lifetime > 0 ? deadline : nil
        let clock = RDBLoadOptions.clock(
            fresh: call.freshClock, usesFrequency: call.settings.maxMemoryPolicy.usesFrequency,
            idleSeconds: options.idleSeconds, frequency: options.frequency)
        guard let record = record(call, clock: clock, expiry: expiry) else { return call.error("ERR Bad data format") }
        var hasReplaced = false
        if options.replaces, let old = call.peek(key).entry {
            call.database.pointee.remove(old)
            hasReplaced = true
        }
        if let expiry, expiry <= call.engine.pointee.dueTime {
            DatabaseLoader.free(record)
            if hasReplaced {
                if call.isJournalled { call.journalInstead([("DEL" as StaticString).bytes, key]) }
                call.changed(key, .generic, "del")
            }
            return call.reply.ok()
        }
        guard call.database.pointee.load(record, hash: call.database.pointee.hash(key)) else {
            DatabaseLoader.free(record)
            return call.error("BUSYKEY Target key name already exists.")
        }
        call.keyAdded(key)
        if let expiry, !options.isAbsolute, call.isJournalled { journal(call, expiry) }
        call.changed(key, .generic, "restore")
        call.reply.ok()
    }

    /// A record of the payload's value; nil if it cannot be read.
    private static func record(_ call: Call, clock: UInt32, expiry: Int64?) -> Record? {
        let values = RDBValueReader(
            limits: call.settings.encoding, hasher: call.engine.pointee.hasher,
            findsDuplicates: call.settings.sanitizesPayloads)
        var record: Record?
        do {
            try DumpReader.read(call[3], values) {
                record = $0.makeRecord(key: call[1], clock: clock, expiry: expiry)
            }
        } catch {
            call.engine.log(.warning, "RESTORE: \(layoutName(call[3].first)) integrity check failed: \(error.message)")
        }
        return record
    }

    /// What the log calls the layout of a payload's value, as Redis does.
    private static func layoutName(_ type: UInt8?) -> String {
        switch type {
        case 9: "Zipmap"
        case 10: "List ziplist"
        case 11: "Intset"
        case 12: "Zset ziplist"
        case 13: "Hash ziplist"
        case 14, 18: "Quicklist"
        case 15, 19, 21: "Stream listpack"
        case 16: "Hash listpack"
        case 17: "Zset listpack"
        case 20: "Set listpack"
        default: "Payload"
        }
    }

    /// The journal gets the time at which the key ends, not how long it lives.
    private static func journal(_ call: Call, _ expiry: Int64) {
        withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            var arguments = (0..<call.count).map { call[$0] }
            arguments[2] = ByteSlice(start: start, count: Decimal.write(expiry, to: start))
            call.journalInstead(arguments + [("ABSTTL" as StaticString).bytes])
        }
    }

    /// What follows the payload; nil once an error has been replied.
    private static func options(_ call: Call) -> Options? {
        var options = Options()
        var index = 4
        while index < call.count {
            let hasNext = index + 1 < call.count
            if call.matches(index, "replace") {
                options.replaces = true
            } else if call.matches(index, "absttl") {
                options.isAbsolute = true
            } else if call.matches(index, "idletime"), hasNext, options.frequency == nil {
                guard let seconds = call.integer(index + 1) else { return nil }
                guard seconds >= 0 else {
                    call.error("ERR Invalid IDLETIME value, must be >= 0")
                    return nil
                }
                options.idleSeconds = seconds
                index += 1
            } else if call.matches(index, "freq"), hasNext, options.idleSeconds == nil {
                guard let count = call.integer(index + 1) else { return nil }
                guard let frequency = UInt8(exactly: count) else {
                    call.error("ERR Invalid FREQ value, must be >= 0 and <= 255")
                    return nil
                }
                options.frequency = frequency
                index += 1
            } else {
                call.syntaxError()
                return nil
            }
            index += 1
        }
        return options
    }
}

import Bytes
import Keyspace
import RESP

/// OBJECT ENCODING, FREQ, IDLETIME, REFCOUNT.
enum ObjectCommands {
    static func encoding(_ call: inout Call) {
        guard let entry = call.readUntouched(call[2]).entry else { return call.reply.null() }
        call.reply.bulk(ValueEncoding.name(of: entry))
    }

    /// Redis has one object for each small integer, whose references it does not count, unless each key needs a clock of
    /// its own; clients see that here. Nothing is shared between keys otherwise.
    static func referenceCount(_ call: inout Call) {
        guard let entry = call.readUntouched(call[2]).entry else { return call.reply.null() }
        let isSmall = entry.kind == .stringInteger && 0..<10_000 ~= entry.record.integer
        let policy = call.settings.maxMemoryPolicy
        let hasClocks = policy.usesFrequency || policy == .allKeysLRU || policy == .volatileLRU
        let isShared = isSmall && !(hasClocks && call.settings.maxMemoryByteCount > 0)
        call.reply.integer(isShared ? Int(Int32.max) : 1)
    }

    static func idleTime(_ call: inout Call) {
        guard let entry = call.readUntouched(call[2]).entry else { return call.reply.null() }
        guard !call.settings.maxMemoryPolicy.usesFrequency else {
            return call.error(
                "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching "
                    + "between policies at runtime LRU and LFU data will take some time to adjust.")
        }
        call.reply.integer(AccessClock.idleMilliseconds(entry.record.clock, now: call.now) / 1000)
    }

    static func frequency(_ call: inout Call) {
        guard let entry = call.readUntouched(call[2]).entry else { return call.reply.null() }
        guard call.settings.maxMemoryPolicy.usesFrequency else {
            return call.error(
                "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
                    + "switching between policies at runtime LRU and LFU data will take some time to adjust.")
        }
        let count = AccessClock.decayedCount(
            entry.record.clock, now: call.now, decayMinutes: call.settings.lfuDecayMinutes)
        call.reply.integer(Int(count))
    }
}

/// How a value is held, by the names that Redis has for its own ways.
enum ValueEncoding {
    /// Redis holds strings up to this length with their header in one allocation.
    private static let embeddedByteCountMax = 44

    static func name(of entry: Entry) -> StaticString {
        switch entry.kind {
        case .stringInteger: "int"
        case .stringInline: entry.stringByteCount <= embeddedByteCountMax ? "embstr" : "raw"
        case .stringBuffer: "raw"
        case .listPacked, .setPacked, .hashPacked, .sortedSetPacked: "listpack"
        case .listNodes: "quicklist"
        case .setIntegers: "intset"
        case .setTable, .hashTable: "hashtable"
        case .sortedSetTree: "skiplist"
        case .stream: "stream"
        case .member: "unknown"
        }
    }
}

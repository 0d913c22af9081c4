import Bytes
import CMemory
import Keyspace
import RESP

/// MEMORY USAGE, STATS, DOCTOR, PURGE, MALLOC-STATS.
enum MemoryCommands {
    /// Elements that are looked at unless SAMPLES says otherwise.
    private static let sampleCountUsual = 5

    static func usage(_ call: inout Call) {
        var samples = sampleCountUsual
        var index = 3
        while index < call.count {
            guard call.matches(index, "samples"), index + 1 < call.count else { return call.syntaxError() }
            guard let count = call.integer(index + 1) else { return }
            guard count >= 0 else { return call.syntaxError() }
            samples = Int(count)
            index += 2
        }
        guard let entry = call.database.pointee.place(call[2]).entry else { return call.reply.null() }
        let table = call.database.pointee.table.bucketByteCount / max(call.database.pointee.count, 1)
        call.reply.integer(entry.record.keyspaceByteCount(samples: samples) + min(table, 64))
    }

    static func statistics(_ call: inout Call) {
        let report = MemoryReport(call.engine)
        let reply = call.reply
        func pair(_ name: StaticString, _ value: Int) {
            reply.bulk(name)
            reply.integer(value)
        }
        func pair(_ name: StaticString, _ value: Double) {
            reply.bulk(name)
            reply.double(value)
        }
        reply.map(27 + report.tables.count)
        pair("peak.allocated", report.peakByteCount)
        pair("total.allocated", report.usedByteCount)
        pair("startup.allocated", report.startByteCount)
        // Replication, cluster mode, persistence and scripting are still to come, and take nothing.
        for name: StaticString in ["replication.backlog", "clients.slaves"] { pair(name, 0) }
        pair("clients.normal", report.clientByteCount)
        for name: StaticString in ["cluster.links", "aof.buffer", "lua.caches", "functions.caches"] { pair(name, 0) }
        for table in report.tables {
            reply.bulk("db.\(table.databaseIndex)")
            reply.map(3)
            pair("overhead.hashtable.main", table.byteCount)
            pair("overhead.hashtable.expires", 0)
            pair("overhead.hashtable.slot-to-keys", 0)
        }
        pair("overhead.total", report.overheadByteCount)
        pair("keys.count", report.keyCount)
        pair("keys.bytes-per-key", report.bytesPerKey)
        pair("dataset.bytes", report.datasetByteCount)
        pair("dataset.percentage", report.datasetPercent)
        pair("peak.percentage", report.peakPercent)
        // The allocator tells no more than the process does.
        pair("allocator.allocated", report.usedByteCount)
        pair("allocator.active", report.residentByteCount)
        pair("allocator.resident", report.residentByteCount)
        pair("allocator-fragmentation.ratio", report.fragmentationRatio)
        pair("allocator-fragmentation.bytes", report.residentByteCount - report.usedByteCount)
        pair("allocator-rss.ratio", 1.0)
        pair("allocator-rss.bytes", 0)
        pair("rss-overhead.ratio", 1.0)
        pair("rss-overhead.bytes", 0)
        pair("fragmentation", report.fragmentationRatio)
        pair("fragmentation.bytes", report.residentByteCount - report.usedByteCount)
    }

    /// Below this a diagnosis says nothing.
    private static let diagnosedByteCountMin = 5 << 20

    static func doctor(_ call: inout Call) {
        let report = MemoryReport(call.engine)
        guard report.usedByteCount >= diagnosedByteCountMin else {
            return call.reply.verbatim("This server uses too little memory for a diagnosis.\n")
        }
        var findings: [String] = []
        if Double(report.peakByteCount) > 1.5 * Double(report.usedByteCount) {
            findings.append(
                "Peak memory: \(report.peakByteCount) bytes were in use once, over 1.5 times what is now. Pages that "
                    + "are not used any more may still count as resident; MEMORY PURGE gives them back.")
        }
        if report.fragmentationRatio > 1.4, report.residentByteCount - report.usedByteCount > 10 << 20 {
            findings.append(
                "High fragmentation: the process holds \(report.residentByteCount) bytes for "
                    + "\(report.usedByteCount) in use. MEMORY PURGE may help.")
        }
        if report.clientByteCount / max(call.engine.pointee.clients.count, 1) > 200 << 10 {
            findings.append(
                "Big client buffers: over 200 KiB a client on average. CLIENT LIST shows whose they are.")
        }
        guard !findings.isEmpty else { return call.reply.verbatim("Nothing is wrong with the use of memory.\n") }
        call.reply.verbatim(findings.map { " * \($0)\n\n" }.joined())
    }

    static func purge(_ call: inout Call) {
        atoll_memory_purge()
        call.reply.ok()
    }

    static func allocatorStatistics(_ call: inout Call) {
        let report = MemoryReport(call.engine)
        call.reply.verbatim(
            "Allocator: mimalloc\nIn use: \(report.usedByteCount) bytes\nResident: \(report.residentByteCount) bytes\n")
    }
}

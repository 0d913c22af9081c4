// BGREWRITEAOF: a new base in the background, so that the append-only file does not grow for ever.
//
// 1. The cut: what was logged so far goes to the old increment, what is logged from here on to a new one.
// 2. A snapshot of the cut is written to a temporary file.
// 3. It becomes the base; the old base and the increments before the cut become history and are removed.
//
// A crash at any point leaves a manifest whose files make the data whole: until 3 the old base and all increments, then
// the new base and the new increment.

import CIOLoop
import Glibc
package import KeyValuePersistence
import RESP

/// What is known of rewrites. Loop only.
package final class AppendOnlyRewrite {
    /// Asked for while something else ran.
    package var isScheduled = false
    /// The snapshot is whole and is being put in place.
    var isFinishing = false
    var usesRDB = true
    /// Where the snapshot is written to.
    var temporaryPath = ""
    /// Milliseconds since 1970.
    var startedAt: Int64 = 0
    /// How long the last one took, in seconds.
    var lastDuration = -1
    var lastSucceeded = true
    /// Memory that the last snapshot held at most, in bytes.
    var lastHeldByteCount = 0
    var count = 0
    var consecutiveFailureCount = 0
    private var delayMinutes: Int64 = 0
    private var delayedUntil: Int64 = 0

    init() {}

    private static let failureCountMax = 3
    private static let delayMinutesMax: Int64 = 60

    /// Whether rewrites have failed so often that the next one is to wait: a minute, and twice as long each time. Each
    /// leaves an increment behind.
    func mustWait(now: Int64, log: (Int64) -> Void) -> Bool {
        guard consecutiveFailureCount >= Self.failureCountMax else {
            delayMinutes = 0
            delayedUntil = 0
            return false
        }
        if delayedUntil != 0 {
            if now < delayedUntil { return true }
            delayedUntil = 0
            return false
        }
        delayMinutes = min(max(delayMinutes * 2, 1), Self.delayMinutesMax)
        delayedUntil = now + delayMinutes * 60_000
        log(delayMinutes)
        return true
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Whether one is under way.
    package var isRewriting: Bool {
        pointee.persistence.running?.purpose == .rewrite || pointee.persistence.rewrite.isFinishing
    }

    /// Makes the cut of a rewrite here and now. Nothing else may be under way.
    /// - Returns: false, with the reason in the log, if it could not begin.
    package func startRewrite() -> Bool {
        let rewrite = pointee.persistence.rewrite
        guard let keeper = pointee.appendOnly, let directory = pointee.persistence.directory else { return false }
        rewrite.usesRDB = pointee.configuration.flag("aof-use-rdb-preamble")
        do throws(SnapshotFailure) {
            rewrite.temporaryPath = "\(directory)/temp-rewriteaof-bg-\(getpid()).aof"
            guard keeper.beginIncrement() else { throw SnapshotFailure("The append-only file cannot be written") }
            let snapshot = try makeRewriteSnapshot(rewrite.temporaryPath)
            pointee.journal.forgetSelection()
            start(snapshot, for: .rewrite)
        } catch {
            log(.warning, error.reason)
            rewrite.lastSucceeded = false
            return false
        }
        rewrite.isScheduled = false
        rewrite.startedAt = pointee.now
        rewrite.count += 1
        log(.notice, "Background append only file rewriting started by pid \(getpid())")
        return true
    }

    private func makeRewriteSnapshot(_ path: String) throws(SnapshotFailure) -> Snapshot {
        if pointee.persistence.rewrite.usesRDB {
            return try makeSnapshot(temporaryPath: path, path: nil, auxiliary: [("aof-base", "1")])
        }
        var options = SnapshotFile.Options(temporaryPath: path, path: nil, hasChecksum: false)
        options.isRDB = false
        let encoder = CommandSnapshotEncoder(
            functions: pointee.persistence.functions,
            seconds: pointee.configuration.flag("aof-timestamp-enabled") ? pointee.now / 1000 : nil)
        return Snapshot(
            databases: pointee.databases, count: pointee.databaseCount, reclaimer: pointee.reclaimer, encoder: encoder,
            output: try SnapshotFile(options, whenDone: pointee.persistence.wake))
    }

    /// The first base: an RDB file of no keys.
    package func emptySnapshot() -> [UInt8] {
        let configuration = pointee.configuration
        var writer = RDBWriter(version: configuration.integer("rdb-version"), compresses: false)
        writer.begin(auxiliary: [
            ("redis-ver", RedisCompatibility.version), ("redis-bits", "64"), ("ctime", "\(pointee.now / 1000)"),
            ("used-mem", "\(usedMemoryByteCount)"), ("aof-base", "1"),
        ])
        writer.finish()
        var finisher = RDBFinisher(checksums: configuration.flag("rdbchecksum"))
        var bytes: [UInt8] = []
        finisher.take(writer.take()) { bytes += $0 }
        finisher.finish { bytes += $0 }
        return bytes
    }

    /// The snapshot has come to its end.
    func endRewrite(_ result: SnapshotResult) {
        let rewrite = pointee.persistence.rewrite
        rewrite.lastHeldByteCount = pointee.persistence.lastHeldByteCount
        switch result {
        case .written:
            log(.notice, "Background AOF rewrite terminated with success")
            rewrite.isFinishing = true
            pointee.appendOnly?.replaceBase(temporaryPath: rewrite.temporaryPath, isRDB: rewrite.usesRDB)
        case .failed(let reason):
            log(.warning, reason)
            rewriteFailed()
        }
    }

    /// The new increment could not be made: a base would be worth nothing.
    package func incrementFailed(_ failure: AppendOnlyFailure) {
        log(.warning, failure.reason)
        if pointee.persistence.running?.purpose == .rewrite { abandonSnapshot() }
        rewriteFailed()
    }

    /// The new base is in place, or is not.
    package func baseReplaced(_ failure: AppendOnlyFailure?) {
        pointee.persistence.rewrite.isFinishing = false
        if let failure {
            log(.warning, failure.reason)
            return rewriteFailed()
        }
        let rewrite = pointee.persistence.rewrite
        rewrite.lastSucceeded = true
        rewrite.consecutiveFailureCount = 0
        rewrite.lastDuration = Int((pointee.now - rewrite.startedAt) / 1000)
        log(.notice, "Background AOF rewrite finished successfully")
    }

    private func rewriteFailed() {
        let rewrite = pointee.persistence.rewrite
        rewrite.lastSucceeded = false
        rewrite.consecutiveFailureCount += 1
        rewrite.lastDuration = Int((pointee.now - rewrite.startedAt) / 1000)
        log(.warning, "Background AOF rewrite terminated with error")
    }

    /// Gives up a rewrite whose data is not wanted any more.
    package func abandonRewrite() {
        pointee.persistence.rewrite.isScheduled = false
        guard pointee.persistence.running?.purpose == .rewrite else { return }
        log(.notice, "Killing running AOF rewrite child: \(getpid())")
        abandonSnapshot()
    }

    /// Starts a rewrite that was scheduled, or that the growth of the file asks for.
    /// - Parameters:
    ///   - byteCount: of all files now; nil where there is no file.
    ///   - baseByteCount: of all files after the last rewrite.
    package func startDueRewrite(byteCount: Int64?, baseByteCount: Int64) {
        let rewrite = pointee.persistence.rewrite
        guard pointee.persistence.running == nil, !rewrite.isFinishing else { return }
        func mustWait() -> Bool {
            rewrite.mustWait(now: pointee.now) { minutes in
                log(
                    .warning,
                    "Background AOF rewrite has repeatedly failed and triggered the limit, will retry in \(minutes) "
                        + "minutes")
            }
        }
        if rewrite.isScheduled {
            if !mustWait() { _ = startRewrite() }
            return
        }
        let percentage = Int64(pointee.configuration.integer("auto-aof-rewrite-percentage"))
        guard let byteCount, percentage > 0, byteCount > pointee.configuration.integer("auto-aof-rewrite-min-size")
        else { return }
        let growth = Int64(Double(byteCount) * 100 / Double(max(baseByteCount, 1))) - 100
        guard growth >= percentage, !mustWait() else { return }
        log(.notice, "Starting automatic rewriting of AOF on \(growth)% growth")
        _ = startRewrite()
    }
}

/// BGREWRITEAOF, and what DEBUG does with the append-only file.
enum AppendOnlyCommands {
    static func rewrite(_ call: inout Call) {
        let engine = call.engine
        let rewrite = engine.pointee.persistence.rewrite
        if engine.isRewriting {
            return call.error("ERR Background append only file rewriting already in progress")
        }
        if engine.pointee.persistence.running != nil || call.client.pointee.flags.contains(.executingTransaction) {
            rewrite.isScheduled = true
            // Who asks does not want to wait for what failed before.
            rewrite.consecutiveFailureCount = 0
            return call.reply.simple("Background append only file rewriting scheduled")
        }
        guard engine.startRewrite() else {
            return call.error(
                "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.")
        }
        call.reply.simple("Background append only file rewriting started")
    }

    static func reload(_ call: Call) {
        guard call.engine.pointee.persistence.loading == nil else {
            return call.error(EngineReference.loadingRefusal)
        }
        guard let keeper = call.engine.pointee.appendOnly else { return call.error("ERR There are no files") }
        do throws(AppendOnlyFailure) {
            try keeper.reload()
        } catch {
            call.engine.log(.warning, error.reason)
            return call.error("ERR Error trying to load the AOF files, check server logs.")
        }
        call.engine.log(.warning, "Append Only File loaded by DEBUG LOADAOF")
        call.reply.ok()
    }

    static func setFlushSleep(_ call: Call) {
        guard let microseconds = call.integer(2) else { return }
        call.engine.pointee.appendOnly?.setFlushSleep(microseconds: UInt32(clamping: microseconds))
        call.reply.ok()
    }
}

// Snapshots of the engine: taking them at once or in the background, when they are due, and what they leave behind.

import Bytes
import CIOLoop
import CMemory
import Glibc
import KeyValuePersistence
import Keyspace

extension UnsafeMutablePointer where Pointee == Engine {
    /// The path of the snapshot's file; nil while there is no directory for files.
    package var snapshotPath: String? {
        pointee.persistence.directory.map { "\($0)/\(pointee.configuration["dbfilename"])" }
    }

    /// Where the bytes of a save go until the file is whole.
    package var temporarySnapshotPath: String? {
        pointee.persistence.directory.map { "\($0)/temp-\(getpid()).rdb" }
    }

    // MARK: - Making

    /// A snapshot that writes an RDB file: not begun yet.
    /// - Parameter path: the name of the whole file; nil leaves it under the temporary one.
    func makeSnapshot(
        temporaryPath: String, path: String?, auxiliary: [(name: String, value: String)] = [],
        for purpose: Persistence.Purpose = .rewrite, isInBackground: Bool = true
    ) throws(SnapshotFailure) -> Snapshot {
        let configuration = pointee.configuration
        var options = SnapshotFile.Options(
            temporaryPath: temporaryPath, path: path, hasChecksum: configuration.flag("rdbchecksum"),
            syncsIncrementally: configuration.flag("rdb-save-incremental-fsync"))
        options.isInBackground = isInBackground
        let prepare = pointee.persistence.prepareThread
        options.prepareThread = { prepare(purpose) }
        let file = try SnapshotFile(options, whenDone: pointee.persistence.wake)
        var form = RDBSnapshotEncoder.Form(
            version: configuration.integer("rdb-version"), compresses: configuration.flag("rdbcompression"))
        form.auxiliary = [
            ("redis-ver", RedisCompatibility.version), ("redis-bits", "64"), ("ctime", "\(pointee.now / 1000)"),
            ("used-mem", "\(usedMemoryByteCount)"),
        ]
        form.auxiliary += auxiliary
        form.functions = pointee.persistence.functions
        form.clock = snapshotClock
        return Snapshot(
            databases: pointee.databases, count: pointee.databaseCount, reclaimer: pointee.reclaimer,
            encoder: RDBSnapshotEncoder(form), output: file)
    }

    private var snapshotClock: RDBClock {
        switch pointee.settings.maxMemoryPolicy {
        case .allKeysLRU, .volatileLRU: .seconds(now: AccessClock.seconds(pointee.now))
        case .allKeysLFU, .volatileLFU: .frequency
        default: .unused
        }
    }

    private func makeSaveSnapshot(isInBackground: Bool) throws(SnapshotFailure) -> Snapshot {
        guard let path = snapshotPath, let temporaryPath = temporarySnapshotPath else {
            throw SnapshotFailure("There is no directory for files")
        }
        return try makeSnapshot(
            temporaryPath: temporaryPath, path: path, auxiliary: [("aof-base", "0")], for: .save,
            isInBackground: isInBackground)
    }

    // MARK: - At once

    /// Saves a snapshot while everybody waits.
    /// - Returns: whether the file is there; the log says why not.
    @discardableResult
    package func saveNow() -> Bool {
        let persistence = pointee.persistence
        persistence.lastTry = pointee.now / 1000
        // There is one cut at a time: a rewrite under way takes the rest of its keys first.
        persistence.running?.snapshot.stepToEnd()
        do throws(SnapshotFailure) {
            let snapshot = try makeSaveSnapshot(isInBackground: false)
            snapshot.begin()
            let keyDelay = pointee.configuration.integer("rdb-key-save-delay")
            if keyDelay > 0 { stepSlowly(snapshot, keyDelay) } else { snapshot.stepToEnd() }
            if case .failed(let reason) = snapshot.output.waitForResult() { throw SnapshotFailure(reason) }
        } catch {
            // Only what fails in the background has writes refused: here somebody is told.
            log(.warning, error.reason)
            return false
        }
        log(.notice, "DB saved on disk")
        pointee.dirty = 0
        noteSave(succeeded: true)
        return true
    }

    /// Goes on to the end, with a pause of microseconds for each key.
    private func stepSlowly(_ snapshot: Snapshot, _ keyDelay: Int) {
        var takenKeyCount = 0
        while !snapshot.step(ticksMax: 0) {
            usleep(UInt32(clamping: max(snapshot.takenKeyCount - takenKeyCount, 1) * keyDelay))
            takenKeyCount = snapshot.takenKeyCount
        }
    }

    /// After FLUSHALL: the file must not bring the keys back.
    func saveEmptied() {
        guard pointee.persistence.directory != nil, !pointee.configuration["save"].isEmpty else { return }
        saveNow()
    }

    private func noteSave(succeeded: Bool) {
        let persistence = pointee.persistence
        persistence.lastSaveSucceeded = succeeded
        if succeeded {
            persistence.lastSave = atoll_wall_microseconds() / 1_000_000
            persistence.saveCount += 1
        }
        updateWriteRefusal()
    }

    // MARK: - In the background

    /// Makes the cut of a background save here and now.
    /// - Returns: false, with the reason in the log, if the file could not be made.
    package func startBackgroundSave() -> Bool {
        pointee.persistence.lastTry = pointee.now / 1000
        do {
            start(try makeSaveSnapshot(isInBackground: true), for: .save)
        } catch {
            log(.warning, error.reason)
            noteSave(succeeded: false)
            return false
        }
        log(.notice, "Background saving started by pid \(getpid())")
        return true
    }

    /// Begins a snapshot in the background.
    func start(_ snapshot: Snapshot, for purpose: Persistence.Purpose) {
        precondition(pointee.persistence.running == nil)
        snapshot.begin()
        pointee.persistence.heldByteCountPeak = 0
        pointee.persistence.running = .init(
            snapshot: snapshot, purpose: purpose, startedAt: pointee.now, dirty: pointee.dirty,
            keyDelay: max(pointee.configuration.integer("rdb-key-save-delay"), 0),
            pace: SnapshotPace(ticksPerMicrosecond: pointee.ticksPerMicrosecond))
    }

    /// Goes on with the snapshot under way for a part of the turn, and ends it when its file is whole.
    package func stepSnapshot() {
        guard var running = pointee.persistence.running else { return }
        if !running.isHandedOver {
            let persistence = pointee.persistence
            persistence.heldByteCountPeak = max(persistence.heldByteCountPeak, running.snapshot.heldByteCount)
            if running.keyDelay == 0 {
                step(&running)
            } else if running.snapshot.takenKeyCount <= running.keyCountMax(now: pointee.now) {
                running.isHandedOver = running.snapshot.step(ticksMax: 0)
            }
            persistence.running = running
        }
        guard let result = running.snapshot.output.result else { return }
        running.snapshot.abandonIfUnfinished()
        pointee.persistence.running = nil
        pointee.persistence.lastHeldByteCount = pointee.persistence.heldByteCountPeak
        switch running.purpose {
        case .save: endBackgroundSave(running, result)
        case .rewrite: endRewrite(result)
        }
    }

    private func step(_ running: inout Persistence.Running) {
        let commandCount = pointee.statistics.commandCount
        guard let budget = running.pace.budget(now: atoll_ticks(), commandCount: commandCount) else { return }
        running.isHandedOver = running.snapshot.step(ticksMax: budget)
        running.pace.stepEnded(at: atoll_ticks())
    }

    /// Whether a snapshot wants to go on at once, or else milliseconds after which it does; nil while there is none.
    package var snapshotDelay: Int64? {
        guard let running = pointee.persistence.running else { return nil }
        if running.isHandedOver { return 100 }
        if running.keyDelay > 0 { return min(Int64(running.keyDelay) / 1000, 100) }
        return running.pace.isAlone && !running.snapshot.isOutputBusy ? 0 : 1
    }

    private func endBackgroundSave(_ running: Persistence.Running, _ result: SnapshotResult) {
        pointee.persistence.lastDuration = Int((pointee.now - running.startedAt) / 1000)
        switch result {
        case .written:
            log(.notice, "Background saving terminated with success")
            pointee.dirty -= min(running.dirty, pointee.dirty)
            noteSave(succeeded: true)
        case .failed(let reason):
            log(.warning, "\(reason)")
            log(.warning, "Background saving error")
            noteSave(succeeded: false)
        }
    }

    /// Gives up the snapshot under way; its file disappears.
    /// - Returns: what it was for, or nil if there was none.
    @discardableResult
    package func abandonSnapshot() -> Persistence.Purpose? {
        guard let running = pointee.persistence.running else { return nil }
        running.snapshot.abandon()
        _ = running.snapshot.output.waitForResult()
        pointee.persistence.running = nil
        return running.purpose
    }

    // MARK: - When one is due

    /// Starts what was scheduled, or what the save points ask for. The shell calls it with the other housekeeping.
    package func startDueSnapshot() {
        let persistence = pointee.persistence
        guard persistence.running == nil, persistence.directory != nil, !pointee.isLoading else { return }
        let now = pointee.now / 1000
        let mayRetry = persistence.lastSaveSucceeded || now - persistence.lastTry > Persistence.retrySeconds
        if persistence.isSaveScheduled, mayRetry {
            persistence.isSaveScheduled = false
            _ = startBackgroundSave()
            return
        }
        for point in pointee.configuration.savePoints {
            guard pointee.dirty >= point.changes, now - persistence.lastSave > point.seconds, mayRetry else { continue }
            log(.notice, "\(point.changes) changes in \(point.seconds) seconds. Saving...")
            _ = startBackgroundSave()
            return
        }
    }

    // MARK: - Refusing writes

    /// To be called when something changes of which `refusesWrites` depends.
    package func updateWriteRefusal() {
        let persistence = pointee.persistence
        pointee.refusesWrites = persistence.loading != nil || persistence.journalFailure != nil || isSnapshotFailing
    }

    private var isSnapshotFailing: Bool {
        !pointee.persistence.lastSaveSucceeded && pointee.configuration.flag("stop-writes-on-bgsave-error")
            && !pointee.configuration["save"].isEmpty
    }

    /// Why commands that write are refused.
    var writeRefusal: String {
        isSnapshotFailing ? Self.snapshotRefusal : pointee.persistence.journalFailure ?? "MISCONF"
    }

    private static var snapshotRefusal: String {
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that "
            + "may modify the data set are disabled, because this instance is configured to report errors during writes "
            + "if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details "
            + "about the RDB error."
    }
}

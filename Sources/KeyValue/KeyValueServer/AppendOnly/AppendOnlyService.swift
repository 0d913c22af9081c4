// The append-only file of a server, on the loop's side: loading it, opening it, and looking after the writer each turn.

import Bytes
import Glibc
import IOLoop
import KeyValueCommands
import KeyValuePersistence

/// Everything about the append-only file that the loop does. Loop only.
final class AppendOnlyService: AppendOnlyControl {
    private let engine: EngineReference
    private let configuration: Configuration
    private let log: ServerLog
    let directory: AppendOnlyDirectory
    private var manifest = AppendOnlyManifest()
    private var writer: AppendOnlyWriter?
    private var waker: LoopWaker?
    private(set) var status = AppendOnlyStatus()
    /// Whether the file waits for its first base: it was switched on while the server ran.
    private(set) var isProvisional = false
    /// Length of all files after the last rewrite, or at the start.
    private var rewriteBaseByteCount: Int64 = 0

    init(engine: EngineReference, configuration: Configuration, log: ServerLog) {
        self.engine = engine
        self.configuration = configuration
        self.log = log
        directory = AppendOnlyDirectory(
            parentPath: configuration["dir"], name: configuration["appenddirname"],
            fileName: configuration["appendfilename"])
    }

    /// Whether the server keeps a file now.
    var isOpen: Bool { writer != nil }

    // MARK: - Start

    /// Loads the files, or makes the first ones. The engine is empty, and there are no clients yet.
    func load() throws(AppendOnlyFailure) {
        manifest = try directory.loadManifest()
        if try directory.upgrade(&manifest) {
            log.write(
                .notice,
                "Successfully migrated an old-style AOF file (\(directory.fileName)) into the AOF directory "
                    + "(\(directory.name)).")
        }
        rewriteBaseByteCount = try loader.load(manifest)
    }

    private var loader: AppendOnlyLoader {
        AppendOnlyLoader(
            engine: engine, directory: directory, repairsTruncated: configuration.flag("aof-load-truncated")
        ) { [log] level, message in log.write(level, message) }
    }

    /// Opens the last increment, and begins to journal, if there is to be a file.
    func prepare(_ waker: LoopWaker) throws(AppendOnlyFailure) {
        self.waker = waker
        engine.pointee.appendOnly = self
        guard configuration.flag("appendonly") else { return }
        try directory.create()
        if manifest.isEmpty { try makeFirstBase() }
        var changed = manifest
        let last = changed.increments.last
        let increment = last ?? changed.addIncrement(fileName: directory.fileName)
        let file = try AppendOnlyFile(directory, increment, isNew: last == nil)
        if changed != manifest { try directory.store(changed) }
        manifest = changed
        try removeHistory()
        try begin(with: file, otherByteCount: rewriteBaseByteCount - file.byteCount)
    }

    /// Removes the files that rewrites have replaced, unless they are to be kept.
    private func removeHistory() throws(AppendOnlyFailure) {
        guard !manifest.history.isEmpty, !configuration.flag("aof-disable-auto-gc") else { return }
        AppendOnlyHistory.remove(manifest.history, in: directory)
        manifest.history = []
        try directory.store(manifest)
    }

    private func makeFirstBase() throws(AppendOnlyFailure) {
        let isRDB = configuration.flag("aof-use-rdb-preamble")
        let base = manifest.replaceBase(fileName: directory.fileName, isRDB: isRDB, keptIncrementCount: 0)
        try directory.store(isRDB ? engine.emptySnapshot() : [], as: base.name)
        log.write(.notice, "Creating AOF base file \(base.name) on server start")
        rewriteBaseByteCount = try directory.byteCount(of: base)
    }

    private func begin(with file: AppendOnlyFile, otherByteCount: Int64) throws(AppendOnlyFailure) {
        guard let waker else { return }
        engine.pointee.journal.enable()
        let writer = AppendOnlyWriter(
            directory: directory, manifest: manifest, file: file, position: engine.pointee.journal.position,
            policy: policy, otherByteCount: otherByteCount, waker: waker)
        do throws(AppendOnlyFailure) {
            try writer.start()
        } catch {
            engine.pointee.journal.disable()
            isProvisional = false
            file.close()
            throw error
        }
        engine.pointee.journal.durability.settle(engine.pointee.journal.position)
        self.writer = writer
        configure()
    }

    private var policy: SyncPolicy { SyncPolicy(name: configuration["appendfsync"]) }

    /// Takes over what the configuration says.
    func configure() {
        engine.pointee.journal.writesTimestamps = configuration.flag("aof-timestamp-enabled")
        let isRewriting = configuration.flag("no-appendfsync-on-rewrite") && isWritingSnapshot
        engine.pointee.journal.durability.setHolding(isOpen && !isProvisional && !isRewriting && policy == .always)
        writer?.configure(
            policy: policy, skipsSync: isRewriting, removesHistory: !configuration.flag("aof-disable-auto-gc"))
        skipsSync = isRewriting
    }

    private var skipsSync = false

    // MARK: - Turn

    /// Hands the turn's log to the writer.
    func handOver() {
        guard engine.hasLog, let writer else { return }
        writer.submit(&engine.pointee.journal)
    }

    /// How long it is worth while to sleep for a sync under way and nothing else. Where a sync takes hardly longer than a
    /// turn, the loop would only take the processor from it and from the clients, who would wake it for every request.
    var syncPatienceNanoseconds: Int64 {
        status.syncNanoseconds <= Self.quickSyncNanosecondsMax
            ? min(status.syncNanoseconds, Self.syncPatienceNanosecondsMax) : 0
    }

    private static let quickSyncNanosecondsMax: Int64 = 400_000
    /// A client that only reads waits for no longer than that.
    private static let syncPatienceNanosecondsMax: Int64 = 150_000

    /// Takes notice of what the writer did.
    /// - Returns: false when the process must end at once.
    func look() -> Bool {
        guard let writer else { return true }
        var next = writer.takeStatus()
        for message in next.messages { log.write(message.level, message.text) }
        next.messages = []
        if let reason = next.fatalReason {
            log.write(.warning, reason)
            return false
        }
        let outcomes = next.outcomes
        next.outcomes = []
        let last = status
        status = next
        engine.pointee.journal.shellByteCount = next.heldByteCount
        // What is in a provisional file is worth nothing yet.
        if !isProvisional { engine.journalSettled(at: next.durablePosition) }
        if last.errorCode != next.errorCode { engine.setJournalFailure(isFailing ? failureText : nil) }
        if last.recoveredSyncCount != next.recoveredSyncCount { replaceDoubtfulFiles() }
        for outcome in outcomes { finish(outcome) }
        return true
    }

    /// After a failed sync the kernel takes what was lost for written, and no later sync brings it to the disk: only new
    /// files do.
    private func replaceDoubtfulFiles() {
        log.write(.notice, "The AOF is rewritten because of the fsync that failed.")
        engine.pointee.persistence.rewrite.isScheduled = true
    }

    private var failureText: String {
        "MISCONF Errors writing to the AOF file: \(String(cString: strerror(status.errorCode)))"
    }

    private func finish(_ outcome: AppendOnlyOutcome) {
        switch outcome {
        case .increment(let failure):
            if let failure { engine.incrementFailed(failure) }
        case .base(let failure):
            if failure == nil {
                rewriteBaseByteCount = status.otherByteCount + status.incrementByteCount
                isProvisional = false
                configure()
            }
            engine.baseReplaced(failure)
        }
        // Without a base there is no file: it is tried again.
        if isProvisional, !engine.isRewriting { engine.pointee.persistence.rewrite.isScheduled = true }
    }

    /// What is to be done some times a second.
    func keepHouse() {
        if skipsSync != (configuration.flag("no-appendfsync-on-rewrite") && isWritingSnapshot) { configure() }
        if isProvisional, !engine.isRewriting { engine.pointee.persistence.rewrite.isScheduled = true }
        engine.startDueRewrite(
            byteCount: isOpen && !isProvisional ? status.otherByteCount + status.incrementByteCount : nil,
            baseByteCount: rewriteBaseByteCount)
    }

    // MARK: - End

    /// Makes everything durable; the loop waits.
    func flush() {
        handOver()
        writer?.flush()
        _ = look()
    }

    /// The same, and writes no more.
    /// - Returns: false when what clients were promised could not be made durable: the process must end at once.
    @discardableResult
    func close() -> Bool {
        guard let writer else { return true }
        handOver()
        writer.end()
        guard look() else { return false }
        manifest = writer.finalManifest
        self.writer = nil
        isProvisional = false
        status = AppendOnlyStatus()
        engine.pointee.journal.disable()
        engine.pointee.journal.durability.setHolding(false)
        engine.pointee.journal.durability.settle(engine.pointee.journal.position)
        engine.setJournalFailure(nil)
        engine.journalEnded()
        return true
    }

    // MARK: - CONFIG SET appendonly

    /// Switches the file on or off as the configuration says.
    func switchIfAsked() throws(AppendOnlyFailure) {
        let isWanted = configuration.flag("appendonly")
        guard isWanted != isOpen else { return }
        guard isWanted else {
            engine.abandonRewrite()
            guard close() else { exit(1) }
            return
        }
        try directory.create()
        manifest = try directory.loadManifest()
        let file = try AppendOnlyFile(provisionalIn: directory)
        isProvisional = true
        try begin(with: file, otherByteCount: 0)
        let rewrite = engine.pointee.persistence.rewrite
        if engine.pointee.persistence.running != nil || engine.isExecutingTransaction {
            rewrite.isScheduled = true
            log.write(
                .notice,
                "AOF was enabled but there is already another background operation. An AOF background was scheduled to "
                    + "start when possible.")
        } else if !engine.startRewrite() {
            close()
            throw AppendOnlyFailure("A background rewrite could not be started; see the log")
        }
    }

    // MARK: - DEBUG LOADAOF

    func reload() throws(AppendOnlyFailure) {
        flush()
        for index in 0..<engine.pointee.databaseCount {
            _ = engine.flush(databaseIndex: index, inBackground: false)
        }
        _ = try loader.load(try directory.loadManifest())
    }

    // MARK: - What commands want

    var isFailing: Bool { status.errorCode != 0 }

    func beginIncrement() -> Bool {
        guard let writer else { return true }
        handOver()
        // Two cuts must not share an increment. A rewrite that was given up a moment ago may have left one to be made.
        if writer.isAwaitingIncrement { writer.flush() }
        guard !writer.isAwaitingIncrement else { return false }
        writer.beginIncrement()
        return true
    }

    func replaceBase(temporaryPath: String, isRDB: Bool) {
        if let writer { return writer.replaceBase(temporaryPath: temporaryPath, isRDB: isRDB) }
        // BGREWRITEAOF without a file: nobody waits for anything.
        do throws(AppendOnlyFailure) {
            try directory.create()
            manifest = try directory.loadManifest()
            let base = manifest.replaceBase(fileName: directory.fileName, isRDB: isRDB, keptIncrementCount: 0)
            try directory.adopt(temporaryPath, as: base)
            try directory.store(manifest)
            try removeHistory()
            engine.baseReplaced(nil)
        } catch {
            engine.baseReplaced(error)
        }
    }

    func setFlushSleep(microseconds: UInt32) { writer?.setFlushSleep(microseconds: microseconds) }

    private var isWritingSnapshot: Bool { engine.pointee.persistence.running != nil }

    // MARK: - INFO

    var information: [(name: String, value: String)] {
        guard isOpen else { return [] }
        return [
            ("aof_current_size", "\(status.otherByteCount + status.incrementByteCount)"),
            ("aof_base_size", "\(rewriteBaseByteCount)"), ("aof_pending_rewrite", "0"),
            ("aof_buffer_length", "\(status.waitingByteCount)"),
            ("aof_pending_bio_fsync", status.isSyncing ? "1" : "0"),
            ("aof_delayed_fsync", "\(status.delayCount)"),
        ]
    }
}

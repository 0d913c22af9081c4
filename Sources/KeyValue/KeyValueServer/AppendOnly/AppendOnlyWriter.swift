// The thread that appends to the file. The loop hands it the log of each turn and waits for it only when the server ends,
// the file is switched off, or the disk is so far behind that the logs would fill the memory.
//
// With `always` the thread syncs after each write, and everything that was handed over while it did so is written and
// synced together: one sync serves all. Clients whose replies a sync has set free come back in a moment, so the next
// one waits for them a little: otherwise two halves of the clients would take turns. On a disk that syncs in less time
// than clients take to come back it does not, and the loop sleeps while a sync is under way
// (`AppendOnlyService.syncPatienceNanoseconds`). With the other policies, while logs come faster than one in two
// milliseconds, the thread takes them once a millisecond: waking it for each would cost more than writing does.

import Bytes
import Glibc
import IOLoop
import KeyValueCommands
import KeyValuePersistence
import Threads

/// `appendfsync`.
enum SyncPolicy: Sendable {
    case never, everySecond, always

    init(name: String) {
        switch name {
        case "always": self = .always
        case "no": self = .never
        default: self = .everySecond
        }
    }
}

/// What the writer tells the loop.
struct AppendOnlyStatus: Sendable {
    /// The position of the log behind what is in the file, and behind what is durable.
    var writtenPosition: Int64 = 0
    var durablePosition: Int64 = 0
    /// The errno of the last write, and of the last sync, if it failed; 0 if not. A write that succeeds says nothing of
    /// the disk.
    var writeErrorCode: Int32 = 0
    var syncErrorCode: Int32 = 0
    var errorCode: Int32 { writeErrorCode != 0 ? writeErrorCode : syncErrorCode }
    /// Syncs that succeeded after one that had failed.
    var recoveredSyncCount = 0
    /// Set, and the process must end without sending anything more: what was written may be lost, and clients were
    /// promised otherwise.
    var fatalReason: String?
    /// Length of the increment being written, and of the other files of the set.
    var incrementByteCount: Int64 = 0
    var otherByteCount: Int64 = 0
    /// Memory of logs on the way.
    var heldByteCount = 0
    var waitingByteCount = 0
    /// How long a sync takes as a rule.
    var syncNanoseconds: Int64 = 0
    /// How often the loop waited because the disk was too far behind.
    var delayCount = 0
    var isSyncing = false
    /// Lines for the log of the server.
    var messages: [(level: LogLevel, text: String)] = []
    /// What became of changes to the set of files, in order.
    var outcomes: [AppendOnlyOutcome] = []
}

/// What became of a change to the set of files.
enum AppendOnlyOutcome: Sendable {
    case increment(AppendOnlyFailure?)
    case base(AppendOnlyFailure?)
}

/// The thread and what it shares with the loop.
// The compiler cannot see that the fields below "Shared" are guarded by the mutex, which the conditions need, and that
// those below "Thread" are touched by the thread alone from its start to its end.
final class AppendOnlyWriter: @unchecked Sendable {
    private enum Task {
        case increment
        case base(temporaryPath: String, isRDB: Bool)
    }

    private let directory: AppendOnlyDirectory
    private let waker: LoopWaker
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// For the thread, and for those who wait for it.
    private let work = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let done = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var thread = pthread_t()

    // MARK: Shared

    private var policy: SyncPolicy
    private var skipsSync = false
    private var removesHistory = true
    private var flushSleepMicroseconds: UInt32 = 0
    private var pending = OutputBuffer()
    private var pendingEnd: Int64
    /// Clients that wrote what is pending.
    private var pendingWriterCount = 0
    /// Logs that go to the next increment: behind a task that makes one.
    private var later = OutputBuffer()
    private var laterEnd: Int64 = 0
    private var tasks: [Task] = []
    /// Increments that are still to be made.
    private var awaitedIncrementCount = 0
    private var flushRequestCount = 0
    private var flushDoneCount = 0
    private var isEnding = false
    private var isNapping = false
    /// With `always`, while the thread gathers: it waits until so many clients have written.
    private var awaitedWriterCount = 0
    private var status = AppendOnlyStatus()

    // MARK: Thread

    private var file: AppendOnlyFile
    private var manifest: AppendOnlyManifest
    private var writing = OutputBuffer()
    private var writingEnd: Int64 = 0
    private var writingWriterCount = 0
    private var lastSyncMilliseconds: Int64 = 0
    /// With `always`: the clients that the last sync set free, and until when the next write waits for them.
    private var freedWriterCount = 0
    private var gatheringEnd: Int64 = 0
    /// How often in a row they did not come in time, and how often not to wait for them because of that.
    private var lateCount = 0
    private var passCount = 0
    /// The loop is to be woken, behind the lock.
    private var owesWake = false
    private var retryMilliseconds: Int64 = 0
    /// Length of the file before what nobody has been told of; nil when somebody may rely on all of it.
    private var untoldByteCount: Int64?
    private var lastErrorLogMilliseconds: Int64 = -AppendOnlyWriter.errorLogIntervalMilliseconds

    /// Seconds between lines about errors are Redis's.
    private static let errorLogIntervalMilliseconds: Int64 = 30_000
    private static let retryIntervalMilliseconds: Int64 = 100
    private static let napMilliseconds: Int64 = 1
    /// Of the time that the last sync took, how much the next one waits for clients, and how long at most.
    private static let gatheringShare: Int64 = 4
    private static let gatheringNanosecondsMax: Int64 = 1_000_000
    /// At most one in two to the power of so many gatherings is tried.
    private static let lateCountMax = 6
    /// Over how many syncs the time that one takes is averaged.
    private static let syncsAveraged: Int64 = 16
    /// Bytes of logs that wait to be written from which on everybody waits for the disk.
    private static let waitingByteCountMax = 64 << 20
    /// Memory of logs that is kept for the next ones.
    private static let keptByteCountMax = 4 << 20

    /// - Parameter position: of the log at the end of the file.
    init(
        directory: AppendOnlyDirectory, manifest: AppendOnlyManifest, file: AppendOnlyFile, position: Int64,
        policy: SyncPolicy, otherByteCount: Int64, waker: LoopWaker
    ) {
        self.directory = directory
        self.manifest = manifest
        self.file = file
        self.policy = policy
        self.waker = waker
        pendingEnd = position
        status.writtenPosition = position
        status.durablePosition = position
        status.incrementByteCount = file.byteCount
        status.otherByteCount = otherByteCount
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(work, &attributes)
        pthread_cond_init(done, &attributes)
    }

    deinit {
        mutex.deallocate()
        work.deallocate()
        done.deallocate()
    }

    /// Begins to work. The thread holds the writer until `end`.
    /// - Throws: that there can be no more threads.
    func start() throws(AppendOnlyFailure) {
        let code = JoinableThread.start(&thread) { [self] in run() }
        guard code == 0 else {
            throw AppendOnlyFailure("No thread to write the append-only file: \(String(cString: strerror(code)))")
        }
    }

    // MARK: - Called by the loop

    /// Takes over what the journal has.
    func submit(_ journal: inout Journal) {
        pthread_mutex_lock(mutex)
        waitForRoom()
        pendingWriterCount &+= journal.writerCount
        if awaitedIncrementCount > 0 {
            journal.take(appendingTo: &later)
            laterEnd = journal.position
        } else {
            if pending.isEmpty {
                if pending.reservedByteCount > Self.keptByteCountMax { pending.release() }
                journal.take(into: &pending)
            } else {
                journal.take(appendingTo: &pending)
            }
            pendingEnd = journal.position
        }
        // While it gathers, only the last client that it waits for needs to wake it.
        let wakes = !isNapping && pendingWriterCount >= awaitedWriterCount
        pthread_mutex_unlock(mutex)
        // Behind the lock, or it would wake to wait for that.
        if wakes { pthread_cond_signal(work) }
    }

    private var waitingByteCount: Int { pending.count + later.count }

    /// Until less waits to be written, or the disk fails: then commands that write are refused.
    private func waitForRoom() {
        guard waitingByteCount >= Self.waitingByteCountMax else { return }
        var isDelayed = false
        while waitingByteCount >= Self.waitingByteCountMax, status.errorCode == 0, status.fatalReason == nil {
            isDelayed = true
            pthread_cond_wait(done, mutex)
        }
        if isDelayed { status.delayCount += 1 }
    }

    /// What there is to know; messages and the outcome are told once.
    func takeStatus() -> AppendOnlyStatus {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var copy = status
        copy.waitingByteCount = waitingByteCount
        copy.heldByteCount = pending.reservedByteCount + later.reservedByteCount
        status.messages = []
        status.outcomes = []
        return copy
    }

    private func change(_ body: () -> Void) {
        pthread_mutex_lock(mutex)
        body()
        pthread_cond_signal(work)
        pthread_mutex_unlock(mutex)
    }

    func configure(policy: SyncPolicy, skipsSync: Bool, removesHistory: Bool) {
        change {
            self.policy = policy
            self.skipsSync = skipsSync
            self.removesHistory = removesHistory
            // Nobody syncs any more, so nobody would find out that it works again.
            if policy == .never { status.syncErrorCode = 0 }
        }
    }

    /// DEBUG AOF-FLUSH-SLEEP: before each write.
    func setFlushSleep(microseconds: UInt32) { change { flushSleepMicroseconds = microseconds } }

    /// Whether an increment is still to be made.
    var isAwaitingIncrement: Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return awaitedIncrementCount > 0
    }

    /// Has what is handed over from now on go to a new increment.
    func beginIncrement() {
        precondition(!isAwaitingIncrement, "the logs of two increments would be mixed")
        change {
            tasks.append(.increment)
            awaitedIncrementCount += 1
        }
    }

    /// Has a file become the base of the set, and what was before the current increment history.
    func replaceBase(temporaryPath: String, isRDB: Bool) {
        change { tasks.append(.base(temporaryPath: temporaryPath, isRDB: isRDB)) }
    }

    /// Waits until everything that was handed over is durable, or could not be made so.
    func flush() {
        pthread_mutex_lock(mutex)
        flushRequestCount += 1
        let request = flushRequestCount
        pthread_cond_signal(work)
        while flushDoneCount < request { pthread_cond_wait(done, mutex) }
        pthread_mutex_unlock(mutex)
    }

    /// The same, and ends the thread.
    func end() {
        flush()
        change { isEnding = true }
        pthread_join(thread, nil)
    }

    /// The files, once the thread has ended.
    var finalManifest: AppendOnlyManifest { manifest }

    // MARK: - The thread

    private func run() {
        pthread_mutex_lock(mutex)
        var lastWake: Int64 = 0
        while true {
            if status.fatalReason != nil {
                flushDoneCount = flushRequestCount
                pthread_cond_broadcast(done)
                if isEnding { break }
                wait(until: nil)
                continue
            }
            let flushRequest = flushRequestCount
            let isFlushing = flushRequest > flushDoneCount
            writeIfAny(isFlushing)
            syncIfDue(isFlushing)
            if owesWake {
                owesWake = false
                unlocked { waker.wake() }
            }
            if writing.isEmpty, pending.isEmpty, !tasks.isEmpty {
                perform(tasks.removeFirst())
                continue
            }
            if isFlushing {
                flushDoneCount = flushRequest
                pthread_cond_broadcast(done)
                continue
            }
            if isEnding { break }
            if !pending.isEmpty, writing.isEmpty { continue }
            let now = Self.milliseconds
            if policy != .always, writing.isEmpty, now - lastWake < 2 * Self.napMilliseconds {
                isNapping = true
                wait(until: now + Self.napMilliseconds)
                isNapping = false
            }
            // What could not be written is in front of everything else.
            let hasWork = writing.isEmpty && (!pending.isEmpty || !tasks.isEmpty)
            if !hasWork, flushRequestCount == flushDoneCount, !isEnding { wait(until: nextTime) }
            lastWake = Self.milliseconds
        }
        pthread_mutex_unlock(mutex)
        file.close()
    }

    private static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static var milliseconds: Int64 { nanoseconds / 1_000_000 }

    private func wait(until milliseconds: Int64?) {
        if let milliseconds {
            wait(untilNanoseconds: milliseconds * 1_000_000)
        } else {
            pthread_cond_wait(work, mutex)
        }
    }

    private func wait(untilNanoseconds nanoseconds: Int64) {
        var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        pthread_cond_timedwait(work, mutex, &time)
    }

    /// When there is something to do though nobody asks.
    private var nextTime: Int64? {
        if !writing.isEmpty { return retryMilliseconds }
        guard policy == .everySecond, !skipsSync, !status.isSyncing, status.writtenPosition > status.durablePosition
        else { return nil }
        return lastSyncMilliseconds + 1000
    }

    /// Runs without the lock.
    private func unlocked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_unlock(mutex)
        defer { pthread_mutex_lock(mutex) }
        return body()
    }

    // MARK: - Writing

    private func writeIfAny(_ isFlushing: Bool) {
        if writing.isEmpty {
            guard !pending.isEmpty else { return }
            if policy == .always { gather() }
            let holdsReplies = policy == .always && !skipsSync && status.durablePosition == status.writtenPosition
            untoldByteCount = holdsReplies ? file.byteCount : nil
            swap(&writing, &pending)
            pthread_cond_broadcast(done)
            writingEnd = pendingEnd
            writingWriterCount = pendingWriterCount
            pendingWriterCount = 0
        } else if !isFlushing, Self.milliseconds < retryMilliseconds {
            return
        }
        let sleep = flushSleepMicroseconds
        let code = unlocked {
            if sleep > 0 { usleep(sleep) }
            return file.append(&writing)
        }
        status.incrementByteCount = file.byteCount
        if code == 0 {
            writing.removeAll()
            status.writtenPosition = writingEnd
            guard status.writeErrorCode != 0 else { return }
            status.writeErrorCode = 0
            tell(.notice, "AOF write error looks solved, Redis can write again.")
            return
        }
        status.writeErrorCode = code
        pthread_cond_broadcast(done)
        complain("Error writing to the AOF file: \(String(cString: strerror(code)))")
        if policy == .always {
            fail("Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...")
        }
        retryMilliseconds = Self.milliseconds + Self.retryIntervalMilliseconds
    }

    /// Waits for the clients that the last sync has set free. Where they are late as a rule, because syncs take less time
    /// than clients do, it tries ever more seldom.
    private func gather() {
        defer { awaitedWriterCount = 0 }
        guard pendingWriterCount < freedWriterCount else { return }
        guard passCount == 0 else { return passCount -= 1 }
        awaitedWriterCount = freedWriterCount
        while pendingWriterCount < awaitedWriterCount, flushRequestCount == flushDoneCount, !isEnding, tasks.isEmpty {
            guard Self.nanoseconds < gatheringEnd else {
                lateCount = min(lateCount + 1, Self.lateCountMax)
                passCount = 1 << lateCount
                return
            }
            wait(untilNanoseconds: gatheringEnd)
        }
        lateCount = 0
    }

    private func complain(_ message: String) {
        let now = Self.milliseconds
        guard now - lastErrorLogMilliseconds >= Self.errorLogIntervalMilliseconds else { return }
        lastErrorLogMilliseconds = now
        tell(.warning, message)
    }

    private func tell(_ level: LogLevel, _ message: String) {
        status.messages.append((level, message))
        waker.wake()
    }

    private func fail(_ reason: String) {
        status.fatalReason = reason
        pthread_cond_broadcast(done)
        waker.wake()
    }

    private func syncIfDue(_ isFlushing: Bool) {
        guard status.writtenPosition > status.durablePosition else { return }
        let now = Self.milliseconds
        let isDue =
            switch policy {
            case .always: true
            case .everySecond: now - lastSyncMilliseconds >= 1000
            case .never: false
            }
        guard isFlushing || isDue && !skipsSync else { return }
        let position = status.writtenPosition
        // Writes go on while a sync that nobody waits for takes its time.
        if policy == .everySecond, !isFlushing {
            guard !status.isSyncing else { return }
            lastSyncMilliseconds = now
            if beginSync(position) { return }
        }
        lastSyncMilliseconds = now
        let began = Self.nanoseconds
        let code = unlocked { file.sync() }
        let ended = Self.nanoseconds
        // The kernel takes pages for written whose sync has failed: the next process would find there what is not on the
        // disk, and append behind it. Under the lock, lest somebody is told meanwhile because `always` is switched off.
        if code != 0, policy == .always, let untoldByteCount { _ = file.takeBack(to: untoldByteCount) }
        status.syncNanoseconds += (ended - began - status.syncNanoseconds) / Self.syncsAveraged
        freedWriterCount = writingWriterCount + pendingWriterCount
        gatheringEnd = ended + min((ended - began) / Self.gatheringShare, Self.gatheringNanosecondsMax)
        noteSync(code, position)
    }

    /// Syncs on a thread of its own.
    private func beginSync(_ position: Int64) -> Bool {
        guard let job = AppendOnlySync(file, whenDone: { [self] code in synced(code, position) }) else { return false }
        status.isSyncing = job.start()
        return status.isSyncing
    }

    /// A thread of its own has synced.
    private func synced(_ code: Int32, _ position: Int64) {
        change {
            status.isSyncing = false
            noteSync(code, position)
        }
    }

    private func noteSync(_ code: Int32, _ position: Int64) {
        owesWake = true
        guard code != 0 else {
            status.durablePosition = max(status.durablePosition, position)
            guard status.syncErrorCode != 0 else { return }
            status.syncErrorCode = 0
            status.recoveredSyncCount += 1
            return tell(.notice, "AOF fsync error looks solved, Redis can write again.")
        }
        complain("Fail to fsync the AOF file: \(String(cString: strerror(code)))")
        switch policy {
        case .never: break
        case .everySecond:
            status.syncErrorCode = code
            pthread_cond_broadcast(done)
        case .always:
            fail(
                "Can't persist AOF for fsync error when the AOF fsync policy is 'always': "
                    + "\(String(cString: strerror(code))). Exiting...")
        }
    }

    // MARK: - Files

    private func perform(_ task: Task) {
        switch task {
        case .increment:
            let before = file.byteCount
            let failure = syncBeforeIncrement() ?? unlocked { openIncrement() }
            if failure == nil, !file.isProvisional { status.otherByteCount += before }
            awaitedIncrementCount -= 1
            if !later.isEmpty {
                swap(&pending, &later)
                pendingEnd = laterEnd
                pthread_cond_broadcast(done)
            }
            status.incrementByteCount = file.byteCount
            status.outcomes.append(.increment(failure))
        case .base(let path, let isRDB):
            let removes = removesHistory
            let (failure, byteCount) = unlocked { takeBase(path, isRDB: isRDB, removesHistory: removes) }
            if failure == nil { status.otherByteCount = byteCount }
            status.outcomes.append(.base(failure))
        }
        waker.wake()
    }

    /// The old increment is durable before the new one is used. What is in a provisional one is not needed any more.
    private func syncBeforeIncrement() -> AppendOnlyFailure? {
        let position = status.writtenPosition
        let code = file.isProvisional ? 0 : unlocked { file.sync() }
        if code == 0 || position > status.durablePosition { noteSync(code, position) }
        return code == 0 ? nil : AppendOnlyFailure("Fail to fsync the AOF file: \(String(cString: strerror(code)))")
    }

    private func openIncrement() -> AppendOnlyFailure? {
        do throws(AppendOnlyFailure) {
            if file.isProvisional {
                try file.startOver()
                return nil
            }
            var changed = manifest
            let next = try AppendOnlyFile(directory, changed.addIncrement(fileName: directory.fileName), isNew: true)
            do throws(AppendOnlyFailure) {
                try directory.store(changed)
            } catch {
                directory.restore(manifest)
                next.close()
                throw error
            }
            manifest = changed
            file.close()
            file = next
            return nil
        } catch {
            return error
        }
    }

    /// Puts a new base in place, and the increments before the current one out of it.
    private func takeBase(
        _ temporaryPath: String, isRDB: Bool, removesHistory: Bool
    ) -> (AppendOnlyFailure?, byteCount: Int64) {
        let provisionalPath = file.provisionalPath
        var changed = manifest
        do throws(AppendOnlyFailure) {
            let base = changed.replaceBase(
                fileName: directory.fileName, isRDB: isRDB, keptIncrementCount: file.isProvisional ? 0 : 1)
            try directory.adopt(temporaryPath, as: base)
            if file.isProvisional { try file.become(changed.addIncrement(fileName: directory.fileName), directory) }
            try directory.synchronize()
            try directory.store(changed)
            manifest = changed
            if removesHistory { removeHistory() }
            return (nil, (try? directory.byteCount(of: base)) ?? 0)
        } catch {
            unlink(temporaryPath)
            directory.restore(manifest)
            if let provisionalPath, let increment = changed.increments.last {
                file.becomeProvisional(again: provisionalPath, increment, directory)
            }
            return (error, 0)
        }
    }

    private func removeHistory() {
        guard !manifest.history.isEmpty else { return }
        AppendOnlyHistory.remove(manifest.history, in: directory)
        manifest.history = []
        // What is named there and gone already does no harm.
        try? directory.store(manifest)
    }
}

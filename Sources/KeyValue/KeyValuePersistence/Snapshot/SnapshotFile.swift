// The file of a snapshot, written by a thread of its own: compression, checksum, disk. The order is data, fsync, rename,
// fsync of the directory, so that the name always stands for a whole file.

import Bytes
import Glibc
import Threads

/// A file that a snapshot is written to. Made and told by the thread that owns the keyspace.
// The compiler cannot see that what both threads touch is guarded by the mutex, which the condition needs, and that the
// fields below "The writing thread's" are touched by that thread alone from its start to the result.
package final class SnapshotFile: SnapshotOutput, @unchecked Sendable {
    /// How a file is written.
    package struct Options: Sendable {
        /// Where the bytes go until the file is whole.
        package var temporaryPath: String
        /// The name that the whole file gets; nil leaves it under its temporary one.
        package var path: String?
        /// Whether the file ends with a checksum (rdbchecksum).
        package var hasChecksum: Bool
        /// Whether dirty pages are handed to the disk all along, and not all at the end (rdb-save-incremental-fsync).
        package var syncsIncrementally: Bool
        /// Whether the thread stands back behind the others: not where everybody waits for the file.
        package var isInBackground = true
        /// Whether the file ends as an RDB file does.
        package var isRDB = true
        /// What the writing thread does first, for instance to choose its processors.
        package var prepareThread: @Sendable () -> Void = {}

        package init(temporaryPath: String, path: String?, hasChecksum: Bool = true, syncsIncrementally: Bool = true) {
            self.temporaryPath = temporaryPath
            self.path = path
            self.hasChecksum = hasChecksum
            self.syncsIncrementally = syncsIncrementally
        }
    }

    private enum Order { case write, complete, abandon }

    private let options: Options
    /// Called by the writing thread once there is a result.
    private let whenDone: @Sendable () -> Void
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var queue: [RDBChunk] = []
    private var queuedBytes = 0
    private var order = Order.write
    private var outcome: SnapshotResult?

    // The writing thread's.
    private var descriptor: Int32 = -1
    private var finisher: RDBFinisher
    private var byteCount = 0
    private var syncedByteCount = 0
    private var failure: String?

    /// How far the thread stands back behind the one that serves clients.
    private static let niceness: Int32 = 10
    /// Bytes after which dirty pages are handed to the disk.
    private static let syncByteCount = 4 << 20

    /// Opens the temporary file and starts the thread.
    /// - Throws: what could not be opened.
    package init(_ options: Options, whenDone: @escaping @Sendable () -> Void) throws(SnapshotFailure) {
        self.options = options
        self.whenDone = whenDone
        finisher = RDBFinisher(checksums: options.hasChecksum)
        // Before anything can fail: deinit ends them, and would wait for ever for what is not there.
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        descriptor = open(options.temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw SnapshotFailure("Failed opening the temp RDB file \(options.temporaryPath): \(Self.errorText())")
        }
        // The thread holds the file until it has a result.
        let code = DetachedThread.start { [self] in work() }
        guard code == 0 else {
            close(descriptor)
            descriptor = -1
            unlink(options.temporaryPath)
            throw SnapshotFailure("No thread to write the RDB file: \(String(cString: strerror(code)))")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    private static func errorText() -> String { String(cString: strerror(errno)) }

    // MARK: - SnapshotOutput

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    package var queuedByteCount: Int { locked { queuedBytes } }
    package var result: SnapshotResult? { locked { outcome } }

    package func write(_ chunk: RDBChunk) {
        locked {
            // After a failure nobody reads any more.
            guard outcome == nil else { return }
            queuedBytes += chunk.byteCount
            queue.append(chunk)
            pthread_cond_broadcast(condition)
        }
    }

    package func complete() { end(.complete) }
    package func abandon() { end(.abandon) }

    private func end(_ order: Order) {
        locked {
            self.order = order
            pthread_cond_broadcast(condition)
        }
    }

    package func wait(untilQueuedBelow byteCount: Int) {
        locked {
            while queuedBytes >= byteCount, outcome == nil { pthread_cond_wait(condition, mutex) }
        }
    }

    package func waitForResult() -> SnapshotResult {
        locked {
            while true {
                if let outcome { return outcome }
                pthread_cond_wait(condition, mutex)
            }
        }
    }

    // MARK: - The writing thread

    private func work() {
        options.prepareThread()
        if options.isInBackground {
            // Clients come first. On Linux this is the thread's own priority (setpriority(2), Notes).
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
        }
        while true {
            let (chunks, order) = takeQueue()
            if order == .abandon { return end(with: .failed("given up"), keepsFile: false) }
            for chunk in chunks where failure == nil { append(chunk) }
            if let failure { return end(with: .failed(failure), keepsFile: false) }
            if chunks.isEmpty, order == .complete { break }
        }
        if options.isRDB { finisher.finish { put($0) } }
        if failure == nil { closeDurably() }
        if let failure {
            end(with: .failed(failure), keepsFile: false)
        } else {
            end(with: .written(byteCount: byteCount), keepsFile: true)
        }
    }

    /// The chunks that wait, or none once there will be no more.
    private func takeQueue() -> ([RDBChunk], Order) {
        locked {
            while queue.isEmpty, order == .write { pthread_cond_wait(condition, mutex) }
            defer { queue = [] }
            return (queue, order)
        }
    }

    private func append(_ chunk: RDBChunk) {
        finisher.take(chunk) { put($0) }
        locked {
            queuedBytes -= chunk.byteCount
            pthread_cond_broadcast(condition)
        }
        syncIfMuch()
    }

    private func put(_ bytes: ByteSlice) {
        var offset = 0
        while failure == nil, offset < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.unsafelyUnwrapped + offset, bytes.count - offset)
            if count < 0 {
                if errno == EINTR { continue }
                failure = "Write error saving DB on disk: \(Self.errorText())"
                return
            }
            offset += count
        }
        byteCount += offset
    }

    private func syncIfMuch() {
        guard options.syncsIncrementally, failure == nil, byteCount - syncedByteCount >= Self.syncByteCount else {
            return
        }
        if fdatasync(descriptor) != 0 { failure = "fsync of the RDB file failed: \(Self.errorText())" }
        syncedByteCount = byteCount
    }

    private func closeDurably() {
        if fsync(descriptor) != 0 { return failure = "fsync of the RDB file failed: \(Self.errorText())" }
        let closed = close(descriptor)
        descriptor = -1
        if closed != 0 { return failure = "Closing the RDB file failed: \(Self.errorText())" }
        guard let path = options.path else { return }
        guard rename(options.temporaryPath, path) == 0 else {
            return failure = "Error moving temp DB file \(options.temporaryPath) to \(path): \(Self.errorText())"
        }
        if !Self.syncDirectory(of: path) { failure = "fsync of the directory of \(path) failed: \(Self.errorText())" }
    }

    /// Makes the names in the directory of a path durable.
    package static func syncDirectory(of path: String) -> Bool {
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }

    private func end(with result: SnapshotResult, keepsFile: Bool) {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        if !keepsFile { unlink(options.temporaryPath) }
        locked {
            queue = []
            queuedBytes = 0
            outcome = result
            pthread_cond_broadcast(condition)
        }
        whenDone()
    }
}

/// Why a snapshot could not be taken, in words for the log.
package struct SnapshotFailure: Error, Sendable {
    package let reason: String

    package init(_ reason: String) {
        self.reason = reason
    }
}

import CMemory
import Glibc
import Synchronization
import Threads

/// Frees values: small ones at once, large ones on a helper thread, so that no client waits for memory to be given back.
///
/// Made by the thread that owns the keyspace, which alone calls `reclaim`.
// The compiler cannot see that the queue is guarded by the mutex, which the condition needs. The counters are atomic; of
// the owner's own fields the thread reads `prepareThread` alone, which does not change once there is any work.
package final class Reclaimer: @unchecked Sendable {
    private enum Work {
        case value(ValueKind, UnsafeMutableRawPointer)
        case table(UnsafeMutablePointer<HashTable>)
    }

    private struct Job {
        let work: Work
        /// About the memory that it will give back.
        let byteCount: Int
    }

    /// Values of more elements than this go to the helper thread (Redis's LAZYFREE_THRESHOLD).
    private static let inlineEffortMax = 64
    /// A table of this many keys is freed at once when that is asked for: about a millisecond's work.
    private static let inlineKeysMax = 4096
    /// Elements that are looked at to estimate the memory of a value.
    private static let sampleCount = 5

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [Job] = []
    private var isStarted = false
    /// What the helper thread does before its first work, for instance to choose its processors. To be set before there is
    /// any work.
    package var prepareThread: (@Sendable () -> Void)?
    /// Without a thread everything is freed at once: for tests that must be repeatable.
    package let usesThread: Bool
    private let pending = Atomic<Int>(0)
    private let pendingBytes = Atomic<Int>(0)
    private let done = Atomic<Int>(0)
    // A snapshot takes itself out when it ends, which is before it is freed.
    /// The snapshot that is being taken: it gets what it has not written yet.
    package unowned(unsafe) var snapshot: (any CutSink)?

    package init(usesThread: Bool) {
        self.usesThread = usesThread
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    /// Objects that wait to be freed.
    package var pendingCount: Int { pending.load(ordering: .relaxed) }
    /// About the memory that is still to be given back, in bytes.
    package var pendingByteCount: Int { pendingBytes.load(ordering: .relaxed) }
    /// Objects that the helper thread has freed since the last reset.
    package var reclaimedCount: Int { done.load(ordering: .relaxed) }
    package func resetReclaimedCount() { done.store(0, ordering: .relaxed) }

    /// Frees a value of a pointer kind.
    package func reclaim(kind: ValueKind, pointer: UnsafeMutableRawPointer) {
        if let snapshot, ValueMemory.isCut(kind: kind, pointer: pointer) {
            return snapshot.adopt(kind: kind, pointer: pointer)
        }
        if !usesThread || ValueMemory.effort(kind: kind, pointer: pointer) <= Self.inlineEffortMax {
            ValueMemory.free(kind: kind, pointer: pointer)
            return
        }
        let byteCount = ValueMemory.byteCount(kind: kind, pointer: pointer, samples: Self.sampleCount)
        enqueue(Job(work: .value(kind, pointer), byteCount: byteCount), objectCount: 1)
    }

    /// Frees a table of keys with all their values.
    /// - Parameter inBackground: otherwise a small table is freed at once, but for large values in it; a large one would
    ///   hold everybody up.
    package func reclaim(table: consuming HashTable, inBackground: Bool) {
        if let snapshot { return snapshot.adopt(table) }
        let count = table.count
        if !usesThread || count <= (inBackground ? Self.inlineEffortMax : Self.inlineKeysMax) {
            table.forEach { slot in
                let record = slot.record
                if record.kind.isPointer { reclaim(kind: record.kind, pointer: record.pointer) }
                record.free()
            }
            return
        }
        let byteCount = Self.byteCount(of: table)
        let box = UnsafeMutablePointer<HashTable>.allocate(capacity: 1)
        box.initialize(to: table)
        enqueue(Job(work: .table(box), byteCount: byteCount), objectCount: count)
    }

    /// About the memory of a table of keys, from the first of them.
    private static func byteCount(of table: borrowing HashTable) -> Int {
        var sum = 0
        var seen = 0
        var bucket = 0
        while seen < sampleCount, bucket < table.bucketCount {
            table.forEach(inBucket: bucket) { slot in
                sum += slot.record.keyspaceByteCount(samples: sampleCount)
                seen += 1
            }
            bucket += 1
        }
        return table.bucketByteCount + (seen > 0 ? Int(Double(sum) / Double(seen) * Double(table.count)) : 0)
    }

    private static func free(_ table: borrowing HashTable) {
        table.forEach { slot in
            let record = slot.record
            if record.kind.isPointer { ValueMemory.free(kind: record.kind, pointer: record.pointer) }
            record.free()
        }
    }

    private func enqueue(_ job: Job, objectCount: Int) {
        pending.add(objectCount, ordering: .relaxed)
        pendingBytes.add(job.byteCount, ordering: .relaxed)
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
        if !isStarted { start() }
    }

    private func start() {
        // Without a thread the work stays in the queue, and the next value tries again.
        isStarted = DetachedThread.start { [self] in work() } == 0
    }

    private func work() {
        prepareThread?()
        atoll_memory_begin_handing_over()
        while true {
            pthread_mutex_lock(mutex)
            while jobs.isEmpty { pthread_cond_wait(condition, mutex) }
            let taken = jobs
            jobs = []
            pthread_mutex_unlock(mutex)
            for job in taken { perform(job) }
        }
    }

    private func perform(_ job: Job) {
        let count: Int
        switch job.work {
        case .value(let kind, let pointer):
            count = 1
            ValueMemory.free(kind: kind, pointer: pointer)
        case .table(let box):
            count = box.pointee.count
            Self.free(box.pointee)
            box.deinitialize(count: 1)
            box.deallocate()
        }
        atoll_memory_publish()
        pending.subtract(count, ordering: .relaxed)
        pendingBytes.subtract(job.byteCount, ordering: .relaxed)
        done.add(count, ordering: .relaxed)
    }
}

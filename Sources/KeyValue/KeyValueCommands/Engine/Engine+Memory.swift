// maxmemory: which keys go when memory is full.

import Bytes
import CIOLoop
import CMemory
import Glibc
import KeyValuePersistence
import Keyspace

extension UnsafeMutablePointer where Pointee == Engine {
    /// Memory in use: the engine's own count, and what the process had taken before it had any data.
    package var usedMemoryByteCount: Int {
        max(takenMemoryByteCount - pointee.memoryBase, 0) + pointee.statistics.startMemoryByteCount
    }

    /// Memory that was taken and not given back. Without helper threads this thread's count is all there is, and what
    /// other engines of a process do does not disturb it.
    private var takenMemoryByteCount: Int {
        Int(pointee.reclaimer.usesThread ? atoll_memory_used() : atoll_memory_used_by_thread())
    }

    /// Takes what is in use now as not the engine's.
    func setMemoryBase() { pointee.memoryBase = takenMemoryByteCount }

    /// Memory in use that counts towards maxmemory: what is about to be given back does not.
    package var countedMemoryByteCount: Int {
        usedMemoryByteCount - pointee.reclaimer.pendingByteCount - pointee.eviction.closingByteCount
            - pointee.journal.heldByteCount - (pointee.persistence.running?.snapshot.countedByteCount ?? 0)
    }

    /// Has the reclaimer ask by that eventfd for what it frees to be collected, in portions.
    package func setMemoryCollector(descriptor: Int32) { atoll_memory_set_collector(descriptor) }

    /// Collects what the reclaimer has freed, if it asks. The shell calls it once a turn.
    package func collectMemoryIfAsked() { atoll_memory_collect_if_asked() }

    /// The most memory that was ever in use, as far as it was looked at.
    package func noteMemoryPeak() {
        let used = usedMemoryByteCount
        if used > pointee.statistics.peakMemoryByteCount { pointee.statistics.peakMemoryByteCount = used }
    }

    /// Evicts keys until memory is below maxmemory, for as long as maxmemory-eviction-tenacity allows.
    /// - Returns: false when memory is full and there is nothing to evict.
    @discardableResult
    package func makeRoomForWrite() -> Bool {
        let limit = pointee.settings.maxMemoryByteCount
        guard limit > 0, countedMemoryByteCount > limit else {
            pointee.eviction.isUnfinished = false
            if pointee.eviction.exceededSince > 0 { noteMemoryIsWithinLimit() }
            return true
        }
        if pointee.eviction.exceededSince == 0 { pointee.eviction.exceededSince = pointee.now }
        // Clients go before keys.
        evictClients()
        guard pointee.settings.maxMemoryPolicy != .noEviction else { return countedMemoryByteCount <= limit }
        // Expired keys must not go while clients are paused, and neither must others.
        guard !pointee.pause.keepsExpiredKeys else { return true }
        return evict(untilBelow: limit)
    }

    private func noteMemoryIsWithinLimit() {
        pointee.statistics.evictionExceededMilliseconds += max(pointee.now - pointee.eviction.exceededSince, 0)
        pointee.eviction.exceededSince = 0
    }

    /// Goes on with an eviction that ran out of time.
    package func continueEviction() {
        if pointee.eviction.isUnfinished, !pointee.isLoading { makeRoomForWrite() }
    }

    /// What evictions bring with them, such as messages to tracking clients, does not count: it would take more keys with
    /// it, and so on.
    private func evict(untilBelow limit: Int) -> Bool {
        let deadline = evictionTicksMax.map { atoll_ticks() &+ $0 }
        var remaining = countedMemoryByteCount - limit
        var evicted = 0
        while remaining > 0 {
            guard let freed = evictBest() else {
                pointee.eviction.isUnfinished = false
                return false
            }
            remaining -= freed
            evicted += 1
            if evicted & 15 == 0, let deadline, atoll_ticks() >= deadline {
                pointee.eviction.isUnfinished = true
                return true
            }
        }
        pointee.eviction.isUnfinished = false
        return true
    }

    /// Redis's time for a tenacity: 50 µs each up to 10, from there on 15 % more each, and no limit at 100.
    private var evictionTicksMax: UInt64? {
        let tenacity = Double(min(max(pointee.settings.maxMemoryEvictionTenacity, 0), 100))
        guard tenacity < 100 else { return nil }
        let microseconds = tenacity <= 10 ? 50 * tenacity : 500 * pow(1.15, tenacity - 10)
        return UInt64(microseconds * pointee.ticksPerMicrosecond)
    }

    /// Evicts one key.
    /// - Returns: the bytes that it gives back, or nil if there is no key to evict.
    private func evictBest() -> Int? {
        let policy = pointee.settings.maxMemoryPolicy
        let isRandom = policy == .allKeysRandom || policy == .volatileRandom
        guard let (index, entry) = isRandom ? randomVictim(policy) : bestVictim(policy) else { return nil }
        let name = DatabaseKey(index, entry.key)
        let before = countedMemoryByteCount
        (pointee.databases + index).pointee.remove(entry)
        let freed = before - countedMemoryByteCount
        pointee.statistics.evictedKeyCount += 1
        name.key.withUnsafeBytes { key in
            pointee.journal.delete(key, databaseIndex: index, now: pointee.now)
            stampEviction(key, databaseIndex: index)
            signalModified(key, databaseIndex: index, by: nil)
            if !pointee.settings.notifications.isDisjoint(with: .evicted) {
                publishEvent("evicted", key: key, databaseIndex: index)
            }
        }
        return max(freed, 1)
    }

    private func randomVictim(_ policy: EvictionPolicy) -> (Int, Entry)? {
        for _ in 0..<pointee.databaseCount {
            let index = pointee.eviction.databaseIndex
            pointee.eviction.databaseIndex = (index + 1) % pointee.databaseCount
            let database = pointee.databases + index
            if policy == .allKeysRandom {
                if let slot = database.pointee.table.randomEntry(using: &pointee.random) { return (index, Entry(slot)) }
                continue
            }
            var found: Entry?
            database.pointee.sample(1, volatileOnly: true, bucketsMax: .max, random: &pointee.random) { entry in
                if found == nil { found = entry }
            }
            if let found { return (index, found) }
        }
        return nil
    }

    private func bestVictim(_ policy: EvictionPolicy) -> (Int, Entry)? {
        if pointee.eviction.poolPolicy != policy {
            pointee.eviction.poolPolicy = policy
            pointee.eviction.pool.removeAll()
        }
        // What is in the pool may be gone, so it is filled once more before giving up.
        for _ in 0..<3 {
            fillPool(policy)
            while let candidate = pointee.eviction.pool.popBest() {
                let database = pointee.databases + candidate.databaseIndex
                guard let entry = database.pointee.entry(hash: candidate.hash) else { continue }
                guard !policy.isVolatileOnly || entry.expiry != nil else { continue }
                return (candidate.databaseIndex, entry)
            }
        }
        return nil
    }

    private func fillPool(_ policy: EvictionPolicy) {
        let wanted = max(pointee.settings.maxMemorySampleCount, 1)
        let now = pointee.now
        let decay = pointee.settings.lfuDecayMinutes
        for index in 0..<pointee.databaseCount {
            let database = pointee.databases + index
            database.pointee.sample(
                wanted, volatileOnly: policy.isVolatileOnly, bucketsMax: .max, random: &pointee.random
            ) { entry in
                let record = entry.record
                let score: UInt64
                switch policy {
                case .volatileTTL: score = UInt64.max - UInt64(max(record.expiry ?? .max, 0))
                case .allKeysLFU, .volatileLFU:
                    score = UInt64(255 - AccessClock.decayedCount(record.clock, now: now, decayMinutes: decay))
                default: score = UInt64(AccessClock.idleMilliseconds(record.clock, now: now))
                }
                let hash = pointee.hasher.hash(record.key)
                pointee.eviction.pool.offer(
                    EvictionPool.Candidate(score: score, hash: hash, databaseIndex: index))
            }
        }
    }

    /// Whether memory allows the command; false once it has been refused. A write is refused when memory is full, and so
    /// is what a transaction would queue.
    func admitMemory(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>
    ) -> Bool {
        countMemory(client)
        if pointee.isLoading || makeRoomForWrite() { return true }
        let flags = client.pointee.flags
        let text = "OOM command not allowed when used memory > 'maxmemory'."
        if command.pointee.row.name == "exec", let transaction = client.pointee.details.transaction {
            guard transaction.requests.contains(where: { $0.command.pointee.flags.contains(.denyOutOfMemory) }) else {
                return true
            }
            abortTransaction(client, command, text)
            return false
        }
        let queues = flags.contains(.inTransaction) && !TransactionCommands.runsInside(command)
        guard queues || command.pointee.flags.contains(.denyOutOfMemory) else { return true }
        reject(client, command, text)
        return false
    }
}

// Removes keys whose time has come though nobody asks for them.
//
// The buckets of all databases are swept round and round; which keys may be due is read from the tags in the buckets, so
// a sweep touches no key that stays. How much time a sweep gets follows from the share of keys that it finds due: half a
// per cent of a core while few are, 2.5 % when keys fall due faster than they are met, and up to a quarter (what Redis
// takes) when a tenth of what is met is due. A slice never takes longer than `sliceMicrosecondsMax`, for the clients' sake.

import Bytes
import CIOLoop
import Keyspace

/// Where the sweep is, and how far behind.
package struct ActiveExpiry {
    /// DEBUG SET-ACTIVE-EXPIRE.
    package var isEnabled = true
    /// The database that is swept next.
    var databaseIndex = 0
    /// The share of due keys among those met, a moving average.
    var dueShare = 0.0

    static let sliceMicrosecondsMax = 2500.0
    /// Weight of the last slice in the average.
    private static let weight = 0.3

    mutating func note(met: Double, removed: Int) {
        guard met > 0 || removed > 0 else { return }
        let share = min(Double(removed) / max(met, Double(removed), 1), 1)
        dueShare += (share - dueShare) * Self.weight
    }

    /// How long a slice may take, and after which time the next is to follow.
    func pace(effort: Int, hertz: Int) -> (microseconds: Double, intervalMilliseconds: Int64) {
        let factor = 1 + Double(min(max(effort, 1), 10) - 1) / 3
        let usual = min(500 * factor, Self.sliceMicrosecondsMax)
        if dueShare > 0.1 / factor { return (Self.sliceMicrosecondsMax, 10) }
        if dueShare > 0.02 / factor { return (usual, 20) }
        return (usual, Int64(1000 / min(max(hertz, 1), 500)))
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Sweeps for a slice of time.
    /// - Returns: milliseconds after which it wants to be called again.
    package func expireCycle() -> Int64 {
        let effort = pointee.settings.activeExpireEffort
        let pace = pointee.activeExpiry.pace(effort: effort, hertz: pointee.settings.hertz)
        guard pointee.activeExpiry.isEnabled, !pointee.pause.keepsExpiredKeys, !pointee.isLoading, hasVolatileKeys
        else {
            pointee.activeExpiry.dueShare = 0
            return Int64(1000 / min(max(pointee.settings.hertz, 1), 500))
        }
        let began = atoll_ticks()
        let deadline = began &+ UInt64(pace.microseconds * pointee.ticksPerMicrosecond)
        var isTimeUp = false
        for _ in 0..<pointee.databaseCount where !isTimeUp {
            isTimeUp = sweep(pointee.activeExpiry.databaseIndex, until: deadline)
            // A database whose slice was cut short goes on where it is.
            if !isTimeUp {
                pointee.activeExpiry.databaseIndex = (pointee.activeExpiry.databaseIndex + 1) % pointee.databaseCount
            }
        }
        if isTimeUp, pace.microseconds >= ActiveExpiry.sliceMicrosecondsMax {
            pointee.statistics.expiredTimeCapReachedCount += 1
        }
        pointee.statistics.expiredStaleShare +=
            (pointee.activeExpiry.dueShare - pointee.statistics.expiredStaleShare) * 0.05
        pointee.statistics.expireCycleMicroseconds += microseconds(atoll_ticks() &- began)
        let next = pointee.activeExpiry.pace(effort: effort, hertz: pointee.settings.hertz)
        return next.intervalMilliseconds
    }

    private var hasVolatileKeys: Bool {
        for index in 0..<pointee.databaseCount where pointee.databases[index].volatileCount > 0 { return true }
        return false
    }

    /// Sweeps a database once at most.
    /// - Returns: whether the time was up before.
    private func sweep(_ index: Int, until deadline: UInt64) -> Bool {
        let database = pointee.databases + index
        guard database.pointee.volatileCount > 0 else { return false }
        let bucketCount = database.pointee.table.bucketCount
        let volatileABucket = Double(database.pointee.volatileCount) / Double(max(bucketCount, 1))
        var remaining = bucketCount
        var removed = 0
        defer {
            pointee.activeExpiry.note(met: Double(bucketCount - remaining) * volatileABucket, removed: removed)
        }
        while remaining > 0 {
            let portion = min(remaining, Self.bucketsBetweenLooksAtTheClock)
            var budget = portion
            var removedInPortion = 0
            while removedInPortion < Self.keysBetweenLooksAtTheClock,
                let entry = database.pointee.nextDue(now: pointee.now, budget: &budget)
            {
                removeDue(entry, entry.key, in: database, index: index)
                removedInPortion += 1
            }
            remaining -= portion - budget
            removed += removedInPortion
            if database.pointee.volatileCount == 0 { return false }
            if atoll_ticks() >= deadline { return remaining > 0 }
        }
        return false
    }

    private static var bucketsBetweenLooksAtTheClock: Int { 256 }
    private static var keysBetweenLooksAtTheClock: Int { 32 }
}

package import Bytes
package import Keyspace

extension UnsafeMutablePointer where Pointee == Engine {
    /// The key in a database; if it is due it is removed first.
    @inline(__always)
    package func find(_ key: ByteSlice, in database: UnsafeMutablePointer<Database>, index: Int) -> KeyPlace {
        var place = database.pointee.place(key)
        if let entry = place.entry, let expiry = entry.expiry, expiry <= pointee.dueTime {
            if removeDue(entry, key, in: database, index: index) { place.entry = nil }
        }
        return place
    }

    /// Removes a key whose time has come, with event `expired`.
    /// - Returns: false when expired keys are kept for now (CLIENT PAUSE).
    @discardableResult
    func removeDue(
        _ entry: Entry, _ key: ByteSlice, in database: UnsafeMutablePointer<Database>, index: Int
    ) -> Bool {
        if pointee.pause.keepsExpiredKeys { return true }
        pointee.statistics.expiredKeyCount += 1
        pointee.journal.delete(key, databaseIndex: index, now: pointee.now)
        if !isAnybodyInterestedInKeys, !pointee.settings.notifications.contains(.expired) {
            database.pointee.remove(entry)
            return true
        }
        let name = DatabaseKey(index, key)
        database.pointee.remove(entry)
        name.key.withUnsafeBytes { bytes in
            signalModified(bytes, databaseIndex: index, by: nil)
            if pointee.settings.notifications.contains(.expired) {
                publishEvent("expired", key: bytes, databaseIndex: index)
            }
        }
        return true
    }

    /// The access clock of a key that is being made.
    @inline(__always)
    package var freshClock: UInt32 {
        if pointee.settings.maxMemoryPolicy.usesFrequency {
            return AccessClock.freshFrequency(now: pointee.now)
        }
        return AccessClock.seconds(pointee.now)
    }

    /// Notes an access.
    @inline(__always)
    package func touch(_ entry: Entry, by client: ClientReference) {
        guard !client.pointee.flags.contains(.noTouch) else { return }
        touch(entry)
    }

    @inline(__always)
    package func touch(_ entry: Entry) {
        let record = entry.record
        if pointee.settings.maxMemoryPolicy.usesFrequency {
            record.clock = AccessClock.accessed(
                record.clock, now: pointee.now, logFactor: pointee.settings.lfuLogFactor,
                decayMinutes: pointee.settings.lfuDecayMinutes, random: &pointee.random)
        } else {
            record.clock = AccessClock.seconds(pointee.now)
        }
    }

    /// A key was changed: watchers' transactions fail, tracking clients hear of it, and clients that wait for it (to be
    /// there, to get more, or to go) look again.
    @inline(__always)
    package func signalModified(_ key: ByteSlice, databaseIndex: Int, by client: ClientReference?) {
        if !pointee.watchedKeys.isEmpty { touchWatched(key, databaseIndex: databaseIndex) }
        if pointee.blockedKeyCount > 0 { keyReady(key, databaseIndex: databaseIndex) }
        if pointee.trackingClientCount > 0 { invalidateTracked(key, by: client) }
    }

    /// Whether anybody wants to be told of changes: watches, waits, or tracks.
    var isAnybodyInterestedInKeys: Bool {
        !pointee.watchedKeys.isEmpty || pointee.blockedKeyCount > 0 || pointee.trackingClientCount > 0
    }

    /// The database of that number, or nil.
    package func database(_ index: Int64) -> UnsafeMutablePointer<Database>? {
        index >= 0 && index < pointee.databaseCount ? pointee.databases + Int(index) : nil
    }
}

/// The 24 bits in which a record says how lately, or how often, it was used.
package enum AccessClock {
    /// LRU: seconds since 1970, modulo 2^24 (half a year).
    @inline(__always)
    package static func seconds(_ milliseconds: Int64) -> UInt32 {
        UInt32(truncatingIfNeeded: milliseconds / 1000) & 0xFF_FFFF
    }

    /// LRU: milliseconds since the access.
    package static func idleMilliseconds(_ clock: UInt32, now: Int64) -> Int64 {
        Int64((seconds(now) &- clock) & 0xFF_FFFF) * 1000
    }

    /// LFU: counter of a new key, so that it is not evicted before it had a chance.
    package static let freshCount: UInt32 = 5

    /// LFU: minutes since 1970, modulo 2^16, and the logarithmic counter in the low 8 bits.
    @inline(__always)
    static func freshFrequency(now: Int64) -> UInt32 { minutes(now) << 8 | freshCount }

    @inline(__always)
    package static func minutes(_ milliseconds: Int64) -> UInt32 {
        UInt32(truncatingIfNeeded: milliseconds / 60_000) & 0xFFFF
    }

    /// LFU: the counter after the decay since the last access.
    package static func decayedCount(_ clock: UInt32, now: Int64, decayMinutes: Int) -> UInt32 {
        guard decayMinutes > 0 else { return clock & 0xFF }
        let elapsed = (minutes(now) &- (clock >> 8)) & 0xFFFF
        let periods = elapsed / UInt32(clamping: decayMinutes)
        let count = clock & 0xFF
        return periods >= count ? 0 : count - periods
    }

    /// LFU: the clock after an access: the counter goes up with a chance that falls with its value.
    static func accessed(
        _ clock: UInt32, now: Int64, logFactor: Int, decayMinutes: Int, random: inout FastRandom
    ) -> UInt32 {
        var count = decayedCount(clock, now: now, decayMinutes: decayMinutes)
        if count < 255 {
            let base = Double(count > freshCount ? count - freshCount : 0)
            let chance = 1 / (base * Double(logFactor) + 1)
            if Double(random.next() >> 11) * 0x1p-53 < chance { count += 1 }
        }
        return minutes(now) << 8 | count
    }
}

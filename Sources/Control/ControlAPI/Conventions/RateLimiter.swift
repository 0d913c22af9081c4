/// Counts requests by key in two sliding windows, an hour and a minute. Pure: time is a parameter.
///
/// Each window is a ring of slices, so a key costs the same memory however often it asks. A request counts until its
/// whole slice is older than the window; the limit is therefore never exceeded in any span as long as the window,
/// and a request may count up to one slice (a minute, a second) too long. Refused requests do not count.
struct RateLimiter: Sendable {
    /// What the headers tell of the hourly window.
    struct Usage: Sendable, Equatable {
        var limit: Int
        var remaining: Int
        /// Unix time at which the oldest request stops to count.
        var resetSeconds: Int
    }

    struct Decision: Sendable, Equatable {
        var usage: Usage
        /// nil: admitted.
        var retryAfterSeconds: Int?
    }

    private struct Entry: Sendable {
        var hour: SlidingCounter
        var minute: SlidingCounter
        var lastSecond: Int
    }

    private let perHour: Int
    private let perMinute: Int
    private let keysMax: Int
    private var entries: [String: Entry] = [:]

    init(perHour: Int, perMinute: Int, keysMax: Int) {
        self.perHour = perHour
        self.perMinute = perMinute
        self.keysMax = keysMax
    }

    var keyCount: Int { entries.count }

    /// Counts one request of `key` at Unix time `second`, or refuses it. A clock that goes back stands still.
    mutating func admit(_ key: String, at second: Int) -> Decision {
        if entries[key] == nil {
            makeRoom()
        }
        var entry =
            entries[key]
            ?? Entry(
                hour: SlidingCounter(sliceSeconds: 60, sliceCount: 60),
                minute: SlidingCounter(sliceSeconds: 1, sliceCount: 60), lastSecond: second)
        let second = max(second, entry.lastSecond)
        entry.lastSecond = second
        entry.hour.advance(to: second)
        entry.minute.advance(to: second)

        var retryAt: Int?
        if entry.hour.total >= perHour { retryAt = entry.hour.oldestExpiry }
        if entry.minute.total >= perMinute { retryAt = max(retryAt ?? 0, entry.minute.oldestExpiry ?? 0) }
        if retryAt == nil {
            entry.hour.count(at: second)
            entry.minute.count(at: second)
        }
        entries[key] = entry
        let usage = Usage(
            limit: perHour, remaining: max(0, perHour - entry.hour.total),
            resetSeconds: entry.hour.oldestExpiry ?? second)
        return Decision(usage: usage, retryAfterSeconds: retryAt.map { max(1, $0 - second) })
    }

    /// Forgets the quarter of the keys that has been idle longest, once there is no room for one more.
    private mutating func makeRoom() {
        guard entries.count >= keysMax else { return }
        let oldestFirst = entries.sorted { $0.value.lastSecond < $1.value.lastSecond }
        for (key, _) in oldestFirst.prefix(max(1, keysMax / 4)) {
            entries[key] = nil
        }
    }
}

/// How many events fell into the last `sliceCount` slices of time and the one that is running.
struct SlidingCounter: Sendable {
    private let sliceSeconds: Int
    /// One more than the window has, so that nothing is forgotten before the window is over.
    private var slices: [Int32]
    /// Number since the epoch of the slice that is running.
    private var newest = 0
    private(set) var total = 0

    init(sliceSeconds: Int, sliceCount: Int) {
        precondition(sliceSeconds > 0 && sliceCount > 0)
        self.sliceSeconds = sliceSeconds
        self.slices = Array(repeating: 0, count: sliceCount + 1)
    }

    mutating func advance(to second: Int) {
        let slice = second / sliceSeconds
        guard slice > newest else { return }
        for stale in 0..<min(slice - newest, slices.count) {
            let index = (slice - stale) % slices.count
            total -= Int(slices[index])
            slices[index] = 0
        }
        newest = slice
    }

    /// Requires `advance(to:)` with the same second before.
    mutating func count(at second: Int) {
        precondition(second / sliceSeconds <= newest)
        slices[newest % slices.count] += 1
        total += 1
    }

    /// Unix time at which the oldest event stops to count; nil when there is none.
    var oldestExpiry: Int? {
        for age in stride(from: slices.count - 1, through: 0, by: -1) where newest >= age {
            if slices[(newest - age) % slices.count] > 0 {
                return (newest - age + slices.count) * sliceSeconds
            }
        }
        return nil
    }
}

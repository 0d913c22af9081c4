/// Counts of a while ago, to make averages of. A loop takes a sample of each pool at the end of each `stats_period`, and
/// keeps two: averages reach from the older one to now, so over more than one period and less than two.
package struct StatisticsSamples: Sendable, Equatable {
    /// Zero before the pool's second sample.
    package private(set) var older = StatisticsTotals()
    private var newer = StatisticsTotals()

    package init() {}

    /// A period has ended.
    package mutating func take(_ totals: StatisticsTotals) {
        older = newer
        newer = totals
    }
}

/// When a loop's samples were taken, in monotonic nanoseconds.
package struct StatisticsClock: Sendable, Equatable {
    package private(set) var older: Int64 = 0
    private var newer: Int64 = 0

    /// It does not run.
    package init() {}

    /// It runs from now on. What was before counts as a second of rest, so that there are averages from the beginning.
    package init(now: Int64) {
        newer = now
        older = now - 1_000_000_000
    }

    package var isRunning: Bool { newer != 0 }

    /// Nanoseconds to the next sample.
    package func timeToSample(now: Int64, period: Int64) -> Int64 { max(0, newer + period - now) }

    /// How many samples are due: none, one, or two if nothing has happened for so long that both would be the same.
    /// - Parameter period: `stats_period` in nanoseconds.
    package mutating func samplesDue(now: Int64, period: Int64) -> Int {
        guard isRunning, period > 0, now - newer >= period else { return 0 }
        let isLate = now - newer >= 2 * period
        older = isLate ? now - period : newer
        newer = now
        return isLate ? 2 : 1
    }
}

/// Counts, and what they were a known time ago.
package struct StatisticsWindow: Sendable, Equatable {
    package var totals = StatisticsTotals()
    package var older = StatisticsTotals()
    /// Microseconds since `older`.
    package var duration: Int64 = 0

    package init() {}

    /// Takes in what another pool or loop has counted over about the same time.
    package static func += (sum: inout StatisticsWindow, other: StatisticsWindow) {
        sum.totals += other.totals
        sum.older += other.older
        sum.duration = max(sum.duration, other.duration)
    }

    /// The line of `log_stats`.
    package var logLine: String {
        let averages = StatisticsTotals.fields.map { average($0) }
        // By the order of the fields.
        return "stats: \(averages[1]) xacts/s, \(averages[2]) queries/s, \(averages[8]) client parses/s, "
            + "\(averages[9]) server parses/s, \(averages[10]) binds/s, \(averages[11]) client logins/s, "
            + "in \(averages[3]) B/s, out \(averages[4]) B/s, xact \(averages[5]) us, query \(averages[6]) us, "
            + "wait \(averages[7]) us"
    }

    /// The average of a count a second, or of a time for each that was counted; rounded down as PgBouncer does.
    func average(_ field: StatisticsField) -> UInt64 {
        let grown = totals[keyPath: field.path] &- older[keyPath: field.path]
        if let path = field.averagedOver {
            let count = totals[keyPath: path] &- older[keyPath: path]
            return count == 0 ? 0 : grown / count
        }
        guard duration > 0 else { return 0 }
        let (high, low) = grown.multipliedFullWidth(by: 1_000_000)
        guard high < UInt64(duration) else { return .max }
        return UInt64(duration).dividingFullWidth((high, low)).quotient
    }
}

/// A histogram as a value that loops can hand over.
package struct HistogramCounts: Sendable, Equatable {
    /// Durations in each range of `DurationHistogram`.
    package private(set) var counts: [UInt64]
    package private(set) var sumNanoseconds: Int64

    /// Nothing was counted.
    package init() {
        counts = Array(repeating: 0, count: DurationHistogram.bucketCount)
        sumNanoseconds = 0
    }

    package init(_ histogram: borrowing DurationHistogram) {
        self.init()
        for bucket in counts.indices { counts[bucket] = histogram[bucket] }
        sumNanoseconds = histogram.sumNanoseconds
    }

    /// Takes in durations of less than a microsecond that nobody measured.
    package mutating func addZeros(_ count: UInt64) { counts[0] &+= count }

    package static func += (sum: inout HistogramCounts, other: HistogramCounts) {
        for bucket in sum.counts.indices { sum.counts[bucket] &+= other.counts[bucket] }
        sum.sumNanoseconds &+= other.sumNanoseconds
    }

    package var count: UInt64 { counts.reduce(0, &+) }
}

/// What a pool's metrics have beside its counts.
package struct PoolDistributions: Sendable, Equatable {
    /// Time that clients waited for servers, those that found one at once included.
    package var wait = HistogramCounts()
    package var query = HistogramCounts()
    package var transaction = HistogramCounts()
    /// Clients that keep their server, by `PinReason`; one with two reasons counts in both.
    package var pinnedClientCounts = Array(repeating: 0, count: PinReason.allCases.count)

    /// Shared by all reports that nobody asks for them.
    package static let none = PoolDistributions()

    package init() {}

    package static func += (sum: inout PoolDistributions, other: PoolDistributions) {
        sum.wait += other.wait
        sum.query += other.query
        sum.transaction += other.transaction
        for index in sum.pinnedClientCounts.indices { sum.pinnedClientCounts[index] += other.pinnedClientCounts[index] }
    }
}

/// How often durations lay in each range: powers of two of microseconds, up to more than an hour.
package struct DurationHistogram: ~Copyable {
    /// Ranges; the last one has no end.
    package static let bucketCount = 32

    private let counts: UnsafeMutablePointer<UInt64>
    /// Of all durations, in nanoseconds.
    package private(set) var sumNanoseconds: Int64 = 0
    package private(set) var count: UInt64 = 0

    package init() {
        counts = .allocate(capacity: Self.bucketCount)
        counts.initialize(repeating: 0, count: Self.bucketCount)
    }

    deinit { counts.deallocate() }

    /// - Complexity: O(1), some nanoseconds.
    @inline(__always)
    package mutating func add(_ nanoseconds: Int64) {
        let microseconds = UInt64(truncatingIfNeeded: max(0, nanoseconds)) / 1000
        let bucket = min(64 - microseconds.leadingZeroBitCount, Self.bucketCount - 1)
        counts[bucket] &+= 1
        sumNanoseconds &+= nanoseconds
        count &+= 1
    }

    /// Durations in a range: those below 2^bucket microseconds that are in none before it.
    package subscript(bucket: Int) -> UInt64 { counts[bucket] }
}

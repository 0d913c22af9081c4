import CIOLoop

/// Measures turns. The thread's CPU clock costs a system call, so it is read only now and then, and when a turn took
/// so long by the wall that it may be the longest.
struct TurnClock {
    var statistics = TurnStatistics()
    /// Monotonic nanoseconds at the start of the turn.
    private(set) var startNanoseconds = atoll_monotonic_nanoseconds()
    /// The same when the loop last had nothing to do: at the end of the turn before, or when it was called.
    private(set) var restNanoseconds = atoll_monotonic_nanoseconds()
    private var sampledCPUNanoseconds: Int64 = 0
    /// Length of the turns since the CPU clock was read.
    private var busyNanoseconds = Int64.max

    /// The greatest error of the longest turn's CPU time: work of turns before it that counts towards it.
    private static let sampleIntervalNanoseconds: Int64 = 500_000

    /// Somebody else had the thread since the last turn.
    mutating func rest(until nanoseconds: Int64) { restNanoseconds = nanoseconds }

    mutating func begin(at nanoseconds: Int64) {
        startNanoseconds = nanoseconds
        guard busyNanoseconds > Self.sampleIntervalNanoseconds else { return }
        busyNanoseconds = 0
        sampledCPUNanoseconds = atoll_thread_cpu_nanoseconds()
    }

    mutating func end(eventCount: Int, at nanoseconds: Int64) {
        restNanoseconds = nanoseconds
        busyNanoseconds &+= nanoseconds &- startNanoseconds
        let duration = Int(truncatingIfNeeded: (nanoseconds &- startNanoseconds) / 1000)
        statistics.turnCount &+= 1
        statistics.eventCount &+= eventCount
        statistics.durationSumMicroseconds &+= duration
        statistics.lastDurationMicroseconds = duration
        guard duration > statistics.longestCPUMicroseconds else { return }
        let used = (atoll_thread_cpu_nanoseconds() &- sampledCPUNanoseconds) / 1000
        let bounded = min(duration, Int(truncatingIfNeeded: used))
        statistics.longestCPUMicroseconds = max(statistics.longestCPUMicroseconds, bounded)
    }
}

/// What the loop has done, for those who ask.
package struct TurnStatistics {
    /// Turns since the start.
    package var turnCount: Int = 0
    /// Events handled since the start: arrivals, accepts, sends that had to wait.
    package var eventCount: Int = 0
    /// Wall time of all turns without the sleep, in microseconds.
    package var durationSumMicroseconds: Int = 0
    /// Wall time of the last whole turn without the sleep, in microseconds.
    package var lastDurationMicroseconds: Int = 0
    /// CPU time of the turn that took most, in microseconds, at most half a millisecond too high.
    package var longestCPUMicroseconds: Int = 0

    /// Begins anew with the longest turn.
    package mutating func resetLongest() { longestCPUMicroseconds = 0 }
}

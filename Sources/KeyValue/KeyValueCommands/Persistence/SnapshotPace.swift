/// How much of the loop's time the walk of a snapshot takes, in ticks.
///
/// Beside clients it takes a third, in steps that each wait for twice their length: a walk that fills the time between
/// two turns has every client wait for a step, and leaves the processor to nobody else. While nobody asks for anything it
/// takes all.
struct SnapshotPace {
    private let ticksPerMicrosecond: Double
    /// The end of the last step; 0 before the first.
    private var lastEnd: UInt64 = 0
    private var lastCommandCount = 0
    /// When a command was last seen to have been executed.
    private var lastBusy: UInt64 = 0

    /// A step takes no longer, in microseconds.
    private static let stepMicrosecondsMax = 250.0
    /// A shorter one is not worth while: it is left until it has grown.
    private static let stepMicrosecondsMin = 20.0
    /// How long a step may be, of the time since the one before.
    private static let shareOfRest = 0.5
    /// Without a command for so long, nobody is there.
    private static let quietMicroseconds = 2000.0

    init(ticksPerMicrosecond: Double) { self.ticksPerMicrosecond = ticksPerMicrosecond }

    /// Whether clients have been quiet, so that there is nobody to rest for.
    private(set) var isAlone = false

    /// How long a step may take that begins now; nil where it is not yet worth while.
    /// - Parameter commandCount: commands executed since the server's start.
    mutating func budget(now: UInt64, commandCount: Int) -> UInt64? {
        if commandCount != lastCommandCount || lastBusy == 0 { lastBusy = now }
        lastCommandCount = commandCount
        isAlone = Double(now &- lastBusy) >= Self.quietMicroseconds * ticksPerMicrosecond
        let longest = Self.stepMicrosecondsMax * ticksPerMicrosecond
        if isAlone || lastEnd == 0 { return UInt64(longest) }
        let budget = Double(now &- lastEnd) * Self.shareOfRest
        guard budget >= Self.stepMicrosecondsMin * ticksPerMicrosecond else { return nil }
        return UInt64(min(budget, longest))
    }

    mutating func stepEnded(at now: UInt64) { lastEnd = now }
}

/// What one process has used (proc(5), /proc/PID/stat and /proc/PID/statm).
package struct ProcessReading: Equatable, Sendable {
    /// Its identifier.
    package let identifier: Int32
    /// Its parent's identifier.
    package let parentIdentifier: Int32
    /// The file name of its program, cut to 15 bytes by the kernel.
    package let command: String
    /// R, S, D, Z (a zombie: ended, not yet waited for) and so on.
    package let state: Character
    /// Processor time in its own code.
    package let userSeconds: Double
    /// Processor time in the kernel.
    package let systemSeconds: Double
    /// Processor time of children that have ended and been waited for.
    package let endedChildrenSeconds: Double
    /// When it started, in clock ticks since boot: together with the identifier, this names a process for good.
    package let startTicks: UInt64
    /// Memory that is in RAM.
    package let residentBytes: UInt64
    /// The part of it that other processes may share: mapped files and shared memory.
    package let sharedBytes: UInt64

    /// Processor time of the process itself.
    package var processorSeconds: Double { userSeconds + systemSeconds }

    /// Reads the two texts; nil where they are none.
    package init?(stat: String, statm: String, ticksPerSecond: Int, pageBytes: Int) {
        // The command stands in parentheses and may hold spaces and parentheses itself: the last one ends it.
        guard ticksPerSecond > 0, pageBytes > 0, let open = stat.firstIndex(of: "("),
            let close = stat.lastIndex(of: ")"), open < close,
            let identifier = Int32(stat[..<open].split(separator: " ").first ?? "")
        else { return nil }
        // Field 3 of proc(5) is fields[0] here.
        let fields = stat[stat.index(after: close)...].split(whereSeparator: \.isWhitespace)
        func ticks(_ field: Int) -> UInt64? { UInt64(fields[field - 3]) }
        guard fields.count >= 20, let state = fields[0].first, fields[0].count == 1,
            let parent = Int32(fields[1]), let user = ticks(14), let system = ticks(15), let start = ticks(22)
        else { return nil }
        // The kernel prints the children's times as signed numbers.
        let ended = (Int64(fields[13]) ?? 0, Int64(fields[14]) ?? 0)
        let pages = statm.split(whereSeparator: \.isWhitespace).prefix(3).map { UInt64($0) }
        guard pages.count == 3, let resident = pages[1], let shared = pages[2] else { return nil }

        self.identifier = identifier
        parentIdentifier = parent
        command = String(stat[stat.index(after: open)..<close])
        self.state = state
        userSeconds = Double(user) / Double(ticksPerSecond)
        systemSeconds = Double(system) / Double(ticksPerSecond)
        endedChildrenSeconds = (Double(max(0, ended.0)) + Double(max(0, ended.1))) / Double(ticksPerSecond)
        startTicks = start
        residentBytes = Self.bytes(pages: resident, pageBytes: pageBytes)
        sharedBytes = Self.bytes(pages: shared, pageBytes: pageBytes)
    }

    private static func bytes(pages: UInt64, pageBytes: Int) -> UInt64 {
        let (product, overflow) = pages.multipliedReportingOverflow(by: UInt64(pageBytes))
        return overflow ? .max : product
    }
}

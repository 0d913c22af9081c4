/// How the machine's processors spent their time since boot, in seconds summed over all of them (proc(5), /proc/stat).
package struct ProcessorReading: Equatable, Sendable {
    /// Programs, the nice ones included (guests are part of it).
    package let userSeconds: Double
    /// The kernel, interrupts included.
    package let systemSeconds: Double
    /// Idle while a disk was awaited.
    package let ioWaitSeconds: Double
    /// Idle.
    package let idleSeconds: Double
    /// Taken by other virtual machines on the same host.
    package let stealSeconds: Double
    /// Processors that are on line.
    package let processorCount: Int

    /// Reads the text of /proc/stat; nil where it is none.
    package init?(procStat text: String, ticksPerSecond: Int) {
        guard ticksPerSecond > 0 else { return nil }
        var total: [Double]?
        var processors = 0
        for line in text.split(separator: "\n") where line.hasPrefix("cpu") {
            let fields = line.split(separator: " ")
            if fields.first == "cpu" {
                let values = fields.dropFirst().map { UInt64($0).map { Double($0) } }
                guard values.count >= 4, !values.contains(nil) else { return nil }
                total = values.compactMap { $0 }
            } else {
                processors += 1
            }
        }
        guard let total else { return nil }
        // Columns: user nice system idle iowait irq softirq steal; the last four came with later kernels.
        func seconds(_ columns: Int...) -> Double {
            columns.reduce(0) { $0 + ($1 < total.count ? total[$1] : 0) } / Double(ticksPerSecond)
        }
        userSeconds = seconds(0, 1)
        systemSeconds = seconds(2, 5, 6)
        idleSeconds = seconds(3)
        ioWaitSeconds = seconds(4)
        stealSeconds = seconds(7)
        processorCount = max(processors, 1)
    }
}

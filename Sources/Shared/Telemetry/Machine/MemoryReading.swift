/// The machine's memory in bytes (proc(5), /proc/meminfo).
package struct MemoryReading: Equatable, Sendable {
    /// All of it.
    package let totalBytes: UInt64
    /// Not used for anything.
    package let freeBytes: UInt64
    /// What new programs can have without swapping, as the kernel estimates it.
    package let availableBytes: UInt64
    /// The page cache and buffers.
    package let cachedBytes: UInt64
    /// Swap space.
    package let swapTotalBytes: UInt64
    /// Swap space that is free.
    package let swapFreeBytes: UInt64

    /// What programs hold.
    package var usedBytes: UInt64 { totalBytes - min(availableBytes, totalBytes) }

    /// Reads the text of /proc/meminfo; nil where it is none.
    package init?(procMeminfo text: String) {
        var bytesByName: [Substring: UInt64] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(whereSeparator: { $0 == " " || $0 == ":" })
            // The unit is always "kB" and always means KiB; counts of huge pages have none and are not read.
            guard fields.count == 3, fields[2] == "kB", let kibibytes = UInt64(fields[1]) else { continue }
            let (bytes, overflow) = kibibytes.multipliedReportingOverflow(by: 1_024)
            if !overflow { bytesByName[fields[0]] = bytes }
        }
        guard let total = bytesByName["MemTotal"], let free = bytesByName["MemFree"] else { return nil }
        let (cached, overflow) = (bytesByName["Cached"] ?? 0).addingReportingOverflow(bytesByName["Buffers"] ?? 0)
        totalBytes = total
        freeBytes = free
        cachedBytes = overflow ? .max : cached
        availableBytes = bytesByName["MemAvailable"] ?? free
        swapTotalBytes = bytesByName["SwapTotal"] ?? 0
        swapFreeBytes = bytesByName["SwapFree"] ?? 0
    }
}

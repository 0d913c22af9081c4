import Foundation

/// pgbench's per-transaction log (`--log`; pgbench(1), "Per-Transaction Logging"): one file a thread, a line a
/// transaction, whose third field is the latency in microseconds.
package struct LatencyLog {
    /// The fastest server for which the limit of lines is meant to hold.
    static let transactionsPerSecondMax = 50_000
    /// Lines that a run on such a server writes at most; each has about 45 bytes.
    static let linesMax = 4_000_000
    private static let chunkBytes = 1 << 20

    /// The share of transactions to log in a run of this length, for `--sampling-rate`.
    package static func samplingRate(seconds: Int) -> Double {
        min(1, Double(linesMax) / Double(transactionsPerSecondMax) / Double(max(1, seconds)))
    }

    package private(set) var histogram = LatencyHistogram()
    /// The beginning of a line whose end has not come yet.
    private var partialLine: [UInt8] = []

    package init() {}

    /// Reads every log file of a directory whose name begins so.
    package mutating func read(directory: String, prefix: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name.hasPrefix(prefix) {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "\(directory)/\(name)"))
            defer { try? file.close() }
            while let chunk = try file.read(upToCount: Self.chunkBytes), !chunk.isEmpty { add(Array(chunk)) }
            // A killed pgbench leaves half a line.
            partialLine = []
        }
    }

    /// Takes the next piece of a file.
    package mutating func add(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            if partialLine.isEmpty {
                addLine(rest[..<end])
            } else {
                addLine((partialLine + rest[..<end])[...])
                partialLine = []
            }
            rest = rest[(end + 1)...]
        }
        partialLine += rest
    }

    private mutating func addLine(_ line: ArraySlice<UInt8>) {
        var field = 0
        var value: UInt64 = 0
        for byte in line {
            if byte == UInt8(ascii: " ") {
                if field == 2 { break }
                field += 1
            } else if field == 2 {
                // "skipped" and "failed" stand in the place of a latency.
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return }
                value = value &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
            }
        }
        if field >= 2 { histogram.add(microseconds: value) }
    }
}

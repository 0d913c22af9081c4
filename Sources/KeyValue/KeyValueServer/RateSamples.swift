import KeyValueCommands

/// Rates over the last samples, for INFO's instantaneous_… fields.
struct RateSamples {
    /// Samples that the mean is taken over: 16 at ten a second.
    private static let sampleCountMax = 16

    private typealias Sample = (now: Int64, commands: Int, input: Int, output: Int, turns: Int)

    private var samples: [Sample] = []

    mutating func take(_ statistics: Statistics, turns: Int, now: Int64) {
        samples.append((now, statistics.commandCount, statistics.inputByteCount, statistics.outputByteCount, turns))
        if samples.count > Self.sampleCountMax { samples.removeFirst() }
    }

    /// Events a second between the oldest and the newest sample.
    private func rate(_ value: (Sample) -> Int) -> Double {
        guard let first = samples.first, let last = samples.last, last.now > first.now else { return 0 }
        return Double(value(last) - value(first)) * 1000 / Double(last.now - first.now)
    }

    var information: [(name: String, value: String)] {
        func kibibytes(_ bytes: Double) -> String {
            let hundredths = Int((bytes / 1024 * 100).rounded())
            return "\(hundredths / 100).\(String(100 + hundredths % 100).dropFirst())"
        }
        return [
            ("instantaneous_ops_per_sec", "\(Int(rate(\.commands)))"),
            ("instantaneous_input_kbps", kibibytes(rate(\.input))),
            ("instantaneous_output_kbps", kibibytes(rate(\.output))),
            ("instantaneous_input_repl_kbps", "0.00"), ("instantaneous_output_repl_kbps", "0.00"),
        ]
    }

    /// Turns of the loop a second.
    var turnsPerSecond: Int { Int(rate(\.turns)) }
}

/// Counts of latencies in classes of at most half a percent's width, so that millions of them take a few kilobytes.
package struct LatencyHistogram: Sendable, Equatable {
    /// Classes of one doubling. Values below it have a class each.
    private static let classesPerDoubling = 256
    private static let doublingBits = 8

    private var counts: [Int] = []
    package private(set) var count = 0

    package init() {}

    /// Adds one latency.
    package mutating func add(microseconds: UInt64) {
        let index = Self.index(of: microseconds)
        if index >= counts.count { counts += Array(repeating: 0, count: index + 1 - counts.count) }
        counts[index] += 1
        count += 1
    }

    /// The latency that this share (0 to 1) of all does not exceed, in the middle of its class; nil of none.
    package func quantile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = max(1, Int((share * Double(count)).rounded(.up)))
        var seen = 0
        for (index, number) in counts.enumerated() {
            seen += number
            if seen >= rank { return Self.middle(of: index) }
        }
        return nil
    }

    private static func index(of value: UInt64) -> Int {
        let magnitude = UInt64.bitWidth - value.leadingZeroBitCount
        let shift = max(0, magnitude - doublingBits - 1)
        return shift * classesPerDoubling + Int(value >> UInt64(shift))
    }

    private static func middle(of index: Int) -> Double {
        guard index >= 2 * classesPerDoubling else { return Double(index) }
        let shift = index / classesPerDoubling - 1
        let low = UInt64(index - shift * classesPerDoubling) << UInt64(shift)
        return Double(low) + Double((UInt64(1) << UInt64(shift)) - 1) / 2
    }
}

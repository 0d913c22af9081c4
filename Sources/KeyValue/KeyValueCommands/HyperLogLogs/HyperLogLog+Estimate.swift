import Bytes

/// How often each value occurs among the registers, and what that says about the number of elements.
///
/// Source: Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", arXiv:1702.01284, algorithm 6.
struct RegisterHistogram {
    /// Registers of each value; 6 bits hold up to 63, of which honest ones need up to 51.
    private var counts: [Int]

    init() {
        counts = [Int](repeating: 0, count: 64)
    }

    mutating func add(_ value: UInt8, count: Int = 1) {
        counts[Int(value & 0x3F)] &+= count
    }

    /// About how many different elements were added.
    var estimate: UInt64 {
        let registers = Double(HyperLogLog.registerCount)
        var sum = registers * Self.tau((registers - Double(counts[HyperLogLog.valueMax])) / registers)
        for value in stride(from: HyperLogLog.valueMax - 1, through: 1, by: -1) {
            sum = (sum + Double(counts[value])) * 0.5
        }
        sum += registers * Self.sigma(Double(counts[0]) / registers)
        // 0.5 / ln 2, the limit of the bias correction.
        let estimate = 0.721_347_520_444_481_703_680 * registers * registers / sum
        let rounded = estimate.rounded(.toNearestOrAwayFromZero)
        return rounded < 0x1p63 ? UInt64(max(rounded, 0)) : 1 << 63
    }

    private static func sigma(_ fraction: Double) -> Double {
        guard fraction != 1 else { return .infinity }
        var power = fraction
        var factor = 1.0
        var sum = fraction
        var before: Double
        repeat {
            power *= power
            before = sum
            sum += power * factor
            factor += factor
        } while before != sum
        return sum
    }

    private static func tau(_ fraction: Double) -> Double {
        guard fraction != 0, fraction != 1 else { return 0 }
        var root = fraction
        var factor = 1.0
        var sum = 1 - fraction
        var before: Double
        repeat {
            root = root.squareRoot()
            before = sum
            factor *= 0.5
            sum -= (1 - root) * (1 - root) * factor
        } while before != sum
        return sum / 3
    }
}

extension HyperLogLog {
    /// About how many different elements were added.
    func count() throws(Corruption) -> UInt64 {
        var histogram = RegisterHistogram()
        switch encoding {
        case .dense:
            for index in 0..<Self.registerCount { histogram.add(denseRegister(index)) }
        case .sparse:
            var end = 0
            try forEachRun { run, first throws(Corruption) in
                histogram.add(run.value, count: run.length)
                end = first + run.length
            }
            guard end == Self.registerCount else { throw Corruption() }
        }
        return histogram.estimate
    }

    /// The same for registers of a byte each, as `merge` makes them.
    static func count(_ registers: UnsafePointer<UInt8>) -> UInt64 {
        var histogram = RegisterHistogram()
        for index in 0..<registerCount { histogram.add(registers[index]) }
        return histogram.estimate
    }
}

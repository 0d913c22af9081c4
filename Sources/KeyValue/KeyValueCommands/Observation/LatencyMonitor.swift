/// The latency monitor: for each kind of event the worst of each second that was over the threshold.
final class LatencyMonitor {
    struct Sample {
        /// Seconds since 1970.
        let time: Int64
        var milliseconds: Int
    }

    final class Event {
        /// The oldest first.
        var samples: [Sample] = []
        var maximum = 0
    }

    /// Samples kept of an event.
    static let samplesMax = 160

    var events: [String: Event] = [:]

    /// - Parameter now: seconds since 1970.
    func add(_ name: String, milliseconds: Int, now: Int64) {
        let event = events[name] ?? Event()
        events[name] = event
        event.maximum = max(event.maximum, milliseconds)
        if let last = event.samples.last, last.time == now {
            event.samples[event.samples.count - 1].milliseconds = max(last.milliseconds, milliseconds)
            return
        }
        event.samples.append(Sample(time: now, milliseconds: milliseconds))
        if event.samples.count > Self.samplesMax { event.samples.removeFirst() }
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    var latencyMonitor: LatencyMonitor { pointee.extensions.part(LatencyMonitor.self) { LatencyMonitor() } }

    /// Notes an event that is no command (expire-cycle, eviction-cycle …), if it was slow enough.
    package func noteLatency(_ event: String, milliseconds: Int) {
        let threshold = pointee.settings.latencyMonitorMillisecondsMin
        guard threshold > 0, milliseconds >= threshold else { return }
        latencyMonitor.add(event, milliseconds: milliseconds, now: pointee.now / 1000)
    }
}

extension Command {
    /// Upper bounds of the latency in ticks under which the given share (in per cent) of the calls stayed.
    func latencyTicks(percentile: Double) -> Double {
        guard let latencies else { return 0 }
        let total = (0..<EngineReference.latencyBucketCount).reduce(0) { $0 + Int(latencies[$1]) }
        var remaining = Int((Double(total) * percentile / 100).rounded(.up))
        for bucket in 0..<EngineReference.latencyBucketCount where latencies[bucket] > 0 {
            remaining -= Int(latencies[bucket])
            if remaining <= 0 { return Self.bucketEnd(bucket) }
        }
        return 0
    }

    /// The first number of ticks that is no more in the bucket.
    static func bucketEnd(_ bucket: Int) -> Double {
        let power = Double(UInt64(1) << UInt64(bucket >> 3))
        return power * (1 + Double(bucket & 7) / 8) + power / 8
    }
}

import Bytes
import RESP

/// LATENCY.
enum LatencyCommands {
    static func latest(_ call: inout Call) {
        let events = call.engine.latencyMonitor.events.filter { !$0.value.samples.isEmpty }
        call.reply.array(events.count)
        for (name, event) in events.sorted(by: { $0.key < $1.key }) {
            guard let last = event.samples.last else { continue }
            call.reply.array(4)
            call.reply.bulk(name)
            call.reply.integer(last.time)
            call.reply.integer(last.milliseconds)
            call.reply.integer(event.maximum)
        }
    }

    static func history(_ call: inout Call) {
        let samples = call.engine.latencyMonitor.events[call[2].text]?.samples ?? []
        call.reply.array(samples.count)
        for sample in samples {
            call.reply.array(2)
            call.reply.integer(sample.time)
            call.reply.integer(sample.milliseconds)
        }
    }

    static func reset(_ call: inout Call) {
        let monitor = call.engine.latencyMonitor
        guard call.count > 2 else {
            let count = monitor.events.count
            monitor.events = [:]
            return call.reply.integer(count)
        }
        let removed = (2..<call.count).filter { monitor.events.removeValue(forKey: call[$0].text) != nil }
        call.reply.integer(removed.count)
    }

    static func graph(_ call: inout Call) {
        let name = call[2].text
        guard let event = call.engine.latencyMonitor.events[name], !event.samples.isEmpty else {
            return call.error("ERR No samples available for event '\(name)'")
        }
        let values = event.samples.map(\.milliseconds)
        let high = values.max() ?? 0
        let low = values.min() ?? 0
        var text = "\(name) - high \(high) ms, low \(low) ms (all time high \(event.maximum) ms)\n"
        text += String(repeating: "-", count: 80) + "\n"
        // One row a sample, newest last: when, how long, and a bar in proportion.
        for sample in event.samples {
            let width = high == 0 ? 0 : sample.milliseconds * 50 / high
            let age = call.now / 1000 - sample.time
            text += "\(age)s ago \(sample.milliseconds) ms " + String(repeating: "#", count: width) + "\n"
        }
        call.reply.verbatim(text)
    }

    static func doctor(_ call: inout Call) {
        let threshold = call.settings.latencyMonitorMillisecondsMin
        guard threshold > 0 else {
            return call.reply.verbatim(
                "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use "
                    + "\"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it.\n")
        }
        let events = call.engine.latencyMonitor.events.sorted { $0.key < $1.key }
        guard !events.isEmpty else {
            return call.reply.verbatim("No event took \(threshold) milliseconds or longer.\n")
        }
        var text = "Events that took \(threshold) milliseconds or longer:\n\n"
        for (number, (name, event)) in events.enumerated() {
            let values = event.samples.map(\.milliseconds)
            let mean = values.isEmpty ? 0 : values.reduce(0, +) / values.count
            text +=
                "\(number + 1). \(name): \(values.count) latency spikes (average \(mean)ms). Worst all time event "
                + "\(event.maximum)ms.\n"
        }
        text += "\nSLOWLOG GET shows the commands; big values, KEYS, SORT and long transactions are the usual causes.\n"
        call.reply.verbatim(text)
    }

    static func histogram(_ call: inout Call) {
        var commands = call.engine.pointee.directory.all.filter { $0.pointee.callCount > 0 }
        if call.count > 2 {
            commands = (2..<call.count).flatMap { named(call, call[$0].text.lowercased()) }
                .filter { $0.pointee.callCount > 0 }
        }
        call.reply.map(commands.count)
        for command in commands {
            call.reply.bulk(command.pointee.fullName)
            call.reply.map(2)
            call.reply.bulk("calls")
            call.reply.integer(command.pointee.callCount)
            call.reply.bulk("histogram_usec")
            reply(call, command)
        }
    }

    /// The command of that name, or all subcommands of a container.
    private static func named(_ call: Call, _ name: String) -> [UnsafeMutablePointer<Command>] {
        call.engine.pointee.directory.all.filter { command in
            command.pointee.fullName == name
                || (command.pointee.container?.pointee.fullName == name && !name.contains("|"))
        }
    }

    /// Powers of two of microseconds, each with how many calls took no longer; those that add nothing are left out.
    private static func reply(_ call: Call, _ command: UnsafeMutablePointer<Command>) {
        guard let latencies = command.pointee.latencies else { return call.reply.map(0) }
        var counts: [(bound: Int, total: Int)] = []
        var total = 0
        for bucket in 0..<EngineReference.latencyBucketCount where latencies[bucket] > 0 {
            total += Int(latencies[bucket])
            let microseconds = Command.bucketEnd(bucket) / call.engine.pointee.ticksPerMicrosecond
            var bound = 1
            while Double(bound) < microseconds { bound *= 2 }
            if counts.last?.bound == bound { counts.removeLast() }
            counts.append((bound, total))
        }
        call.reply.map(counts.count)
        for (bound, count) in counts {
            call.reply.integer(bound)
            call.reply.integer(count)
        }
    }
}

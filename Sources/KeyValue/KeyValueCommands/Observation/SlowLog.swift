import Bytes
import RESP

/// The slow log and the latency monitor: what took long.
final class SlowLog {
    struct Entry {
        let id: Int
        /// Seconds since 1970.
        let time: Int64
        let microseconds: Int
        let arguments: [[UInt8]]
        let peer: String
        let clientName: String
    }

    /// The newest first.
    var entries: [Entry] = []
    var nextID = 0
    /// Arguments of an entry, and bytes of an argument, that are kept.
    static let argumentsMax = 32
    static let argumentByteCountMax = 128

    /// The arguments as the log keeps them.
    static func shortened(_ arguments: RESP.Arguments, secretAt secrets: Set<Int>) -> [[UInt8]] {
        let isCut = arguments.count > argumentsMax
        let shown = isCut ? argumentsMax - 1 : arguments.count
        var kept = (0..<shown).map { index -> [UInt8] in
            if secrets.contains(index) { return Array("(redacted)".utf8) }
            let argument = arguments[index]
            guard argument.count > argumentByteCountMax else { return [UInt8](argument) }
            let rest = argument.count - argumentByteCountMax
            return [UInt8](argument.slice(0, argumentByteCountMax)) + Array("... (\(rest) more bytes)".utf8)
        }
        if isCut { kept.append(Array("... (\(arguments.count - shown) more arguments)".utf8)) }
        return kept
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    var slowLog: SlowLog { pointee.extensions.part(SlowLog.self) { SlowLog() } }

    /// A command took long: the slow log and the latency monitor look at it.
    func noteSlow(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: RESP.Arguments,
        _ ticks: UInt64
    ) {
        let duration = microseconds(ticks)
        let threshold = pointee.settings.latencyMonitorMillisecondsMin
        if threshold > 0, duration / 1000 >= threshold {
            latencyMonitor.add(
                command.pointee.flags.contains(.fast) ? "fast-command" : "command", milliseconds: duration / 1000,
                now: pointee.now / 1000)
        }
        let slowest = pointee.settings.slowLogMicrosecondsMin
        guard slowest >= 0, duration >= slowest, !command.pointee.flags.contains(.skipSlowLog) else { return }
        let log = slowLog
        log.entries.insert(
            SlowLog.Entry(
                id: log.nextID, time: pointee.now / 1000, microseconds: duration,
                arguments: SlowLog.shortened(arguments, secretAt: Self.secrets(command, arguments)),
                peer: client.pointee.details.peerAddress, clientName: client.pointee.details.name), at: 0)
        log.nextID += 1
        trimSlowLog()
    }

    func trimSlowLog() {
        let excess = slowLog.entries.count - pointee.settings.slowLogCountMax
        if excess > 0 { slowLog.entries.removeLast(excess) }
    }

    /// Positions of arguments that are secrets.
    static func secrets(_ command: UnsafeMutablePointer<Command>, _ arguments: RESP.Arguments) -> Set<Int> {
        switch command.pointee.fullName {
        case "auth": return Set(1..<arguments.count)
        case "hello":
            guard let word = (1..<arguments.count).first(where: { arguments[$0].equalsIgnoringCase("auth") }) else {
                return []
            }
            return [word + 1, word + 2]
        case "config|set":
            return Set(
                stride(from: 2, to: arguments.count - 1, by: 2).filter {
                    ConfigurationTable.find(arguments[$0].text)?.flags.contains(.sensitive) ?? false
                }.map { $0 + 1 })
        case "migrate": return MigrationRequest.secrets(arguments)
        default: return []
        }
    }
}

/// SLOWLOG.
enum SlowLogCommands {
    static func get(_ call: inout Call) {
        var wanted = 10
        if call.count == 3 {
            guard
                let count = call.integer(
                    2, in: -1...Int64.max, error: "ERR count should be greater than or equal to -1")
            else { return }
            wanted = count < 0 ? .max : Int(count)
        } else if call.count > 3 {
            return call.syntaxError()
        }
        let entries = call.engine.slowLog.entries.prefix(wanted)
        call.reply.array(entries.count)
        for entry in entries {
            call.reply.array(6)
            call.reply.integer(entry.id)
            call.reply.integer(entry.time)
            call.reply.integer(entry.microseconds)
            call.reply.array(entry.arguments.count)
            for argument in entry.arguments { argument.withUnsafeBytes { call.reply.bulk($0) } }
            call.reply.bulk(entry.peer)
            call.reply.bulk(entry.clientName)
        }
    }

    static func length(_ call: inout Call) { call.reply.integer(call.engine.slowLog.entries.count) }

    static func reset(_ call: inout Call) {
        call.engine.slowLog.entries = []
        call.reply.ok()
    }
}

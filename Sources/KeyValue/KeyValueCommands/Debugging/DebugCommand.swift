import Bytes
import Glibc
import Keyspace
import RESP

/// DEBUG: what tests and developers need. Off unless enable-debug-command allows it.
enum DebugCommand {
    private struct Subcommand: Sendable {
        let name: String
        let arguments: String
        let summary: String
        /// Arguments with both names.
        let counts: ClosedRange<Int>
        let perform: @Sendable (Call) -> Void
    }

    static func debug(_ call: inout Call) {
        let name = call[1].text
        let lowered = name.lowercased()
        if lowered == "help", call.count == 2 { return help(call) }
        if let subcommand = subcommands.first(where: { $0.name == lowered }), subcommand.counts.contains(call.count) {
            return subcommand.perform(call)
        }
        if let part = unbuiltParts[lowered] {
            return call.error("ERR DEBUG \(lowered.uppercased()) needs \(part), which is not built yet")
        }
        let shown = call[1].slice(0, min(call[1].count, 128)).text
        call.error("ERR unknown subcommand or wrong number of arguments for '\(shown)'. Try DEBUG HELP.")
    }

    /// Subcommands of Redis that belong to parts of the server that are still to come.
    private static let unbuiltParts: [String: String] = [
        "replicate": "replication",
        "change-repl-id": "replication", "set-disable-deny-scripts": "scripting",
        "drop-cluster-packet-filter": "cluster mode", "clusterlink": "cluster mode",
    ]

    private static let subcommands: [Subcommand] = [
        Subcommand(
            name: "aof-flush-sleep", arguments: "<microseconds>",
            summary: "How long to sleep before each write of the append-only file.", counts: 3...3,
            perform: AppendOnlyCommands.setFlushSleep),
        Subcommand(
            name: "digest", arguments: "", summary: "The digest of all data.", counts: 2...2,
            perform: { $0.reply.simple(DatasetDigest.all(of: $0.engine).text) }),
        Subcommand(
            name: "digest-value", arguments: "<key> [<key> ...]", summary: "The digests of values.",
            counts: 2...Int.max,
            perform: digestValues),
        Subcommand(
            name: "error", arguments: "<text>", summary: "Replies the text as an error.", counts: 3...3,
            perform: { $0.error($0[2].text) }),
        Subcommand(
            name: "htstats", arguments: "<db> [full]", summary: "The hash table of a database.", counts: 3...4,
            perform: describeTables),
        Subcommand(
            name: "htstats-key", arguments: "<key> [full]", summary: "The hash table of a value.", counts: 3...4,
            perform: describeTable),
        Subcommand(
            name: "listpack", arguments: "<key>", summary: "Prints a packed value on standard output.", counts: 3...3,
            perform: { printPacked($0, wantsNodes: false) }),
        Subcommand(
            name: "loadaof", arguments: "", summary: "Writes the append-only file, and loads it again.", counts: 2...2,
            perform: AppendOnlyCommands.reload),
        Subcommand(
            name: "log", arguments: "<message>", summary: "Writes a message to the log.", counts: 3...3, perform: log),
        Subcommand(
            name: "object", arguments: "<key>", summary: "How a value is held.", counts: 3...3, perform: describeValue),
        Subcommand(
            name: "panic", arguments: "", summary: "Ends the server as a failed check of its own would.", counts: 2...2,
            perform: { _ in abort() }),
        Subcommand(
            name: "pause-cron", arguments: "<0|1>", summary: "Stops or resumes what is done regularly.", counts: 3...3,
            perform: pauseHousekeeping),
        Subcommand(
            name: "populate", arguments: "<count> [<prefix>] [<size>]", summary: "Adds strings.", counts: 3...5,
            perform: populate),
        Subcommand(
            name: "protocol", arguments: "<type>", summary: "Replies a value of a type.", counts: 3...3,
            perform: replySample),
        Subcommand(
            name: "quicklist", arguments: "<key> [<0|1>]", summary: "Prints the nodes of a list on standard output.",
            counts: 3...4, perform: { printPacked($0, wantsNodes: true) }),
        Subcommand(
            name: "quicklist-packed-threshold", arguments: "<size>",
            summary: "From which size on elements of lists have a node of their own; 0: the default.", counts: 3...3,
            perform: setPlainNodeSize),
        Subcommand(
            name: "reload", arguments: "[MERGE] [NOFLUSH] [NOSAVE]", summary: "Saves all data and loads it again.",
            counts: 2...5, perform: { $0.engine.debugReload($0) }),
        Subcommand(
            name: "replybuffer", arguments: "<PEAK-RESET-TIME|RESIZING> <value>",
            summary: "Accepted: reply buffers are as large as their contents.", counts: 4...4, perform: setReplyBuffer),
        Subcommand(
            name: "segfault", arguments: "", summary: "Crashes the server.", counts: 2...2,
            perform: { _ in raise(SIGSEGV) }),
        Subcommand(
            name: "set-active-expire", arguments: "<0|1>", summary: "Whether due keys are removed unasked.",
            counts: 3...3, perform: setActiveExpiry),
        Subcommand(
            name: "set-skip-checksum-validation", arguments: "<0|1>",
            summary: "Whether RESTORE takes payloads with any checksum.", counts: 3...3,
            perform: { call in
                call.engine.pointee.settings.skipsChecksums = DoubleText.parseLoosely(call[2]) != 0
                call.reply.ok()
            }),
        Subcommand(
            name: "config-rewrite-force-all", arguments: "", summary: "CONFIG REWRITE with all directives.",
            counts: 2...2, perform: rewriteConfiguration),
        Subcommand(
            name: "sleep", arguments: "<seconds>", summary: "Holds the server up.", counts: 3...3, perform: sleep),
        Subcommand(
            name: "stringmatch-len", arguments: "<pattern> <string>", summary: "Whether a pattern matches.",
            counts: 4...4, perform: { $0.reply.flag(GlobPattern.matches($0[2], $0[3])) }),
    ]

    private static func rewriteConfiguration(_ call: Call) {
        do {
            try call.engine.pointee.configuration.rewrite(allDirectives: true)
            call.reply.ok()
        } catch {
            call.error("ERR \(error.description)")
        }
    }

    private static func help(_ call: Call) {
        let reply = call.reply
        reply.array(1 + subcommands.count * 2 + 2)
        reply.simple("DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        for subcommand in subcommands {
            reply.simple(
                subcommand.name.uppercased() + (subcommand.arguments.isEmpty ? "" : " ") + subcommand.arguments)
            reply.simple("    " + subcommand.summary)
        }
        reply.simple("HELP")
        reply.simple("    Print this help.")
    }

    // MARK: - Subcommands

    private static func digestValues(_ call: Call) {
        call.reply.array(call.count - 2)
        for index in 2..<call.count {
            var digest = DatasetDigest()
            // Due keys too: nothing may change by being looked at.
            if let entry = call.database.pointee.place(call[index]).entry { digest.add(entry) }
            call.reply.simple(digest.text)
        }
    }

    private static func log(_ call: Call) {
        call.engine.log(.warning, "DEBUG LOG: \(call[2].text)")
        call.reply.ok()
    }

    private static func pauseHousekeeping(_ call: Call) {
        call.engine.pointee.isHousekeepingPaused = DoubleText.parseLoosely(call[2]) != 0
        call.reply.ok()
    }

    private static func setActiveExpiry(_ call: Call) {
        call.engine.pointee.activeExpiry.isEnabled = DoubleText.parseLoosely(call[2]) != 0
        call.reply.ok()
    }

    private static func sleep(_ call: Call) {
        let seconds = min(max(DoubleText.parseLoosely(call[2]) ?? 0, 0), 1e6)
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
        nanosleep(&time, nil)
        // Keys that have come due meanwhile are gone for the clients that this transaction or turn wakes.
        call.engine.updateTime()
        call.reply.ok()
    }

    private static func setReplyBuffer(_ call: Call) {
        if call.matches(2, "resizing") { return call.reply.ok() }
        guard call.matches(2, "peak-reset-time") else { return call.syntaxError() }
        guard call.matches(3, "never") || call.matches(3, "reset") || call.integer(3) != nil else { return }
        call.reply.ok()
    }

    /// A number of bytes with a unit behind it or none.
    private static func byteCount(_ text: ByteSlice) -> Int? {
        let digits = text.prefix { $0 >= 0x30 && $0 <= 0x39 }
        let factors = ["": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1_000_000, "mb": 1 << 20, "g": 1_000_000_000]
        let unit = text.slice(digits.count, text.count).text.lowercased()
        guard let number = Int(text.slice(0, digits.count).text),
            let factor = unit == "gb" ? 1 << 30 : factors[unit]
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    private static func setPlainNodeSize(_ call: Call) {
        guard let byteCount = byteCount(call[2]), byteCount <= 1 << 32 - 1 << 20 else {
            return call.error("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
        }
        let limits = call.settings.encoding.list
        call.engine.pointee.settings.encoding.list = ListLimits(
            setting: limits.setting,
            plainByteCountMin: byteCount == 0 ? ListLimits.plainByteCountMinDefault : byteCount)
        call.reply.ok()
    }

    private static func populate(_ call: Call) {
        guard let count = call.integer(2), let size = call.count == 5 ? call.integer(4) : 0 else { return }
        guard count >= 0, size >= 0 else { return call.error("ERR value is out of range, must be positive") }
        guard size <= 512 << 20 else {
            return call.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
        }
        let prefix = call.count > 3 ? call[3].array : Array("key".utf8)
        for number in 0..<count {
            let key = prefix + Array(":\(number)".utf8)
            var value = Array("value:\(number)".utf8)
            if size > 0 {
                value = Array(value.prefix(Int(size)))
                value += [UInt8](repeating: 0, count: Int(size) - value.count)
            }
            key.withUnsafeBytes { key in
                let place = call.peek(key)
                guard place.entry == nil else { return }
                value.withUnsafeBytes {
                    _ = call.database.pointee.setString(place, $0, clock: call.freshClock, expiry: nil)
                }
                call.keyAdded(key)
                call.signalModified(key)
            }
        }
        call.reply.ok()
    }
}

import Bytes
import RESP

/// HOTKEYS.
enum HotKeyCommands {
    /// Keys that are told when nobody says how many.
    static let defaultCount = 10

    /// GET [COUNT count]
    static func get(_ call: inout Call) {
        var wanted = Int64(defaultCount)
        if call.count > 2 {
            guard call.count == 4, call.matches(2, "count") else { return call.syntaxError() }
            guard let count = call.integer(3, in: 1 ... .max, error: "ERR COUNT must be positive") else { return }
            wanted = count
        }
        let keys = call.engine.pointee.hotKeys.hottest(Int(wanted), now: call.now)
        reply(call, keys)
    }

    /// Names that Redis 8.6 has too mean what they mean there.
    private static func reply(_ call: Call, _ keys: [HotKey]) {
        let engine = call.engine
        let header: [(StaticString, Int)] = [
            ("tracking-active", engine.pointee.hotKeys.sampleRatio > 0 ? 1 : 0),
            ("sample-ratio", engine.pointee.hotKeys.sampleRatio),
            ("sampled-commands", engine.pointee.hotKeys.sampleCount),
            ("half-life-seconds", Int(HotKeyCounters.halfLifeMilliseconds / 1000)),
            ("collection-start-time-unix-ms", Int(engine.pointee.hotKeys.counters.startTime)),
            ("collection-duration-ms", Int(engine.pointee.hotKeys.counters.ageMilliseconds)),
        ]
        call.reply.map(header.count + 1)
        for (name, value) in header {
            call.reply.bulk(name)
            call.reply.integer(value)
        }
        call.reply.bulk("keys")
        call.reply.array(keys.count)
        for key in keys { reply(call, key) }
    }

    private static func reply(_ call: Call, _ key: HotKey) {
        call.reply.map(7)
        call.reply.bulk("key")
        key.shownKey.withUnsafeBytes { call.reply.bulk($0) }
        call.reply.bulk("key-bytes")
        call.reply.integer(key.keyByteCount)
        call.reply.bulk("database")
        call.reply.integer(key.databaseIndex)
        let rates: [(StaticString, Double)] = [
            ("operations-per-second", key.operationsPerSecond), ("reads-per-second", key.readsPerSecond),
            ("writes-per-second", key.writesPerSecond), ("error-per-second", key.errorPerSecond),
        ]
        for (name, rate) in rates {
            call.reply.bulk(name)
            call.reply.double((rate * 100).rounded() / 100)
        }
    }

    static func reset(_ call: inout Call) {
        call.engine.pointee.hotKeys.reset(now: call.now)
        call.reply.ok()
    }

    /// START and STOP, for those who know Redis 8.6.
    static func refuse(_ call: inout Call) {
        call.error(
            "ERR Hot keys are always counted here: HOTKEYS GET tells them, and CONFIG SET hotkeys-sample-ratio changes "
                + "how many commands are looked at (0: none)")
    }
}

extension InformationCommands {
    /// Section hotkeys.
    static func hotKeys(_ engine: EngineReference) -> [Line] {
        let keys = engine.pointee.hotKeys.hottest(HotKeyCommands.defaultCount, now: engine.pointee.now)
        let lines: [Line] = [
            ("hotkeys_sample_ratio", "\(engine.pointee.hotKeys.sampleRatio)"),
            ("hotkeys_sampled_commands", "\(engine.pointee.hotKeys.sampleCount)"),
            ("hotkeys_half_life_seconds", "\(HotKeyCounters.halfLifeMilliseconds / 1000)"),
            ("hotkeys_collection_seconds", "\(engine.pointee.hotKeys.counters.ageMilliseconds / 1000)"),
        ]
        return lines
            + keys.enumerated().map { number, key in
                (
                    "hotkey_\(number)",
                    "db=\(key.databaseIndex),key=\(escaped(key.shownKey)),key_bytes=\(key.keyByteCount),"
                        + "operations_per_second=\(two(key.operationsPerSecond)),"
                        + "reads_per_second=\(two(key.readsPerSecond)),"
                        + "writes_per_second=\(two(key.writesPerSecond)),"
                        + "error_per_second=\(two(key.errorPerSecond))"
                )
            }
    }

    /// The bytes as printable ASCII without blanks and what separates fields of INFO: all other bytes, the backslash
    /// too, become \x and two hexadecimal digits.
    static func escaped(_ bytes: [UInt8]) -> String {
        let special: [UInt8] = [0x2C, 0x3D, 0x5C]  // , = \
        return bytes.map { byte in
            if byte > 0x20, byte < 0x7F, !special.contains(byte) { return String(UnicodeScalar(byte)) }
            return "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}

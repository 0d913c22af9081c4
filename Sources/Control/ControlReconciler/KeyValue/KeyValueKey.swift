import ControlModel
import Settings

/// One key of the advanced configuration of Redis and Valkey clusters, and what it means to the server.
struct KeyValueKey: Sendable {
    /// Without the engine's prefix, `redis_` or `valkey_`.
    var name: String
    var kind: SettingKind
    var defaultValue: SettingValue
    /// Directives of the server that follow from the value alone; persistence and ports follow from several keys.
    var directives: @Sendable (SettingValue) -> [KeyValueDirective] = { _ in [] }
    /// Engines whose description has the key.
    var engines: Set<DatabaseEngine> = [.redis, .valkey]
    /// The key stands without the engine's name in front.
    var isPlain = false

    /// The key as the API of this engine has it.
    func fullName(_ engine: DatabaseEngine) -> String { isPlain ? name : "\(engine.rawValue)_\(name)" }
}

/// One line of the server's file.
struct KeyValueDirective: Sendable, Equatable {
    var name: String
    var value: String
    /// Takes effect at a start only.
    var needsRestart = false
}

/// Every key: those of DigitalOcean's redis_advanced_config.yml and valkey_advanced_config.yml, and ours, with their limits
/// and defaults.
enum KeyValueKeyTable {
    static let keys = offered + persistence

    private static let byName = Dictionary(uniqueKeysWithValues: keys.map { ($0.name, $0) })

    /// The key that a name of the API means for this engine, in either engine's spelling; nil if there is none.
    static func key(_ name: String, engine: DatabaseEngine) -> KeyValueKey? {
        for prefix in ["redis_", "valkey_"] where name.hasPrefix(prefix) {
            return byName[String(name.dropFirst(prefix.count))].flatMap {
                $0.engines.contains(engine) && !$0.isPlain ? $0 : nil
            }
        }
        return byName[name].flatMap { $0.engines.contains(engine) && $0.isPlain ? $0 : nil }
    }

    static func named(_ name: String) -> KeyValueKey {
        guard let key = byName[name] else { preconditionFailure("no key \(name)") }
        return key
    }

    /// A key whose value is the directive's.
    private static func directive(
        _ name: String, _ directive: String, _ kind: SettingKind, _ defaultValue: SettingValue,
        needsRestart: Bool = false, engines: Set<DatabaseEngine> = [.redis, .valkey]
    ) -> KeyValueKey {
        KeyValueKey(
            name: name, kind: kind, defaultValue: defaultValue,
            directives: { [KeyValueDirective(name: directive, value: text($0), needsRestart: needsRestart)] },
            engines: engines)
    }

    private static func text(_ value: SettingValue) -> String {
        switch value {
        case .boolean(let flag): flag ? "yes" : "no"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .string(let text): text
        case .strings(let texts): texts.joined(separator: " ")
        }
    }

    /// Policies in Redis's spelling; `KeyValueSettings` knows the other one.
    static let policies = EvictionPolicy.allCases.map { $0.rawValue.replacing("_", with: "-") }

    private static let offered: [KeyValueKey] = [
        directive("maxmemory_policy", "maxmemory-policy", .choice(policies), .string("noeviction")),
        KeyValueKey(
            name: "pubsub_client_output_buffer_limit", kind: .integer(32...512), defaultValue: .integer(32),
            directives: { value in
                guard case .integer(let mebibytes) = value else { return [] }
                // The soft limit is a quarter of the hard one; Redis gives a client a minute above it.
                let limits = "pubsub \(mebibytes << 20) \(mebibytes << 18) 60"
                return [KeyValueDirective(name: "client-output-buffer-limit", value: limits)]
            }),
        directive("number_of_databases", "databases", .integer(1...128), .integer(16), needsRestart: true),
        // Our server has one thread for commands; the directive is kept for those who read it back.
        directive("io_threads", "io-threads", .integer(1...32), .integer(1), needsRestart: true),
        directive("lfu_log_factor", "lfu-log-factor", .integer(0...100), .integer(10)),
        directive("lfu_decay_time", "lfu-decay-time", .integer(1...120), .integer(1)),
        KeyValueKey(name: "ssl", kind: .boolean, defaultValue: .boolean(true)),
        directive("timeout", "timeout", .integer(0...31_536_000), .integer(300)),
        directive(
            "notify_keyspace_events", "notify-keyspace-events", .text(maximumBytes: 32, rule: .keyspaceEvents),
            .string("")),
        // Of new users, which there are none of: DigitalOcean's description says that the server's own directive stays.
        KeyValueKey(
            name: "acl_channels_default", kind: .choice(["allchannels", "resetchannels"]),
            defaultValue: .string("allchannels")),
        directive(
            "active_expire_effort", "active-expire-effort", .integer(1...10), .integer(1), engines: [.valkey]),
    ]

    /// What together says how data is kept (`KeyValuePersistence`). The last three are ours, and `aof`.
    private static let persistence: [KeyValueKey] = [
        KeyValueKey(name: "persistence", kind: .choice(["off", "rdb", "aof"]), defaultValue: .string("rdb")),
        KeyValueKey(
            name: "frequent_snapshots", kind: .boolean, defaultValue: .boolean(true), engines: [.valkey],
            isPlain: true),
        KeyValueKey(
            name: "save", kind: .text(maximumBytes: 255, rule: .savePoints), defaultValue: .string("")),
        KeyValueKey(
            name: "dbfilename", kind: .text(maximumBytes: 64, rule: .dumpFileName), defaultValue: .string("dump.rdb"),
            directives: {
                [KeyValueDirective(name: "dbfilename", value: text($0), needsRestart: true)]
            }),
        directive("appendfsync", "appendfsync", .choice(["everysec", "always", "no"]), .string("everysec")),
    ]
}

import Keyspace
import RESP

/// The values of all directives, in canonical form. Loop only, once the server runs.
package final class Configuration {
    private var values: [String: String]
    /// Where the program was started: `dir` may lead elsewhere.
    package let startDirectory = SpecialDirective.workingDirectory
    /// The configuration file, absolute; nil when there is none.
    package var filePath: String?
    /// Directives that were given though their part is not built yet: to be logged once.
    package private(set) var ineffective: [String] = []
    /// rename-command, in order.
    package private(set) var renames: [(name: String, newName: String)] = []
    /// `save` adds up while a file is read; the first one replaces the defaults.
    private var hasReadSavePoint = false

    package init() {
        values = Dictionary(uniqueKeysWithValues: ConfigurationTable.rows.map { ($0.name, $0.defaultValue) })
    }

    /// The value of a directive that the table has, by its main name.
    package subscript(_ name: String) -> String {
        guard let value = values[name] else { preconditionFailure("no directive \(name)") }
        return value
    }

    package func flag(_ name: String) -> Bool { self[name] == "yes" }

    /// An integer in its unit; percentages are negative.
    package func integer(_ name: String) -> Int {
        let text = self[name]
        if text.hasSuffix("%") { return -(Int(text.dropLast()) ?? 0) }
        guard case .integer(_, _, .octal)? = ConfigurationTable.find(name)?.kind else { return Int(text) ?? 0 }
        return Int(text, radix: 8) ?? 0
    }

    package func words(_ name: String) -> [String] {
        self[name].split(separator: " ").map(String.init)
    }

    /// Sets a directive; throws what is wrong with the words and changes nothing then.
    package func set(_ row: ConfigurationRow, _ words: [String]) throws(ConfigurationError) {
        values[row.name] = try row.canonical(words, old: self[row.name])
    }

    /// Puts a canonical value back.
    package func restore(_ name: String, _ value: String) { values[name] = value }

    // MARK: - Files

    /// Takes one line of a file or of the command line that is no comment.
    package func take(words: [String]) throws(ConfigurationError) {
        guard let name = words.first?.lowercased() else { return }
        var rest = Array(words.dropFirst())
        if let row = ConfigurationTable.find(name) {
            if row.flags.contains(.manyValues), rest.count == 1, !rest[0].isEmpty {
                rest = rest[0].split(separator: " ").map(String.init)
            }
            if row.name == "save" { rest = addingSavePoints(rest) }
            try set(row, rest)
            if !ConfigurationReference.hasEffect(row), self[row.name] != row.defaultValue,
                !ineffective.contains(row.name)
            {
                ineffective.append(row.name)
            }
            return
        }
        switch name {
        case "rename-command" where rest.count == 2: renames.append((rest[0], rest[1]))
        case "lua-replicate-commands" where rest.count == 1, "list-max-ziplist-entries" where rest.count == 1,
            "list-max-ziplist-value" where rest.count == 1:
            break
        case "user" where !rest.isEmpty, "loadmodule" where !rest.isEmpty:
            throw ConfigurationError("'\(name)' belongs to a part that is not built yet")
        default: throw ConfigurationError("Bad directive or wrong number of arguments")
        }
    }

    private func addingSavePoints(_ words: [String]) -> [String] {
        defer { hasReadSavePoint = true }
        guard hasReadSavePoint, words != [""] else { return words }
        return self.words("save") + words
    }

    // MARK: - Effect

    /// The engine's settings by these values.
    package func engineSettings() -> EngineSettings {
        var settings = EngineSettings()
        applyLimits(&settings)
        applyEncoding(&settings)
        applyMemory(&settings)
        settings.databaseCount = integer("databases")
        settings.rdbVersion = integer("rdb-version")
        settings.compressesStrings = flag("rdbcompression")
        settings.sanitizesPayloads = self["sanitize-dump-payload"] != "no"
        settings.password = self["requirepass"]
        settings.notifications = NotificationClasses(text: self["notify-keyspace-events"]) ?? []
        settings.activeExpireEffort = integer("active-expire-effort")
        settings.slowLogMicrosecondsMin = integer("slowlog-log-slower-than")
        settings.slowLogCountMax = integer("slowlog-max-len")
        settings.latencyMonitorMillisecondsMin = integer("latency-monitor-threshold")
        settings.tracksLatency = flag("latency-tracking")
        settings.latencyPercentiles = words("latency-tracking-info-percentiles").compactMap(Double.init)
        settings.hotKeySampleRatio = integer("hotkeys-sample-ratio")
        settings.trackingTableKeyCountMax = integer("tracking-table-max-keys")
        settings.debugCommand = Self.access(self["enable-debug-command"])
        settings.protectedDirectives = Self.access(self["enable-protected-configs"])
        settings.moduleCommand = Self.access(self["enable-module-command"])
        settings.hertz = min(max(integer("hz"), 1), 500)
        return settings
    }

    private func applyLimits(_ settings: inout EngineSettings) {
        settings.limits.bulkByteCountMax = integer("proto-max-bulk-len")
        settings.queryBufferByteCountMax = integer("client-query-buffer-limit")
        settings.clientTimeoutSeconds = integer("timeout")
        settings.clientCountMax = integer("maxclients")
        let limits = words("client-output-buffer-limit")
        func limit(_ name: String) -> OutputLimit {
            let position = limits.firstIndex(of: name) ?? 0
            let numbers = limits[(position + 1)...].prefix(3).map { Int($0) ?? 0 }
            return OutputLimit(hardByteCount: numbers[0], softByteCount: numbers[1], softSeconds: numbers[2])
        }
        settings.outputLimits.normal = limit("normal")
        settings.outputLimits.replica = limit("slave")
        settings.outputLimits.pubSub = limit("pubsub")
    }

    private func applyMemory(_ settings: inout EngineSettings) {
        settings.maxMemoryByteCount = integer("maxmemory")
        settings.maxMemoryPolicy = EvictionPolicy(name: self["maxmemory-policy"])
        settings.maxMemorySampleCount = integer("maxmemory-samples")
        settings.maxMemoryEvictionTenacity = integer("maxmemory-eviction-tenacity")
        settings.maxMemoryClients = integer("maxmemory-clients")
        settings.lfuLogFactor = integer("lfu-log-factor")
        settings.lfuDecayMinutes = integer("lfu-decay-time")
    }

    private static func access(_ word: String) -> ProtectedAccess {
        switch word {
        case "yes": .yes
        case "local": .local
        default: .no
        }
    }
}

extension EvictionPolicy {
    /// As maxmemory-policy names it.
    package var name: String {
        switch self {
        case .noEviction: "noeviction"
        case .allKeysLRU: "allkeys-lru"
        case .volatileLRU: "volatile-lru"
        case .allKeysLFU: "allkeys-lfu"
        case .volatileLFU: "volatile-lfu"
        case .allKeysRandom: "allkeys-random"
        case .volatileRandom: "volatile-random"
        case .volatileTTL: "volatile-ttl"
        }
    }

    init(name: String) {
        self = Self.allCases.first { $0.name == name } ?? .noEviction
    }
}

extension Configuration {
    private func applyEncoding(_ settings: inout EngineSettings) {
        settings.encoding.setIntegersMax = integer("set-max-intset-entries")
        settings.encoding.setPackedCountMax = integer("set-max-listpack-entries")
        settings.encoding.setPackedByteCountMax = integer("set-max-listpack-value")
        settings.encoding.hashPackedCountMax = integer("hash-max-listpack-entries")
        settings.encoding.hashPackedByteCountMax = integer("hash-max-listpack-value")
        settings.encoding.listNodeLimit = integer("list-max-listpack-size")
        settings.encoding.listCompressDepth = integer("list-compress-depth")
        settings.encoding.sortedSetPackedCountMax = integer("zset-max-listpack-entries")
        settings.encoding.sortedSetPackedByteCountMax = integer("zset-max-listpack-value")
        settings.encoding.streamNodeByteCountMax = integer("stream-node-max-bytes")
        settings.encoding.streamNodeEntriesMax = integer("stream-node-max-entries")
        settings.hyperLogLogSparseByteCountMax = integer("hll-sparse-max-bytes")
    }
}

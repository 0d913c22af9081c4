import ControlModel
import Settings

/// A key-value cluster's advanced configuration: what its user set, over the defaults of the table.
struct KeyValueSettings: Sendable, Equatable {
    let engine: DatabaseEngine
    /// By name without prefix; every one validated.
    private(set) var values: [String: SettingValue] = [:]

    /// The configuration of a stored cluster. Rows that this build does not know are dropped.
    init(_ cluster: Cluster) {
        engine = cluster.engine
        for (name, json) in cluster.configuration {
            guard let key = KeyValueKeyTable.key(name, engine: engine), let value = SettingValue(json) else { continue }
            values[key.name] = Self.canonical(value, of: key)
        }
    }

    /// The value in force.
    func value(_ key: KeyValueKey) -> SettingValue { values[key.name] ?? key.defaultValue }

    func text(_ name: String) -> String {
        guard case .string(let text) = value(KeyValueKeyTable.named(name)) else { return "" }
        return text
    }

    func flag(_ name: String) -> Bool { value(KeyValueKeyTable.named(name)) == .boolean(true) }

    func integer(_ name: String) -> Int {
        guard case .integer(let number) = value(KeyValueKeyTable.named(name)) else { return 0 }
        return number
    }

    /// What the API shows: every key of the engine with the value in force, in the engine's spelling.
    var shown: [String: JSONValue] {
        let keys = KeyValueKeyTable.keys.filter { $0.engines.contains(engine) }
        return Dictionary(uniqueKeysWithValues: keys.map { ($0.fullName(engine), json(value($0), of: $0)) })
    }

    /// What is stored: only what the user set.
    var stored: [String: JSONValue] {
        Dictionary(
            uniqueKeysWithValues: values.map { name, value in
                let key = KeyValueKeyTable.named(name)
                return (key.fullName(engine), json(value, of: key))
            })
    }

    /// Takes over the changes of a PATCH, all or none. Keys come in either engine's spelling, and so do policies; null puts
    /// a key back to its default, and unknown keys are ignored, as everywhere in the API.
    ///
    /// - Throws: `ServiceError` in the API's words.
    mutating func apply(_ changes: [String: JSONValue]) throws {
        var changed = self
        var seen: Set<String> = []
        for (name, json) in changes.sorted(by: { $0.key < $1.key }) {
            guard let key = KeyValueKeyTable.key(name, engine: engine) else { continue }
            guard seen.insert(key.name).inserted else {
                throw ServiceError.unprocessable("Invalid configuration: \(name) is there twice, in two spellings.")
            }
            guard json != .null else {
                changed.values[key.name] = nil
                continue
            }
            guard let value = SettingValue(json) else {
                throw ServiceError.unprocessable("Invalid configuration: \(name) must be \(key.kind.summary).")
            }
            do {
                changed.values[key.name] = try key.kind.validate(Self.canonical(value, of: key), name: name)
            } catch {
                throw ServiceError.unprocessable("Invalid configuration: \(error.description).")
            }
        }
        self = changed
    }

    /// Policies have hyphens for Redis and underscores for Valkey; inside they have hyphens.
    private static func canonical(_ value: SettingValue, of key: KeyValueKey) -> SettingValue {
        guard key.name == "maxmemory_policy", case .string(let text) = value else { return value }
        return .string(text.replacing("_", with: "-"))
    }

    private func json(_ value: SettingValue, of key: KeyValueKey) -> JSONValue {
        guard key.name == "maxmemory_policy", engine == .valkey, case .string(let text) = value else {
            return value.json
        }
        return .string(text.replacing("-", with: "_"))
    }

    // MARK: - Eviction

    var evictionPolicy: EvictionPolicy {
        EvictionPolicy(rawValue: text("maxmemory_policy").replacing("-", with: "_")) ?? .noEviction
    }

    /// The change that sets a policy, for `apply`.
    static func change(to policy: EvictionPolicy) -> [String: JSONValue] {
        ["redis_maxmemory_policy": .string(policy.rawValue)]
    }

    // MARK: - Memory

    /// `maxmemory` by a plan's memory, in MiB: what DigitalOcean documents as usable (the rest is for buffers, the copy of
    /// what changes while a snapshot is written, and the system).
    private static let usableMiB = [
        1024: 512, 2048: 1228, 4096: 2560, 8192: 5324, 16_384: 11_776, 32_768: 22_220, 65_536: 44_748,
    ]

    static func usableMemoryMiB(sizeSlug: String) -> Int {
        let memory = DatabaseSize.keyValue.first { $0.slug == sizeSlug }?.memoryMiB ?? 1024
        return usableMiB[memory] ?? memory / 2
    }
}

import ControlModel
import PostgresCluster
import Settings

/// Between the API's form of the advanced configuration (nested objects) and the table's (flat names).
enum PostgresSettings {
    /// The configuration of a stored cluster.
    static func make(for cluster: Cluster) -> Configuration {
        Configuration(plan: plan(for: cluster), values: flatten(cluster.configuration).compactMapValues { $0 })
    }

    static func plan(for cluster: Cluster) -> ClusterPlan {
        let size = DatabaseSize.named(cluster.sizeSlug)
        return ClusterPlan(
            cpuCount: size?.cpuCount ?? 1, memoryMiB: size?.memoryMiB ?? 1024, storageMiB: cluster.storageMiB)
    }

    /// What the API shows: every key with a value in force.
    static func shown(_ configuration: Configuration) -> [String: JSONValue] {
        nest(
            ConfigurationTable.keys.compactMap { key in
                configuration.effectiveValue(of: key).map { (key.name, $0.json) }
            })
    }

    /// What is stored: only what the user set.
    static func stored(_ configuration: Configuration) -> [String: JSONValue] {
        nest(configuration.values.map { ($0.key, $0.value.json) })
    }

    /// The configuration after a PATCH.
    ///
    /// - Throws: `ServiceError` in the API's words; unknown keys are ignored, as everywhere in the API.
    static func patched(_ configuration: Configuration, with changes: [String: JSONValue]) throws -> Configuration {
        var patched = configuration
        do {
            try checkShapes(changes)
            try patched.apply(flatten(changes))
            try checkTimeZone(patched.values["timezone"])
        } catch Configuration.ChangeError.invalid(let reason) {
            throw ServiceError.unprocessable("Invalid configuration: \(reason).")
        } catch Configuration.ChangeError.notBuilt(let reason) {
            throw ServiceError(.notImplemented, reason)
        }
        return patched
    }

    private static func checkTimeZone(_ value: SettingValue?) throws {
        guard case .string(let zone)? = value, !isTimeZone(zone) else { return }
        throw ServiceError.unprocessable("Invalid configuration: timezone \"\(zone)\" is not known here.")
    }

    /// PostgreSQL reads the system's time zone database, so that is what decides: a zone's file (RFC 8536), and not one
    /// of those that count leap seconds. A file with any other name in it keeps the server from starting.
    static func isTimeZone(_ name: String) -> Bool {
        guard !name.hasPrefix("right/"), !name.contains("//") else { return false }
        return DurableFile.read("/usr/share/zoneinfo/\(name)", bytesMax: 4) == "TZif"
    }

    /// A known key whose JSON shape no setting has (an object, a list of numbers) is an error, not an unknown key.
    private static func checkShapes(_ changes: [String: JSONValue]) throws {
        for (name, value) in changes {
            if ConfigurationTable.nestedGroups.contains(name) {
                guard case .object(let group) = value else {
                    if value == .null { continue }
                    throw ServiceError.unprocessable("Invalid configuration: \(name) must be an object.")
                }
                try checkShapes(Dictionary(uniqueKeysWithValues: group.map { ("\(name).\($0.key)", $0.value) }))
            } else if let key = ConfigurationTable.keysByName[name], value != .null, SettingValue(value) == nil {
                throw ServiceError.unprocessable("Invalid configuration: \(name) must be \(key.kind.summary).")
            }
        }
    }

    /// Nested groups become dotted names; JSON null becomes nil, which puts a key back to its default.
    private static func flatten(_ object: [String: JSONValue]) -> [String: SettingValue?] {
        var flat: [String: SettingValue?] = [:]
        for (name, value) in object {
            switch value {
            case .object(let group) where ConfigurationTable.nestedGroups.contains(name):
                for (key, value) in group { flat["\(name).\(key)"] = .some(SettingValue(value)) }
            default:
                flat[name] = .some(SettingValue(value))
            }
        }
        return flat
    }

    private static func nest(_ values: [(String, JSONValue)]) -> [String: JSONValue] {
        var object: [String: JSONValue] = [:]
        for (name, value) in values {
            let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2, ConfigurationTable.nestedGroups.contains(parts[0]) else {
                object[name] = value
                continue
            }
            var group: [String: JSONValue] = [:]
            if case .object(let existing)? = object[parts[0]] { group = existing }
            group[parts[1]] = value
            object[parts[0]] = .object(group)
        }
        return object
    }
}

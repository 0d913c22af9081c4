package import ControlModel
import Foundation

/// A key of the advanced configuration. Some are members of an object ("pgbouncer.server_lifetime"); a few more have a
/// dot in their own name ("pg_stat_statements.track").
package struct ConfigurationKey: Sendable, Equatable {
    /// The keys whose value is an object of keys.
    static let objects: Set<String> = ["pgbouncer", "timescaledb"]

    package var path: [String]

    package init(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        path = parts.count == 2 && Self.objects.contains(parts[0]) ? parts : [text]
    }

    package var text: String { path.joined(separator: ".") }
}

/// `KEY=VALUE` as typed: the value is a JSON scalar or array if it reads like one, else a string.
package struct ConfigurationAssignment: Sendable, Equatable {
    package var key: ConfigurationKey
    package var value: JSONValue

    package init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { return nil }
        key = ConfigurationKey(String(text[..<equals]))
        guard key.path.allSatisfy({ !$0.isEmpty }) else { return nil }
        value = Self.value(String(text[text.index(after: equals)...]))
    }

    private static func value(_ text: String) -> JSONValue {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else {
            return .string(text)
        }
        if case .object = value { return .string(text) }
        return value
    }

    /// The object that changes all these keys and no other.
    package static func merged(_ assignments: [ConfigurationAssignment]) throws -> JSONValue {
        var top: [String: JSONValue] = [:]
        for assignment in assignments {
            let path = assignment.key.path
            var object: [String: JSONValue] = [:]
            if path.count == 2, case .object(let members)? = top[path[0]] { object = members }
            let isTaken = path.count == 2 ? object[path[1]] != nil : top[path[0]] != nil
            guard !isTaken, path.count == 1 || top[path[0]] == nil || !object.isEmpty else {
                throw CommandError("\(assignment.key.text) is set twice", advice: "Give each key one value.")
            }
            if path.count == 2 {
                object[path[1]] = assignment.value
                top[path[0]] = .object(object)
            } else {
                top[path[0]] = assignment.value
            }
        }
        return .object(top)
    }
}

/// A configuration as flat rows, sorted by key.
package struct ConfigurationRows: Sendable, Equatable {
    package var rows: [(key: String, value: JSONValue)]

    package init(_ configuration: [String: JSONValue]) {
        rows = configuration.flatMap { key, value -> [(key: String, value: JSONValue)] in
            guard case .object(let members) = value else { return [(key, value)] }
            return members.map { ("\(key).\($0.key)", $0.value) }
        }.sorted { $0.key < $1.key }
    }

    /// A key of a Redis or Valkey cluster by its name without the engine in front, or with the other engine's; other keys
    /// as they are.
    package func fullName(of key: String, engine: String) -> String {
        guard !rows.contains(where: { $0.key == key }), ["redis", "valkey"].contains(engine) else { return key }
        let bare = ["redis_", "valkey_"].first { key.hasPrefix($0) }.map { String(key.dropFirst($0.count)) } ?? key
        let full = "\(engine)_\(bare)"
        return rows.contains { $0.key == full } ? full : key
    }

    /// Only the rows that a key names: itself, or all members of an object.
    package func selecting(_ keys: [String]) throws -> ConfigurationRows {
        guard !keys.isEmpty else { return self }
        var selected = self
        selected.rows = []
        for key in keys {
            let matches = rows.filter { row in
                row.key == key || ConfigurationKey.objects.contains(key) && row.key.hasPrefix(key + ".")
            }
            guard !matches.isEmpty else {
                throw CommandError(
                    "the configuration has no key \"\(key.printable)\"",
                    advice: "All of them: atoll db config get CLUSTER")
            }
            selected.rows += matches
        }
        return selected
    }

    /// Back to the API's shape.
    package var json: [String: JSONValue] {
        var top: [String: JSONValue] = [:]
        for (text, value) in rows {
            let path = ConfigurationKey(text).path
            guard path.count == 2 else {
                top[path[0]] = value
                continue
            }
            var members: [String: JSONValue] = [:]
            if case .object(let present)? = top[path[0]] { members = present }
            members[path[1]] = value
            top[path[0]] = .object(members)
        }
        return top
    }

    package static func == (one: ConfigurationRows, other: ConfigurationRows) -> Bool {
        one.rows.elementsEqual(other.rows) { $0 == $1 }
    }
}

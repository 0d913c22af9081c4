import ArgumentParser
import ControlModel

/// One source that may connect to a cluster, as typed and as sent.
package struct TrustedSource: Sendable, Hashable, CustomStringConvertible {
    package var type: String
    package var value: String
    package var note: String?

    package init(type: String, value: String, note: String? = nil) {
        self.type = type
        self.value = value
        self.note = note
    }

    init(_ rule: APIModel.Rule) { self.init(type: rule.type, value: rule.value, note: rule.description) }

    /// Addresses are written bare, other sources with their type.
    package var description: String {
        type == FirewallRule.SourceType.address.rawValue ? value : "\(type):\(value)"
    }

    /// The rule that the API takes.
    var ruleBody: JSONValue {
        var members: [String: JSONValue] = ["type": .string(type), "value": .string(value)]
        if let note { members["description"] = .string(note) }
        return .object(members)
    }

    /// Whether it is the same source, whatever is noted about it.
    func isSame(as other: TrustedSource) -> Bool { type == other.type && value == other.value }
}

extension TrustedSource: ExpressibleByArgument {
    /// "203.0.113.7", "10.0.0.0/8", "fd00::/8" or "tag:web". Anything else is not a source.
    package init?(argument: String) {
        if let colon = argument.firstIndex(of: ":"),
            let type = FirewallRule.SourceType(rawValue: String(argument[..<colon]))
        {
            let value = String(argument[argument.index(after: colon)...])
            guard !value.isEmpty, type != .address || Self.isNetwork(value) else { return nil }
            self.init(type: type.rawValue, value: value)
        } else {
            guard Self.isNetwork(argument) else { return nil }
            self.init(type: FirewallRule.SourceType.address.rawValue, value: argument)
        }
    }

    /// An address, or an address with the length of a prefix.
    private static func isNetwork(_ text: String) -> Bool {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let address = String(parts[0])
        let bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : nil
        guard let bits else { return false }
        guard parts.count == 2 else { return true }
        guard parts[1].allSatisfy(\.isASCII), parts[1].allSatisfy(\.isNumber), let length = Int(parts[1]) else {
            return false
        }
        return (0...bits).contains(length)
    }
}

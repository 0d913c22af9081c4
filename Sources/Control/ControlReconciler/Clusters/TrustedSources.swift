import ControlModel
import Foundation
import Glibc

/// Trusted sources: from what a user sends to networks that PostgreSQL understands.
enum TrustedSources {
    /// DigitalOcean's limit of rules for a cluster.
    static let countMax = 100
    static let descriptionBytesMax = 255

    /// Checks requested rules and gives them ids; a rule that is there already keeps its id and time.
    static func rules(
        from requests: [FirewallRuleRequest], clusterID: String, existing: [FirewallRule], at now: Date
    ) throws -> [FirewallRule] {
        guard requests.count <= countMax else {
            throw ServiceError.unprocessable("A cluster takes at most \(countMax) trusted sources.")
        }
        var rules: [FirewallRule] = []
        for request in requests {
            let (type, value) = try check(request)
            guard !rules.contains(where: { $0.type == type && $0.value == value }) else { continue }
            var rule =
                existing.first { $0.type == type && $0.value == value }
                ?? FirewallRule(
                    id: UUID().uuidString.lowercased(), clusterID: clusterID, type: type, value: value,
                    description: nil, createdAt: now)
            rule.description = request.description ?? rule.description
            rules.append(rule)
        }
        return rules
    }

    private static func check(_ request: FirewallRuleRequest) throws -> (FirewallRule.SourceType, String) {
        guard let type = FirewallRule.SourceType(rawValue: request.type) else {
            let known = FirewallRule.SourceType.allCases.map(\.rawValue).joined(separator: ", ")
            throw ServiceError.unprocessable("Firewall rule type \"\(request.type)\" is not one of \(known).")
        }
        guard (request.description ?? "").utf8.count <= descriptionBytesMax else {
            throw ServiceError.unprocessable(
                "A firewall rule's description has at most \(descriptionBytesMax) bytes.")
        }
        guard type == .address else {
            throw ServiceError.unprocessable(
                "Firewall rule \(request.type) \"\(request.value)\" names nothing on this machine; use type ip_addr "
                    + "with an address or a network in CIDR form.")
        }
        guard network(request.value) != nil else {
            throw ServiceError.unprocessable(
                "Firewall rule value \"\(request.value)\" is not an IP address or a network in CIDR form.")
        }
        return (type, request.value)
    }

    /// The networks of a cluster's rules, in CIDR form.
    static func networks(of rules: [FirewallRule]) -> [String] {
        rules.compactMap { $0.type == .address ? network($0.value) : nil }
    }

    /// "10.1.2.3" → "10.1.2.3/32"; nil for what is neither an address nor a network.
    static func network(_ text: String) -> String? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, !text.utf8.contains(0) else { return nil }
        let address = String(parts[0])
        var buffer = [UInt8](repeating: 0, count: 16)
        let bits: Int
        if inet_pton(AF_INET, address, &buffer) == 1 {
            bits = 32
        } else if inet_pton(AF_INET6, address, &buffer) == 1 {
            bits = 128
        } else {
            return nil
        }
        guard parts.count == 2 else { return "\(address)/\(bits)" }
        let isNumber = parts[1].utf8.allSatisfy { (0x30...0x39).contains($0) } && parts[1].utf8.count <= 3
        guard isNumber, let prefix = Int(parts[1]), prefix <= bits else { return nil }
        return "\(address)/\(prefix)"
    }
}

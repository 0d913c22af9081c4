import ControlModel
import Foundation
import Testing

@testable import ControlReconciler

@Suite("Trusted sources")
struct TrustedSourceTests {
    static let networks: [(String, String)] = [
        ("10.1.2.3", "10.1.2.3/32"), ("0.0.0.0/0", "0.0.0.0/0"), ("10.0.0.0/8", "10.0.0.0/8"),
        ("192.168.1.1/24", "192.168.1.1/24"), ("10.0.0.1/32", "10.0.0.1/32"), ("10.0.0.0/08", "10.0.0.0/8"),
        ("::1", "::1/128"), ("::/0", "::/0"), ("2001:db8::/32", "2001:db8::/32"), ("fe80::1/128", "fe80::1/128"),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1/128"), ("2001:DB8::1/64", "2001:DB8::1/64"),
    ]

    @Test("Addresses and networks become networks", arguments: networks)
    func network(text: String, expected: String) {
        #expect(TrustedSources.network(text) == expected)
    }

    static let junk = [
        "", "/", "/8", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/+8", "10.0.0.1/ 8", "10.0.0.1/8/8",
        "10.0.0.1/0x8", "10.0.0.1/1000", "10.0.0/8", "10.0.0.256", "010.0.0.1", "1", "::1/129", "::1/", ":::/0",
        "fe80::1%eth0", "[::1]", "localhost", "all", "samehost", "10.0.0.1 ", " 10.0.0.1", "10.0.0.1\n",
        "10.0.0.1\u{0}", "10.0.0.1\u{0}/8", "10.0.0.1/٨", "10.0.0.1, 10.0.0.2",
        "0.0.0.0/0 trust\nhost all all 0.0.0.0/0 trust",
    ]

    @Test("What is neither is nothing", arguments: junk)
    func noNetwork(_ text: String) {
        #expect(TrustedSources.network(text) == nil)
        expectRefusal(.unprocessableEntity, "is not an IP address") {
            _ = try Self.rules([FirewallRuleRequest(type: "ip_addr", value: text)])
        }
    }

    private static func rules(
        _ requests: [FirewallRuleRequest], existing: [FirewallRule] = [], at now: Date = testTime
    ) throws -> [FirewallRule] {
        try TrustedSources.rules(from: requests, clusterID: "c", existing: existing, at: now)
    }

    private func address(_ value: String, _ description: String? = nil) -> FirewallRuleRequest {
        FirewallRuleRequest(type: "ip_addr", value: value, description: description)
    }

    @Test("A new rule gets an id, the time and what was asked for")
    func newRule() throws {
        let rule = try #require(try Self.rules([address("10.0.0.1", "office")]).first)
        #expect(UUID(uuidString: rule.id) != nil && rule.id == rule.id.lowercased())
        #expect(rule.clusterID == "c" && rule.type == .address && rule.createdAt == testTime)
        #expect(rule.value == "10.0.0.1" && rule.description == "office")
    }

    @Test("A rule sent again keeps its id, its time and a description that is not sent")
    func known() throws {
        let before = try Self.rules([address("10.0.0.1", "office"), address("10.0.0.2")])
        let later = testTime.addingTimeInterval(60)
        let after = try Self.rules(
            [address("10.0.0.3"), address("10.0.0.2", "home"), address("10.0.0.1")], existing: before, at: later)
        #expect(after.map(\.value) == ["10.0.0.3", "10.0.0.2", "10.0.0.1"])
        #expect(after[2] == before[0])
        #expect(after[1].id == before[1].id && after[1].createdAt == testTime && after[1].description == "home")
        #expect(!before.map(\.id).contains(after[0].id) && after[0].createdAt == later)
    }

    @Test("A source sent twice is one rule")
    func duplicates() throws {
        let rules = try Self.rules([address("10.0.0.1"), address("10.0.0.1", "again"), address("10.0.0.2")])
        #expect(rules.map(\.value) == ["10.0.0.1", "10.0.0.2"])
    }

    @Test("A hundred rules are taken, one more is not; none is a cluster open to all")
    func limit() throws {
        let hundred = (0..<100).map { address("10.0.0.\($0)") }
        #expect(try Self.rules(hundred).count == 100)
        expectRefusal(.unprocessableEntity, "at most 100") { _ = try Self.rules(hundred + [address("10.1.0.0")]) }
        #expect(try Self.rules([]).isEmpty)
    }

    @Test("Types that name nothing on one machine are refused by name", arguments: ["droplet", "k8s", "tag", "app"])
    func otherTypes(_ type: String) {
        expectRefusal(.unprocessableEntity, "use type ip_addr") {
            _ = try Self.rules([FirewallRuleRequest(type: type, value: "x")])
        }
    }

    @Test("Unknown types are refused with the known ones", arguments: ["", "IP_ADDR", "ip", "subnet"])
    func unknownType(_ type: String) {
        expectRefusal(.unprocessableEntity, "is not one of droplet, k8s, ip_addr, tag, app") {
            _ = try Self.rules([FirewallRuleRequest(type: type, value: "10.0.0.1")])
        }
    }

    @Test("A description has at most 255 bytes")
    func descriptions() throws {
        let longest = String(repeating: "é", count: 127) + "x"
        #expect(try Self.rules([address("10.0.0.1", longest)]).first?.description == longest)
        expectRefusal(.unprocessableEntity, "255 bytes") { _ = try Self.rules([address("10.0.0.1", longest + "x")]) }
    }

    @Test("Only addresses become networks")
    func networksOfRules() {
        let rules = [("10.0.0.1", FirewallRule.SourceType.address), ("tag", .tag), ("::/0", .address), ("x", .address)]
            .map { FirewallRule(id: "", clusterID: "", type: $1, value: $0, description: nil, createdAt: testTime) }
        #expect(TrustedSources.networks(of: rules) == ["10.0.0.1/32", "::/0"])
    }
}

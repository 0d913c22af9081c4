import ControlModel
import Testing

@testable import ControlReconciler

@Suite("Names that users choose")
struct NameRulesTests {
    static let clusterNames = ["a", "ab", "abc", "db-1", "a-b-c", "shop2", String(repeating: "a", count: 63)]
    static let badClusterNames = [
        "", "-", "a-", String(repeating: "a", count: 64), "-ab", "ab-", "1ab", "aBc", "a_b", "a.b", "a b", "a/b", "äbc",
        "abc\n", "abc\u{0}", "../x", "ａｂｃ",
    ]

    @Test("A cluster's name is a DNS label", arguments: clusterNames)
    func cluster(_ name: String) throws { try NameRules.checkCluster(name) }

    @Test("What is no DNS label is refused", arguments: badClusterNames)
    func badCluster(_ name: String) {
        expectRefusal(.unprocessableEntity, "Cluster name is not valid") { try NameRules.checkCluster(name) }
    }

    static let identifiers = ["a", "app", "App_1", "_x", "a-b.c", "PGx", "p", "pg", String(repeating: "z", count: 63)]
    static let badIdentifiers = [
        "", String(repeating: "z", count: 64), "1a", "-a", ".a", "a b", "a\"b", "a'b", "a;b", "a/b", "a\\b", "pg_x",
        "PG_x", "é", "a\u{0}b", "a\nb", "a@b", "a[b", "a`b", "a{b",
    ]

    @Test("Roles and databases are plain identifiers", arguments: identifiers)
    func identifier(_ name: String) throws {
        try NameRules.checkRole(name)
        try NameRules.checkDatabase(name)
    }

    @Test("What is no plain identifier is refused for both", arguments: badIdentifiers)
    func badIdentifier(_ name: String) {
        expectRefusal(.unprocessableEntity, "User name is not valid") { try NameRules.checkRole(name) }
        expectRefusal(.unprocessableEntity, "Database name is not valid") { try NameRules.checkDatabase(name) }
    }

    @Test(
        "Roles that PostgreSQL keeps for itself are refused",
        arguments: ["postgres", "public", "none", "current_user", "session_user", "current_role", "user"])
    func reservedRole(_ name: String) {
        expectRefusal(.unprocessableEntity, "User name \(name) is reserved") { try NameRules.checkRole(name) }
    }

    @Test("Pools have DigitalOcean's length", arguments: ["abc", "test-pool", "9lives", "A_b.c", "postgres"])
    func pool(_ name: String) throws { try NameRules.checkPool(name) }

    @Test(
        "What would need quotes is refused for pools",
        arguments: ["", "ab", "-ab", ".ab", "a b", "a=b", "a;b", "*", "***", "a\"b", "a\nb", "é12", "a/b"])
    func badPool(_ name: String) {
        expectRefusal(.unprocessableEntity, "Pool name is not valid") { try NameRules.checkPool(name) }
    }

    @Test("The console's name is refused for pools")
    func reservedPool() {
        expectRefusal(.unprocessableEntity, "Pool name pgbouncer is reserved") { try NameRules.checkPool("pgbouncer") }
    }

    @Test("Databases of the platform are refused", arguments: ["postgres", "template0", "template1"])
    func reservedDatabase(_ name: String) {
        expectRefusal(.unprocessableEntity, "Database name \(name) is reserved") { try NameRules.checkDatabase(name) }
    }
}

@Suite("Passwords")
struct PasswordTests {
    private static let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

    @Test("Ten thousand passwords have the form, differ, and use every character of the alphabet evenly")
    func form() {
        var seen: Set<String> = []
        var counts: [Character: Int] = [:]
        for _ in 0..<10_000 {
            let password = Passwords.make()
            #expect(password.hasPrefix("AVNS_") && password.utf8.count == 24)
            for character in password.dropFirst(5) { counts[character, default: 0] += 1 }
            seen.insert(password)
        }
        #expect(seen.count == 10_000)
        #expect(Set(counts.keys) == Set(Self.alphabet))
        // 190,000 draws: about 2969 each; ten standard deviations are 540.
        #expect(counts.values.allSatisfy { (2400...3540).contains($0) })
    }
}

@Suite("Port pairs")
struct PortPairsTests {
    private let pairs = PortPairs()

    @Test("The first pair is at the base; taken ones and their neighbours are passed over")
    func first() throws {
        #expect(try pairs.choose(taken: []) { _ in true } == (25_060, 25_061))
        #expect(try pairs.choose(taken: [25_060, 25_061]) { _ in true } == (25_062, 25_063))
        #expect(try pairs.choose(taken: [25_061]) { _ in true } == (25_062, 25_063))
        #expect(try pairs.choose(taken: [25_062, 25_063]) { _ in true } == (25_060, 25_061))
    }

    @Test("A port that somebody else holds is passed over", arguments: [25_060, 25_061])
    func held(port: Int) throws {
        #expect(try pairs.choose(taken: []) { $0 != port } == (25_062, 25_063))
    }

    @Test("The ports of key-value clusters are never given out")
    func keyValueRange() throws {
        #expect(try pairs.choose(taken: Set(25_060..<25_098)) { _ in true } == (25_098, 25_099))
        #expect(try pairs.choose(taken: Set(25_060..<25_100)) { _ in true } == (25_200, 25_201))
        var taken: Set<Int> = []
        for _ in 0..<200 {
            let (port, poolPort) = try pairs.choose(taken: taken) { _ in true }
            #expect(poolPort == port + 1 && port % 2 == 0)
            #expect(!(25_100..<25_200).contains(port) && !taken.contains(port) && !taken.contains(poolPort))
            taken.formUnion([port, poolPort])
        }
    }

    @Test("Key-value clusters have a hundred ports of their own, and go on after them with everybody")
    func keyValue() throws {
        #expect(try pairs.choose(isKeyValue: true, taken: []) { _ in true } == (25_100, 25_101))
        #expect(try pairs.choose(isKeyValue: true, taken: [25_100, 25_101]) { $0 != 25_102 } == (25_104, 25_105))
        #expect(try pairs.choose(isKeyValue: true, taken: Set(25_100..<25_200)) { _ in true } == (25_200, 25_201))
    }

    @Test("The last pair ends at the highest port; then there is none")
    func none() throws {
        #expect(try PortPairs(base: 65_533).choose(taken: []) { _ in true } == (65_533, 65_534))
        for base in [65_534, 65_535, 70_000] {
            expectRefusal(.serviceUnavailable, "from \(base)") {
                _ = try PortPairs(base: base).choose(taken: []) { _ in true }
            }
        }
        expectRefusal(.serviceUnavailable) { _ = try pairs.choose(taken: []) { _ in false } }
        expectRefusal(.serviceUnavailable) { _ = try pairs.choose(taken: Set(25_060...65_534)) { _ in true } }
    }

    @Test("An odd base stays odd, and the key-value range moves with it")
    func oddBase() throws {
        let pairs = PortPairs(base: 30_001)
        #expect(try pairs.choose(taken: Set(30_001..<30_041)) { _ in true } == (30_141, 30_142))
    }
}

import Foundation
import PoolerConfiguration
import Testing

@testable import PoolerServer

@Suite("Every setting has a test in which two values lead to two ends, or is named here")
struct SettingCoverageTests {
    /// Settings without such a test, each with the reason.
    private static let untested: [String: String] = [
        "conffile": "the next reload reads it: the program's, seen from outside only",
        "dns_max_ttl": "HostNamesTests: addressesLive",
        "dns_nxdomain_ttl": "HostNamesTests: missingNamesLive",
        "job_name": "is shown and nothing else, as in PgBouncer",
        "listen_backlog": "goes to listen(2), which tells nobody",
        "log_stats": "StatisticsSamplesTests: logLine, which the shell writes",
        "peer_id": "of peers",
        "pidfile": "the program's, seen from outside only",
        "pkt_buf": "has no effect",
        "sbuf_loopcnt": "has no effect",
        "unix_socket_group": "needs groups of the system",
        "user": "needs root",
    ]

    private static func text(_ path: String) throws -> String {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: tests.appending(path: path), encoding: .utf8)
    }

    @Test func everySettingIsTestedOrNamed() throws {
        let effects =
            try Self.text("PoolerSessionsTests/Configured/SettingEffectTests.swift")
            + Self.text("PoolerServerTests/ShellEffectTests.swift")
        // These are tested where they are refused: `SettingTableTests`.
        let refused: Set<String> = ["auth_ldap_options", "dns_zone_check_period", "resolv_conf", "service_name"]
        for row in SettingTable.rows where !refused.contains(row.name) {
            let pattern = try Regex(#"(SettingEffect|ShellEffect|client|server)\(\s*"\#(row.name)""#)
            let isTested = effects.contains(pattern)
            #expect(isTested != (Self.untested[row.name] != nil), "\(row.name)")
        }
        let names = Set(SettingTable.rows.map(\.name))
        #expect(Self.untested.keys.allSatisfy(names.contains))
    }

    @Test func whatHasNoEffectIsTold() throws {
        #expect(UnbuiltSettings.warnings(SettingTable.defaults).isEmpty)
        #expect(
            UnbuiltSettings.warnings(try ShellEffect.settings("pkt_buf = 8192"))
                == ["pkt_buf = 8192 has no effect: it is not built yet"])
    }
}

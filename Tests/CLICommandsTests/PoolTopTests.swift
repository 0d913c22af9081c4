// `atoll db pool top` against a stub of the API, and what it makes of two readings.

import ArgumentParser
import ControlModel
import Foundation
import Testing

@testable import CLICommands

@Suite("The view of pools at work")
struct PoolTopTests {
    private static func counts(_ count: Int, seconds: Double, _ buckets: [(Double, Int)]) -> DurationCounts {
        var counts = DurationCounts()
        counts.count = count
        counts.seconds = seconds
        counts.buckets = buckets.map { DurationCounts.Bucket(seconds: $0.0, count: $0.1) }
        return counts
    }

    private static func pool(_ name: String, user: String = "app", queries: Int, waiting: Int = 0) -> PoolFigures {
        var pool = PoolFigures(pool: name, user: user)
        pool.mode = "transaction"
        pool.size = 20
        pool.clientsActive = 3
        pool.clientsWaiting = waiting
        pool.serversActive = 2
        pool.serversIdle = 1
        pool.transactions = queries / 2
        pool.queries = queries
        pool.query = counts(
            queries, seconds: Double(queries) / 500, [(0.001, 0), (0.002, queries / 2), (0.004, queries)])
        return pool
    }

    private static func figures(_ atSeconds: Double, start: Double = 1, _ pools: PoolFigures...) -> PoolerFigures {
        PoolerFigures(atSeconds: atSeconds, startedAtSeconds: start, pools: pools)
    }

    @Test func ratesAreOfTheTimeBetween() {
        let view = PoolTopView(
            before: Self.figures(10, Self.pool("web", queries: 100)),
            after: Self.figures(12, Self.pool("web", queries: 300), Self.pool("new", queries: 10)))
        #expect(view.seconds == 2)
        #expect(view.rows.map(\.figures.pool) == ["web", "new"])
        #expect(view.rows.map(\.queriesPerSecond) == [100, 5])
        #expect(view.rows[0].transactionsPerSecond == 50)
        #expect(view.rows[0].query.averageSeconds == 0.002)
        // Half lie below 2 ms, and the rest up to 4 ms.
        #expect(view.rows[0].query.quantileSeconds(0.5) == 0.002)
        #expect(abs((view.rows[0].query.quantileSeconds(0.99) ?? 0) - 0.00396) < 1e-9)
        #expect(view.rows[0].wait.averageSeconds == nil && view.rows[0].wait.quantileSeconds(0.99) == nil)
    }

    @Test func whoWaitsComesFirst() {
        let after = Self.figures(
            2, Self.pool("b", queries: 0), Self.pool("a", queries: 0), Self.pool("busy", queries: 9),
            Self.pool("queue", queries: 1, waiting: 4))
        let view = PoolTopView(before: Self.figures(1), after: after)
        #expect(view.rows.map(\.figures.pool) == ["queue", "busy", "a", "b"])
    }

    @Test func aPoolerThatStartedAnewCountsFromItsStart() {
        let view = PoolTopView(
            before: Self.figures(10, Self.pool("web", queries: 1000)),
            after: Self.figures(12, start: 11, Self.pool("web", queries: 40)))
        #expect(view.seconds == 1 && view.rows[0].queriesPerSecond == 40)
        // So does a pool that was deleted and made anew.
        let same = PoolTopView(
            before: Self.figures(10, Self.pool("web", queries: 1000)),
            after: Self.figures(12, Self.pool("web", queries: 40)))
        #expect(same.rows[0].queriesPerSecond == 20)
    }

    @Test func quantilesStayInTheirRanges() {
        let counts = Self.counts(100, seconds: 9, [(1, 0), (2, 50), (4, 50), (8, 98)])
        #expect(counts.quantileSeconds(0.25) == 1.5 && counts.quantileSeconds(0.98) == 8)
        // What lies beyond the last bound is at least that.
        #expect(counts.quantileSeconds(0.99) == 8)
        #expect(DurationCounts().quantileSeconds(0.5) == nil)
    }

    private func withServer(_ body: (StubServer) async throws -> Void) async throws {
        let path = "/atoll/v1/databases/11111111-aaaa/pooler/figures"
        var pool = Self.pool("web\u{1B}[2J", queries: 100)
        pool.pinned = ["advisory_lock": 2, "listening": 1]
        let text = String(
            decoding: try JSONEncoder().encode(["figures": Self.figures(5, pool)]), as: UTF8.self)
        let server = try StubServer { request in
            switch "\(request.method) \(request.target)" {
            case "GET /v2/databases": .json("{\"databases\":[\(clusterJSON())]}")
            case "GET \(path)": .json(text)
            default: .json(#"{"id":"not_found","message":"No such thing."}"#, status: 404)
            }
        }
        defer { server.stop() }
        try await body(server)
    }

    @Test func onceShowsATableWithoutEscapes() async throws {
        try await withServer { server in
            let console = TestConsole()
            try await run("db pool top shop --once", against: server.url, console)
            let lines = console.output.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.first?.hasPrefix("shop: 3 clients, 3 connections, 0.0 transactions/s") == true)
            #expect(!console.output.contains("\u{1B}"))
            #expect(console.output.contains("PINNED") && console.output.contains("advisory_lock=2 listening=1"))
        }
    }

    @Test func jsonIsALine() async throws {
        try await withServer { server in
            let console = TestConsole()
            try await run("db pool top shop --once --format json", against: server.url, console)
            #expect(console.output.hasSuffix("\n") && console.output.filter { $0 == "\n" }.count == 1)
            let value = try JSONDecoder().decode(JSONValue.self, from: Data(console.output.utf8))
            guard case .object(let members) = value, case .array(let pools)? = members["pools"],
                case .object(let pool)? = pools.first
            else {
                Issue.record("\(console.output)")
                return
            }
            #expect(pool["clients_active"] == .integer(3) && pool["size"] == .integer(20))
            #expect(pool["pinned"] == .object(["advisory_lock": .integer(2), "listening": .integer(1)]))
        }
    }

    @Test(arguments: ["0.5", "0", "3601", "-1"])
    func intervalsHaveLimits(_ interval: String) {
        #expect(throws: (any Error).self) {
            try Atoll.parseAsRoot(["db", "pool", "top", "shop", "--interval", interval])
        }
    }
}

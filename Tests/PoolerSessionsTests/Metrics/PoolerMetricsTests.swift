import MetricText
import Testing

@testable import PoolerSessions

@Suite("The pooler's metrics")
struct PoolerMetricsTests {
    private func pooler() throws -> ConfiguredPooler {
        try ConfiguredPooler(
            """
            auth_type = trust
            auth_file = users
            pool_mode = transaction
            default_pool_size = 1
            """, databases: "db = host=h\nother = host=h", files: ["users": "\"u\" \"\"\n"])
    }

    private func families(_ poolers: [ConfiguredPooler]) -> [MetricFamily] {
        let view = ConsoleView(
            loops: poolers.map { $0.pooler.report(ConsoleView.metricsScope) { _ in SocketFacts() } },
            directory: poolers[0].pooler.directory, switches: PoolerSwitches(), timeText: { "\($0)" })
        return view.metricFamilies(version: "1", process: ProcessFigures())
    }

    /// A family's numbers of the pool `db`, `u`, by suffix and further labels.
    private func numbers(_ families: [MetricFamily], _ name: String) -> [String: Double] {
        let samples = families.first { $0.name == name }?.samples ?? []
        var numbers: [String: Double] = [:]
        for sample in samples where sample.labels.contains(MetricLabel("database", "db")) {
            let rest = sample.labels.filter { $0.name != "database" && $0.name != "user" }.map(\.value)
            numbers[([sample.suffix] + rest).joined(separator: " ")] = sample.value
        }
        return numbers
    }

    private func run(_ pooler: ConfiguredPooler, nanoseconds: Int64) throws {
        let client = pooler.connect(user: "u", database: "db")
        let server = try #require(pooler.logInServer())
        for _ in 0..<3 {
            client.send(WireBytes.query("SELECT 1"))
            pooler.pooler.now += nanoseconds
            server.send(WireBytes.message("C", WireBytes.text("SELECT 1")) + WireBytes.message("Z", Array("I".utf8)))
        }
    }

    @Test func histogramsCountWhatWasRun() throws {
        let pooler = try pooler()
        try run(pooler, nanoseconds: 3_000_000)
        let families = families([pooler])
        for name in ["query", "transaction"] {
            let numbers = numbers(families, "atoll_pooler_\(name)_seconds")
            #expect(numbers["_count"] == 3 && numbers["_bucket +Inf"] == 3, "\(name)")
            #expect(numbers["_sum"] == 0.009, "\(name)")
            #expect(numbers["_bucket 0.002048"] == 0 && numbers["_bucket 0.004096"] == 3, "\(name)")
        }
        // The first client waited at its login, and no request did.
        let assignments = numbers(families, "pgbouncer_stats_server_assignments_total")[""]
        #expect(assignments == 3 && numbers(families, "atoll_pooler_wait_seconds")["_count"] == 4)
        #expect(numbers(families, "atoll_pooler_wait_seconds")["_bucket 1.6e-05"] == 4)
        #expect(numbers(families, "pgbouncer_stats_sql_transactions_pooled_total") == ["": 3])
        #expect(numbers(families, "pgbouncer_pools_client_active_connections") == ["": 1])
        #expect(numbers(families, "pgbouncer_pools_server_idle_connections") == ["": 1])
    }

    @Test func loopsAreAddedUp() throws {
        let poolers = [try pooler(), try pooler()]
        try run(poolers[0], nanoseconds: 3_000_000)
        try run(poolers[1], nanoseconds: 30_000_000)
        let numbers = numbers(families(poolers), "atoll_pooler_transaction_seconds")
        #expect(numbers["_count"] == 6 && numbers["_sum"] == 0.099)
        #expect(numbers["_bucket 0.004096"] == 3 && numbers["_bucket 0.032768"] == 6)
    }

    @Test func bucketsGrow() throws {
        let numbers = HistogramCounts().samples(labels: []).filter { $0.suffix == "_bucket" }
        let bounds = numbers.compactMap { Double($0.labels.last?.value.replacing("+Inf", with: "inf") ?? "") }
        #expect(bounds.count == 25 && bounds == bounds.sorted() && bounds.first == 0.000016 && bounds.last == .infinity)
        var histogram = DurationHistogram()
        for nanoseconds in [-5, 0, 15_999, 16_000, 134_217_727_999, 134_217_728_000, Int64.max] as [Int64] {
            histogram.add(nanoseconds)
        }
        let counts = HistogramCounts(histogram).samples(labels: []).map(\.value)
        #expect(counts[0] == 3 && counts[1] == 4 && counts[23] == 5 && counts[24] == 7)
    }

    @Test func whatIsWrittenIsTheFormat() throws {
        let pooler = try pooler()
        try run(pooler, nanoseconds: 1)
        let families = families([pooler])
        #expect(try PrometheusReader.families(PrometheusText.render(families)) == families)
        #expect(Set(families.map(\.name)).count == families.count)
        for family in families where family.kind == .counter {
            #expect(family.name.hasSuffix("_total"), "\(family.name)")
        }
    }
}

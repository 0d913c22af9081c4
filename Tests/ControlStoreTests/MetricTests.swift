import ControlModel
import ControlStore
import Foundation
import GRDB
import Testing

@Suite struct MetricTests {
    /// A multiple of 600 seconds.
    static let start = 1_767_322_800

    static func date(_ seconds: Int) -> Date { Date(timeIntervalSince1970: Double(seconds)) }

    @Test func `points are stored by cluster, name and labels`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster()
        let count = try await test.store.recordMetrics(
            [
                MetricPoint(clusterID: cluster.id, name: "load", labels: #"{"m":"1"}"#, value: 0.5),
                MetricPoint(clusterID: cluster.id, name: "load", labels: #"{"m":"5"}"#, value: 0.25),
                MetricPoint(clusterID: "", name: "load", value: 7),
                MetricPoint(clusterID: cluster.id, name: "load", labels: "nan", value: .nan),
                MetricPoint(clusterID: cluster.id, name: "load", labels: "inf", value: .infinity),
                MetricPoint(clusterID: "removed", name: "load", value: 1),
            ], at: Self.date(Self.start + 16))
        #expect(count == 3)
        let series = try await points(test, cluster.id, 0..<60, now: 60)
        #expect(series.map(\.labels) == [#"{"m":"1"}"#, #"{"m":"5"}"#])
        #expect(series.first?.stepSeconds == 15)
        #expect(
            series.first?.samples
                == [MetricSample(at: Self.date(Self.start + 15), average: 0.5, minimum: 0.5, maximum: 0.5)])
        #expect(try await points(test, "", 0..<60, now: 60).flatMap(\.samples).map(\.average) == [7])
        #expect(try await points(test, "", 30..<60, now: 60).isEmpty)
        #expect(
            try await test.store.metricPoints(
                clusterID: "", name: "load", from: Self.date(Self.start + 60), to: Self.date(Self.start)
            ).isEmpty)
        #expect(try await points(test, "other", 0..<60, now: 60).isEmpty)
        #expect(try await test.store.recordMetrics([], at: testTime) == 0)
    }

    @Test func `a second value in the same 15 seconds replaces the first`() async throws {
        let test = try TestStore()
        for (second, value) in [(0, 1.0), (14, 2.0)] {
            try await test.store.recordMetrics(
                [MetricPoint(clusterID: "", name: "load", value: value)], at: Self.date(Self.start + second))
        }
        #expect(try await points(test, "", 0..<60, now: 60).flatMap(\.samples).map(\.average) == [2])
    }

    @Test func `series past the limit of a cluster are left out, known ones still recorded`() async throws {
        let test = try TestStore()
        let points = (0..<2_010).map { MetricPoint(clusterID: "", name: "n", labels: "\($0)", value: 1) }
        #expect(try await test.store.recordMetrics(points, at: testTime) == 2_000)
        #expect(try await test.store.recordMetrics(points, at: testTime.addingTimeInterval(15)) == 2_000)
    }

    @Test func `31 days are rolled up as they pass`() async throws {
        let test = try TestStore()
        let days = 31
        try await simulate(test, days: days)
        let end = days * 86400
        let bounds = try await rowBounds(test)
        // Raw points: 6 hours; minutes: 48 hours; tens of minutes: 30 days.
        #expect(bounds["metric_points_15s"] == [end - 6 * 3600, end - 15, 6 * 240])
        #expect(bounds["metric_points_1min"] == [end - 48 * 3600, end - 60, 48 * 60])
        #expect(bounds["metric_points_10min"] == [86400, end - 600, 30 * 144])

        // The value of a point is its number of the 15-second step, so averages are known.
        let raw = try await points(test, "", (end - 3600)..<end, now: end)
        #expect(raw.first?.stepSeconds == 15 && raw.first?.samples.count == 240)
        #expect(raw.first?.samples.last?.average == Double(end / 15 - 1))

        let minutes = try await points(test, "", (end - 20 * 3600)..<end, now: end)
        #expect(minutes.first?.stepSeconds == 60 && minutes.first?.samples.count == 1200)
        let firstMinute = (end - 20 * 3600) / 15
        #expect(
            minutes.first?.samples.first
                == MetricSample(
                    at: Self.date(Self.start + end - 20 * 3600), average: Double(firstMinute) + 1.5,
                    minimum: Double(firstMinute), maximum: Double(firstMinute + 3)))

        let week = try await points(test, "", (end - 7 * 86400)..<end, now: end)
        #expect(week.first?.stepSeconds == 600 && week.first?.samples.count == 1008)
        let firstTen = (end - 7 * 86400) / 15
        #expect(week.first?.samples.first?.average == Double(firstTen) + 19.5)
        #expect(week.first?.samples.first?.minimum == Double(firstTen))
        #expect(week.first?.samples.first?.maximum == Double(firstTen + 39))

        let month = try await points(test, "", (end - 30 * 86400)..<end, now: end)
        #expect(month.first?.stepSeconds == 1800 && month.first?.samples.count == 1440)
        #expect(month.first?.samples.last?.maximum == Double(end / 15 - 1))
        let twoDays = try await points(test, "", (end - 2 * 86400)..<end, now: end)
        #expect(twoDays.first?.stepSeconds == 120 && twoDays.first?.samples.count == 1440)
    }

    @Test func `rolling up again changes nothing`() async throws {
        let test = try TestStore()
        try await simulate(test, days: 1)
        let before = try await tables(test)
        try await test.store.rollUpMetrics(now: Self.date(Self.start + 86400))
        #expect(try await tables(test) == before)
        // A clock that was set back an hour, and right again.
        try await test.store.rollUpMetrics(now: Self.date(Self.start + 86400 - 3600))
        try await test.store.rollUpMetrics(now: Self.date(Self.start + 86400))
        #expect(try await tables(test) == before)
    }

    @Test func `rolled up late, after a pause, nothing is lost`() async throws {
        let test = try TestStore()
        try await record(test, steps: 0..<480, series: "load")
        // Nothing ran for ten days.
        try await test.store.rollUpMetrics(now: Self.date(Self.start + 10 * 86400))
        let bounds = try await rowBounds(test)
        #expect(bounds["metric_points_15s"] == [] && bounds["metric_points_1min"] == [])
        #expect(bounds["metric_points_10min"] == [0, 6600, 12])
        let series = try await points(test, "", 0..<7200, now: 10 * 86400)
        #expect(series.first?.samples.map(\.average) == (0..<12).map { Double($0 * 40) + 19.5 })
    }

    @Test func `the newest part of a long range comes from the finer tables`() async throws {
        let test = try TestStore()
        try await simulate(test, days: 3)
        let end = 3 * 86400
        try await record(test, steps: (end / 15)..<(end / 15 + 3), series: "load")
        let series = try await points(test, "", 0..<(end + 45), now: end + 45)
        #expect(series.first?.samples.last?.at == Self.date(Self.start + end))
        #expect(series.first?.samples.last?.maximum == Double(end / 15 + 2))
    }

    @Test func `a series without points is forgotten`() async throws {
        let test = try TestStore()
        try await record(test, steps: 0..<1, series: "gone")
        try await test.store.rollUpMetrics(now: Self.date(Self.start + 29 * 86400))
        #expect(try await seriesCount(test) == 1)
        try await test.store.rollUpMetrics(now: Self.date(Self.start + 31 * 86400))
        #expect(try await seriesCount(test) == 0)
    }

    @Test func `more old points than one batch deletes go in one call`() async throws {
        let test = try TestStore()
        try await test.directory.connection().write { database in
            try database.execute(sql: "INSERT INTO metric_series (cluster_id, name, labels) VALUES ('', 'load', '')")
            try database.execute(
                sql: """
                    WITH RECURSIVE step (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM step WHERE n < 44999)
                    INSERT INTO metric_points_15s SELECT 1, ? + n * 15, n, n, n, 1 FROM step
                    """,
                arguments: [Self.start])
        }
        try await test.store.rollUpMetrics(now: Self.date(Self.start + 45_000 * 15))
        #expect(try await rowBounds(test)["metric_points_15s"]?.last == 6 * 240)
        #expect(try await rowBounds(test)["metric_points_10min"]?.last == 45_000 / 40)
    }

    // MARK: - Simulation

    /// Records a point each 15 seconds, three hours at once (through a second connection, for speed), and
    /// rolls up after each.
    private func simulate(_ test: TestStore, days: Int) async throws {
        try await record(test, steps: 0..<1, series: "load")
        let connection = try test.directory.connection()
        for hour in stride(from: 0, to: days * 24, by: 3) {
            try await connection.write { database in
                try database.execute(
                    sql: """
                        WITH RECURSIVE step (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM step WHERE n < ?1 + 719)
                        INSERT OR REPLACE INTO metric_points_15s SELECT 1, ?2 + n * 15, n, n, n, 1 FROM step
                        """,
                    arguments: [hour * 240, Self.start])
            }
            try await test.store.rollUpMetrics(now: Self.date(Self.start + (hour + 3) * 3600))
        }
    }

    private func record(_ test: TestStore, steps: Range<Int>, series: String) async throws {
        for step in steps {
            try await test.store.recordMetrics(
                [MetricPoint(clusterID: "", name: series, value: Double(step))],
                at: Self.date(Self.start + step * 15))
        }
    }

    private func points(
        _ test: TestStore, _ clusterID: String, _ range: Range<Int>, now: Int
    ) async throws -> [MetricSeries] {
        try await test.store.metricPoints(
            clusterID: clusterID, name: "load", from: Self.date(Self.start + range.lowerBound),
            to: Self.date(Self.start + range.upperBound), now: Self.date(Self.start + now))
    }

    /// First and last time after the start, and the number of rows; nothing for an empty table.
    private func rowBounds(_ test: TestStore) async throws -> [String: [Int]] {
        try await test.directory.connection().read { database in
            var bounds: [String: [Int]] = [:]
            for table in ["metric_points_15s", "metric_points_1min", "metric_points_10min"] {
                let times = try Int.fetchAll(
                    database, sql: "SELECT at_seconds - ? FROM \(table) ORDER BY 1", arguments: [Self.start])
                bounds[table] = [times.first, times.last].compactMap { $0 } + (times.isEmpty ? [] : [times.count])
            }
            return bounds
        }
    }

    private func tables(_ test: TestStore) async throws -> [[String]] {
        try await test.directory.connection().read { database in
            try ["metric_points_15s", "metric_points_1min", "metric_points_10min", "metric_roll_ups"].map { table in
                try Row.fetchAll(database, sql: "SELECT * FROM \(table)").map(\.description)
            }
        }
    }

    private func seriesCount(_ test: TestStore) async throws -> Int? {
        try await test.directory.connection().read { try Int.fetchOne($0, sql: "SELECT count(*) FROM metric_series") }
    }
}

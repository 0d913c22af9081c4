package import Foundation
import GRDB

// History of metrics: 15-second points for 6 hours, 1-minute averages for 48 hours, 10-minute averages for 30 days.

extension ControlStore {
    /// Stores measured values for the 15 seconds around `now`, in one transaction.
    ///
    /// A value that is no number, of a cluster that does not exist, or of one series too many is left out.
    ///
    /// - Returns: how many were stored.
    @discardableResult
    package func recordMetrics(_ points: [MetricPoint], at now: Date) async throws -> Int {
        guard !points.isEmpty else { return 0 }
        let atSeconds = MetricResolution.fifteenSeconds.bucket(of: now.wholeSeconds)
        return try await pool.write { database in
            let insertion = try database.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO metric_points_15s
                        (series_id, at_seconds, average, minimum, maximum, sample_count)
                    VALUES (?1, ?2, ?3, ?3, ?3, 1)
                    """)
            var count = 0
            for point in points where point.value.isFinite {
                guard let seriesID = try MetricTables.seriesID(of: point, database) else { continue }
                try insertion.execute(arguments: [seriesID, atSeconds, point.value])
                count += 1
            }
            return count
        }
    }

    /// Fills the coarser tables from the finer ones as far as time has passed, and deletes what is too old.
    ///
    /// Works in many small transactions; interrupted or repeated, the result is the same.
    package func rollUpMetrics(now: Date) async throws {
        let nowSeconds = now.wholeSeconds
        for resolution in [MetricResolution.oneMinute, .tenMinutes] {
            while try await pool.write({ try MetricTables.fill(resolution, nowSeconds: nowSeconds, $0) }) {}
        }
        for resolution in MetricResolution.allCases {
            while try await pool.write({ try MetricTables.deleteOld(resolution, nowSeconds: nowSeconds, $0) }) {}
        }
        try await pool.write { try MetricTables.deleteEmptySeries($0) }
    }

    /// The history of a metric from `from` up to, not including, `to`: one series for each set of labels.
    ///
    /// The resolution is the finest one that is still kept at `from`; steps are made longer where a series would have
    /// more than 1,500. The newest part, which is not rolled up yet, comes from the finer tables.
    package func metricPoints(
        clusterID: String, name: String, from: Date, to: Date, now: Date = Date()
    ) async throws -> [MetricSeries] {
        let query = MetricQuery(from: from.wholeSeconds, to: to.wholeSeconds, now: now.wholeSeconds)
        guard query.from < query.to else { return [] }
        return try await pool.read { try query.run(clusterID: clusterID, name: name, $0) }
    }
}

extension Date {
    fileprivate var wholeSeconds: Int {
        Int(min(max(timeIntervalSince1970, -1e14), 1e14).rounded(.down))
    }
}

/// A question about the history of one metric.
private struct MetricQuery {
    /// A question that was asked for "the last 6 hours" a moment ago is still one for the last 6 hours.
    private static let slackSeconds = 60

    let from: Int
    let to: Int
    let resolution: MetricResolution
    let stepSeconds: Int

    init(from: Int, to: Int, now: Int) {
        let resolution =
            MetricResolution.allCases.first { from >= now - $0.retentionSeconds - Self.slackSeconds } ?? .tenMinutes
        let stepMax = resolution.seconds * StoreLimits.pointsPerSeriesMax
        self.from = from
        self.to = to
        self.resolution = resolution
        stepSeconds = resolution.seconds * max(1, (to - from + stepMax - 1) / stepMax)
    }

    func run(clusterID: String, name: String, _ database: Database) throws -> [MetricSeries] {
        var selections: [String] = []
        var arguments = StatementArguments()
        for part in try parts(database) {
            selections.append(
                """
                SELECT series.labels, points.* FROM metric_series AS series
                CROSS JOIN \(part.resolution.table) AS points ON points.series_id = series.id
                    AND points.at_seconds >= ? AND points.at_seconds < ?
                WHERE series.cluster_id = ? AND series.name = ?
                """)
            arguments += [part.range.lowerBound, part.range.upperBound, clusterID, name]
        }
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT labels, at_seconds / \(stepSeconds) * \(stepSeconds) AS step,
                    sum(average * sample_count) / sum(sample_count) AS average, min(minimum) AS minimum,
                    max(maximum) AS maximum
                FROM (\(selections.joined(separator: "\nUNION ALL\n")))
                GROUP BY labels, step ORDER BY labels, step
                """,
            arguments: arguments)
        return try series(rows)
    }

    /// Which table answers for which time: the coarse one as far as it is filled, finer ones for the rest.
    private func parts(_ database: Database) throws -> [(resolution: MetricResolution, range: Range<Int>)] {
        var parts: [(resolution: MetricResolution, range: Range<Int>)] = []
        var start = from
        var next: MetricResolution? = resolution
        while let resolution = next {
            let end = resolution.finer == nil ? to : min(to, try MetricTables.filledUntil(resolution, database))
            // An empty range stands too: without any part there is nothing to select from.
            parts.append((resolution, start..<max(start, end)))
            start = max(start, end)
            next = resolution.finer
        }
        return parts
    }

    private func series(_ rows: RowCursor) throws -> [MetricSeries] {
        var result: [MetricSeries] = []
        while let row = try rows.next() {
            let labels: String = row["labels"]
            if result.last?.labels != labels {
                result.append(MetricSeries(labels: labels, stepSeconds: stepSeconds, samples: []))
            }
            let sample = MetricSample(
                at: Date(timeIntervalSince1970: row["step"]), average: row["average"], minimum: row["minimum"],
                maximum: row["maximum"])
            result[result.count - 1].samples.append(sample)
        }
        return result
    }
}

/// The statements on the tables of metrics. Functions that return a Bool do one bounded batch, and say whether there
/// may be more to do.
///
/// CROSS JOIN makes SQLite go from the few series to the ranges of their points, not through all points.
enum MetricTables {
    /// nil for a point that is not to be stored.
    fileprivate static func seriesID(of point: MetricPoint, _ database: Database) throws -> Int64? {
        let search = try database.cachedStatement(
            sql: "SELECT id FROM metric_series WHERE cluster_id = ? AND name = ? AND labels = ?")
        if let id = try Int64.fetchOne(search, arguments: [point.clusterID, point.name, point.labels]) { return id }
        try database.execute(
            sql: """
                INSERT INTO metric_series (cluster_id, name, labels)
                SELECT ?1, ?2, ?3
                WHERE (?1 = '' OR EXISTS (SELECT 1 FROM clusters WHERE id = ?1))
                    AND (SELECT count(*) FROM metric_series WHERE cluster_id = ?1) < ?4
                """,
            arguments: [point.clusterID, point.name, point.labels, StoreLimits.seriesPerClusterMax])
        return database.changesCount == 1 ? database.lastInsertedRowID : nil
    }

    /// Fills the next buckets of a coarse table.
    fileprivate static func fill(
        _ resolution: MetricResolution, nowSeconds: Int, _ database: Database
    ) throws -> Bool {
        guard let source = resolution.finer else { return false }
        let end = resolution.bucket(of: min(nowSeconds, try filledUntil(source, database)))
        // A clock that was set back makes the end earlier than what is filled: go on from there.
        let start = min(try filledUntil(resolution, database), end)
        guard let first = try firstPoint(in: source, from: start, database), first < end else {
            try setFilled(resolution, until: end, database)
            return false
        }
        let batchStart = resolution.bucket(of: first)
        let batchSeconds = try bucketsPerBatch(of: resolution, from: source, database) * resolution.seconds
        let batchEnd = min(end, batchStart + batchSeconds)
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO \(resolution.table)
                    (series_id, at_seconds, average, minimum, maximum, sample_count)
                SELECT points.series_id, points.at_seconds / ?1 * ?1 AS bucket,
                    sum(points.average * points.sample_count) / sum(points.sample_count),
                    min(points.minimum), max(points.maximum), sum(points.sample_count)
                FROM metric_series AS series
                CROSS JOIN \(source.table) AS points ON points.series_id = series.id
                    AND points.at_seconds >= ?2 AND points.at_seconds < ?3
                GROUP BY points.series_id, bucket
                """,
            arguments: [resolution.seconds, batchStart, batchEnd])
        try setFilled(resolution, until: batchEnd, database)
        return batchEnd < end
    }

    private static func bucketsPerBatch(
        of resolution: MetricResolution, from source: MetricResolution, _ database: Database
    ) throws -> Int {
        let seriesCount = try Int.fetchOne(database, sql: "SELECT count(*) FROM metric_series") ?? 0
        let pointsPerBucket = max(1, seriesCount) * (resolution.seconds / source.seconds)
        return max(1, StoreLimits.metricRowsPerBatchMax / pointsPerBucket)
    }

    /// Up to when a table is complete: raw points always are.
    fileprivate static func filledUntil(_ resolution: MetricResolution, _ database: Database) throws -> Int {
        guard resolution.finer != nil else { return Int.max }
        return try Int.fetchOne(
            database, sql: "SELECT complete_until_seconds FROM metric_roll_ups WHERE resolution_seconds = ?",
            arguments: [resolution.seconds]) ?? 0
    }

    private static func setFilled(_ resolution: MetricResolution, until end: Int, _ database: Database) throws {
        guard try filledUntil(resolution, database) != end else { return }
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO metric_roll_ups (resolution_seconds, complete_until_seconds) VALUES (?, ?)
                """,
            arguments: [resolution.seconds, end])
    }

    private static func firstPoint(
        in resolution: MetricResolution, from start: Int, _ database: Database
    ) throws -> Int? {
        try Int.fetchOne(
            database,
            sql: """
                SELECT min((
                    SELECT points.at_seconds FROM \(resolution.table) AS points
                    WHERE points.series_id = series.id AND points.at_seconds >= ?
                    ORDER BY points.at_seconds LIMIT 1))
                FROM metric_series AS series
                """,
            arguments: [start])
    }

    /// Deletes points past their retention that the coarser table has taken in, by whole buckets of the coarsest table:
    /// a bucket that is filled again is filled from all of its points.
    fileprivate static func deleteOld(
        _ resolution: MetricResolution, nowSeconds: Int, _ database: Database
    ) throws -> Bool {
        var end = MetricResolution.tenMinutes.bucket(of: nowSeconds - resolution.retentionSeconds)
        if let coarser = resolution.coarser { end = min(end, try filledUntil(coarser, database)) }
        try database.execute(
            sql: """
                DELETE FROM \(resolution.table) WHERE (series_id, at_seconds) IN (
                    SELECT points.series_id, points.at_seconds FROM metric_series AS series
                    CROSS JOIN \(resolution.table) AS points ON points.series_id = series.id
                        AND points.at_seconds < ?
                    LIMIT ?)
                """,
            arguments: [end, StoreLimits.metricRowsPerBatchMax])
        return database.changesCount == StoreLimits.metricRowsPerBatchMax
    }

    fileprivate static func deleteEmptySeries(_ database: Database) throws {
        let conditions = MetricResolution.allCases.map {
            "NOT EXISTS (SELECT 1 FROM \($0.table) WHERE series_id = metric_series.id)"
        }
        try database.execute(sql: "DELETE FROM metric_series WHERE \(conditions.joined(separator: " AND "))")
    }

    /// Deletes some of the points of a cluster.
    static func deletePoints(ofCluster clusterID: String, _ database: Database) throws -> Bool {
        for resolution in MetricResolution.allCases {
            try database.execute(
                sql: """
                    DELETE FROM \(resolution.table) WHERE (series_id, at_seconds) IN (
                        SELECT points.series_id, points.at_seconds FROM metric_series AS series
                        CROSS JOIN \(resolution.table) AS points ON points.series_id = series.id
                        WHERE series.cluster_id = ? LIMIT ?)
                    """,
                arguments: [clusterID, StoreLimits.metricRowsPerBatchMax])
            if database.changesCount > 0 { return true }
        }
        return false
    }
}

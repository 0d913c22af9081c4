/// What was counted up to a moment, as a value that loops can hand over. Times are microseconds.
package struct StatisticsTotals: Sendable, Equatable {
    package var assignmentCount: UInt64 = 0
    package var transactionCount: UInt64 = 0
    package var queryCount: UInt64 = 0
    package var receivedByteCount: UInt64 = 0
    package var sentByteCount: UInt64 = 0
    package var transactionTime: UInt64 = 0
    package var queryTime: UInt64 = 0
    package var waitTime: UInt64 = 0
    package var clientParseCount: UInt64 = 0
    package var serverParseCount: UInt64 = 0
    package var bindCount: UInt64 = 0
    package var clientLoginCount: UInt64 = 0

    package init() {}

    package static func += (sum: inout StatisticsTotals, other: StatisticsTotals) {
        for field in fields { sum[keyPath: field.path] &+= other[keyPath: field.path] }
    }
}

extension PoolStatistics {
    /// The counts of this moment.
    package var totals: StatisticsTotals {
        var totals = StatisticsTotals()
        totals.assignmentCount = assignmentCount
        totals.transactionCount = transactionCount
        totals.queryCount = queryCount
        totals.receivedByteCount = receivedByteCount
        totals.sentByteCount = sentByteCount
        totals.transactionTime = UInt64(clamping: transactionTime.sumNanoseconds / 1000)
        totals.queryTime = UInt64(clamping: queryTime.sumNanoseconds / 1000)
        totals.waitTime = UInt64(clamping: waitTime.sumNanoseconds / 1000)
        totals.clientParseCount = clientParseCount
        totals.serverParseCount = serverParseCount
        totals.bindCount = bindCount
        totals.clientLoginCount = clientLoginCount
        return totals
    }
}

/// A count by the names that the console has for it, and how its average is made.
struct StatisticsField: Sendable {
    typealias Path = any WritableKeyPath<StatisticsTotals, UInt64> & Sendable

    let path: Path
    /// In SHOW STATS_TOTALS.
    let totalsColumn: String
    /// In SHOW STATS, behind `total_`.
    private let statsName: String
    /// In SHOW STATS.
    let statsAverage: String
    /// In SHOW STATS_AVERAGES.
    let averagesColumn: String
    /// In SHOW TOTALS, behind `total_` and `avg_`.
    let totalsRow: String
    /// The average is a time each of these; nil for an average a second.
    let averagedOver: Path?

    var statsTotal: String { "total_" + statsName }

    /// - Parameters:
    ///   - stats: the name in SHOW STATS, `average` there, and `row` in SHOW TOTALS, where they differ.
    ///   - isPrefixed: whether SHOW STATS_AVERAGES has `avg_` in front, as it has for the younger ones alone.
    init(
        _ path: Path, _ name: String, stats: String? = nil, average: String? = nil, row: String? = nil,
        isPrefixed: Bool = false, over averagedOver: Path? = nil
    ) {
        self.path = path
        totalsColumn = name
        statsName = stats ?? name
        statsAverage = average ?? "avg_" + (stats ?? name)
        averagesColumn = isPrefixed ? "avg_" + name : name
        totalsRow = row ?? name
        self.averagedOver = averagedOver
    }
}

extension StatisticsTotals {
    /// In the order of all reports.
    static let fields: [StatisticsField] = [
        StatisticsField(\.assignmentCount, "server_assignment_count"),
        StatisticsField(\.transactionCount, "xact_count"),
        StatisticsField(\.queryCount, "query_count"),
        StatisticsField(
            \.receivedByteCount, "bytes_received", stats: "received", average: "avg_recv", row: "client_bytes"),
        StatisticsField(\.sentByteCount, "bytes_sent", stats: "sent", row: "server_bytes"),
        StatisticsField(\.transactionTime, "xact_time", over: \StatisticsTotals.transactionCount),
        StatisticsField(\.queryTime, "query_time", over: \StatisticsTotals.queryCount),
        StatisticsField(\.waitTime, "wait_time", over: \StatisticsTotals.assignmentCount),
        StatisticsField(\.clientParseCount, "client_parse_count", row: "ps_client_parse_count", isPrefixed: true),
        StatisticsField(\.serverParseCount, "server_parse_count", row: "ps_server_parse_count", isPrefixed: true),
        StatisticsField(\.bindCount, "bind_count", row: "ps_bind_count", isPrefixed: true),
        StatisticsField(\.clientLoginCount, "client_login_count", isPrefixed: true),
    ]
}

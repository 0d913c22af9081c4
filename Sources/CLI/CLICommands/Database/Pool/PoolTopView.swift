import ControlModel
import Foundation

/// What two readings of a pooler show of the time between them. Pure.
struct PoolTopView: Equatable {
    /// One pool and user.
    struct Row: Equatable {
        var figures: PoolFigures
        var transactionsPerSecond: Double
        var queriesPerSecond: Double
        var wait: DurationCounts
        var query: DurationCounts
        var transaction: DurationCounts
    }

    let seconds: Double
    /// The busiest first: by clients that wait, then by queries, then by name.
    let rows: [Row]

    /// - Parameter before: of the same pooler. One that has started anew since then began at zero at its start.
    init(before: PoolerFigures, after: PoolerFigures) {
        let isSame = before.startedAtSeconds == after.startedAtSeconds
        let begin = isSame ? before.atSeconds : max(before.atSeconds, after.startedAtSeconds)
        let seconds = max(after.atSeconds - begin, 0.001)
        self.seconds = seconds
        rows = after.pools.map { pool in
            let earlier =
                isSame
                ? before.pools.first { $0.pool == pool.pool && $0.user == pool.user }
                    ?? PoolFigures(pool: pool.pool, user: pool.user) : PoolFigures(pool: pool.pool, user: pool.user)
            // A pool that was removed and made anew counts from zero too.
            let last = earlier.queries <= pool.queries ? earlier : PoolFigures(pool: pool.pool, user: pool.user)
            return Row(
                figures: pool, transactionsPerSecond: Double(pool.transactions - last.transactions) / seconds,
                queriesPerSecond: Double(pool.queries - last.queries) / seconds, wait: pool.wait.since(last.wait),
                query: pool.query.since(last.query), transaction: pool.transaction.since(last.transaction))
        }.sorted { Self.isBefore($0, $1) }
    }

    private static func isBefore(_ one: Row, _ other: Row) -> Bool {
        if one.figures.clientsWaiting != other.figures.clientsWaiting {
            return one.figures.clientsWaiting > other.figures.clientsWaiting
        }
        if one.queriesPerSecond != other.queriesPerSecond { return one.queriesPerSecond > other.queriesPerSecond }
        return (one.figures.pool, one.figures.user) < (other.figures.pool, other.figures.user)
    }

    // MARK: - For people

    func text(clusterName: String) -> String {
        let clients = rows.reduce(0) { $0 + $1.figures.clientsActive + $1.figures.clientsWaiting }
        let servers = rows.reduce(0) {
            $0 + $1.figures.serversActive + $1.figures.serversIdle + $1.figures.serversBusy
        }
        let title =
            "\(clusterName.printable): \(clients) clients, \(servers) connections, "
            + "\(Self.rate(rows.reduce(0) { $0 + $1.transactionsPerSecond })) transactions/s; times in ms, of the last "
            + "\(seconds.fixed(1)) s"
        return title + "\n\n" + table.rendered()
    }

    private var table: Table {
        Table(
            [
                "pool", "user", "active", "waiting", "used", "idle", "size", "tx/s", "query/s", "wait", "p99", "query",
                "p99", "tx", "p99", "pinned",
            ],
            rows.map { row in
                let figures = row.figures
                return [
                    figures.pool, figures.user, "\(figures.clientsActive)", "\(figures.clientsWaiting)",
                    "\(figures.serversActive)", "\(figures.serversIdle)", figures.size.map { "\($0)" } ?? "",
                    Self.rate(row.transactionsPerSecond), Self.rate(row.queriesPerSecond),
                ]
                    + [row.wait, row.query, row.transaction].flatMap {
                        [Self.milliseconds($0.averageSeconds), Self.milliseconds($0.quantileSeconds(0.99))]
                    } + [
                        figures.pinned.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
                    ]
            })
    }

    private static func rate(_ rate: Double) -> String { rate.fixed(rate < 100 ? 1 : 0) }

    private static func milliseconds(_ seconds: Double?) -> String {
        guard let seconds else { return "" }
        let milliseconds = seconds * 1000
        return milliseconds.fixed(milliseconds < 1 ? 3 : milliseconds < 100 ? 1 : 0)
    }

    // MARK: - For programs

    var json: JSONValue {
        .object([
            "seconds": .number(seconds),
            "pools": .array(rows.map(Self.json)),
        ])
    }

    private static func json(_ row: Row) -> JSONValue {
        let figures = row.figures
        return .object([
            "pool": .string(figures.pool), "user": .string(figures.user),
            "mode": figures.mode.map { .string($0) } ?? .null, "size": figures.size.map { .integer($0) } ?? .null,
            "clients_active": .integer(figures.clientsActive), "clients_waiting": .integer(figures.clientsWaiting),
            "servers_active": .integer(figures.serversActive), "servers_idle": .integer(figures.serversIdle),
            "servers_busy": .integer(figures.serversBusy),
            "longest_wait_seconds": .number(figures.longestWaitSeconds),
            "transactions_per_second": .number(row.transactionsPerSecond),
            "queries_per_second": .number(row.queriesPerSecond),
            "wait": json(row.wait), "query": json(row.query), "transaction": json(row.transaction),
            "pinned": .object(figures.pinned.mapValues { .integer($0) }),
        ])
    }

    private static func json(_ counts: DurationCounts) -> JSONValue {
        let number = { (value: Double?) in value.map { JSONValue.number($0) } ?? .null }
        return .object([
            "count": .integer(counts.count), "average_seconds": number(counts.averageSeconds),
            "p99_seconds": number(counts.quantileSeconds(0.99)),
        ])
    }
}

// The pooler's figures as Prometheus reads them. What the well-known exporter for PgBouncer tells has its names, so that
// its dashboards fit; what is ours begins with `atoll_pooler_`.

package import MetricText
import PoolerConfiguration

/// What only the system knows of the process.
package struct ProcessFigures: Sendable {
    package var processorSeconds = 0.0
    package var residentByteCount = 0.0
    /// Seconds since 1970.
    package var startTime = 0.0

    package init() {}
}

extension ConsoleView {
    /// What loops have to tell for `metricFamilies`.
    package static var metricsScope: LoopReport.Scope { [.pools, .distributions] }

    /// All metrics of the pooler. Pools are in the order of SHOW POOLS.
    package func metricFamilies(version: String, process: ProcessFigures) -> [MetricFamily] {
        let pools = pools
        return Self.processFamilies(version, process) + listFamilies + configurationFamilies + databaseFamilies
            + statisticsFamilies + poolFamilies(pools) + distributionFamilies(pools)
    }

    private static func processFamilies(_ version: String, _ process: ProcessFigures) -> [MetricFamily] {
        [
            MetricFamily("pgbouncer_up", help: "The pooler answers.", kind: .gauge, value: 1),
            MetricFamily(
                "pgbouncer_version_info", help: "The pooler's version.", kind: .gauge,
                samples: [MetricSample(1, labels: [MetricLabel("version", version)])]),
            MetricFamily(
                "process_cpu_seconds_total", help: "Time of processors, user and system.", kind: .counter,
                value: process.processorSeconds),
            MetricFamily(
                "process_resident_memory_bytes", help: "Resident memory.", kind: .gauge,
                value: process.residentByteCount),
            MetricFamily(
                "process_start_time_seconds", help: "Start of the process, in seconds since 1970.", kind: .gauge,
                value: process.startTime),
        ]
    }

    // MARK: - Lists and configuration

    /// Rows of SHOW LISTS that have a metric, and its name.
    private static let listNames = [
        "databases": "databases", "users": "users", "pools": "pools", "free_clients": "free_clients",
        "used_clients": "used_clients", "login_clients": "login_clients", "free_servers": "free_servers",
        "used_servers": "used_servers", "dns_names": "cached_dns_names", "dns_zones": "cached_dns_zones",
        "dns_queries": "in_flight_dns_queries",
    ]

    private var listFamilies: [MetricFamily] {
        listRows.compactMap { row in
            guard let list = row[0], let name = Self.listNames[list] else { return nil }
            return MetricFamily(
                "pgbouncer_\(name)", help: "Line \(list) of SHOW LISTS.", kind: .gauge,
                value: Self.number(row[1]))
        }
    }

    private var configurationFamilies: [MetricFamily] {
        [
            MetricFamily(
                "pgbouncer_config_max_client_connections", help: "Clients that may be connected.", kind: .gauge,
                value: Double(snapshot.settings.clientConnectionsMax)),
            MetricFamily(
                "pgbouncer_config_max_user_connections", help: "Servers that a user may have; 0 for no limit.",
                kind: .gauge, value: Double(snapshot.settings.userConnectionsMax)),
        ]
    }

    private static func number(_ cell: String?) -> Double { cell.flatMap { Double($0) } ?? 0 }

    // MARK: - Databases

    /// Labels of a database's metrics, and their columns in SHOW DATABASES.
    private static let databaseLabels = [
        ("name", "name"), ("host", "host"), ("port", "port"), ("database", "database"),
        ("force_user", "force_user"), ("pool_mode", "pool_mode"),
    ]
    /// Columns of SHOW DATABASES that are numbers; each has its metric.
    private static let databaseColumns = [
        "pool_size", "min_pool_size", "reserve_pool_size", "max_connections", "current_connections",
        "max_client_connections", "current_client_connections", "paused", "disabled",
    ]

    private var databaseFamilies: [MetricFamily] {
        let columns = ConsoleReport.databases.columns.map(\.name)
        let rows = databaseRows.map { Dictionary(zip(columns, $0), uniquingKeysWith: { $1 }) }
        return Self.databaseColumns.map { column in
            MetricFamily(
                "pgbouncer_databases_\(column)", help: "Column \(column) of SHOW DATABASES.", kind: .gauge,
                samples: rows.map { row in
                    let labels = Self.databaseLabels.map { MetricLabel($0.0, (row[$0.1] ?? nil) ?? "") }
                    return MetricSample(Self.number(row[column] ?? nil), labels: labels)
                })
        }
    }

    /// Counts of SHOW STATS by their metrics; the factor turns microseconds into seconds.
    private static let statisticsNames: [(path: StatisticsField.Path, name: String, factor: Double)] = [
        (\.transactionCount, "sql_transactions_pooled_total", 1), (\.queryCount, "queries_pooled_total", 1),
        (\.receivedByteCount, "received_bytes_total", 1), (\.sentByteCount, "sent_bytes_total", 1),
        (\.transactionTime, "server_in_transaction_seconds_total", 1e-6),
        (\.queryTime, "queries_duration_seconds_total", 1e-6), (\.waitTime, "client_wait_seconds_total", 1e-6),
        (\.assignmentCount, "server_assignments_total", 1), (\.clientParseCount, "client_parses_total", 1),
        (\.serverParseCount, "server_parses_total", 1), (\.bindCount, "binds_total", 1),
        (\.clientLoginCount, "client_logins_total", 1),
    ]

    private var statisticsFamilies: [MetricFamily] {
        let databases = databaseStatistics
        return Self.statisticsNames.map { row in
            MetricFamily(
                "pgbouncer_stats_\(row.name)", help: "Of a database, as in SHOW STATS_TOTALS.", kind: .counter,
                samples: databases.map { database in
                    MetricSample(
                        Double(database.window.totals[keyPath: row.path]) * row.factor,
                        labels: [MetricLabel("database", database.name)])
                })
        }
    }

    // MARK: - Pools

    /// Counts of SHOW POOLS by their metrics.
    private static let poolNames:
        [(path: any WritableKeyPath<PoolReport, Int> & Sendable, name: String, help: String)] =
            [
                (\.activeClientCount, "client_active_connections", "Clients that wait for nothing."),
                (\.waitingClientCount, "client_waiting_connections", "Clients that wait for a server."),
                (\.activeCancelRequestCount, "client_active_cancel_connections", "Cancel requests under way."),
                (\.waitingCancelRequestCount, "client_waiting_cancel_connections", "Cancel requests that wait."),
                (\.activeServerCount, "server_active_connections", "Servers that a client has."),
                (\.activeCancelCount, "server_active_cancel_connections", "Servers that carry a cancel request."),
                (\.beingCancelledCount, "server_being_canceled_connections", "Servers whose cancel requests end."),
                (\.idleServerCount, "server_idle_connections", "Servers ready for a client."),
                (\.usedServerCount, "server_used_connections", "Servers to be checked before use."),
                (\.testedServerCount, "server_testing_connections", "Servers being checked or cleaned."),
                (\.connectingServerCount, "server_login_connections", "Servers being connected or logged in."),
            ]

    /// Counts of a pool that the exporter's metrics have for a database alone.
    private static let countNames: [(path: StatisticsField.Path, name: String, help: String)] = [
        (\.transactionCount, "transactions", "Transactions that ended."),
        (\.queryCount, "queries", "Requests that were answered."),
        (\.receivedByteCount, "received_bytes", "Bytes that came from clients."),
        (\.sentByteCount, "sent_bytes", "Bytes that came from servers."),
    ]

    private static func labels(_ pool: PoolReport) -> [MetricLabel] {
        [MetricLabel("database", pool.database), MetricLabel("user", pool.user)]
    }

    private func poolFamilies(_ pools: [PoolReport]) -> [MetricFamily] {
        Self.poolNames.map { row in
            MetricFamily(
                "pgbouncer_pools_\(row.name)", help: row.help, kind: .gauge,
                samples: pools.map { MetricSample(Double($0[keyPath: row.path]), labels: Self.labels($0)) })
        } + [
            MetricFamily(
                "pgbouncer_pools_client_maxwait_seconds", help: "How long the first client has waited.", kind: .gauge,
                samples: pools.map { MetricSample(Double($0.longestWait) * 1e-6, labels: Self.labels($0)) })
        ]
            + Self.countNames.map { row in
                MetricFamily(
                    "atoll_pooler_\(row.name)_total", help: row.help, kind: .counter,
                    samples: pools.map { pool in
                        MetricSample(
                            Double(pool.statistics.totals[keyPath: row.path]), labels: Self.labels(pool))
                    })
            }
    }

    private func distributionFamilies(_ pools: [PoolReport]) -> [MetricFamily] {
        let tables: [(path: any KeyPath<PoolDistributions, HistogramCounts> & Sendable, name: String, help: String)] = [
            (\.wait, "wait", "Time that clients waited for a server, at their login too."),
            (\.query, "query", "Time that servers worked on requests; those of a pipeline count once."),
            (\.transaction, "transaction", "Time that servers were in transactions."),
        ]
        return tables.map { row in
            MetricFamily(
                "atoll_pooler_\(row.name)_seconds", help: row.help, kind: .histogram,
                samples: pools.flatMap { $0.distributions[keyPath: row.path].samples(labels: Self.labels($0)) })
        } + [
            MetricFamily(
                "atoll_pooler_pinned_clients", help: "Clients that keep their server between transactions.",
                kind: .gauge,
                samples: pools.flatMap { pool in
                    zip(PinReason.allCases, pool.distributions.pinnedClientCounts).map { reason, count in
                        MetricSample(Double(count), labels: Self.labels(pool) + [MetricLabel("reason", reason.word)])
                    }
                })
        ]
    }
}

extension HistogramCounts {
    /// Ranges that have a line: from 16 µs, each twice the one before, to 134 s. What lies below is in the first.
    static let metricBuckets = 4...27

    /// Cumulated, as Prometheus counts. Its bounds belong to their range, ours to the next: a duration that meets one to
    /// the nanosecond is told one range too high.
    func samples(labels: [MetricLabel]) -> [MetricSample] {
        var samples: [MetricSample] = []
        var sum: UInt64 = 0
        for (bucket, count) in counts.enumerated() {
            sum &+= count
            guard Self.metricBuckets.contains(bucket) else { continue }
            let bound = PrometheusText.number(Double(UInt64(1) << bucket) / 1e6)
            samples.append(
                MetricSample(Double(sum), labels: labels + [MetricLabel("le", bound)], suffix: "_bucket"))
        }
        return samples + [
            MetricSample(Double(sum), labels: labels + [MetricLabel("le", "+Inf")], suffix: "_bucket"),
            MetricSample(Double(sumNanoseconds) / 1e9, labels: labels, suffix: "_sum"),
            MetricSample(Double(sum), labels: labels, suffix: "_count"),
        ]
    }
}

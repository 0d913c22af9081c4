import ControlModel
import MetricText

/// The metrics of clusters' poolers among those of the platform: as the poolers tell them, with the cluster's labels.
extension PlatformReading {
    /// Metrics that have no place among many poolers': what the process is has other names here.
    private static let renamed = [
        "process_cpu_seconds_total": "atoll_pooler_cpu_seconds_total",
        "process_resident_memory_bytes": "atoll_pooler_resident_bytes",
        "process_start_time_seconds": "atoll_pooler_start_time_seconds",
    ]
    /// What else is taken: a pooler that somebody has broken into says nothing about the rest of the platform.
    private static let prefixes = ["pgbouncer_", "atoll_pooler_"]
    /// Labels that say where the server's socket lies, and those that are given here.
    private static let droppedLabels: Set<String> = ["host", "port", "cluster", "cluster_id"]

    /// Of these, the series are kept for the panel; a pooler may have hundreds of pools, and of histograms each has many.
    static let storedPoolerFamilies: Set<String> = [
        "pgbouncer_pools_client_active_connections", "pgbouncer_pools_client_waiting_connections",
        "pgbouncer_pools_server_active_connections", "pgbouncer_pools_server_idle_connections",
        "pgbouncer_pools_client_maxwait_seconds", "atoll_pooler_transactions_total", "atoll_pooler_queries_total",
        "atoll_pooler_cpu_seconds_total", "atoll_pooler_resident_bytes",
    ]

    /// One group for each name, whichever pooler it comes from.
    var poolerFamilies: [MetricFamily] {
        var order: [String] = []
        var byName: [String: MetricFamily] = [:]
        for cluster in clusters {
            for family in cluster.pooler ?? [] where family.name != "pgbouncer_version_info" {
                let name = Self.renamed[family.name] ?? family.name
                guard Self.prefixes.contains(where: { name.hasPrefix($0) }) else { continue }
                if byName[name] == nil {
                    order.append(name)
                    byName[name] = MetricFamily(name, help: family.help, kind: family.kind)
                }
                byName[name]?.samples += family.samples.map { labelled($0, cluster) }
            }
        }
        return order.compactMap { byName[$0] }
    }

    private func labelled(_ sample: MetricSample, _ cluster: ClusterReading) -> MetricSample {
        let kept = sample.labels.filter { !Self.droppedLabels.contains($0.name) }
        return MetricSample(sample.value, labels: labels(cluster) + kept, suffix: sample.suffix)
    }
}

extension PoolerFigures {
    /// - Parameters:
    ///   - families: as the pooler tells them.
    ///   - pools: those of the cluster; one that nobody has used is there with zeros.
    init(_ families: [MetricFamily], pools: [ConnectionPool], atSeconds: Double) {
        var byKey: [[String]: PoolFigures] = [:]
        for family in families {
            for sample in family.samples {
                let labels = Dictionary(sample.labels.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
                guard let name = labels["database"], let user = labels["user"], name != Self.consoleName else {
                    continue
                }
                byKey[[name, user], default: PoolFigures(pool: name, user: user)].take(family.name, sample, labels)
            }
        }
        for pool in pools where !byKey.keys.contains(where: { $0[0] == pool.name }) {
            byKey[[pool.name]] = PoolFigures(pool: pool.name, user: pool.userName ?? "")
        }
        let byName = Dictionary(pools.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        let start = families.first { $0.name == "process_start_time_seconds" }?.samples.first?.value
        self.init(
            atSeconds: atSeconds, startedAtSeconds: start ?? 0,
            pools: byKey.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { _, figures in
                var figures = figures
                figures.mode = byName[figures.pool]?.mode.rawValue
                figures.size = byName[figures.pool]?.size
                return figures
            })
    }

    /// The pooler's console has a line too.
    private static let consoleName = "pgbouncer"
}

extension PoolFigures {
    fileprivate mutating func take(_ family: String, _ sample: MetricSample, _ labels: [String: String]) {
        let count = Int(exactly: sample.value.rounded()) ?? 0
        switch family {
        case "pgbouncer_pools_client_active_connections": clientsActive = count
        case "pgbouncer_pools_client_waiting_connections": clientsWaiting = count
        case "pgbouncer_pools_server_active_connections": serversActive = count
        case "pgbouncer_pools_server_idle_connections", "pgbouncer_pools_server_used_connections": serversIdle += count
        case "pgbouncer_pools_server_login_connections", "pgbouncer_pools_server_testing_connections",
            "pgbouncer_pools_server_being_canceled_connections":
            serversBusy += count
        case "pgbouncer_pools_client_maxwait_seconds": longestWaitSeconds = sample.value
        case "atoll_pooler_transactions_total": transactions = count
        case "atoll_pooler_queries_total": queries = count
        case "atoll_pooler_wait_seconds": wait.take(sample, labels)
        case "atoll_pooler_query_seconds": query.take(sample, labels)
        case "atoll_pooler_transaction_seconds": transaction.take(sample, labels)
        case "atoll_pooler_pinned_clients":
            if count > 0, let reason = labels["reason"] { pinned[reason] = count }
        default: break
        }
    }
}

extension DurationCounts {
    fileprivate mutating func take(_ sample: MetricSample, _ labels: [String: String]) {
        switch sample.suffix {
        case "_count": count = Int(exactly: sample.value) ?? 0
        case "_sum": seconds = sample.value
        default:
            guard let bound = labels["le"].flatMap({ Double($0) }), bound.isFinite else { return }
            buckets.append(Bucket(seconds: bound, count: Int(exactly: sample.value) ?? 0))
        }
    }
}

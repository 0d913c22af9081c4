import ControlModel
import MetricText
import Telemetry

/// The figures of key-value clusters in Prometheus's form.
extension PlatformReading {
    /// One row a figure: name after `atoll_keyvalue_`, help, kind, and its field in INFO.
    private static let table: [(name: String, help: String, kind: MetricFamily.Kind, field: String)] = [
        ("clients", "Connected clients.", .gauge, "connected_clients"),
        ("clients_max", "Clients that may be connected.", .gauge, "maxclients"),
        ("clients_blocked", "Clients that wait in a blocking command.", .gauge, "blocked_clients"),
        ("connections_total", "Connections accepted.", .counter, "total_connections_received"),
        ("connections_rejected_total", "Connections refused.", .counter, "rejected_connections"),
        ("commands_total", "Commands executed.", .counter, "total_commands_processed"),
        ("memory_used_bytes", "Memory of data and buffers.", .gauge, "used_memory"),
        ("memory_max_bytes", "Memory at which keys are evicted or writes refused.", .gauge, "maxmemory"),
        ("keys_evicted_total", "Keys evicted for lack of memory.", .counter, "evicted_keys"),
        ("keys_expired_total", "Keys removed because their time was over.", .counter, "expired_keys"),
        ("key_hits_total", "Look-ups that found their key.", .counter, "keyspace_hits"),
        ("key_misses_total", "Look-ups that found no key.", .counter, "keyspace_misses"),
        ("network_received_bytes_total", "Bytes received.", .counter, "total_net_input_bytes"),
        ("network_sent_bytes_total", "Bytes sent.", .counter, "total_net_output_bytes"),
        ("changes_since_save", "Changes that are in no dump yet.", .gauge, "rdb_changes_since_last_save"),
        ("last_save_timestamp_seconds", "When the last dump was written.", .gauge, "rdb_last_save_time"),
    ]

    private var keyValueClusters: [ClusterReading] { clusters.filter { $0.cluster.engine != .postgres } }

    var keyValueFamilies: [MetricFamily] {
        let ofProcess = [
            keyValueFamily("up", "1 while the cluster answers.", .gauge) { $0.figures == nil ? 0 : 1 },
            keyValueFamily("cpu_seconds_total", "Time of the cluster's process.", .counter) {
                $0.process?.processorSeconds
            },
            keyValueFamily("resident_bytes", "Resident memory of the cluster's process.", .gauge) {
                $0.process.map { Double($0.residentBytes) }
            },
        ]
        return ofProcess
            + Self.table.map { row in
                keyValueFamily(row.name, row.help, row.kind) { $0.keyValue?.number(row.field) }
            }
    }

    private func keyValueFamily(
        _ name: String, _ help: String, _ kind: MetricFamily.Kind, _ value: (ClusterReading) -> Double?
    ) -> MetricFamily {
        MetricFamily(
            "atoll_keyvalue_\(name)", help: help, kind: kind,
            samples: keyValueClusters.compactMap { cluster in
                value(cluster).map { MetricSample($0, labels: labels(cluster)) }
            })
    }

    var keyValueDatabaseFamilies: [MetricFamily] {
        [
            keyValueDatabaseFamily("database_keys", "Keys of a database.") { $0.keys },
            keyValueDatabaseFamily("database_keys_expiring", "Keys of a database that expire.") { $0.expiring },
        ]
    }

    private func keyValueDatabaseFamily(
        _ name: String, _ help: String, _ value: ((number: Int, keys: Double, expiring: Double)) -> Double
    ) -> MetricFamily {
        MetricFamily(
            "atoll_keyvalue_\(name)", help: help, kind: .gauge,
            samples: keyValueClusters.flatMap { cluster in
                (cluster.keyValue?.databases ?? []).map { database in
                    MetricSample(
                        value(database), labels: labels(cluster) + [MetricLabel("database", "\(database.number)")])
                }
            })
    }
}

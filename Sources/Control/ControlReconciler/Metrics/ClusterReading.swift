import ControlModel
import MetricText
import PostgresCluster
import Telemetry

/// One cluster's figures at one moment.
struct ClusterReading: Sendable {
    var cluster: Cluster
    /// nil when the server did not answer.
    var figures: ServerFigures?
    var process: ProcessFamilyReading?
    /// As its pooler tells them; nil without one.
    var pooler: [MetricFamily]?

    /// PostgreSQL's figures, if it is one and answered.
    var postgres: ServerStatistics? {
        guard case .postgres(let statistics)? = figures else { return nil }
        return statistics
    }

    /// A key-value server's figures, if it is one and answered.
    var keyValue: KeyValueInformation? {
        guard case .keyValue(let information)? = figures else { return nil }
        return information
    }
}

/// The machine's figures at one moment.
struct MachineReading: Sendable {
    var processor: ProcessorReading?
    var load: LoadReading?
    var memory: MemoryReading?
    var disk: DiskReading?
}

/// All figures of one round of the collector, and how each is called.
struct PlatformReading: Sendable {
    var machine: MachineReading
    var clusters: [ClusterReading]

    /// The figures in Prometheus's form.
    var families: [MetricFamily] {
        machineFamilies + clusterFamilies + databaseFamilies + keyValueFamilies + keyValueDatabaseFamilies
            + poolerFamilies
    }

    private var machineFamilies: [MetricFamily] {
        var families: [MetricFamily] = []
        if let processor = machine.processor {
            let samples = [
                ("user", processor.userSeconds), ("system", processor.systemSeconds),
                ("iowait", processor.ioWaitSeconds), ("idle", processor.idleSeconds),
            ].map { MetricSample($0.1, labels: [MetricLabel("mode", $0.0)]) }
            families.append(
                MetricFamily(
                    "atoll_machine_cpu_seconds_total", help: "Time of all processors by mode.", kind: .counter,
                    samples: samples))
        }
        if let load = machine.load {
            let samples = [("1m", load.oneMinute), ("5m", load.fiveMinutes), ("15m", load.fifteenMinutes)]
                .map { MetricSample($0.1, labels: [MetricLabel("period", $0.0)]) }
            families.append(
                MetricFamily("atoll_machine_load", help: "Load average.", kind: .gauge, samples: samples))
        }
        if let memory = machine.memory {
            families.append(gauge("atoll_machine_memory_total_bytes", "Memory of the machine.", memory.totalBytes))
            families.append(gauge("atoll_machine_memory_used_bytes", "Memory in use.", memory.usedBytes))
        }
        if let disk = machine.disk {
            families.append(
                gauge("atoll_machine_disk_total_bytes", "Size of the data directory's file system.", disk.totalBytes))
            families.append(
                gauge(
                    "atoll_machine_disk_used_bytes", "Bytes used in the data directory's file system.", disk.usedBytes))
        }
        return families
    }

    private func gauge(_ name: String, _ help: String, _ value: UInt64) -> MetricFamily {
        MetricFamily(name, help: help, kind: .gauge, value: Double(value))
    }

    private var clusterFamilies: [MetricFamily] {
        [
            perCluster("atoll_postgres_up", "1 while the cluster answers.", .gauge) {
                $0.figures == nil ? 0 : 1
            },
            perCluster("atoll_postgres_cpu_seconds_total", "Time of the cluster's processes.", .counter) {
                $0.process?.processorSeconds
            },
            perCluster(
                "atoll_postgres_resident_bytes",
                "Resident memory of the cluster's processes, shared pages once.",
                .gauge
            ) { $0.process.map { Double($0.residentBytes) } },
            perCluster("atoll_postgres_connections_max", "Connections that ordinary users may open.", .gauge) {
                $0.postgres?.connectionsMax
            },
            perCluster("atoll_postgres_locks_waiting", "Sessions that wait for a lock.", .gauge) {
                $0.postgres?.locksWaiting
            },
            MetricFamily(
                "atoll_postgres_connections", help: "Client connections by state.", kind: .gauge,
                samples: clusters.flatMap { cluster in
                    (cluster.postgres?.connectionsByState ?? []).map { entry in
                        MetricSample(entry.count, labels: labels(cluster) + [MetricLabel("state", entry.state)])
                    }
                }),
        ]
    }

    private func perCluster(
        _ name: String, _ help: String, _ kind: MetricFamily.Kind, _ value: (ClusterReading) -> Double?
    ) -> MetricFamily {
        MetricFamily(
            name, help: help, kind: kind,
            samples: clusters.filter { $0.cluster.engine == .postgres }.compactMap { cluster in
                value(cluster).map { MetricSample($0, labels: labels(cluster)) }
            })
    }

    func labels(_ cluster: ClusterReading) -> [MetricLabel] {
        [MetricLabel("cluster", cluster.cluster.name), MetricLabel("cluster_id", cluster.cluster.id)]
    }

    /// One row a figure of a database: name, help, kind, and where it stands in the reading.
    private static var databaseTable:
        [(name: String, help: String, kind: MetricFamily.Kind, value: (ServerStatistics.Database) -> Double)]
    {
        [
            ("transactions_committed_total", "Transactions committed.", .counter, { $0.transactionsCommitted }),
            ("transactions_rolled_back_total", "Transactions rolled back.", .counter, { $0.transactionsRolledBack }),
            ("blocks_read_total", "Blocks read from outside shared buffers.", .counter, { $0.blocksRead }),
            ("blocks_hit_total", "Blocks found in shared buffers.", .counter, { $0.blocksHit }),
            ("rows_returned_total", "Rows scanned.", .counter, { $0.rowsReturned }),
            ("rows_fetched_total", "Rows fetched by index.", .counter, { $0.rowsFetched }),
            ("rows_inserted_total", "Rows inserted.", .counter, { $0.rowsInserted }),
            ("rows_updated_total", "Rows updated.", .counter, { $0.rowsUpdated }),
            ("rows_deleted_total", "Rows deleted.", .counter, { $0.rowsDeleted }),
            ("deadlocks_total", "Deadlocks found.", .counter, { $0.deadlocks }),
            ("temporary_bytes_total", "Bytes written to temporary files.", .counter, { $0.temporaryBytes }),
            ("size_bytes", "Size on disk.", .gauge, { $0.sizeBytes }),
            ("frozen_transaction_age", "Age of the oldest unfrozen transaction.", .gauge, { $0.frozenTransactionAge }),
        ]
    }

    private var databaseFamilies: [MetricFamily] {
        Self.databaseTable.map { row in
            MetricFamily(
                "atoll_postgres_database_\(row.name)", help: row.help, kind: row.kind,
                samples: clusters.flatMap { cluster in
                    (cluster.postgres?.databases ?? []).map { database in
                        MetricSample(
                            row.value(database), labels: labels(cluster) + [MetricLabel("database", database.name)])
                    }
                })
        }
    }
}

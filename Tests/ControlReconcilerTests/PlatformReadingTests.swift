import ControlModel
import Glibc
import MetricText
import Telemetry
import Testing

@testable import ControlReconciler
@testable import PostgresCluster

@Suite("Figures of the platform")
struct PlatformReadingTests {
    private func machine() -> MachineReading {
        var blocks = statvfs()
        blocks.f_frsize = 1024
        blocks.f_blocks = 100
        blocks.f_bfree = 40
        blocks.f_bavail = 30
        return MachineReading(
            processor: ProcessorReading(
                procStat: "cpu  100 0 50 800 25 0 0 0 0 0\ncpu0 100 0 50 800 25 0 0 0 0 0\n", ticksPerSecond: 100),
            load: LoadReading(procLoadavg: "0.50 0.25 0.10 1/100 4711\n"),
            memory: MemoryReading(procMeminfo: "MemTotal: 1000 kB\nMemFree: 400 kB\nMemAvailable: 600 kB\n"),
            disk: DiskReading(blocks))
    }

    private func database(_ name: String) -> ServerStatistics.Database {
        ServerStatistics.Database(
            name: name, transactionsCommitted: 1, transactionsRolledBack: 2, blocksRead: 3, blocksHit: 4,
            rowsReturned: 5, rowsFetched: 6, rowsInserted: 7, rowsUpdated: 8, rowsDeleted: 9, deadlocks: 10,
            temporaryBytes: 11, sizeBytes: 12, frozenTransactionAge: 13)
    }

    private func cluster(_ number: Int, answers: Bool = true) -> ClusterReading {
        let statistics = ServerStatistics(
            connectionsByState: [("active", 2), ("idle", 3)], connectionsMax: 22,
            databases: [database("defaultdb"), database("it's \"odd\"")], locksWaiting: 1)
        var cluster = Cluster.sample()
        (cluster.id, cluster.name) = ("id-\(number)", "shop-\(number)")
        return ClusterReading(cluster: cluster, figures: answers ? .postgres(statistics) : nil, process: nil)
    }

    private func keyValueCluster() -> ClusterReading {
        let text = "connected_clients:4\r\nused_memory:1000\r\nevicted_keys:6\r\ndb0:keys=7,expires=2,avg_ttl=0\r\n"
        return ClusterReading(
            cluster: .keyValueSample(), figures: .keyValue(KeyValueInformation(text: text)), process: nil)
    }

    private func reading() -> PlatformReading {
        PlatformReading(
            machine: machine(), clusters: [cluster(1), cluster(2), cluster(3, answers: false), keyValueCluster()])
    }

    @Test("Names are valid, begin with ours, and are there once")
    func names() {
        let families = reading().families
        let names = families.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { MetricName.isMetricName($0) && $0.hasPrefix("atoll_") })
        #expect(families.allSatisfy { $0.help.hasSuffix(".") && !$0.help.contains("\n") })
    }

    @Test("Counters, and only they, end in _total; units are base units")
    func suffixes() {
        for family in reading().families where !family.name.hasSuffix("_memory_total_bytes") {
            #expect((family.kind == .counter) == family.name.hasSuffix("_total"), "\(family.name)")
            #expect(!family.name.contains("_kb") && !family.name.contains("_ms"))
        }
    }

    @Test("No two samples of a family have the same labels, and label names are valid")
    func series() {
        for family in reading().families {
            let series = family.samples.map { sample in sample.labels.map { "\($0.name)=\($0.value)" } }
            #expect(Set(series).count == series.count, "\(family.name)")
            #expect(family.samples.flatMap(\.labels).allSatisfy { MetricName.isLabelName($0.name) })
        }
    }

    @Test("A key-value cluster's figures are those of INFO, and PostgreSQL's families have none of it")
    func keyValueFigures() {
        let lines = PrometheusText.render(reading().families).split(separator: "\n")
        let labels = "cluster=\"cache\",cluster_id=\"\(Cluster.keyValueSample().id)\""
        for figure in [
            "up{\(labels)} 1", "clients{\(labels)} 4", "memory_used_bytes{\(labels)} 1000",
            "keys_evicted_total{\(labels)} 6", "database_keys{\(labels),database=\"0\"} 7",
        ] {
            #expect(lines.contains("atoll_keyvalue_\(figure)"), "\(figure)")
        }
        #expect(!lines.contains { $0.contains("cluster=\"cache\"") && !$0.hasPrefix("atoll_keyvalue_") })
        #expect(!lines.contains { $0.contains("shop") && $0.hasPrefix("atoll_keyvalue_") })
    }

    static let lines = [
        "atoll_machine_cpu_seconds_total{mode=\"user\"} 1",
        "atoll_machine_cpu_seconds_total{mode=\"system\"} 0.5",
        "atoll_machine_load{period=\"5m\"} 0.25",
        "atoll_machine_memory_total_bytes 1024000",
        "atoll_machine_memory_used_bytes 409600",
        "atoll_machine_disk_total_bytes 102400",
        "atoll_machine_disk_used_bytes 61440",
        "atoll_postgres_up{cluster=\"shop-1\",cluster_id=\"id-1\"} 1",
        "atoll_postgres_up{cluster=\"shop-3\",cluster_id=\"id-3\"} 0",
        "atoll_postgres_connections_max{cluster=\"shop-1\",cluster_id=\"id-1\"} 22",
        "atoll_postgres_locks_waiting{cluster=\"shop-2\",cluster_id=\"id-2\"} 1",
        "atoll_postgres_connections{cluster=\"shop-2\",cluster_id=\"id-2\",state=\"idle\"} 3",
    ]

    @Test("The figures stand in Prometheus's text", arguments: lines)
    func line(_ line: String) {
        #expect(PrometheusText.render(reading().families).split(separator: "\n").contains(Substring(line)))
    }

    /// In the order of `ServerStatistics.Database`, whose fixture counts from 1.
    static let databaseFigures = [
        "transactions_committed_total", "transactions_rolled_back_total", "blocks_read_total", "blocks_hit_total",
        "rows_returned_total", "rows_fetched_total", "rows_inserted_total", "rows_updated_total", "rows_deleted_total",
        "deadlocks_total", "temporary_bytes_total", "size_bytes", "frozen_transaction_age",
    ]

    @Test("Each figure of a database goes under its own name", arguments: Array(databaseFigures.enumerated()))
    func databaseFigure(index: Int, name: String) throws {
        let family = try #require(reading().families.first { $0.name == "atoll_postgres_database_\(name)" })
        #expect(family.samples.count == 4)
        #expect(family.samples.allSatisfy { $0.value == Double(index + 1) })
        let odd = "database=\"it's \\\"odd\\\"\"} \(index + 1)\n"
        #expect(PrometheusText.render([family]).contains(odd))
    }

    @Test("A cluster that does not answer has only its state")
    func silent() {
        let reading = PlatformReading(machine: MachineReading(), clusters: [cluster(3, answers: false)])
        let withSamples = reading.families.filter { !$0.samples.isEmpty }
        #expect(withSamples.map(\.name) == ["atoll_postgres_up"])
        #expect(PlatformReading(machine: MachineReading(), clusters: []).families.allSatisfy { $0.samples.isEmpty })
    }
}

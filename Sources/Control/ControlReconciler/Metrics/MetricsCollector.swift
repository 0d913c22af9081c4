import ControlModel
package import ControlStore
package import Foundation
package import Logging
package import MetricText
import PostgresCluster
import Telemetry

/// Reads every cluster and the machine each quarter of a minute, keeps the last reading for Prometheus, and stores the
/// series for the panel.
///
/// It holds no database connection: each reading is one session, closed after it, one cluster at a time.
package actor MetricsCollector {
    private let platform: DatabasePlatform
    private let store: ControlStore
    private let dataDirectory: String
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let probe = MachineProbe()
    private var latest = PlatformReading(machine: MachineReading(), clusters: [])

    /// Time from one round to the next.
    package static let interval: Duration = .seconds(15)
    static let sessionSecondsMax = 5

    package init(
        platform: DatabasePlatform, store: ControlStore, dataDirectory: String, logger: Logger,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.platform = platform
        self.store = store
        self.dataDirectory = dataDirectory
        self.logger = logger
        self.now = now
    }

    /// Collects until the task is cancelled. A round that fails is logged and the next one tries again.
    package func run() async {
        while !Task.isCancelled {
            await collect()
            do {
                try await store.rollUpMetrics(now: now())
                try await Task.sleep(for: Self.interval)
            } catch is CancellationError {
                return
            } catch {
                logger.warning("metrics not rolled up", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// The figures of the last round, for Prometheus.
    package var families: [MetricFamily] { latest.families }

    /// One round.
    package func collect() async {
        do {
            let processes = (try? probe.processes()) ?? []
            var clusters: [ClusterReading] = []
            for serving in try await platform.servingClusters() {
                let figures = try? await serving.driver.figures(serving.cluster)
                if case .postgres(let statistics)? = figures {
                    await platform.note(
                        databaseNames: statistics.databases.map(\.name), ofCluster: serving.cluster.id)
                }
                clusters.append(
                    ClusterReading(
                        cluster: serving.cluster, figures: figures,
                        process: ProcessFamilyReading(head: serving.pid, among: processes),
                        pooler: await serving.driver.companionFamilies()))
            }
            for cluster in try await store.clusters()
            where cluster.state != .creating && cluster.state != .deleting
                && !clusters.contains(where: { $0.cluster.id == cluster.id })
            {
                let pooler = await platform.driver(clusterID: cluster.id)?.companionFamilies()
                clusters.append(ClusterReading(cluster: cluster, figures: nil, process: nil, pooler: pooler))
            }
            latest = PlatformReading(machine: readMachine(), clusters: clusters)
            try await store.recordMetrics(points(), at: now())
        } catch {
            logger.warning("metrics not collected", metadata: ["reason": "\(error)"])
        }
    }

    private func readMachine() -> MachineReading {
        MachineReading(
            processor: try? probe.processors(), load: try? probe.load(), memory: try? probe.memory(),
            disk: try? probe.disk(path: dataDirectory))
    }

    /// The same figures as Prometheus gets, as stored points: the cluster becomes the series' owner.
    private func points() -> [MetricPoint] {
        let fromPoolers = Set(latest.poolerFamilies.map(\.name)).subtracting(PlatformReading.storedPoolerFamilies)
        return latest.families.filter { !fromPoolers.contains($0.name) }.flatMap { family in
            family.samples.map { sample in
                let owner = sample.labels.first { $0.name == "cluster_id" }?.value ?? ""
                let labels = sample.labels.filter { $0.name != "cluster" && $0.name != "cluster_id" }
                    .map { "\($0.name)=\($0.value)" }.joined(separator: ",")
                return MetricPoint(clusterID: owner, name: family.name, labels: labels, value: sample.value)
            }
        }
    }
}

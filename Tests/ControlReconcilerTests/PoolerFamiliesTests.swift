import ControlModel
import MetricText
import Testing

@testable import ControlReconciler

@Suite("Figures of poolers")
struct PoolerFamiliesTests {
    private static func family(
        _ name: String, _ kind: MetricFamily.Kind, _ samples: (labels: [String: String], value: Double)...
    ) -> MetricFamily {
        MetricFamily(
            name, help: "It is \(name).", kind: kind,
            samples: samples.map { sample in
                MetricSample(
                    sample.value, labels: sample.labels.sorted { $0.key < $1.key }.map { MetricLabel($0.key, $0.value) }
                )
            })
    }

    private static let told = [
        family("pgbouncer_pools_client_active_connections", .gauge, (["database": "web", "user": "app"], 3)),
        family("pgbouncer_databases_pool_size", .gauge, (["host": "/d/sock", "name": "web", "port": "1"], 20)),
        family("process_cpu_seconds_total", .counter, ([:], 1.5)),
        family("process_start_time_seconds", .gauge, ([:], 7)),
        family("atoll_pooler_transactions_total", .counter, (["database": "web", "user": "app"], 9)),
        family("pgbouncer_version_info", .gauge, (["version": "1"], 1)),
        MetricFamily(
            "atoll_pooler_wait_seconds", help: "Waits.", kind: .histogram,
            samples: [("0.5", 1.0), ("1", 4), ("+Inf", 5)].map { bound, count in
                MetricSample(
                    count,
                    labels: [MetricLabel("database", "web"), MetricLabel("user", "app"), MetricLabel("le", bound)],
                    suffix: "_bucket")
            } + [
                MetricSample(
                    6, labels: [MetricLabel("database", "web"), MetricLabel("user", "app")], suffix: "_sum"),
                MetricSample(
                    5, labels: [MetricLabel("database", "web"), MetricLabel("user", "app")], suffix: "_count"),
            ]),
        family(
            "atoll_pooler_pinned_clients", .gauge,
            (["database": "web", "reason": "listening", "user": "app"], 2),
            (["database": "web", "reason": "setting", "user": "app"], 0)),
    ]

    private func reading(_ families: [MetricFamily]) -> PlatformReading {
        var cluster = ClusterReading(cluster: .keyValueSample(), figures: nil, process: nil)
        cluster.pooler = families
        return PlatformReading(machine: MachineReading(), clusters: [cluster])
    }

    @Test func theyCarryTheClusterAndNoPlaces() throws {
        let families = reading(Self.told).poolerFamilies
        #expect(families.allSatisfy { $0.samples.allSatisfy { $0.labels.contains { $0.name == "cluster_id" } } })
        let text = PrometheusText.render(families)
        #expect(!text.contains("host=") && !text.contains("version_info") && !text.contains("\nprocess_"))
        #expect(text.contains("\natoll_pooler_cpu_seconds_total{") && text.contains(#"name="web"} 20"#))
        #expect(text.contains(#"le="0.5"} 1"#))
    }

    @Test func aRoguePoolerSaysNothingOfOthers() {
        let rogue = [
            Self.family("atoll_postgres_up", .gauge, (["cluster": "other"], 0)),
            Self.family("up", .gauge, ([:], 0)),
            Self.family("pgbouncer_up", .gauge, (["cluster": "other", "cluster_id": "x"], 1)),
        ]
        let families = reading(rogue).poolerFamilies
        #expect(families.map(\.name) == ["pgbouncer_up"])
        #expect(families[0].samples[0].labels.filter { $0.name == "cluster" }.count == 1)
        #expect(!PrometheusText.render(families).contains("other"))
    }

    @Test func figuresAreReadFromThem() throws {
        let pools = [
            ConnectionPool(name: "web", mode: .session, size: 4, databaseName: "d", userName: "app"),
            ConnectionPool(name: "new", mode: .transaction, size: 5, databaseName: "d", userName: nil),
        ]
        let figures = PoolerFigures(Self.told, pools: pools, atSeconds: 9)
        #expect(figures.atSeconds == 9 && figures.startedAtSeconds == 7)
        #expect(figures.pools.map(\.pool) == ["new", "web"])
        #expect(figures.pools[0].user.isEmpty && figures.pools[0].size == 5 && figures.pools[0].wait.count == 0)
        let web = figures.pools[1]
        #expect(web.mode == "session" && web.clientsActive == 3 && web.transactions == 9)
        #expect(web.wait.count == 5 && web.wait.seconds == 6)
        #expect(web.wait.buckets.map(\.count) == [1, 4] && web.wait.buckets.map(\.seconds) == [0.5, 1])
        #expect(web.pinned == ["listening": 2])
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na 1\n\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na 1\n", false), ("HTTP/1.1 200 OK\r\n\r\na 1\n", false),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n", false),
        ("", false), ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na b", false),
    ])
    func answersAreChecked(_ answer: String, _ isGood: Bool) {
        let families = try? PoolerScrape.families(Array(answer.utf8))
        #expect((families?.map(\.name) == ["a"]) == isGood)
    }
}

// Benchmarks in the state database.

import ControlModel
import ControlStore
import Foundation
import Testing

@Suite struct BenchmarkTests {
    private static func content(_ scale: Int) -> BenchmarkContent {
        var run = BenchmarkRun(clients: 150, path: .direct)
        run.failedConnections = 1
        run.error = "FATAL: remaining connection slots are reserved for non-replication superuser connections"
        run.progress = [.init(seconds: 1, tps: 0.5, latencyMilliseconds: 2.25)]
        return BenchmarkContent(
            tool: "pgbench 15.18", scale: scale, threads: 2, seconds: 600, database: "benchmark", script: nil,
            isComplete: true, runs: [run, BenchmarkRun(clients: 150, path: .pool, pool: "test-pool")])
    }

    @Test func `a benchmark comes back as it was, and goes with its cluster`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster("db")
        let kept = try await test.store.insertBenchmark(Self.content(1), clusterID: cluster.id, at: testTime)
        #expect(kept.content == Self.content(1) && kept.clusterName == "db" && kept.createdAt == testTime)
        #expect(try await test.store.benchmark(id: kept.id) == kept)
        #expect(try await test.store.benchmarks() == [kept])
        let reopened = try test.directory.open()
        #expect(try await reopened.benchmark(id: kept.id) == kept)
        try reopened.close()
        try await test.store.markDeleting(clusterID: cluster.id, at: testTime)
        #expect(try await test.store.benchmarks().isEmpty)
        await expectRefusal(.notFound) {
            _ = try await test.store.insertBenchmark(Self.content(2), clusterID: cluster.id, at: testTime)
        }
        try await test.store.removeCluster(clusterID: cluster.id)
        await expectRefusal(.notFound, kept.id) { _ = try await test.store.benchmark(id: kept.id) }
    }

    @Test func `the last hundred of each cluster are kept`() async throws {
        let test = try TestStore()
        let (first, second) = (try await test.cluster("a"), try await test.cluster("b"))
        _ = try await test.store.insertBenchmark(Self.content(7), clusterID: second.id, at: testTime)
        for scale in 1...103 {
            _ = try await test.store.insertBenchmark(Self.content(scale), clusterID: first.id, at: testTime)
        }
        let kept = try await test.store.benchmarks()
        #expect(kept.filter { $0.clusterID == first.id }.map { $0.content.scale } == (4...103).reversed())
        #expect(kept.filter { $0.clusterID == second.id }.map { $0.content.scale } == [7])
    }
}

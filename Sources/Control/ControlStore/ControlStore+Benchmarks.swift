package import ControlModel
package import Foundation
import GRDB

// What was measured of clusters. Of each cluster the last ones are kept; they go with it.

extension ControlStore {
    /// All benchmarks of clusters that are not being deleted, newest first.
    package func benchmarks() async throws -> [Benchmark] {
        try await pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT benchmarks.* FROM benchmarks JOIN clusters ON clusters.id = cluster_id
                    WHERE state <> 'deleting' ORDER BY benchmarks.sequence DESC
                    """
            ).map(Benchmark.init(row:))
        }
    }

    /// The benchmark with this id.
    ///
    /// - Throws: `.notFound` if there is none.
    package func benchmark(id: String) async throws -> Benchmark {
        try await pool.read { try Benchmark.required(id: id, $0) }
    }

    /// Keeps a benchmark, and forgets the cluster's oldest beyond the limit.
    package func insertBenchmark(
        _ content: BenchmarkContent, clusterID: String, at now: Date
    ) async throws -> Benchmark {
        let id = makeResourceID()
        return try await pool.write { database in
            try Cluster.requireLive(id: clusterID, database)
            try database.execute(
                sql: """
                    INSERT INTO benchmarks (cluster_id, id, cluster_name, created_at_ms, content)
                    SELECT id, ?, name, ?, ? FROM clusters WHERE id = ?
                    """,
                arguments: [id, now.storedMilliseconds, try jsonText(content), clusterID])
            try database.execute(
                sql: """
                    DELETE FROM benchmarks WHERE cluster_id = ?1 AND sequence <= (
                        SELECT sequence FROM benchmarks WHERE cluster_id = ?1
                        ORDER BY sequence DESC LIMIT 1 OFFSET ?2)
                    """,
                arguments: [clusterID, StoreLimits.benchmarksPerClusterMax])
            return try Benchmark.required(id: id, database)
        }
    }
}

extension Benchmark {
    fileprivate init(row: Row) throws {
        self.init(
            id: row["id"], clusterID: row["cluster_id"], clusterName: row["cluster_name"],
            createdAt: row.date("created_at_ms"), content: try row.json("content"))
    }

    fileprivate static func required(id: String, _ database: Database) throws -> Benchmark {
        let row = try Row.fetchOne(database, sql: "SELECT * FROM benchmarks WHERE id = ?", arguments: [id])
        guard let row else { throw ServiceError.notFound("benchmark \(id)") }
        return try Benchmark(row: row)
    }
}

package import Foundation

/// One comparison of the ways to a cluster with pgbench, as it is kept.
package struct Benchmark: Sendable, Equatable {
    package var id: String
    package var clusterID: String
    /// The name at the time of the benchmark.
    package var clusterName: String
    package var createdAt: Date
    package var content: BenchmarkContent

    package init(id: String, clusterID: String, clusterName: String, createdAt: Date, content: BenchmarkContent) {
        self.id = id
        self.clusterID = clusterID
        self.clusterName = clusterName
        self.createdAt = createdAt
        self.content = content
    }
}

/// What was run, and what came out. Encoded, it is the API's and the state database's JSON.
package struct BenchmarkContent: Sendable, Equatable, Codable {
    /// Program and version, "pgbench 15.18".
    package var tool: String
    /// Of the tables that were filled for it; nil: they were there before.
    package var scale: Int?
    package var threads: Int
    /// Duration of each run.
    package var seconds: Int
    package var database: String
    /// File name of a script of the user's own; nil: pgbench's built-in transaction.
    package var script: String?
    /// All runs that were asked for have been tried.
    package var isComplete: Bool
    package var runs: [BenchmarkRun]

    package init(
        tool: String, scale: Int?, threads: Int, seconds: Int, database: String, script: String?, isComplete: Bool,
        runs: [BenchmarkRun]
    ) {
        self.tool = tool
        self.scale = scale
        self.threads = threads
        self.seconds = seconds
        self.database = database
        self.script = script
        self.isComplete = isComplete
        self.runs = runs
    }

    enum CodingKeys: String, CodingKey {
        case tool, scale, threads, seconds, database, script, runs
        case isComplete = "is_complete"
    }
}

/// One run of pgbench. Figures are nil where pgbench gave none, because it ended before.
package struct BenchmarkRun: Sendable, Equatable, Codable {
    /// Where the clients connected to.
    package enum Path: String, Sendable, Codable {
        case direct
        case pool
    }

    /// The state of a run at one moment, as pgbench's progress lines have it.
    package struct Progress: Sendable, Equatable, Codable {
        /// Since the start of the run.
        package var seconds: Double
        package var tps: Double
        package var latencyMilliseconds: Double

        package init(seconds: Double, tps: Double, latencyMilliseconds: Double) {
            self.seconds = seconds
            self.tps = tps
            self.latencyMilliseconds = latencyMilliseconds
        }

        enum CodingKeys: String, CodingKey {
            case seconds, tps
            case latencyMilliseconds = "latency_ms"
        }
    }

    package var clients: Int
    package var path: Path
    /// Name of the pool, for `.pool`.
    package var pool: String?
    /// Not a count that was asked for, but the most clients that the cluster took.
    package var isLargestAdmitted = false
    package var transactions: Int?
    package var failedTransactions: Int?
    /// Without the time of the first connections.
    package var tps: Double?
    package var latencyAverageMilliseconds: Double?
    package var latencyDeviationMilliseconds: Double?
    package var latency95Milliseconds: Double?
    package var latency99Milliseconds: Double?
    /// How many transactions the two percentiles are of: a sample in long runs.
    package var latencySamples: Int?
    /// Time until all clients were connected.
    package var connectionMilliseconds: Double?
    /// Connections that were refused. pgbench 15 ends a run at the first of a thread.
    package var failedConnections = 0
    /// Why pgbench ended the run.
    package var error: String?
    /// CPU time of the cluster's pooler during the run; nil: not known, or no pooler on the way.
    package var poolerCPUSeconds: Double?
    package var progress: [Progress]?

    package init(clients: Int, path: Path, pool: String? = nil) {
        self.clients = clients
        self.path = path
        self.pool = pool
    }

    enum CodingKeys: String, CodingKey {
        case clients, path, pool, transactions, tps, error, progress
        case isLargestAdmitted = "is_largest_admitted"
        case failedTransactions = "failed_transactions"
        case latencyAverageMilliseconds = "latency_average_ms"
        case latencyDeviationMilliseconds = "latency_stddev_ms"
        case latency95Milliseconds = "latency_p95_ms"
        case latency99Milliseconds = "latency_p99_ms"
        case latencySamples = "latency_samples"
        case connectionMilliseconds = "connection_time_ms"
        case failedConnections = "failed_connections"
        case poolerCPUSeconds = "pooler_cpu_seconds"
    }
}

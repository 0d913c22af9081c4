package import ArgumentParser
import ControlModel

/// `atoll bench`: measuring clusters.
package struct BenchCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure clusters, and show what was measured.",
        discussion: """
            Example:
              atoll bench pg shop --clients 50,150
              atoll bench list
            """,
        subcommands: [BenchPostgres.self, BenchList.self, BenchShow.self])

    package init() {}
}

/// How benchmarks look in tables.
enum BenchmarkTable {
    /// A row a benchmark.
    static func list(_ benchmarks: [APIModel.Benchmark]) -> Table {
        Table(
            ["id", "cluster", "created", "tool", "scale", "clients", "best tps"],
            benchmarks.map { benchmark in
                let content = benchmark.content
                let counts = Set(content.runs.filter { !$0.isLargestAdmitted }.map(\.clients)).sorted()
                let best = content.runs.compactMap(\.tps).max()
                return [
                    benchmark.id, benchmark.clusterName, benchmark.createdAt, content.tool,
                    content.scale.map(String.init) ?? "",
                    counts.map(String.init).joined(separator: ", "), best?.fixed(1) ?? "",
                ]
            })
    }

    /// A row a run. Latencies are in milliseconds, the pooler's CPU time in percent of one processor.
    static func runs(_ runs: [BenchmarkRun], seconds: Int) -> Table {
        Table(
            [
                "clients", "path", "tps", "latency average", "stddev", "p95", "p99", "failed connections",
                "pooler cpu",
            ],
            runs.map { run in
                [
                    String(run.clients), run.pathTitle, run.tps?.fixed(1) ?? "",
                    milliseconds(run.latencyAverageMilliseconds), milliseconds(run.latencyDeviationMilliseconds),
                    milliseconds(run.latency95Milliseconds), milliseconds(run.latency99Milliseconds),
                    String(run.failedConnections),
                    run.poolerCPUSeconds.map { "\((100 * $0 / Double(max(1, seconds))).fixed(1)) %" } ?? "",
                ]
            })
    }

    private static func milliseconds(_ value: Double?) -> String { value.map { "\($0.fixed(1)) ms" } ?? "" }

    /// What the table of runs cannot say: why some ended.
    static func notes(_ runs: [BenchmarkRun]) -> [String] {
        runs.compactMap { run in run.error.map { "\(run.clients) clients, \(run.pathTitle): \($0.printable)" } }
    }

    /// The table with its notes.
    static func text(_ runs: [BenchmarkRun], seconds: Int) -> String {
        ([self.runs(runs, seconds: seconds).rendered()] + notes(runs)).joined(separator: "\n")
    }
}

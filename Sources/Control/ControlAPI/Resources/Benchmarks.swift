import ControlModel
import Foundation

/// `/atoll/v1/benchmarks`: what `atoll bench` measured.
func benchmarkRoutes(_ services: APIServices) -> [Route] {
    let databases = services.databases
    let list = "/atoll/v1/benchmarks"
    return [
        Route(.get, list) { _ in
            .ok(BenchmarkList(benchmarks: try await databases.benchmarks().map { BenchmarkView($0, isWhole: false) }))
        },
        Route(.post, list) { call in
            let body = try await call.body()
            let clusterID = try body.requiredString("cluster_id").lowercased()
            let content: BenchmarkContent = try body.decoded()
            try BenchmarkRules.check(content)
            let kept = try await databases.keepBenchmark(content, clusterID: clusterID)
            return .created(BenchmarkEnvelope(benchmark: BenchmarkView(kept)))
        },
        Route(.get, "\(list)/{benchmark}") { call in
            let benchmark = try await databases.benchmark(id: try call.identifier("benchmark"))
            return .ok(BenchmarkEnvelope(benchmark: BenchmarkView(benchmark)))
        },
    ]
}

/// What is kept is bounded, whoever sends it.
private enum BenchmarkRules {
    static let runCountMax = 64
    static let progressCountMax = 1_000
    static let clientsMax = 1_000_000
    static let textBytesMax = 1_024

    static func check(_ content: BenchmarkContent) throws {
        guard (1...runCountMax).contains(content.runs.count) else {
            throw ServiceError.unprocessable("runs must have from 1 to \(runCountMax) elements.")
        }
        var texts: [String?] = [content.tool, content.database, content.script]
        for (index, run) in content.runs.enumerated() {
            guard (1...clientsMax).contains(run.clients) else {
                throw ServiceError.unprocessable("runs[\(index)].clients must be from 1 to \(clientsMax).")
            }
            guard (run.progress ?? []).count <= progressCountMax else {
                throw ServiceError.unprocessable(
                    "runs[\(index)].progress must have at most \(progressCountMax) elements.")
            }
            texts += [run.pool, run.error]
        }
        guard texts.allSatisfy({ ($0 ?? "").utf8.count <= textBytesMax }) else {
            throw ServiceError.unprocessable("A text of a benchmark must have at most \(textBytesMax) bytes.")
        }
    }
}

private struct BenchmarkList: Encodable {
    let benchmarks: [BenchmarkView]
}

private struct BenchmarkEnvelope: Encodable {
    let benchmark: BenchmarkView
}

/// The content's keys beside the benchmark's own.
private struct BenchmarkView: Encodable {
    let benchmark: Benchmark

    /// - Parameter isWhole: false leaves the curves out, which are most of it.
    init(_ benchmark: Benchmark, isWhole: Bool = true) {
        var benchmark = benchmark
        if !isWhole {
            for index in benchmark.content.runs.indices { benchmark.content.runs[index].progress = nil }
        }
        self.benchmark = benchmark
    }

    enum CodingKeys: String, CodingKey {
        case id
        case clusterID = "cluster_id"
        case clusterName = "cluster_name"
        case createdAt = "created_at"
    }

    func encode(to encoder: any Encoder) throws {
        try benchmark.content.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(benchmark.id, forKey: .id)
        try container.encode(benchmark.clusterID, forKey: .clusterID)
        try container.encode(benchmark.clusterName, forKey: .clusterName)
        try container.encode(benchmark.createdAt.timestamp, forKey: .createdAt)
    }
}

import ControlModel
import Foundation
import Synchronization

/// The pgbench tutorial's comparison: the same load directly and through a pool, at each count of clients.
struct PostgresBenchmark: Sendable {
    struct Target: Sendable {
        var direct: ConnectionText
        /// Name of a pool and the way to it.
        var pool: (name: String, connection: ConnectionText)?
    }

    /// Tries of a run with the most clients, a client less each time: somebody else may take a slot between the look
    /// and the run.
    private static let admissionTriesMax = 5
    /// Sessions that have ended keep their slots for a moment.
    private static let slotReleaseTime: Duration = .milliseconds(500)

    let pgbench: Pgbench
    let target: Target
    let clientCounts: [Int]
    let threads: Int
    let seconds: Int
    let script: String?
    let console: Console
    /// CPU seconds of the cluster's pooler so far; nil where nobody knows them.
    let poolerCPUSeconds: @Sendable () async -> Double?

    /// Tries all runs in order; each is handed on when it has ended.
    ///
    /// Those through the pool come last: it keeps its connections for a while, and they take slots of direct ones.
    func run(_ onResult: @escaping @Sendable (BenchmarkRun) -> Void) async throws {
        var hasLargest = false
        for clients in clientCounts {
            let direct = try await measure(BenchmarkRun(clients: clients, path: .direct))
            onResult(direct)
            if direct.failedConnections > 0, !hasLargest, let largest = try await largestAdmitted(below: clients) {
                onResult(largest)
                hasLargest = true
            }
        }
        guard let pool = target.pool else { return }
        for clients in clientCounts {
            onResult(try await measure(BenchmarkRun(clients: clients, path: .pool, pool: pool.name)))
        }
    }

    /// The run with as many clients as the cluster lets in; nil if that cannot be found out.
    private func largestAdmitted(below clients: Int) async throws -> BenchmarkRun? {
        try await Task.sleep(for: Self.slotReleaseTime)
        guard let admitted = try await pgbench.admittedClients(target.direct, upTo: clients) else { return nil }
        for count in (1...max(1, admitted)).reversed().prefix(Self.admissionTriesMax) {
            try await Task.sleep(for: Self.slotReleaseTime)
            var run = BenchmarkRun(clients: count, path: .direct)
            run.isLargestAdmitted = true
            run = try await measure(run)
            if run.failedConnections == 0 { return run }
        }
        return nil
    }

    private func measure(_ run: BenchmarkRun) async throws -> BenchmarkRun {
        let connection = run.path == .pool ? target.pool?.connection ?? target.direct : target.direct
        let title = "\(run.clients) clients, \(run.pathTitle)"
        let progress = console.progress()
        defer { progress.end() }
        progress.report("\(title): connecting")
        let before = run.path == .pool ? await poolerCPUSeconds() : nil
        var result = try await pgbench.measure(
            connection, run, threads: threads, seconds: seconds, script: script,
            progressSeconds: Self.progressSeconds(of: seconds, isTerminal: console.errorIsTerminal)
        ) { line in
            if case .progress(let state) = line { progress.report("\(title): \(Self.words(state, of: seconds))") }
        }
        if let before, let after = await poolerCPUSeconds(), after >= before {
            result.poolerCPUSeconds = after - before
        }
        return result
    }

    /// Each second on a terminal, where one line is written over; elsewhere ten lines a run, a minute apart at most.
    static func progressSeconds(of seconds: Int, isTerminal: Bool) -> Int {
        isTerminal ? 1 : min(60, max(1, seconds / 10))
    }

    static func words(_ state: BenchmarkRun.Progress, of seconds: Int) -> String {
        let tps = state.tps.fixed(1)
        return "\(Int(state.seconds)) of \(seconds) s, \(tps) tps, latency \(state.latencyMilliseconds.fixed(1)) ms"
    }
}

extension BenchmarkRun {
    /// "direct", "direct (most admitted)", "pool test-pool".
    var pathTitle: String {
        switch path {
        case .direct: isLargestAdmitted ? "direct (most admitted)" : "direct"
        case .pool: "pool \(pool ?? "")"
        }
    }
}

extension Double {
    /// The number with so many digits after the point.
    func fixed(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}

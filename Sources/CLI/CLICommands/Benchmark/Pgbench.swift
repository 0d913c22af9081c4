import ControlModel
import Foundation
import PostgresCluster
import Supervision

/// pgbench of this machine, against one database by one way.
struct Pgbench: Sendable {
    /// Points of a run's curve that are kept.
    static let progressPointsMax = 120
    /// What pgbench may take beyond the duration of a run: connecting, its vacuum, the last transactions.
    private static let slackSeconds = 600
    /// Filling the tables: DigitalOcean's machines took 72 s for scale 150.
    private static let initializationSecondsMax = 24 * 60 * 60

    let program: String
    /// For the password, the authority and the logs.
    let scratch: ScratchDirectory

    /// The program of PostgreSQL 15 where Debian puts it, else the one in PATH.
    static func find() throws -> String {
        let packaged = "\(Initialization.programDirectory)/pgbench"
        if access(packaged, X_OK) == 0 { return packaged }
        let searchPath = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        guard let path = ShellPlan.executable("pgbench", searchPath: searchPath) else {
            throw CommandError("pgbench is not installed", advice: "On Debian: apt install postgresql-15")
        }
        return path
    }

    /// "pgbench 15.18".
    func version() async throws -> String {
        let result = try await ShortCommand.run(program, ["--version"], timeout: .seconds(10))
        // "pgbench (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
        let words = result.outputText.split(separator: " ")
        return words.count > 2 ? "pgbench \(words[2])" : "pgbench"
    }

    /// Makes and fills pgbench's tables.
    func initialize(
        _ connection: ConnectionText, scale: Int, report: @escaping @Sendable (PgbenchLine) -> Void
    ) async throws {
        let (result, transcript) = try await run(
            connection, ["--initialize", "--scale=\(scale)"], timeoutSeconds: Self.initializationSecondsMax,
            report: report)
        guard !result.isSuccess else { return }
        throw CommandError("pgbench could not fill its tables: \(Self.cause(result, transcript))")
    }

    /// One run with this many clients.
    ///
    /// - Parameters:
    ///   - progressSeconds: how often pgbench says where it stands.
    ///   - script: path of a script; nil: the built-in transaction.
    func measure(
        _ connection: ConnectionText, _ run: BenchmarkRun, threads: Int, seconds: Int, script: String?,
        progressSeconds: Int, report: @escaping @Sendable (PgbenchLine) -> Void
    ) async throws -> BenchmarkRun {
        try scratch.removeLogs()
        var arguments = [
            "--client=\(run.clients)", "--jobs=\(threads)", "--time=\(seconds)", "--progress=\(progressSeconds)",
            "--log", "--log-prefix=\(scratch.logPrefix)",
            "--sampling-rate=\(LatencyLog.samplingRate(seconds: seconds))",
        ]
        // The tables that pgbench vacuums first are those of its own transaction.
        if let script { arguments += ["--no-vacuum", "--file=\(script)"] }
        let (result, transcript) = try await self.run(
            connection, arguments, timeoutSeconds: seconds + Self.slackSeconds, report: report)
        var log = LatencyLog()
        try log.read(directory: scratch.path, prefix: ScratchDirectory.logName)
        try scratch.removeLogs()
        var run = run
        run.read(report: result.outputText)
        run.failedConnections = transcript.failedConnections
        if !result.isSuccess { run.error = Self.cause(result, transcript) }
        run.progress = transcript.progress(pointsMax: Self.progressPointsMax)
        guard log.histogram.count > 0 else { return run }
        run.latency95Milliseconds = log.histogram.quantile(0.95).map { $0 / 1000 }
        run.latency99Milliseconds = log.histogram.quantile(0.99).map { $0 / 1000 }
        run.latencySamples = log.histogram.count
        return run
    }

    /// How many clients are let in at once, up to this many: one thread connects one client after another, and the
    /// number of the first that is refused is the count of those that were not. nil: another error came first.
    func admittedClients(_ connection: ConnectionText, upTo clients: Int) async throws -> Int? {
        let script = try scratch.write("SELECT 1;\n", to: "admission.sql")
        let (result, transcript) = try await run(
            connection,
            ["--client=\(clients)", "--jobs=1", "--transactions=1", "--no-vacuum", "--file=\(script)"],
            timeoutSeconds: Self.slackSeconds
        ) { _ in }
        return result.isSuccess ? clients : transcript.refusedClient
    }

    private func run(
        _ connection: ConnectionText, _ arguments: [String], timeoutSeconds: Int,
        report: @escaping @Sendable (PgbenchLine) -> Void
    ) async throws -> (ShortCommand.Result, PgbenchTranscript) {
        let passwordFile = try scratch.write(ShellPlan.passwordLine(for: connection), to: "password")
        let plan = ShellPlan(
            connection: connection, psqlArguments: [], environment: ProcessInfo.processInfo.environment,
            passwordFile: passwordFile, authorityFile: scratch.authorityFile)
        let transcript = SharedTranscript()
        let result = try await ShortCommand.run(
            program, arguments, environment: plan.environment, workingDirectory: scratch.path,
            timeout: .seconds(timeoutSeconds),
            onErrorOutput: { bytes in
                for line in transcript.add(bytes) { report(line) }
            })
        return (result, transcript.value)
    }

    private static func cause(_ result: ShortCommand.Result, _ transcript: PgbenchTranscript) -> String {
        if let error = transcript.error { return error.printable }
        let lastLine = result.errorText.split(whereSeparator: \.isNewline).last.map { String($0).printable }
        return "\(result.termination)" + (lastLine.map { ": \($0)" } ?? "")
    }
}

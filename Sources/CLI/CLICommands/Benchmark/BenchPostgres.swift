import ArgumentParser
import ControlModel
import Foundation
import Synchronization
import UnixSignals

/// `atoll bench pg`
struct BenchPostgres: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "pg",
        abstract: "Compare direct connections to a PostgreSQL cluster with those through a pool, by pgbench.",
        discussion: """
            Makes the database if it is missing, fills pgbench's tables in it (old ones are dropped), and runs pgbench \
            with each count of clients, directly and then through the pool. pgbench runs on this machine, over TLS with the \
            server's certificate verified. Where the cluster refuses clients for want of connections, pgbench ends that \
            run; then the most clients that are let in are run too. The result is kept: atoll bench list.

            The pool is the one named, else the cluster's first pool of the database. p95 and p99 come from pgbench's \
            log of transactions; in runs over \(Self.sampledAboveSeconds) s from a sample of them.

            Examples:
              atoll bench pg shop
              atoll bench pg shop --scale 20 --clients 10,50 --time 60 --pool web
            """)

    private static let sampledAboveSeconds = LatencyLog.linesMax / LatencyLog.transactionsPerSecondMax

    @OptionGroup var cluster: ClusterArgument

    @Option(help: ArgumentHelp("Size of pgbench's tables: 100,000 accounts each.", valueName: "factor"))
    var scale = 150

    @Option(help: ArgumentHelp("Counts of clients, separated by commas.", valueName: "counts"))
    var clients = ClientCounts(counts: [50, 150])

    @Option(help: "Threads of pgbench.")
    var threads = 2

    @Option(help: ArgumentHelp("Duration of each run.", valueName: "seconds"))
    var time = 600

    @Option(help: "Name of the pool to compare with.")
    var pool: String?

    @Option(help: "Database to work in.")
    var database = "benchmark"

    @Option(help: ArgumentHelp("A pgbench script in place of the built-in transaction.", valueName: "file"))
    var script: String?

    @Flag(inversion: .prefixedNo, help: "Fill pgbench's tables first.")
    var initialize = true

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (1...100_000).contains(scale) else { throw ValidationError("--scale must be from 1 to 100000.") }
        guard (1...1024).contains(threads) else { throw ValidationError("--threads must be from 1 to 1024.") }
        guard (1...86_400).contains(time) else { throw ValidationError("--time must be from 1 to 86400.") }
        guard !database.isEmpty else { throw ValidationError("--database must not be empty.") }
    }

    func run(in session: Session) async throws {
        let found = try await session.cluster(cluster.reference)
        guard !found.isKeyValue else {
            throw CommandError("\(found.name) is a \(found.engine) cluster: pgbench is for PostgreSQL")
        }
        if let script, access(script, R_OK) != 0 { throw CommandError("the script \(script.printable) cannot be read") }
        let scratch = try ScratchDirectory(authority: try await session.authority(ofClusterID: found.id))
        defer { scratch.remove() }
        let pgbench = Pgbench(program: try Pgbench.find(), scratch: scratch)
        let target = try await target(found, session)
        try await makeDatabase(found, session)
        let results = Results()
        let interruption = await Self.untilSignal {
            if initialize { try await fill(pgbench, target.direct, session.console) }
            try await benchmark(pgbench, target, clusterID: found.id, session).run { results.add($0) }
        }
        let runs = results.runs
        if runs.isEmpty, let interruption { throw interruption }
        let content = BenchmarkContent(
            tool: try await pgbench.version(), scale: initialize ? scale : nil, threads: threads, seconds: time,
            database: database,
            script: script.map { URL(fileURLWithPath: $0).lastPathComponent }, isComplete: interruption == nil,
            runs: runs)
        try await keep(content, of: found, in: session)
        if let interruption { throw interruption }
    }

    // MARK: Steps

    /// The user of the pool for both ways, so that they differ in nothing else; doadmin where the pool has none.
    private func target(_ found: APIModel.Cluster, _ session: Session) async throws -> PostgresBenchmark.Target {
        let described = try await chosenPool(found, session)
        var login = ConnectionTarget()
        login.database = database
        login.user = described?.user.flatMap { $0.isEmpty ? nil : $0 }
        let direct = try await login.connectionText(to: found, in: session)
        guard let described, let details = described.connection else {
            session.console.note(
                "\(found.name) has no pool of the database \(database): direct connections only")
            return PostgresBenchmark.Target(direct: direct)
        }
        var pooled = direct
        pooled.host = details.host
        pooled.port = details.port
        pooled.database = described.name
        return PostgresBenchmark.Target(direct: direct, pool: (described.name, pooled))
    }

    private func chosenPool(_ found: APIModel.Cluster, _ session: Session) async throws -> APIModel.Pool? {
        let pools = try await session.send(.databases(.get, found.id, "pools")).decode(APIModel.Pools.self).pools
        guard let pool else { return pools.first { $0.db == database } }
        guard let named = pools.first(where: { $0.name == pool }) else {
            let names = pools.isEmpty ? "none" : pools.map(\.name).joined(separator: ", ")
            throw CommandError(
                "\(found.name) has no pool \"\(pool.printable)\"", advice: "There is: \(names) (atoll db pool list)")
        }
        guard named.db == database else {
            throw CommandError(
                "the pool \(named.name) is of the database \(named.db), and the benchmark works in \(database)",
                advice: "Give --database \(named.db.shellQuoted), in which pgbench's tables will be made.")
        }
        return named
    }

    private func makeDatabase(_ found: APIModel.Cluster, _ session: Session) async throws {
        let answer = try await session.send(.databases(.get, found.id, "dbs"))
        let names = try answer.decode(APIModel.Databases.self).dbs.map(\.name)
        guard !names.contains(database) else { return }
        _ = try await session.send(
            .databases(.post, found.id, "dbs", body: .object(["name": .string(database)])))
    }

    private func fill(_ pgbench: Pgbench, _ connection: ConnectionText, _ console: Console) async throws {
        let progress = console.progress()
        defer { progress.end() }
        let title = "filling \(database), scale \(scale)"
        progress.report(title)
        let isTerminal = console.errorIsTerminal
        let told = Mutex(-1)
        try await pgbench.initialize(connection, scale: scale) { line in
            switch line {
            case .filling(let percent, let remaining):
                // Elsewhere than on a terminal each text is a line of its own: one for each tenth.
                guard isTerminal || told.withLock({ Self.advance(&$0, to: percent / 10) }) else { return }
                progress.report("\(title): \(percent) %, \(Int(remaining)) s left")
            case .step(let step): progress.report("\(title): \(step)")
            default: break
            }
        }
    }

    private static func advance(_ told: inout Int, to tenth: Int) -> Bool {
        guard tenth > told else { return false }
        told = tenth
        return true
    }

    private func benchmark(
        _ pgbench: Pgbench, _ target: PostgresBenchmark.Target, clusterID: String, _ session: Session
    ) -> PostgresBenchmark {
        PostgresBenchmark(
            pgbench: pgbench, target: target, clientCounts: clients.counts, threads: threads, seconds: time,
            script: script.map { URL(fileURLWithPath: $0).standardizedFileURL.path }, console: session.console,
            poolerCPUSeconds: {
                let answer = try? await session.send(.pooler(ofClusterID: clusterID))
                return (try? answer?.decode(APIModel.PoolerEnvelope.self))?.pooler.cpuSeconds
            })
    }

    /// Shows the result, and hands it to the API. What was measured is shown also where it cannot be kept.
    private func keep(_ content: BenchmarkContent, of found: APIModel.Cluster, in session: Session) async throws {
        if output.format == .table {
            try session.console.print(BenchmarkTable.text(content.runs, seconds: content.seconds))
        }
        guard case .object(var body) = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(content))
        else { preconditionFailure("a structure is encoded as an object") }
        body["cluster_id"] = .string(found.id)
        do {
            let answer = try await session.send(.benchmarks(.post, body: .object(body)))
            switch output.format {
            case .json: try answer.value().map { try session.console.print($0.jsonText(pretty: true)) }
            case .table:
                let kept = try answer.decode(APIModel.BenchmarkEnvelope.self, keys: .useDefaultKeys).benchmark
                try session.console.print("\nKept: \(ProgramName.shown) bench show \(kept.id)")
            }
        } catch {
            if output.format == .json { try session.console.print(JSONValue.object(body).jsonText(pretty: true)) }
            session.console.note("The result could not be kept.")
            throw error
        }
    }

    /// Runs the body until it ends or a signal comes; then what it started is killed.
    ///
    /// - Returns: why it did not end well.
    private static func untilSignal(_ body: @escaping @Sendable () async throws -> Void) async -> (any Error)? {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        return await withTaskGroup(of: (any Error)?.self) { tasks in
            tasks.addTask {
                do {
                    try await body()
                    return nil
                } catch {
                    return error
                }
            }
            tasks.addTask {
                for await _ in signals { return CommandError("the benchmark was interrupted") }
                return nil
            }
            let first = await tasks.next() ?? nil
            tasks.cancelAll()
            await tasks.waitForAll()
            return first
        }
    }

    /// Runs that have ended.
    private final class Results: Sendable {
        private let list = Mutex<[BenchmarkRun]>([])

        var runs: [BenchmarkRun] { list.withLock { $0 } }

        func add(_ run: BenchmarkRun) { list.withLock { $0.append(run) } }
    }
}

/// "50,150"
struct ClientCounts: ExpressibleByArgument {
    static let clientsMax = 10_000
    static let countsMax = 16

    var counts: [Int]

    init(counts: [Int]) { self.counts = counts }

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let counts = parts.compactMap { Int($0) }.filter { (1...Self.clientsMax).contains($0) }
        guard counts.count == parts.count, counts.count <= Self.countsMax else { return nil }
        self.counts = counts
    }

    var defaultValueDescription: String { counts.map(String.init).joined(separator: ",") }
}

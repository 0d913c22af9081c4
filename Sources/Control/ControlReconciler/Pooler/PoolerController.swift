// The loop that keeps the pooler of one PostgreSQL cluster running and told: what it sees, what it does.

import ControlModel
import ControlStore
import Foundation
import Logging
import MetricText
import PostgresCluster
import Supervision

/// Keeps the pooler of one PostgreSQL cluster as its pools want it: one process while there are pools, none without.
///
/// A loop of its own beside the cluster's: the pooler stays up while the server restarts, and its clients wait.
/// Decisions are `PoolerPlanner`'s. All that it knows is observed anew or may be forgotten.
actor PoolerController {
    /// What the API tells.
    struct State: Sendable, Equatable {
        var pid: Int32?
        /// Why it does not run as wanted; nil while all is well.
        var reason: String?
    }

    /// How long an API call waits for its change to reach the pooler.
    static let settleSecondsMax = 20
    private static let restInterval: Duration = .seconds(30)
    private static let preparationInterval: Duration = .seconds(24 * 60 * 60)
    /// How often the server is asked whether its logins have changed, and how long one session does that.
    private static let watchInterval: Duration = .seconds(1)
    private static let watchSecondsMax = 60
    /// Five seconds in all.
    private static let listeningInterval: Duration = .milliseconds(10)
    private static let listeningLooksMax = 500

    /// Where the server is logged in to.
    private let endpoint: @Sendable (_ port: Int) async throws -> AdminEndpoint
    private let files: ClusterFiles
    private let store: ControlStore
    private let logger: Logger
    private var clusterID: String { files.clusterID }

    private var child: ChildHandle?
    private var startedAt = ContinuousClock.now
    private var exitWatch: Task<Void, Never>?
    private var backoff = Backoff()
    private var stepBackoff = Backoff()
    private var startNotBefore = ContinuousClock.now
    private var reason: String?

    private var preparedAt: ContinuousClock.Instant?
    private var written: PoolerTexts?
    private var loaded: PoolerTexts?
    /// As last read; nil in a new control process.
    private var logins: [LoginVerifier]?

    private var loop: Task<Void, Never>?
    private var isStopped = false
    private var isKicked = false
    private var resting: CheckedContinuation<Void, Never>?
    private var settling = Settling()

    init(
        files: ClusterFiles, store: ControlStore, logger: Logger,
        endpoint: @escaping @Sendable (_ port: Int) async throws -> AdminEndpoint
    ) {
        self.endpoint = endpoint
        self.files = files
        self.store = store
        self.logger = logger
    }

    // MARK: - Life of the loop

    /// Adopts a pooler that runs, and begins to work.
    func start() async {
        guard loop == nil else { return }
        await adopt()
        loop = Task { await self.run() }
    }

    /// Ends the loop and leaves the pooler alone.
    func detach() async {
        await endLoop()
        exitWatch?.cancel()
        child = nil
    }

    /// Ends the loop and the pooler.
    func shutDown() async {
        await endLoop()
        if child == nil { await adopt() }
        await stop()
    }

    /// Ends the pooler for good, and removes what it has outside the cluster's directory.
    func remove() async throws {
        await shutDown()
        guard child == nil else { throw ServiceError(.serviceUnavailable, "The pooler does not stop.") }
        guard let cluster = try await store.cluster(id: clusterID) else { return }
        try await poolerFiles(cluster).removeRemains()
    }

    private func endLoop() async {
        isStopped = true
        loop?.cancel()
        kick()
        await loop?.value
    }

    /// Looks now.
    func kick() {
        isKicked = true
        resting?.resume()
        resting = nil
    }

    /// Looks now, and returns when the pooler has been told all that the state says at this call.
    func settle() async throws {
        guard loop != nil, !isStopped else { return }
        let mine = settling.ask()
        kick()
        let timer = Task {
            try await Task.sleep(for: .seconds(Self.settleSecondsMax))
            self.finishSettling(
                upTo: mine,
                error: ServiceError(
                    .serviceUnavailable, "The change is stored, but the pooler did not take it in time."))
        }
        defer { timer.cancel() }
        try await withCheckedThrowingContinuation { settling.wait(mine, $0) }
    }

    private func finishSettling(upTo pass: Int, error: (any Error)? = nil) {
        settling.finish(upTo: pass, error: error)
    }

    private func run() async {
        while !isStopped {
            let seen = settling.asked
            do {
                guard let cluster = try await store.cluster(id: clusterID) else { break }
                try await pass(cluster, seen)
            } catch is CancellationError {
                break
            } catch {
                reason = "\(error)"
                logger.error("pooler step failed", metadata: ["reason": "\(error)"])
                finishSettling(
                    upTo: seen,
                    error: ServiceError(.serviceUnavailable, "The change is stored, but not in force: \(error)"))
                await rest(stepBackoff.delay(afterRunning: .zero))
            }
        }
        finishSettling(upTo: .max)
    }

    /// One look and one step.
    private func pass(_ cluster: Cluster, _ seen: Int) async throws {
        let pools = cluster.state == .deleting ? [] : try await store.pools(clusterID: clusterID)
        if !pools.isEmpty { await readLogins(cluster) }
        guard pools.isEmpty || logins != nil else {
            // Without logins nobody could enter; a pooler that runs goes on with those that it has.
            reason = child == nil ? "The pooler starts when the cluster serves." : nil
            finishSettling(upTo: seen)
            return await rest(Self.watchInterval)
        }
        let wanted = try await wantedTexts(cluster, pools)
        let step = PoolerPlanner.nextStep(wanted: wanted, observed: observe(cluster))
        if step == .rest { finishSettling(upTo: seen) }
        try await perform(step, cluster, wanted)
    }

    private func rest(_ duration: Duration) async {
        if !isKicked && !isStopped {
            let timer = Task {
                try await Task.sleep(for: duration)
                self.kick()
            }
            await withCheckedContinuation { resting = $0 }
            timer.cancel()
        }
        isKicked = false
    }

    // MARK: - Looking

    private func poolerFiles(_ cluster: Cluster) -> PoolerFiles { PoolerFiles(cluster: files, port: cluster.port) }

    private func observe(_ cluster: Cluster) -> PoolerObservation {
        let onDisk = DurableFile.read(poolerFiles(cluster).configuration)
        return PoolerObservation(
            isRunning: child != nil, written: written, loaded: loaded,
            startLines: onDisk.map { PoolerTexts.restartLines(of: $0).map(String.init) },
            isPreparationDue: preparedAt.map { ContinuousClock.now - $0 >= Self.preparationInterval } ?? true)
    }

    private func wantedTexts(_ cluster: Cluster, _ pools: [ConnectionPool]) async throws -> PoolerTexts? {
        guard !pools.isEmpty, let logins else { return nil }
        let place = poolerFiles(cluster)
        return PoolerTexts(
            cluster: cluster, pools: pools, logins: logins,
            trustedNetworks: TrustedSources.networks(of: try await store.firewallRules(clusterID: clusterID)),
            certificate: DurableFile.read(place.certificate) ?? "",
            place: PoolerTexts.Place(
                listenAddress: files.environment.listenAddress, socketDirectory: place.socketDirectory,
                directory: place.directory, metricsSocket: place.metricsSocket))
    }

    /// Logins as the server has them now; those of before where it does not answer.
    private func readLogins(_ cluster: Cluster) async {
        guard let endpoint = try? await endpoint(cluster.port),
            let read = try? await AdminSession.run(endpoint, { session in try await session.loginVerifiers() })
        else { return }
        logins = read
    }

    /// Waits until something happens: a kick, or logins that SQL has changed.
    private func watch(_ cluster: Cluster) async {
        let (known, endpoint) = (logins, endpoint)
        let watch = Task {
            do {
                let endpoint = try await endpoint(cluster.port)
                try await AdminSession.run(endpoint, timeoutSeconds: Self.watchSecondsMax + 15) { session in
                    for _ in 0..<Self.watchSecondsMax {
                        guard try await session.loginVerifiers() == known else { return }
                        try await Task.sleep(for: Self.watchInterval)
                    }
                }
            } catch {
                // The server is away: asked again in a moment.
                try? await Task.sleep(for: Self.watchInterval)
            }
            if !Task.isCancelled { self.kick() }
        }
        await rest(Self.preparationInterval)
        watch.cancel()
    }

    // MARK: - Acting

    private func perform(_ step: PoolerStep, _ cluster: Cluster, _ wanted: PoolerTexts?) async throws {
        switch step {
        case .prepare:
            try await poolerFiles(cluster).prepare()
            preparedAt = .now
        case .write:
            guard let wanted else { return }
            try poolerFiles(cluster).write(wanted)
            written = wanted
        case .start: try await startProcess(cluster)
        case .reload:
            try await child?.send(signal: SIGHUP)
            loaded = wanted
            logger.info("pooler reloads")
        case .stop:
            await stop()
            guard child == nil else { throw ServiceError(.serviceUnavailable, "The pooler does not stop.") }
            written = nil
        case .rest:
            stepBackoff.reset()
            if child != nil { reason = nil }
            if wanted == nil { await rest(Self.restInterval) } else { await watch(cluster) }
        }
    }

    private func startProcess(_ cluster: Cluster) async throws {
        let delay = startNotBefore - ContinuousClock.now
        if delay > .zero {
            await rest(delay)
            guard ContinuousClock.now >= startNotBefore else { return }
        }
        guard PortProbe.isFree(cluster.poolPort, address: files.environment.listenAddress) else {
            throw ServiceError(
                .serviceUnavailable, "Port \(cluster.poolPort) of the pools is in use by another process.")
        }
        let place = poolerFiles(cluster)
        loaded = written
        do {
            watch(
                try await ChildHandle.start(
                    specification: try place.specification(clusterName: cluster.name),
                    runDirectory: place.runDirectory, atollExecutable: files.environment.executable))
        } catch {
            await adopt()
            if child == nil { throw error }
        }
        try await awaitListening(cluster)
    }

    /// So that whoever made a pool can connect to it at once. A pooler that ends meanwhile is seen by the next look.
    private func awaitListening(_ cluster: Cluster) async throws {
        for _ in 0..<Self.listeningLooksMax where child != nil && !isStopped {
            if PortProbe.isServed(cluster.poolPort, address: files.environment.listenAddress) { return }
            try await Task.sleep(for: Self.listeningInterval)
        }
    }

    private func adopt() async {
        guard let cluster = try? await store.cluster(id: clusterID) else { return }
        do {
            let found = try await ChildHandle.adopt(runDirectory: poolerFiles(cluster).runDirectory)
            guard let found else { return }
            logger.info("pooler adopted", metadata: ["pid": "\(found.pid)"])
            watch(found)
        } catch {
            logger.error("pooler not adopted", metadata: ["reason": "\(error)"])
        }
    }

    private func watch(_ handle: ChildHandle) {
        child = handle
        startedAt = .now
        exitWatch?.cancel()
        exitWatch = Task {
            guard let exit = try? await handle.waitForExit() else { return }
            await self.ended(handle, exit)
        }
    }

    private func ended(_ handle: ChildHandle, _ exit: ChildExit) async {
        guard child === handle else { return }
        child = nil
        loaded = nil
        if exit.record?.stopRequested != true, !isStopped {
            startNotBefore = .now + backoff.delay(afterRunning: ContinuousClock.now - startedAt)
            let said = Self.lastFailure(in: DurableFile.readTail(logFile, bytesMax: 8192)).map { ": \($0)" } ?? ""
            let reason = "The pooler \(exit.description)\(said); starting it again."
            self.reason = reason
            logger.warning("pooler ended", metadata: ["reason": "\(reason)"])
            // The first time it may have met a signal at its start; then something is wrong.
            if backoff.failures > 1 {
                finishSettling(
                    upTo: settling.asked,
                    error: ServiceError(.serviceUnavailable, "The change is stored, but not in force. \(reason)"))
            }
        }
        kick()
    }

    private var logFile: String { "\(files.layout.logDirectory)/\(PoolerFiles.logName)" }

    /// The text of the last line of a log that names an error.
    private static func lastFailure(in tail: String) -> String? {
        let line = tail.split(separator: "\n").last { $0.contains(" FATAL ") || $0.contains(" ERROR ") }
        guard let line, let level = line.range(of: " FATAL ") ?? line.range(of: " ERROR ") else { return nil }
        return String(line[level.upperBound...])
    }

    private func stop() async {
        guard let handle = child else { return }
        do {
            let exit = try await handle.stop()
            logger.info("pooler stopped", metadata: ["exit": "\(exit.description)"])
        } catch {
            logger.error("pooler not stopped", metadata: ["reason": "\(error)"])
        }
        if handle.exit != nil {
            child = nil
            loaded = nil
        }
    }

    // MARK: - For the platform

    /// - Throws: `PoolerScrapeFailure` where it does not answer; why it does not run, where it should.
    func metrics() async throws -> [MetricFamily] {
        guard let cluster = try await store.cluster(id: clusterID), child?.exit == nil, child != nil else {
            throw PoolerScrapeFailure(description: reason ?? "the pooler does not run")
        }
        return try await PoolerScrape.families(inDirectory: poolerFiles(cluster).metricsDirectory)
    }

    /// Nil where none should run.
    func metricsIfWanted() async -> [MetricFamily]? {
        guard child != nil || reason != nil else { return nil }
        return (try? await metrics())
            ?? [MetricFamily("pgbouncer_up", help: "The pooler answers.", kind: .gauge, value: 0)]
    }

    var state: State { State(pid: child?.exit == nil ? child?.pid : nil, reason: reason) }
}

// One cluster's control loop: its life, what it sees, what it does. What differs by engine is its driver's.

import ControlModel
import ControlStore
import Foundation
import Logging
import Supervision

/// Keeps one cluster as its row in the state database wants it: looks, takes one step, looks again.
///
/// All that the loop knows besides the row is observed anew or may be forgotten, so a new control process goes on
/// where a killed one stopped. The decisions are `ClusterPlanner`'s; this actor performs them.
actor ClusterController {
    nonisolated let clusterID: String
    let store: ControlStore
    let environment: PlatformEnvironment
    let files: ClusterFiles
    nonisolated let driver: any ClusterDriver
    let logger: Logger

    /// The running server, if it runs under a shim of ours.
    var child: ChildHandle?
    private var childStartedAt = ContinuousClock.now
    private var exitWatch: Task<Void, Never>?
    /// Pauses between starts of a server that ends, and between tries of a step that fails.
    private var backoff = ClusterController.makeBackoff()
    private var stepBackoff = ClusterController.makeBackoff()
    private var startNotBefore = ContinuousClock.now
    /// Why the server last ended by itself; shown until it serves again.
    private var lastFailure: String?

    /// When files and certificates were last seen to; nil in a new control process.
    private var preparedAt: ContinuousClock.Instant?
    /// Texts on disk, and texts that the running server has read (nil: unknown, as after an adoption).
    private var writtenTexts: ClusterConfigurationTexts?
    private var loadedTexts: ClusterConfigurationTexts?
    private var needsRestart = false
    /// When a shim that was not found is looked for again.
    private var nextAdoption = ContinuousClock.now

    private var loop: Task<Void, Never>?
    private var isStopped = false
    private var isRemoved = false
    private var isKicked = false
    private var resting: CheckedContinuation<Void, Never>?
    private var settling = Settling()

    /// How long an API call waits for its change to be in force before it answers with an error.
    static let settleSecondsMax = 20
    /// How often a cluster at rest is looked at without cause.
    static let restInterval: Duration = .seconds(30)
    static let awaitInterval: Duration = .milliseconds(25)
    static let adoptionInterval: Duration = .seconds(2)
    /// Pause after a watch that failed.
    static let watchInterval: Duration = .seconds(1)
    /// How often certificates are looked at; a new one reaches the running server by a reload.
    static let preparationInterval: Duration = .seconds(24 * 60 * 60)

    init(
        clusterID: String, engine: EngineRow, store: ControlStore, environment: PlatformEnvironment, logger: Logger
    ) {
        self.clusterID = clusterID
        self.store = store
        self.environment = environment
        self.files = ClusterFiles(clusterID: clusterID, engine: engine, environment: environment)
        var logger = logger
        logger[metadataKey: "cluster"] = "\(clusterID)"
        self.logger = logger
        self.driver = engine.makeDriver(files, store, logger)
    }

    // MARK: - Life of the loop

    /// Starts the loop; returns when a running server has been adopted or found absent.
    func start() async {
        await adopt()
        await noteAbsence()
        await driver.startCompanions()
        loop = Task { await self.run() }
    }

    /// The row still says what the last control process saw; a server that is not there now must not count as online.
    private func noteAbsence() async {
        guard child == nil, let cluster = try? await store.cluster(id: clusterID), cluster.state == .online else {
            return
        }
        await setState(serving: false, reason: "The server is starting.")
    }

    /// Ends the loop and leaves the server alone: the next control process adopts it.
    func detach() async {
        await driver.detachCompanions()
        await endLoop()
        exitWatch?.cancel()
        child = nil
    }

    /// Ends the loop and the server.
    func shutDown() async {
        await driver.shutDownCompanions()
        await endLoop()
        // A start that was interrupted may have left a server.
        if child == nil { await adopt() }
        await stopServer()
        exitWatch?.cancel()
    }

    /// Interrupts the step under way, as a kill would: each step can be done again.
    private func endLoop() async {
        isStopped = true
        loop?.cancel()
        kick()
        await loop?.value
    }

    /// Waits for the end of the loop; true if it ended because the cluster is gone.
    func waitUntilRemoved() async -> Bool {
        await loop?.value
        return isRemoved
    }

    /// Looks at the cluster now.
    func kick() {
        isKicked = true
        resting?.resume()
        resting = nil
    }

    /// Looks at the cluster now, and returns when nothing is left to do for what the row said at this call.
    ///
    /// - Throws: `ServiceError` when the change is stored but not in force; Atoll goes on trying.
    func settle() async throws {
        guard !isStopped, !isRemoved else {
            throw ServiceError(.serviceUnavailable, "The change is stored; Atoll is ending.")
        }
        let mine = settling.ask()
        kick()
        let timer = Task {
            try await Task.sleep(for: .seconds(Self.settleSecondsMax))
            self.finishSettling(
                upTo: mine,
                error: ServiceError(
                    .serviceUnavailable,
                    "The change is stored, but the cluster did not take it within \(Self.settleSecondsMax) s; "
                        + "it will be in force when the cluster is back."))
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
                let step = ClusterPlanner.nextStep(wanted: cluster, observed: await observe(cluster))
                if step == .rest { finishSettling(upTo: seen) }
                if try await perform(step, cluster) == .finished { break }
            } catch is CancellationError {
                break
            } catch {
                await note(failure: error, upTo: seen)
            }
        }
        finishSettling(upTo: .max, error: ServiceError(.serviceUnavailable, "The cluster is not managed any more."))
    }

    private func note(failure error: any Error, upTo seen: Int) async {
        // A session that broke because the server ended tells less than the server's own end, which is seen next.
        if error is any SessionFailure, await observeServer() != .ready {
            await rest(Self.awaitInterval)
            return
        }
        let reason = Self.words(error)
        logger.error("cluster step failed", metadata: ["reason": "\(reason)"])
        lastFailure = reason
        await setState(serving: false, reason: reason)
        finishSettling(
            upTo: seen, error: ServiceError(.serviceUnavailable, "The change is stored, but not in force: \(reason)"))
        await rest(stepBackoff.delay(afterRunning: .zero))
    }

    /// A server that has served for ten seconds starts at once when it ends.
    private static func makeBackoff() -> Backoff {
        var backoff = Backoff()
        backoff.goodRun = .seconds(10)
        return backoff
    }

    static func words(_ error: any Error) -> String {
        "\(error)"
    }

    /// Waits until the time is over or someone kicks.
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

    private func observe(_ cluster: Cluster) async -> ClusterObservation {
        let server = await observeServer()
        let wanted = try? await driver.wantedTexts(cluster)
        let hasPendingWork = await driver.hasPendingWork
        return ClusterObservation(
            isPrepared: isPreparationFresh && (server != .stopped || writtenTexts == wanted),
            hasData: driver.hasData, server: server,
            isConfigurationApplied: loadedTexts != nil && loadedTexts == wanted && !hasPendingWork,
            needsRestart: needsRestart,
            hasRemains: files.hasRemains)
    }

    private var isPreparationFresh: Bool {
        guard let preparedAt else { return false }
        return ContinuousClock.now - preparedAt < Self.preparationInterval
    }

    private func observeServer() async -> ClusterObservation.Server { await driver.observe(child: child) }

    // MARK: - Acting

    private enum Progress { case goesOn, finished }

    private func perform(_ step: ClusterStep, _ cluster: Cluster) async throws -> Progress {
        switch step {
        case .prepare: try await prepare(cluster)
        case .initialize: try await initialize()
        case .start: try await startServer(cluster)
        case .await(let what): try await awaitServer(what, cluster)
        case .bootstrap:
            try await driver.bootstrap(cluster)
            await setState(serving: true, reason: nil)
        case .applyConfiguration: try await applyConfiguration(cluster)
        case .stop:
            await stopServer()
            guard child == nil else {
                throw ServiceError(.serviceUnavailable, "The server does not stop; see the log of Atoll.")
            }
            needsRestart = false
        case .removeRemains:
            try await files.endStrays()
            try await driver.removeOutsideRemains()
            try await files.removeRemains()
        case .removeRecord:
            try await driver.removeRecords()
            try await store.removeCluster(clusterID: clusterID)
            isRemoved = true
            logger.info("cluster removed")
            return .finished
        case .markOnline: await setState(serving: true, reason: nil)
        case .rest: await restWhileServing(cluster)
        case .fail(let reason):
            throw ServiceError(.serviceUnavailable, reason)
        }
        return .goesOn
    }

    private func prepare(_ cluster: Cluster) async throws {
        try await files.prepare()
        try await driver.prepare()
        let texts = try await driver.wantedTexts(cluster)
        let serverRuns = await observeServer() != .stopped
        if try await driver.write(texts, serverRuns: serverRuns) { writtenTexts = texts }
        preparedAt = .now
    }

    private func initialize() async throws {
        if !driver.hasData {
            try await files.endStrays()
            try await driver.initialize()
        }
        // The files are synced, and so is their name; the row may now say that they are there.
        try await store.markInitialized(clusterID: clusterID)
    }

    private func applyConfiguration(_ cluster: Cluster) async throws {
        let outcome = try await driver.applyConfiguration(cluster)
        if let written = outcome.written {
            writtenTexts = written
            loadedTexts = written
        }
        needsRestart = !outcome.pendingRestart.isEmpty
        guard needsRestart else { return }
        let names = outcome.pendingRestart.joined(separator: ",")
        logger.info("server restarts for parameters", metadata: ["parameters": "\(names)"])
    }

    /// A server that takes its time (crash recovery) is not an error, but its users should read why.
    private func awaitServer(_ what: String, _ cluster: Cluster) async throws {
        if ContinuousClock.now - childStartedAt > .seconds(2) || cluster.state == .online {
            await setState(serving: false, reason: lastFailure ?? what)
        }
        // A shim that did not answer in time is no reason to give its server up.
        if child == nil, ContinuousClock.now >= nextAdoption {
            nextAdoption = .now + Self.adoptionInterval
            await adopt()
        }
        await rest(Self.awaitInterval)
    }

    /// Waits for something to happen; meanwhile the driver may have something to look after.
    private func restWhileServing(_ cluster: Cluster) async {
        do {
            let interval = try await driver.keepWatch(cluster)
            await rest(interval ?? Self.restInterval)
        } catch {
            logger.warning("cluster not watched", metadata: ["reason": "\(Self.words(error))"])
            await rest(Self.watchInterval)
        }
    }

    /// Notes what users see, if it changed. A state that cannot be written now is written at the next look.
    private func setState(serving: Bool, reason: String?) async {
        do {
            guard let cluster = try await store.cluster(id: clusterID), cluster.state != .deleting else { return }
            let state: ClusterState = serving ? .online : (cluster.state == .creating ? .creating : .offline)
            if serving {
                lastFailure = nil
                stepBackoff.reset()
                if ContinuousClock.now - childStartedAt > backoff.goodRun { backoff.reset() }
            }
            guard state != cluster.state || reason != cluster.stateReason else { return }
            try await store.setState(clusterID: clusterID, state, reason: reason)
            logger.info("cluster state", metadata: ["state": "\(state.rawValue)", "reason": "\(reason ?? "")"])
        } catch {
            logger.error("cluster state not stored", metadata: ["reason": "\(Self.words(error))"])
        }
    }

    // MARK: - The server process

    private func adopt() async {
        do {
            guard let handle = try await ChildHandle.adopt(runDirectory: files.layout.runDirectory) else { return }
            logger.info("server adopted", metadata: ["pid": "\(handle.pid)"])
            watch(handle)
        } catch {
            logger.error("server not adopted", metadata: ["reason": "\(Self.words(error))"])
        }
    }

    private func startServer(_ cluster: Cluster) async throws {
        let delay = startNotBefore - ContinuousClock.now
        if delay > .zero {
            await rest(delay)
            guard ContinuousClock.now >= startNotBefore else { return }
        }
        for port in files.engine.serverPorts(cluster)
        where !PortProbe.isFree(port, address: environment.listenAddress) {
            throw ServiceError(
                .serviceUnavailable,
                "Port \(port) is in use by another process; end it (ss -ltnp 'sport = :\(port)' "
                    + "shows it) and the cluster comes back by itself.")
        }
        loadedTexts = writtenTexts
        needsRestart = false
        do {
            watch(
                try await ChildHandle.start(
                    specification: try driver.specification(cluster), runDirectory: files.layout.runDirectory,
                    atollExecutable: environment.executable))
        } catch {
            // It may run all the same: a handshake that took too long, or a shim that was not found before.
            await adopt()
            if child == nil { throw error }
        }
    }

    private func watch(_ handle: ChildHandle) {
        child = handle
        childStartedAt = .now
        exitWatch?.cancel()
        exitWatch = Task {
            guard let exit = try? await handle.waitForExit() else { return }
            await self.childEnded(handle, exit)
        }
    }

    private func childEnded(_ handle: ChildHandle, _ exit: ChildExit) async {
        guard child === handle else { return }
        child = nil
        loadedTexts = nil
        let isWanted = exit.record?.stopRequested == true
        if !isWanted && !isStopped {
            let delay = backoff.delay(afterRunning: ContinuousClock.now - childStartedAt)
            startNotBefore = .now + delay
            let cause = driver.cause(of: exit, logTail: DurableFile.readTail(files.logFile, bytesMax: 8192))
            let reason = "The server \(exit.description)" + (cause.map { ": \($0)" } ?? "") + "; starting it again."
            lastFailure = reason
            logger.warning("server ended", metadata: ["reason": "\(reason)", "delay": "\(delay)"])
            await setState(serving: false, reason: reason)
        }
        kick()
    }

    private func stopServer() async {
        guard let handle = child else { return }
        do {
            let exit = try await handle.stop()
            logger.info("server stopped", metadata: ["exit": "\(exit.description)"])
        } catch {
            logger.error("server not stopped", metadata: ["reason": "\(Self.words(error))"])
        }
        if handle.exit != nil {
            child = nil
            loadedTexts = nil
        }
    }

    // MARK: - For the platform

    /// The server takes sessions now.
    var isServing: Bool {
        get async { await observeServer() == .ready }
    }

    /// The server's process id while it runs, for metrics.
    var serverPID: Int32? { child?.exit == nil ? child?.pid : nil }
}

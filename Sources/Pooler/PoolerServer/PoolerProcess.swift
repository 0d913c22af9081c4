// The process as a whole: its configuration and how it is read anew, its log, its signals, its end.

import Bytes
import Glibc
import IOLoop
import PoolerConfiguration
import PoolerSessions
import TLS

/// A running pooler. The thread that calls `run` has the first loop, and all that concerns the process as a whole.
final class PoolerProcess {
    private let arguments: PoolerArguments
    let log: PoolerLog
    let directory: PoolerDirectory
    let crew: LoopCrew
    /// The main thread's loop: it accepts everybody, and has the console.
    var poolerLoop: PoolerLoop { crew.main }
    var console = Console(version: PoolerProgram.version)
    private let listeners = PoolerListeners()
    private let signals: SignalQueue
    private var files: AuthenticationFiles
    private let succession: Succession
    /// Seconds since 1970.
    let startTime = Double(time(nil))

    init(
        _ arguments: PoolerArguments, snapshot: ConfigurationSnapshot, files: AuthenticationFiles, log: PoolerLog,
        predecessor: Predecessor?
    ) throws {
        self.arguments = arguments
        self.log = log
        self.files = files
        directory = PoolerDirectory(snapshot)
        directory.ownUserID = getuid()
        directory.systemUserName = SystemUsers.name
        let hashing = KeyedHash(key0: .random(in: 0 ... .max), key1: .random(in: 0 ... .max))
        let group = LoopGroup(loopCount: Self.loopCount(snapshot.settings))
        let loops = try (0..<group.loopCount).map { [directory] number in
            try PoolerLoop(
                pooler: LoopPooler(directory, hashing: hashing, group: group, number: number), log: log,
                backend: .automatic, lock: number == 0 ? nil : TurnLock())
        }
        crew = LoopCrew(loops)
        signals = SignalQueue(waker: loops[0].loop.waker)
        succession = Succession(crew, listeners, log, predecessor: predecessor)
        useFiles()
        loops[0].clientTLS = try TLSContexts.server(snapshot.settings.clientTLS, previous: nil)
        for loop in loops { loop.serverTLS = try TLSContexts.client(snapshot.settings.serverTLS) }
        directory.clientTLSMode = snapshot.settings.clientTLS.mode
        directory.serverTLSMode = snapshot.settings.serverTLS.mode
        try listeners.open(snapshot.settings, poolerLoop.loop, log, from: predecessor)
        poolerLoop.onWake = { [unowned self] in
            handleSignals()
            succession.woken()
        }
        poolerLoop.onSample = { [unowned self] window in
            if directory.snapshot.settings.logsStatistics { logStatistics(window) }
        }
        poolerLoop.onConsole = { [unowned self] in handle($0) }
        poolerLoop.metrics?.onRequest = { [unowned self] in poolerLoop.metrics?.answer($0, metricsText) }
        poolerLoop.metrics?.isLeaving = { [unowned self] in isRetired || console.switches.ending != .none }
        poolerLoop.onTurnWillSend = { [unowned self] in settleConsole() }
        poolerLoop.onTurnEnd = { [unowned self] in
            succession.turnEnded()
            // The rest of the turn may have brought about what somebody waits for; it is sent in the next.
            if settleConsole() { poolerLoop.loop.waker.wake() }
            endIfDone()
        }
        poolerLoop.onTakeover = { [unowned self] in succession.arrived($0) }
        poolerLoop.sendToPredecessor = { [unowned self] in succession.sendCancelConnection($0) }
        poolerLoop.turnWithinMilliseconds = { [unowned self] in
            isWatching ? Self.watchIntervalMilliseconds : nil
        }
    }

    /// How often other loops are looked at for what is waited for, in milliseconds.
    private static let watchIntervalMilliseconds = 10

    /// How many loops there are: `worker_threads`.
    static func loopCount(_ settings: PoolerSettings) -> Int { max(1, settings.workerThreads) }

    /// Whether something is waited for that may come about on another loop.
    private var isWatching: Bool {
        crew.hasWorkers && (console.hasWaiters || console.switches.ending != .none || succession.isRetired)
    }

    /// - Parameter window: of the main thread's loop.
    private func logStatistics(_ window: StatisticsWindow) {
        var sum = window
        for other in crew.map({ $0.pooler.statistics }).dropFirst() { sum += other }
        log.write(.log, sum.logLine)
    }

    /// Whether another process serves in this one's place, and what lies on disk is that one's.
    var isRetired: Bool { succession.isRetired }

    /// Serves until the end; the exit code.
    func run() -> Int32 {
        let code = signals.start()
        guard code == 0 else {
            log.write(.fatal, "no thread to wait for signals: \(String(cString: strerror(code)))")
            return 1
        }
        log.write(.log, "process up: \(PoolerProgram.version)")
        crew.forEach { $0.pooler.beginStatistics() }
        let workerCode = crew.start()
        guard workerCode == 0 else {
            log.write(.fatal, "no threads for worker_threads: \(String(cString: strerror(workerCode)))")
            return 1
        }
        succession.takeOver()
        poolerLoop.run()
        listeners.close(poolerLoop.loop)
        crew.stop()
        return 0
    }

    private func useFiles() {
        directory.userList = files.userList
        directory.rules = files.rules
        directory.identityMaps = files.identityMaps
    }

    // MARK: - Signals

    private func handleSignals() {
        for number in signals.take() {
            switch number {
            case SIGHUP:
                log.write(.log, "got SIGHUP, re-reading config")
                reload()
            case SIGUSR1: pause()
            case SIGUSR2: resume()
            case SIGINT:
                if console.switches.ending == .waitingForServers { return stop("got SIGINT while shutting down") }
                log.write(.log, "got SIGINT, shutting down, waiting for all servers connections to be released")
                console.begin(.waitingForServers)
                beginEnd()
            case SIGTERM:
                guard console.switches.ending == .none else { return stop("got SIGTERM while shutting down") }
                log.write(.log, "got SIGTERM, shutting down, waiting for all clients disconnect")
                console.begin(.waitingForClients)
                beginEnd()
            default: stop("got SIGQUIT, fast exit")
            }
        }
    }

    private func pause() {
        guard console.pauseAll() else { return log.write(.log, "got SIGUSR1, but already paused/suspended") }
        log.write(.log, "got SIGUSR1, pausing all activity")
        tellSwitches()
    }

    private func resume() {
        guard console.switches.ending == .none else {
            return log.write(.warning, "got SIGUSR2 while shutting down, ignoring")
        }
        guard console.resumeAll() else { return log.write(.log, "got SIGUSR2, but not paused/suspended") }
        log.write(.log, "got SIGUSR2, continuing")
        tellSwitches()
    }

    /// The console's switches say what is waited for. The console stays open over the Unix socket.
    func beginEnd() {
        listeners.closeNetwork(poolerLoop.loop)
        tellSwitches()
    }

    private func endIfDone() {
        switch console.switches.ending {
        case .none where succession.isDone: stop("all clients have gone to the new process")
        case .none: return
        case .waitingForClients where crew.clientCount > 0: return
        case .waitingForServers where !crew.allSatisfy { !$0.pooler.hasServers }: return
        case .waitingForClients, .waitingForServers: stop("server connections dropped, exiting")
        }
    }

    func stop(_ reason: String) {
        log.write(.log, reason)
        poolerLoop.loop.stop()
    }

    // MARK: - Reload

    /// Reads all files anew; false if nothing was taken over.
    @discardableResult
    func reload() -> Bool {
        let old = directory.snapshot
        let loaded: LoadedConfiguration
        do throws(ConfigurationFailure) {
            let path = old.settings.configurationFile ?? arguments.configurationPath
            loaded = try LoadedConfiguration.load(path, read: FileContents.read)
        } catch {
            log.write(.error, "\(error)")
            return false
        }
        let change = ConfigurationReload(from: old, to: loaded.snapshot)
        if let problem = change.snapshot.settings.tlsProblem {
            log.write(.error, problem)
            return false
        }
        guard let contexts = makeContexts(change.snapshot.settings) else { return false }
        let notes = loaded.notes + files.load(for: change.snapshot.settings, read: FileContents.read)
        for note in notes { log.write(.warning, "\(note)") }
        for warning in UnbuiltSettings.warnings(change.snapshot.settings) { log.write(.warning, warning) }
        apply(change, contexts)
        return true
    }

    /// Has everything follow another configuration, and the files as they are now: all loops at once.
    /// - Parameter contexts: nil to go on with those that there are.
    func apply(_ change: ConfigurationReload, _ contexts: Contexts?) {
        crew.whileAllHeld { loops in
            useFiles()
            if let contexts { use(contexts, loops) }
            directory.replace(change.snapshot)
            for loop in loops { loop.pooler.follow(change) }
        }
        log.open(path: change.snapshot.settings.logFile ?? "")
        log.useSystemLog(change.snapshot.settings)
        log.verbosity = max(arguments.verbosity, change.snapshot.settings.verbosity)
        listeners.follow(change.snapshot.settings, log)
    }

    /// Reads the files beside the main one anew where a changed setting names others.
    func reloadFiles(from old: PoolerSettings, to new: PoolerSettings) {
        guard
            old.authenticationType != new.authenticationType || old.authenticationFile != new.authenticationFile
                || old.authenticationHostRulesFile != new.authenticationHostRulesFile
                || old.authenticationIdentityMapFile != new.authenticationIdentityMapFile
        else { return }
        for note in files.load(for: new, read: FileContents.read) { log.write(.warning, "\(note)") }
    }

    /// What TLS is begun with.
    struct Contexts {
        let settings: PoolerSettings
        let client: TLSServerContext?
        /// One for each loop: it keeps sessions.
        let servers: [TLSClientContext?]
    }

    /// Reads what these settings name; nil if that does not work.
    func makeContexts(_ settings: PoolerSettings) -> Contexts? {
        do {
            return Contexts(
                settings: settings, client: try TLSContexts.server(settings.clientTLS, previous: poolerLoop.clientTLS),
                servers: try (0..<crew.loopCount).map { _ in try TLSContexts.client(settings.serverTLS) })
        } catch {
            log.write(.error, "TLS setup failed: \(error)")
            return nil
        }
    }

    /// Begins TLS with these from now on. All loops are held.
    private func use(_ contexts: Contexts, _ loops: [PoolerLoop]) {
        poolerLoop.clientTLS = contexts.client
        for (loop, context) in zip(loops, contexts.servers) { loop.serverTLS = context }
        directory.clientTLSMode = contexts.settings.clientTLS.mode
        directory.serverTLSMode = contexts.settings.serverTLS.mode
    }
}

// The process as a whole: its configuration and how it is read anew, its log, its signals, its end.

import Bytes
import Glibc
import IOLoop
import PoolerConfiguration
import PoolerSessions

/// A running pooler. Everything happens on the thread that calls `run`.
final class PoolerProcess {
    private let arguments: PoolerArguments
    let log: PoolerLog
    let directory: PoolerDirectory
    let poolerLoop: PoolerLoop
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
        directory.systemUserName = { number in getpwuid(number).map { String(cString: $0.pointee.pw_name) } }
        let hashing = KeyedHash(key0: .random(in: 0 ... .max), key1: .random(in: 0 ... .max))
        poolerLoop = try PoolerLoop(
            pooler: LoopPooler(directory, hashing: hashing), log: log, backend: .automatic)
        signals = SignalQueue(waker: poolerLoop.loop.waker)
        succession = Succession(poolerLoop, listeners, log, predecessor: predecessor)
        useFiles()
        poolerLoop.clientTLS = try TLSContexts.server(snapshot.settings.clientTLS, previous: nil)
        poolerLoop.serverTLS = try TLSContexts.client(snapshot.settings.serverTLS)
        directory.clientTLSMode = snapshot.settings.clientTLS.mode
        directory.serverTLSMode = snapshot.settings.serverTLS.mode
        try listeners.open(snapshot.settings, poolerLoop.loop, log, from: predecessor)
        poolerLoop.onWake = { [unowned self] in
            handleSignals()
            succession.woken()
        }
        poolerLoop.onSample = { [unowned self] window in
            if directory.snapshot.settings.logsStatistics { self.log.write(.log, window.logLine) }
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
        poolerLoop.turnWithinMilliseconds = { [unowned self] in succession.timeoutMilliseconds }
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
        succession.takeOver()
        poolerLoop.pooler.beginStatistics()
        poolerLoop.run()
        listeners.close(poolerLoop.loop)
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
        case .waitingForClients where poolerLoop.pooler.clientCount > 0: return
        case .waitingForServers where poolerLoop.pooler.hasServers: return
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
        guard useTLS(change.snapshot.settings) else { return false }
        let notes = loaded.notes + files.load(for: change.snapshot.settings, read: FileContents.read)
        for note in notes { log.write(.warning, "\(note)") }
        for warning in UnbuiltSettings.warnings(change.snapshot.settings) { log.write(.warning, warning) }
        useFiles()
        apply(change)
        return true
    }

    /// Has everything follow another configuration.
    func apply(_ change: ConfigurationReload) {
        directory.replace(change.snapshot)
        log.open(path: change.snapshot.settings.logFile ?? "")
        log.useSystemLog(change.snapshot.settings)
        log.verbosity = max(arguments.verbosity, change.snapshot.settings.verbosity)
        listeners.follow(change.snapshot.settings, log)
        poolerLoop.pooler.follow(change)
    }

    /// Reads the files beside the main one anew where a changed setting names others.
    func reloadFiles(from old: PoolerSettings, to new: PoolerSettings) {
        guard
            old.authenticationType != new.authenticationType || old.authenticationFile != new.authenticationFile
                || old.authenticationHostRulesFile != new.authenticationHostRulesFile
                || old.authenticationIdentityMapFile != new.authenticationIdentityMapFile
        else { return }
        for note in files.load(for: new, read: FileContents.read) { log.write(.warning, "\(note)") }
        useFiles()
    }

    /// Begins TLS by these settings from now on; false, and all stays as it was, if that does not work.
    func useTLS(_ settings: PoolerSettings) -> Bool {
        do {
            let clientTLS = try TLSContexts.server(settings.clientTLS, previous: poolerLoop.clientTLS)
            poolerLoop.serverTLS = try TLSContexts.client(settings.serverTLS)
            poolerLoop.clientTLS = clientTLS
        } catch {
            log.write(.error, "TLS setup failed: \(error)")
            return false
        }
        directory.clientTLSMode = settings.clientTLS.mode
        directory.serverTLSMode = settings.serverTLS.mode
        return true
    }
}

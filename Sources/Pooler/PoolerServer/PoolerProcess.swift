// The process as a whole: its configuration and how it is read anew, its log, its signals, its end.

import Bytes
import Glibc
import IOLoop
import PoolerConfiguration
import PoolerSessions

/// A running pooler. Everything happens on the thread that calls `run`.
final class PoolerProcess {
    /// What is being waited for before the process ends.
    private enum Ending {
        case none
        /// Until the last client has left.
        case waitingForClients
        /// Until no client uses a server.
        case waitingForServers
    }

    private let arguments: PoolerArguments
    private let log: PoolerLog
    private let directory: PoolerDirectory
    private let poolerLoop: PoolerLoop
    private let listeners = PoolerListeners()
    private let signals: SignalQueue
    private var files: AuthenticationFiles
    private var ending = Ending.none
    private let succession: Succession

    init(
        _ arguments: PoolerArguments, snapshot: ConfigurationSnapshot, files: AuthenticationFiles, log: PoolerLog,
        predecessor: Predecessor?
    ) throws {
        self.arguments = arguments
        self.log = log
        self.files = files
        directory = PoolerDirectory(snapshot)
        directory.systemUserName = { number in getpwuid(number).map { String(cString: $0.pointee.pw_name) } }
        let hashing = KeyedHash(key0: .random(in: 0 ... .max), key1: .random(in: 0 ... .max))
        poolerLoop = try PoolerLoop(
            pooler: LoopPooler(directory, hashing: hashing), log: log, backend: .automatic)
        signals = SignalQueue(waker: poolerLoop.loop.waker)
        succession = Succession(poolerLoop, listeners, log, predecessor: predecessor)
        useFiles()
        poolerLoop.clientTLS = try TLSContexts.server(snapshot.settings.clientTLS, previous: nil)
        poolerLoop.serverTLS = try TLSContexts.client(snapshot.settings.serverTLS)
        try listeners.open(snapshot.settings, poolerLoop.loop, log, from: predecessor)
        poolerLoop.onWake = { [unowned self] in
            handleSignals()
            succession.woken()
        }
        poolerLoop.onTurnEnd = { [unowned self] in
            succession.turnEnded()
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
                if case .waitingForServers = ending { return stop("got SIGINT while shutting down") }
                log.write(.log, "got SIGINT, shutting down, waiting for all servers connections to be released")
                beginEnd(.waitingForServers)
            case SIGTERM:
                if case .none = ending {
                    log.write(.log, "got SIGTERM, shutting down, waiting for all clients disconnect")
                    beginEnd(.waitingForClients)
                } else {
                    stop("got SIGTERM while shutting down")
                }
            default: stop("got SIGQUIT, fast exit")
            }
        }
    }

    private func pause() {
        log.write(.log, "got SIGUSR1, pausing all activity")
        poolerLoop.pooler.pause()
    }

    private func resume() {
        guard case .none = ending else { return log.write(.warning, "got SIGUSR2 while shutting down, ignoring") }
        log.write(.log, "got SIGUSR2, continuing")
        poolerLoop.pooler.resume()
    }

    private func beginEnd(_ ending: Ending) {
        self.ending = ending
        listeners.close(poolerLoop.loop)
        poolerLoop.pooler.isShuttingDown = true
        if case .waitingForServers = ending { poolerLoop.pooler.pause() }
    }

    private func endIfDone() {
        switch ending {
        case .none where succession.isDone: stop("all clients have gone to the new process")
        case .none: return
        case .waitingForClients where poolerLoop.pooler.clientCount > 0: return
        case .waitingForServers where poolerLoop.pooler.hasActiveServers: return
        case .waitingForClients, .waitingForServers: stop("server connections dropped, exiting")
        }
    }

    private func stop(_ reason: String) {
        log.write(.log, reason)
        poolerLoop.loop.stop()
    }

    // MARK: - Reload

    /// Reads all files anew; false if nothing was taken over.
    @discardableResult
    private func reload() -> Bool {
        let old = directory.snapshot
        let loaded: LoadedConfiguration
        do throws(ConfigurationFailure) {
            loaded = try LoadedConfiguration.load(arguments.configurationPath, read: FileContents.read)
        } catch {
            log.write(.error, "\(error)")
            return false
        }
        let change = ConfigurationReload(from: old, to: loaded.snapshot)
        if let problem = change.snapshot.settings.tlsProblem {
            log.write(.error, problem)
            return false
        }
        do {
            let settings = change.snapshot.settings
            poolerLoop.clientTLS = try TLSContexts.server(settings.clientTLS, previous: poolerLoop.clientTLS)
            poolerLoop.serverTLS = try TLSContexts.client(settings.serverTLS)
        } catch {
            log.write(.error, "TLS setup failed: \(error)")
            return false
        }
        let notes = loaded.notes + files.load(for: change.snapshot.settings, read: FileContents.read)
        for note in notes { log.write(.warning, "\(note)") }
        for warning in UnbuiltSettings.warnings(change.snapshot.settings) { log.write(.warning, warning) }
        useFiles()
        directory.replace(change.snapshot)
        log.open(path: change.snapshot.settings.logFile ?? "")
        log.useSystemLog(change.snapshot.settings)
        log.verbosity = max(arguments.verbosity, change.snapshot.settings.verbosity)
        listeners.follow(change.snapshot.settings, log)
        poolerLoop.pooler.follow(change)
        return true
    }
}

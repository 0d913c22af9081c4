// The shell around the engine: sockets, time, limits of connections, the process. It knows no command.

package import Bytes
import CIOLoop
import Glibc
package import IOLoop
package import KeyValueCommands
import KeyValuePersistence
import Keyspace
import RESP

/// A server: one loop, one engine. Everything happens on the thread that calls `run`.
package final class Server: LoopApplication, EngineHost {
    package let engine: EngineReference
    let configuration: Configuration
    private let log: ServerLog
    private let process: ProcessSettings
    private let manager: ServiceSupervisor
    /// Set once, by the initialiser.
    private var eventLoop: EventLoop?
    private var links: ServerLinks?
    let listeners: ServerListeners
    private var signals: SignalWatch?
    /// Milliseconds of the engine's clock at which the next round of housekeeping is due.
    private var nextHousekeeping: Int64 = 0
    /// The same for the sweep for due keys.
    private var nextExpireCycle: Int64 = 0
    private let startedAt: Int64
    private var keepAliveSeconds = 300
    /// The program's file as it was called, absolute.
    private let executable: String
    private var trustedNetworks: NetworkList?
    private var rates = RateSamples()
    private var isShuttingDown = false
    /// Whether the engine has been told the time in this turn.
    private var isTimeFresh = false
    private var handledSignalCount = 0
    let appendOnly: AppendOnlyService
    var heldOutputs = HeldOutputs()
    /// Whether all clients are replied into buffers in which replies can wait.
    var isHolding = false
    /// Ticks that housekeeping took.
    private var housekeepingTicks: UInt64 = 0
    private var commandsPerTurnMax = 0
    private var commandsBeforeTurn = 0

    init(
        engine: EngineReference, configuration: Configuration, log: ServerLog, process: ProcessSettings,
        manager: ServiceSupervisor, appendOnly: AppendOnlyService
    ) throws(ServerStartError) {
        self.engine = engine
        self.configuration = configuration
        self.log = log
        self.process = process
        self.manager = manager
        self.appendOnly = appendOnly
        listeners = ServerListeners()
        startedAt = engine.pointee.now
        let program = CommandLine.arguments.first ?? ""
        executable = program.hasPrefix("/") ? program : "\(configuration.startDirectory)/\(program)"
        engine.pointee.host = self
        let backend: Backend =
            switch configuration["io"] {
            case "epoll": .epoll
            case "io_uring": .ioUring
            default: .automatic
            }
        let loop: EventLoop
        do {
            loop = try EventLoop(backend: backend, application: self)
        } catch {
            throw ServerStartError("The event loop could not be made: \(error)")
        }
        eventLoop = loop
        links = ServerLinks(loop: loop, engine: engine)
        engine.setMemoryCollector(descriptor: loop.waker.descriptor)
        engine.pointee.persistence.wake = { [waker = loop.waker] in waker.wake() }
        try listeners.openAll(loop, configuration)
        keepAliveSeconds = configuration.integer("tcp-keepalive")
        trustedNetworks = Self.trustedNetworks(configuration)
        let watch = SignalWatch(waker: loop.waker)
        let code = watch.start()
        guard code == 0 else {
            throw ServerStartError("No thread to wait for signals: \(String(cString: strerror(code)))")
        }
        signals = watch
        let placement = process.placement
        engine.pointee.reclaimer.prepareThread = { placement.placeHelper() }
        engine.pointee.persistence.prepareThread = { purpose in
            if purpose == .save { placement.placeSnapshot() } else { placement.placeRewrite() }
        }
    }

    /// The loop; there from the initialiser on.
    package var loop: EventLoop {
        guard let eventLoop else { preconditionFailure("the loop is made by the initialiser") }
        return eventLoop
    }

    /// Logs that the server is ready, as tools that start redis-server expect it.
    func announce() {
        let port = configuration["port"]
        if configuration.flag("always-show-logo") {
            log.writeRaw("\n  Atoll key-value server, Redis \(RedisCompatibility.version) compatible, port \(port)\n")
            log.writeRaw("  Port: \(port)\n  PID: \(getpid())\n\n")
        } else {
            log.write(.notice, "Running mode=standalone, port=\(port).")
        }
        log.write(.notice, "Event loop: \(loop.backendName)")
        log.write(.notice, "Server initialized")
        for name in configuration.ineffective {
            log.write(
                .warning, "The directive '\(name)' is stored and has no effect: docs/kv-configuration.md says why.")
        }
        if let reason = listeners.markFailure { log.write(.warning, "Sockets could not be marked: \(reason)") }
        process.begin()
    }

    /// Loads the files, and serves meanwhile what does not need their data.
    /// - Returns: the code to end with, or nil if the server is to go on.
    func load() -> Int32? {
        engine.beginLoading { [loop] in
            loop.runOnce(timeoutMilliseconds: 0)
            return !self.isShuttingDown
        }
        let failure = loadFiles()
        engine.endLoading()
        if isShuttingDown { return end() }
        guard let reason = failure ?? openAppendOnly() else { return nil }
        log.write(.warning, reason)
        listeners.removeSocketFile()
        process.end()
        return 1
    }

    /// - Returns: why the server cannot go on, or nil.
    private func loadFiles() -> String? {
        if configuration.flag("appendonly") {
            do throws(AppendOnlyFailure) {
                try appendOnly.load()
                return nil
            } catch {
                return error.reason
            }
        }
        do throws(SnapshotFailure) {
            try engine.loadSnapshot()
            return nil
        } catch {
            log.write(.warning, error.reason)
            log.write(.warning, "Terminating server after rdb file reading failure.")
            return "Fatal error loading the DB, check server logs. Exiting."
        }
    }

    private func openAppendOnly() -> String? {
        do throws(AppendOnlyFailure) {
            try appendOnly.prepare(loop.waker)
            return nil
        } catch {
            return error.reason
        }
    }

    /// Says that all commands are served.
    func becomeReady() {
        for kind in listeners.kinds { log.write(.notice, "Ready to accept connections \(kind)") }
        manager.ready()
    }

    /// Serves until somebody stops the loop.
    package func run() {
        loop.runUntilStopped()
        _ = end()
    }

    private func end() -> Int32 {
        manager.stopping()
        listeners.removeSocketFile()
        process.end()
        log.write(.warning, "Redis is now ready to exit, bye bye...")
        return 0
    }

    // MARK: - Connections

    package func accepted(_ connection: ConnectionPointer, listener tag: Int) {
        engine.updateTime()
        engine.pointee.statistics.connectionCount += 1
        if let refusal = refusal(connection) {
            engine.pointee.statistics.rejectedConnectionCount += 1
            connection.pointee.output.append(refusal)
            loop.scheduleSend(connection)
            return loop.closeAfterSending(connection)
        }
        let output = withUnsafeMutablePointer(to: &connection.pointee.output) { $0 }
        let client = engine.makeClient(output: output)
        client.pointee.connection = UnsafeMutableRawPointer(connection)
        connection.pointee.userData = UnsafeMutableRawPointer(client)
        if engine.holdsReplies { heldOutputs.redirect(client, connection, engine) }
        describe(client, connection)
        if !connection.pointee.isUnixSocket {
            connection.pointee.setNoDelay(true)
            if keepAliveSeconds > 0 { connection.pointee.setKeepAlive(seconds: keepAliveSeconds) }
        }
        log.write(.verbose, "Accepted \(client.pointee.details.peerAddress)")
    }

    /// nil while everybody may come.
    private static func trustedNetworks(_ configuration: Configuration) -> NetworkList? {
        let words = configuration.words("trusted-networks")
        return words.isEmpty ? nil : NetworkList(words: words)
    }

    private func isTrusted(_ connection: ConnectionPointer) -> Bool {
        guard let trustedNetworks, !connection.pointee.isUnixSocket else { return true }
        return trustedNetworks.admits(connection.pointee.peerLiteral ?? "")
    }

    /// Ends the connections of clients that may not come any more.
    private func closeForeignClients() {
        for client in engine.pointee.clients {
            guard let connection = Self.connection(client), !isTrusted(connection) else { continue }
            engine.close(client, afterReply: false)
        }
    }

    private func refusal(_ connection: ConnectionPointer) -> String? {
        // The control plane gets in when clients have taken every place.
        if connection.pointee.isUnixSocket, configuration.flag("managed") { return nil }
        guard isTrusted(connection) else { return "-DENIED Your address is not among the trusted sources.\r\n" }
        guard engine.pointee.clients.count < engine.pointee.settings.clientCountMax else {
            return "-ERR max number of clients reached\r\n"
        }
        guard configuration.flag("protected-mode"), engine.pointee.settings.password.isEmpty,
            !connection.pointee.isUnixSocket
        else { return nil }
        let peer = connection.pointee.peerLiteral ?? ""
        guard !peer.hasPrefix("127."), peer != "::1", !peer.hasPrefix("::ffff:127.") else { return nil }
        return
            "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for "
            + "the default user. In this mode connections are only accepted from the loopback interface. To accept "
            + "others, do one of these: 1) 'CONFIG SET protected-mode no' from the loopback interface, if the server "
            + "cannot be reached from the internet, and CONFIG REWRITE to keep it. 2) 'protected-mode no' in the "
            + "configuration file. 3) Start with '--protected-mode no'. 4) Set a password for the default user.\r\n"
    }

    private func describe(_ client: ClientReference, _ connection: ConnectionPointer) {
        let details = client.pointee.details
        details.descriptor = connection.pointee.descriptor
        if connection.pointee.isUnixSocket {
            client.pointee.flags.insert(.unixSocket)
            // Whoever reaches the socket of a managed server is its control plane, which needs no password.
            if configuration.flag("managed") { client.pointee.flags.insert(.authenticated) }
            details.peerAddress = "\(configuration["unixsocket"]):0"
            details.localAddress = details.peerAddress
        } else {
            details.peerAddress = connection.pointee.peerAddressText
            details.localAddress = connection.pointee.localAddressText
        }
    }

    @inline(__always)
    private static func client(_ connection: ConnectionPointer) -> ClientReference? {
        connection.pointee.userData?.assumingMemoryBound(to: Client.self)
    }

    @inline(__always)
    private static func connection(_ client: ClientReference) -> ConnectionPointer? {
        client.pointee.connection?.assumingMemoryBound(to: Connection.self)
    }

    package func received(_ connection: ConnectionPointer, _ bytes: ByteSlice) {
        guard let client = Self.client(connection) else { return receivedFromServer(connection, bytes) }
        if !isTimeFresh || engine.hasWorkedLong { updateTime() }
        engine.receive(client, bytes)
    }

    /// Takes the time once a turn, and again when commands have taken long: reading the clock is a hundredth of a request.
    private func updateTime() {
        engine.updateTime()
        isTimeFresh = true
    }

    package func ended(_ connection: ConnectionPointer, _ reason: EndReason) {
        guard let client = Self.client(connection) else {
            if let held = heldOutputs.closing(connection) { heldOutputs.free(held) }
            links?.ended(connection)
            return
        }
        log.write(.verbose, "Client closed connection id=\(client.pointee.id)")
        connection.pointee.userData = nil
        let held = HeldOutputs.of(client)
        engine.freeClient(client)
        if let held { heldOutputs.free(held) }
    }

    package func connected(_ connection: ConnectionPointer) {
        engine.updateTime()
        links?.connected(connection)
    }

    @inline(never)
    private func receivedFromServer(_ connection: ConnectionPointer, _ bytes: ByteSlice) {
        links?.received(connection, bytes)
    }

    package func acceptFailed(listener tag: Int, code: Int32) {
        log.write(.warning, "Accepting client connection: \(String(cString: strerror(code)))")
    }

    // MARK: - Turn

    package func turnWillSend() {
        keepHouseIfDue()
        engine.collectMemoryIfAsked()
        engine.continueEviction()
        engine.stepMigrations()
        engine.endDueWaits()
        engine.resumeClients()
        engine.broadcastInvalidations()
        appendOnly.handOver()
        // Between commands: one that is being executed must not find its output elsewhere.
        followHolding()
        if isShuttingDown { endAppendOnly() }
        engine.takePendingOutput { client in
            guard let connection = Self.connection(client) else { return }
            send(client, connection)
        }
        engine.takePendingClose { client in close(client) }
        engine.evictClients()
        engine.takePendingClose { client in close(client) }
        isTimeFresh = false
        loop.wakePatienceNanoseconds = heldOutputs.isAnyWaiting ? appendOnly.syncPatienceNanoseconds : 0
        if isShuttingDown { loop.stop() }
        let commands = engine.pointee.statistics.commandCount
        commandsPerTurnMax = max(commandsPerTurnMax, commands - commandsBeforeTurn)
        commandsBeforeTurn = commands
    }

    package func turnEnded() {
        guard engine.pointee.persistence.running != nil else { return }
        // Clients have their replies before the snapshot goes on.
        loop.flushSends()
        engine.stepSnapshot()
    }

    private func close(_ client: ClientReference) {
        let connection = Self.connection(client)
        let isAtOnce = client.pointee.flags.contains(.closeNow)
        connection?.pointee.userData = nil
        let held = HeldOutputs.of(client)
        engine.freeClient(client)
        if let held {
            // The connection stays until what the client was replied may be sent.
            if !isAtOnce, held.pointee.isWaiting { return held.pointee.isClosing = true }
            if !isAtOnce { held.pointee.releaseAll() }
            heldOutputs.free(held)
        }
        guard let connection else { return }
        if isAtOnce { loop.closeNow(connection) } else { loop.closeAfterSending(connection) }
    }

    package func woken() {
        lookAfterAppendOnly()
        links?.connectFound()
        followSignals()
    }

    /// Ends the server if a signal asks for it, unless housekeeping is paused: with Redis, it would follow the signal.
    private func followSignals() {
        guard let signals, signals.signalCount > handledSignalCount, !engine.pointee.isHousekeepingPaused
        else { return }
        handledSignalCount = signals.signalCount
        let isInterrupt = signals.lastSignal == SIGINT
        if isShuttingDown {
            guard isInterrupt else { return }
            log.write(.warning, "You insist... exiting now.")
            exit(1)
        }
        signals.willSave(unfinishedPath: engine.temporarySnapshotPath)
        defer { signals.willSave(unfinishedPath: nil) }
        let name = isInterrupt ? "SIGINT" : "SIGTERM"
        log.write(.warning, "Received \(name) scheduling shutdown...")
        let words = configuration.words(isInterrupt ? "shutdown-on-sigint" : "shutdown-on-sigterm")
        if engine.shutDown(ShutdownOptions(words: words)) { return }
        log.write(
            .warning,
            "\(name) received but errors trying to shut down the server, check the logs for more information")
    }

    package func timeoutMilliseconds() -> Int {
        // The turn has taken the time; a short one leaves it good enough for a sleep in milliseconds.
        if loop.turnStatistics.lastDurationMicroseconds >= 1000 { engine.updateTime() }
        if engine.hasPendingWork { return 0 }
        var next = min(nextHousekeeping, nextExpireCycle)
        if engine.pointee.isHousekeepingPaused { next = engine.pointee.now + 100 }
        next = min(next, engine.nextDeadline ?? .max)
        if let delay = engine.snapshotDelay { next = min(next, engine.pointee.now + delay) }
        if let delay = engine.migrationDelay, delay < next - engine.pointee.now { next = engine.pointee.now + delay }
        return Int(max(next - engine.pointee.now, 0))
    }

    private func lookAfterAppendOnly() {
        // Nothing may be sent any more.
        guard appendOnly.look() else { exit(1) }
        followHolding()
        releaseHeldOutput()
    }

    private func endAppendOnly() {
        guard appendOnly.close() else { exit(1) }
        lookAfterAppendOnly()
    }

    private func keepHouseIfDue() {
        if !isTimeFresh || engine.hasWorkedLong { engine.updateTime() }
        if engine.pointee.isHousekeepingPaused { return }
        if engine.pointee.now >= nextExpireCycle { nextExpireCycle = engine.pointee.now + engine.expireCycle() }
        guard engine.pointee.now >= nextHousekeeping else { return }
        keepHouse()
        nextHousekeeping = engine.pointee.now + Int64(1000 / max(engine.pointee.settings.hertz, 1))
    }

    /// What is to be done some times a second whether anybody asks or not.
    private func keepHouse() {
        let began = atoll_ticks()
        defer { housekeepingTicks &+= atoll_ticks() &- began }
        followSignals()
        engine.endDueWaits()
        engine.keepHouse()
        engine.startDueSnapshot()
        process.keepHouse()
        lookAfterAppendOnly()
        appendOnly.keepHouse()
        followHolding()
        rates.take(engine.pointee.statistics, turns: loop.turnStatistics.turnCount, now: engine.pointee.now)
    }

    // MARK: - EngineHost

    package func log(_ level: LogLevel, _ message: String) { log.write(level, message) }

    package func shutDown() {
        isShuttingDown = true
    }

    package func configurationChanged(
        _ names: Set<String>, _ configuration: Configuration
    ) throws(ConfigurationError) {
        let isAboutTLS = names.contains { $0.hasPrefix("tls-") }
        if isAboutTLS || !names.isDisjoint(with: ["port", "bind"]) {
            try listeners.change(loop, configuration, readsCertificates: isAboutTLS)
        }
        log.configure(configuration)
        if names.contains("appendonly") {
            do throws(AppendOnlyFailure) {
                try appendOnly.switchIfAsked()
            } catch {
                throw ConfigurationError(error.reason)
            }
        }
        appendOnly.configure()
        keepAliveSeconds = configuration.integer("tcp-keepalive")
        if names.contains("dir") { engine.pointee.persistence.directory = configuration["dir"] }
        if names.contains("trusted-networks") {
            trustedNetworks = Self.trustedNetworks(configuration)
            closeForeignClients()
        }
        try process.changed(names)
    }

    package func abortShutdown() -> Bool {
        guard let signals, signals.signalCount > handledSignalCount else { return false }
        handledSignalCount = signals.signalCount
        log.write(.notice, "Shutdown manually aborted.")
        return true
    }

    package func outputState(_ client: ClientReference) -> OutputState? {
        guard let connection = Self.connection(client) else { return nil }
        var state = OutputState()
        let held = HeldOutputs.of(client)
        state.pendingByteCount = connection.pointee.pendingSendByteCount + (held?.pointee.replies.count ?? 0)
        state.reservedByteCount =
            connection.pointee.reservedByteCount + (held?.pointee.replies.reservedByteCount ?? 0)
        (state.longBufferCount, state.longByteCount) = connection.pointee.longOutput
        state.waitsForRoom = connection.pointee.isWaitingForRoom
        return state
    }

    package func open(_ link: ServerLink) -> Bool { links?.open(link) ?? false }

    package func output(of link: ServerLink) -> UnsafeMutablePointer<OutputBuffer>? { links?.output(of: link) }

    package func send(_ link: ServerLink) { links?.send(link) }

    package func pendingByteCount(of link: ServerLink) -> Int { links?.pendingByteCount(of: link) ?? 0 }

    package func close(_ link: ServerLink) { links?.close(link) }

    package func resetStatistics() {
        loop.turnStatistics.resetLongest()
        rates = RateSamples()
    }

    package func information(_ section: String) -> [(name: String, value: String)] {
        switch section {
        case "server": return serverInformation()
        case "stats": return rates.information
        case "loop": return loopInformation()
        case "debug": return debugInformation()
        default: return []
        }
    }

    private func serverInformation() -> [(name: String, value: String)] {
        var names = utsname()
        uname(&names)
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        let uptime = max((engine.pointee.now - startedAt) / 1000, 0)
        return [
            ("redis_version", RedisCompatibility.version), ("redis_git_sha1", "00000000"), ("redis_git_dirty", "0"),
            ("redis_build_id", "0"), ("redis_mode", "standalone"),
            ("os", "\(text(names.sysname)) \(text(names.release)) \(text(names.machine))"), ("arch_bits", "64"),
            ("monotonic_clock", "POSIX clock_gettime"), ("multiplexing_api", "\(loop.backendName)"),
            ("atomicvar_api", "c11-builtin"), ("gcc_version", "0.0.0"), ("process_id", "\(getpid())"),
            ("process_supervised", manager.kind.rawValue), ("run_id", engine.pointee.runID),
            ("tcp_port", configuration["port"]),
            ("server_time_usec", "\(atoll_wall_microseconds())"), ("uptime_in_seconds", "\(uptime)"),
            ("uptime_in_days", "\(uptime / 86400)"), ("hz", configuration["hz"]),
            ("configured_hz", configuration["hz"]),
            ("lru_clock", "\(AccessClock.seconds(engine.pointee.now))"),
            ("executable", executable), ("config_file", configuration.filePath ?? ""), ("io_threads_active", "0"),
        ] + listeners.information
    }

    /// The loop's own figures, in section stats.
    private func loopInformation() -> [(name: String, value: String)] {
        let turns = loop.turnStatistics
        return [
            ("eventloop_cycles", "\(turns.turnCount)"),
            ("eventloop_duration_sum", "\(turns.durationSumMicroseconds)"),
            ("eventloop_duration_cmd_sum", "\(engine.commandMicroseconds)"),
            ("eventloop_longest_turn_cpu_usec", "\(turns.longestCPUMicroseconds)"),
            ("instantaneous_eventloop_cycles_per_sec", "\(rates.turnsPerSecond)"),
            ("instantaneous_eventloop_duration_usec", "\(turns.lastDurationMicroseconds)"),
        ]
    }

    /// Section debug: what the loop spends besides commands.
    private func debugInformation() -> [(name: String, value: String)] {
        let turns = loop.turnStatistics
        return [
            ("eventloop_duration_aof_sum", "0"),
            ("eventloop_duration_cron_sum", "\(engine.microseconds(housekeepingTicks))"),
            ("eventloop_duration_max", "\(turns.longestCPUMicroseconds)"),
            ("eventloop_cmd_per_cycle_max", "\(commandsPerTurnMax)"),
        ]
    }
}

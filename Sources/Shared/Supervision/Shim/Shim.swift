import CAtoll
import Glibc

/// The program `atoll shim`: one tiny process per child, as conmon is to a container.
///
/// It holds what would be lost with control: the child's exit status, its log pipe and its listening sockets. It
/// has one thread, waits in poll, and uses neither Swift concurrency nor Dispatch. Control starts it detached with a
/// specification as standard input and reads one line, the handshake, from its standard output.
package enum Shim {
    /// Exit codes: the child ran and ended (however it ended); it could not be started; another shim has the
    /// directory; the arguments are wrong.
    private static let ran: Int32 = 0
    private static let startFailed: Int32 = 1
    private static let locked: Int32 = 75
    private static let usage: Int32 = 64

    /// Runs the shim to its end and returns the exit code. To be called before anything else of the program runs.
    ///
    /// - Parameter arguments: what follows the word `shim`: `--run-directory DIR`.
    package static func run(arguments: [String]) -> Int32 {
        guard arguments.count == 2, arguments[0] == "--run-directory", arguments[1].hasPrefix("/") else {
            say("error usage 0 give: shim --run-directory /ABSOLUTE/DIRECTORY")
            return usage
        }
        _ = atoll_set_process_name("atoll-shim")
        umask(0o077)
        let directory = RunDirectory(arguments[1])
        do {
            try lock(directory)
        } catch {
            say(error.line)
            return error.stage == "lock" && error.errorNumber == EAGAIN ? locked : startFailed
        }
        var shim: ShimLoop
        do {
            shim = try start(in: directory)
        } catch {
            let record = ChildExitRecord(
                pid: nil, startTicks: nil, termination: .startFailed(error), endedAtUnixSeconds: Clock.unixSeconds(),
                stopRequested: false, logLinesDropped: 0)
            try? directory.writeExit(record)
            unlink(directory.socketFile)
            say(error.line)
            return startFailed
        }
        say(shim.status.line)
        shim.leaveTerminal()
        shim.run()
        return ran
    }

    /// The handshake. If nobody reads any more (control was killed), the child runs all the same.
    private static func say(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(1, bytes, bytes.count)
    }

    /// Takes the lock and keeps it open: it ends with this process, however that ends.
    private static func lock(_ directory: RunDirectory) throws(StartFailure) {
        let descriptor = open(directory.lockFile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor >= 0, atoll_lock_file(descriptor) == 0 {
            RunLock.descriptor = descriptor
            return
        }
        let errorNumber = errno
        if descriptor >= 0 { close(descriptor) }
        let message =
            errorNumber == EAGAIN
            ? "another shim runs a child in \(directory.path); adopt that child, or stop it first"
            : "could not lock \(directory.lockFile): \(systemMessage(errorNumber))"
        throw StartFailure(stage: "lock", errorNumber: errorNumber, message: message)
    }

    /// From the lock to a running child. Each step leaves nothing that the next start could not clear away.
    private static func start(in directory: RunDirectory) throws(StartFailure) -> ShimLoop {
        let specification = try loadSpecification(directory)
        try Orphan.end(in: directory, specification: specification)
        unlink(directory.exitFile)
        unlink(directory.runningFile)
        let log = try ChildLog(specification: specification)
        let signals = try watchSignals()
        var listeners: [Int32] = []
        for socket in specification.listeningSockets { listeners.append(try socket.bindSocket()) }
        let clients = try ShimClientTable(directory: directory)
        var output: [Int32] = [-1, -1]
        guard atoll_pipe(&output) == 0 else {
            throw StartFailure(stage: "pipe", errorNumber: errno, message: "no log pipe: \(systemMessage(errno))")
        }
        let started = try spawn(specification, output: output[1], listeners: listeners)
        close(output[1])
        let ticks = atoll_process_start_ticks(started.pid)
        let running = RunDirectory.RunningFile(pid: started.pid, startTicks: ticks, bootID: RunDirectory.bootID())
        // Without the file only the loss of the shim would be handled less well: no reason to refuse the child.
        try? directory.writeRunning(running)
        let status = ChildStatus(
            pid: started.pid, startTicks: ticks, shimPID: getpid(), isStopping: false,
            landlockABI: started.landlockABI, logLinesDropped: 0, startedAtUnixSeconds: Clock.unixSeconds())
        return ShimLoop(
            directory: directory, specification: specification, status: status, log: log, clients: clients,
            signals: signals, output: output[0], listeners: listeners)
    }

    /// The specification comes as standard input (and becomes `child.json` under the lock, so that the file always
    /// describes the child that runs) or, without one, from the `child.json` that is there.
    private static func loadSpecification(_ directory: RunDirectory) throws(StartFailure) -> ChildSpecification {
        do {
            var input = stat()
            let given = fstat(0, &input) == 0 && input.st_mode & S_IFMT == S_IFREG && input.st_size > 0
            if given {
                let bytes = try FileBytes.read(
                    descriptor: 0, path: "standard input", limit: RunDirectory.fileBytesMax)
                let specification = try RunDirectory.decodeSpecification(bytes)
                try specification.validate()
                try FileBytes.replace(directory.specificationFile, with: bytes)
                return specification
            }
            let specification = try directory.readSpecification()
            try specification.validate()
            return specification
        } catch {
            let number = (error as? FileBytes.Failure)?.errorNumber ?? 0
            throw StartFailure(stage: "specification", errorNumber: number, message: "\(error)")
        }
    }

    private static func watchSignals() throws(StartFailure) -> Int32 {
        let descriptor = atoll_signal_descriptor([SIGCHLD, SIGTERM, SIGINT], 3)
        guard descriptor >= 0 else {
            throw StartFailure(stage: "signals", errorNumber: errno, message: "no signalfd: \(systemMessage(errno))")
        }
        return descriptor
    }

    private static func spawn(
        _ specification: ChildSpecification, output: Int32, listeners: [Int32]
    ) throws(StartFailure) -> SpawnRequest.Started {
        var request = SpawnRequest(executable: specification.executable)
        request.arguments = specification.arguments
        request.environment = specification.environment
        request.workingDirectory = specification.workingDirectory ?? "/"
        request.standardOutput = output
        request.standardError = output
        request.listeners = listeners
        request.userID = specification.userID
        request.groupID = specification.groupID
        request.noNewPrivileges = specification.noNewPrivileges
        request.filesystemRules = specification.filesystemRules
        request.parentDeathSignal = specification.signalOnShimDeath ?? 0
        request.fileModeMask = 0o077
        do {
            return try request.spawn()
        } catch {
            throw StartFailure(
                stage: error.step.rawValue, errorNumber: error.errorNumber, message: error.description)
        }
    }
}

/// The lock of this process's run directory.
enum RunLock {
    /// Descriptor of the lock while it is held.
    // Unsafe is right here: a shim has one thread, which writes this once at start and once at the end.
    nonisolated(unsafe) static var descriptor: Int32 = -1

    static func release() {
        close(descriptor)
        descriptor = -1
    }
}

/// The two clocks of a shim.
enum Clock {
    /// Never jumps; for deadlines.
    static func seconds() -> Double { read(CLOCK_MONOTONIC) }
    /// For people.
    static func unixSeconds() -> Double { read(CLOCK_REALTIME) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec / 1_000_000) / 1000
    }
}

import CAtoll
import Glibc

/// The life of a shim after its child has started: one poll over signals, the log pipe, the socket and its clients.
struct ShimLoop {
    /// Running → stopping, ended. Stopping → ended. Ended is final.
    private enum State {
        case running
        case stopping(StopEscalation)
        case ended(ChildExitRecord.Termination)
    }

    /// Log bytes taken in one turn, so that a chatty child cannot starve the socket.
    private static let logBytesPerTurn = 64 * 1024

    private let directory: RunDirectory
    private let specification: ChildSpecification
    private(set) var status: ChildStatus
    private var log: ChildLog
    private var clients: ShimClientTable
    private let signals: Int32
    private var output: Int32
    private let listeners: [Int32]
    private var state = State.running
    private var logBuffer = [UInt8](repeating: 0, count: ShimLoop.logBytesPerTurn)

    init(
        directory: RunDirectory, specification: ChildSpecification, status: ChildStatus, log: ChildLog,
        clients: ShimClientTable, signals: Int32, output: Int32, listeners: [Int32]
    ) {
        self.directory = directory
        self.specification = specification
        self.status = status
        self.log = log
        self.clients = clients
        self.signals = signals
        self.output = output
        self.listeners = listeners
        _ = fcntl(output, F_SETFL, O_NONBLOCK)
    }

    /// Lets go of the handshake pipe and the specification.
    func leaveTerminal() {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        dup2(null, 0)
        dup2(null, 1)
        close(null)
        log.takeStandardError()
        atoll_trim_heap()
    }

    /// Returns after the child's end is on disk and told.
    mutating func run() {
        while true {
            if case .ended(let termination) = state { return finish(termination) }
            turn()
        }
    }

    private mutating func turn() {
        let before = Clock.seconds()
        var entries = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: clients.listenerToPoll(now: before), events: Int16(POLLIN), revents: 0),
        ]
        for client in clients.clients {
            entries.append(pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0))
        }
        guard poll(&entries, nfds_t(entries.count), timeoutMilliseconds(now: before)) >= 0 else { return }
        let now = Clock.seconds()
        if entries[1].revents != 0, !pumpLog() { closeOutput() }
        if entries[0].revents != 0 { takeSignals(now: now) }
        // From the back, because a client that goes moves those behind it.
        for index in clients.clients.indices.reversed() where entries[3 + index].revents != 0 {
            serve(clientAt: index, now: now)
        }
        if entries[2].revents != 0 { clients.accept(now: now) }
        clients.removeSilent(now: now)
        escalate(now: now)
    }

    private func timeoutMilliseconds(now: Double) -> Int32 {
        var deadline = clients.nextDeadline(now: now)
        if case .stopping(let escalation) = state { deadline = min(deadline, escalation.deadline) }
        guard deadline.isFinite else { return -1 }
        // One more than the rest, so that the deadline has passed when poll returns.
        return Int32(max(0, min(deadline - now, 86_400)) * 1000) + 1
    }

    private mutating func takeSignals(now: Double) {
        while true {
            switch atoll_read_signal(signals) {
            case 0: return
            case SIGCHLD: checkChild()
            // As when the whole machine goes down: the child's own stop order is the right answer.
            default: beginStop(now: now)
            }
        }
    }

    private mutating func checkChild() {
        var code: Int32 = -1
        var signal: Int32 = -1
        guard atoll_wait_child(status.pid, false, &code, &signal) == 1 else { return }
        state = .ended(signal > 0 ? .signaled(signal: signal) : .exited(code: code))
    }

    private mutating func beginStop(now: Double) {
        guard case .running = state else { return }
        state = .stopping(StopEscalation(steps: specification.stopSteps, now: now))
        status.isStopping = true
    }

    private mutating func escalate(now: Double) {
        guard case .stopping(var escalation) = state else { return }
        switch escalation.next(now: now) {
        case .signal(let number):
            log.note("stopping: \(SignalName.text(number)) to pid \(status.pid)")
            kill(status.pid, number)
        case .killGroup:
            log.note("stopping: SIGKILL to process group \(status.pid)")
            kill(-status.pid, SIGKILL)
            kill(status.pid, SIGKILL)
        case nil: break
        }
        state = .stopping(escalation)
    }

    private mutating func serve(clientAt index: Int, now: Double) {
        guard let lines = clients.readLines(at: index, now: now) else { return clients.remove(at: index) }
        for line in lines {
            if !clients.answer(perform(line, clientAt: index, now: now), at: index) {
                return clients.remove(at: index)
            }
        }
    }

    /// The child is not reaped before its state is `ended`, so its pid cannot have become another process's.
    private mutating func perform(_ line: String, clientAt index: Int, now: Double) -> String {
        if case .ended = state { return "error ended \(ESRCH) the child has ended" }
        switch ShimCommand(line: line) {
        case .status:
            status.logLinesDropped = log.linesDropped
            return status.line
        case .signal(let number):
            if kill(status.pid, number) == 0 { return "ok" }
            return "error signal \(errno) could not send \(SignalName.text(number)): \(systemMessage(errno))"
        case .stop:
            beginStop(now: now)
            return "ok"
        case .watch:
            clients.watch(at: index)
            return "ok"
        case nil:
            return "error unknown-command \(EINVAL) commands are: status, signal N, stop, watch"
        }
    }

    /// Moves one turn's worth from the pipe to the log; false at the end of the pipe.
    private mutating func pumpLog() -> Bool {
        let count = read(output, &logBuffer, logBuffer.count)
        if count < 0 { return errno == EAGAIN || errno == EINTR }
        log.append(logBuffer[..<max(count, 0)])
        return count > 0
    }

    private mutating func closeOutput() {
        close(output)
        output = -1
    }

    /// What the child wrote before its end is in the pipe; what its own children write later is not waited for.
    private mutating func drainLog() {
        // A grandchild that writes without end must not keep us here.
        for _ in 0..<64 where output >= 0 {
            let count = read(output, &logBuffer, logBuffer.count)
            if count <= 0 { break }
            log.append(logBuffer[..<count])
        }
    }

    /// The order matters: the record is on disk, and everything that a next shim needs is free, before anybody hears.
    private mutating func finish(_ termination: ChildExitRecord.Termination) {
        drainLog()
        let record = ChildExitRecord(
            pid: status.pid, startTicks: status.startTicks, termination: termination,
            endedAtUnixSeconds: Clock.unixSeconds(), stopRequested: status.isStopping,
            logLinesDropped: log.linesDropped)
        do {
            try directory.writeExit(record)
            unlink(directory.runningFile)
        } catch {
            log.note("\(error)")
        }
        if output >= 0 { closeOutput() }
        log.close()
        for (socket, descriptor) in zip(specification.listeningSockets, listeners) {
            socket.removeFile()
            close(descriptor)
        }
        unlink(directory.socketFile)
        clients.closeListener()
        RunLock.release()
        clients.finish(record.eventLine)
    }
}

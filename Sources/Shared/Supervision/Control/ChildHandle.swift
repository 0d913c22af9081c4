import CAtoll
import Glibc
import Synchronization

/// Control's hold on one child. Letting go of it changes nothing for the child: `adopt` takes hold again.
package final class ChildHandle: Sendable {
    /// Where the shim and control leave things for each other.
    package let runDirectory: String
    /// The child's process.
    package let pid: Int32
    /// When the child started, in clock ticks after boot: with the pid, its identity.
    package let startTicks: UInt64

    /// Connected → connecting (the connection ended without an end of the child), ended.
    /// Connecting → connected, ended. Ended is final.
    private enum Link {
        case connected(ShimConnection)
        case connecting
        case ended(ChildExit)
    }

    private struct State {
        var link = Link.connecting
        var waiters: [UInt64: CheckedContinuation<ChildExit, any Error>] = [:]
        var nextWaiter: UInt64 = 0
    }

    private let state = Mutex(State())

    init(runDirectory: String, pid: Int32, startTicks: UInt64) {
        self.runDirectory = runDirectory
        self.pid = pid
        self.startTicks = startTicks
    }

    deinit {
        if case .connected(let connection) = state.withLock({ $0.link }) { connection.close() }
    }

    // MARK: Asking

    /// What the shim says about the child. Throws `childEnded` after the child's end.
    package func status() async throws -> ChildStatus {
        let line = try await request(.status)
        guard let status = ChildStatus(line: line) else {
            throw SupervisionError.shimFailed(runDirectory: runDirectory, "it answered \"\(line)\"")
        }
        return status
    }

    /// Sends the child a signal. It cannot reach another process: the shim holds the pid until it knows of the end.
    package func send(signal: Int32) async throws {
        _ = try await request(.signal(signal))
    }

    /// Asks for a stop by the specification's steps and waits for the end. Once asked, the stop goes on even if the
    /// caller is cancelled.
    package func stop() async throws -> ChildExit {
        while true {
            do {
                _ = try await request(.stop)
                return try await waitForExit()
            } catch SupervisionError.childEnded(let exit) {
                return exit
            } catch SupervisionError.shimLost {
                // The link is on its way to ended, or to a new connection that has not heard of the stop.
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Waits until the child has ended. Throws only `CancellationError`.
    package func waitForExit() async throws -> ChildExit {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let exit: ChildExit? = state.withLock { state in
                    if case .ended(let exit) = state.link { return exit }
                    state.waiters[number] = continuation
                    return nil
                }
                if let exit { return continuation.resume(returning: exit) }
                // A cancellation that came first found no waiter.
                if Task.isCancelled { cancelWait(number) }
            }
        } onCancel: {
            cancelWait(number)
        }
    }

    /// The exit, if the child has already ended.
    package var exit: ChildExit? {
        guard case .ended(let exit) = state.withLock({ $0.link }) else { return nil }
        return exit
    }

    private func cancelWait(_ number: UInt64) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: number) }
        waiter?.resume(throwing: CancellationError())
    }

    private func request(_ command: ShimCommand) async throws -> String {
        switch state.withLock({ $0.link }) {
        case .connected(let connection):
            do {
                return try await connection.request(command)
            } catch SupervisionError.refused(_, let refusal) where refusal.stage == "ended" {
                throw SupervisionError.childEnded(try await waitForExit())
            }
        case .connecting: throw SupervisionError.shimLost(runDirectory: runDirectory)
        case .ended(let exit): throw SupervisionError.childEnded(exit)
        }
    }

    // MARK: The connection's life

    /// Connects and watches. When the shim is gone it finds out how the child ended; afterwards the link is either
    /// connected or ended.
    func link() async throws {
        let directory = RunDirectory(runDirectory)
        let connection = try await ShimSearch.connect(to: directory) { [weak self] event in self?.take(event) }
        guard let (connection, status) = connection, status.pid == pid, status.startTicks == startTicks else {
            // No shim, or one that already runs the next child.
            connection?.connection.close()
            return end(with: directory.exit(ofPID: pid, startTicks: startTicks))
        }
        state.withLock { state in
            if case .connecting = state.link { state.link = .connected(connection) }
        }
        do {
            _ = try await connection.request(.watch)
        } catch {
            // Closed between two answers: the event `closed` is on its way or already here.
            await recover()
        }
    }

    private func take(_ event: ShimConnection.Event) {
        switch event {
        case .exited(let record) where record.pid == pid && record.startTicks == startTicks: end(with: .ended(record))
        case .exited: break
        case .closed: Task { [weak self] in await self?.recover() }
        }
    }

    /// After the connection ended: finds the exit, or connects again. Only one of several callers does it.
    private func recover() async {
        let isMine = state.withLock { state in
            guard case .connected = state.link else { return false }
            state.link = .connecting
            return true
        }
        guard isMine else { return }
        do {
            try await link()
        } catch {
            // A shim that lives but answers nothing is as good as lost to us; `start` there will find it locked.
            end(with: .unknown(.shimLost))
        }
    }

    private func end(with exit: ChildExit) {
        let waiters = state.withLock { state in
            if case .ended = state.link { return [UInt64: CheckedContinuation<ChildExit, any Error>]() }
            if case .connected(let connection) = state.link { connection.close() }
            state.link = .ended(exit)
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume(returning: exit) }
    }
}

extension RunDirectory {
    /// How this very child ended, once its shim is gone.
    func exit(ofPID pid: Int32, startTicks: UInt64) -> ChildExit {
        guard let record = readExit(), record.pid == pid, record.startTicks == startTicks else {
            return .unknown(.shimLost)
        }
        return .ended(record)
    }
}

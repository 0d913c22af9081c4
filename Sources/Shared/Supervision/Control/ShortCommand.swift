import CAtoll
import Dispatch
import Glibc
import Synchronization

/// Runs a program to its end with its output captured: tools such as initdb and useradd.
///
/// The program gets its own session and process group. On timeout and on cancellation the whole group is killed.
package enum ShortCommand {
    /// How it ended and what it said.
    package struct Result: Sendable, Equatable {
        /// The kinds of end.
        package enum Termination: Sendable, Equatable {
            /// It called exit.
            case exited(code: Int32)
            /// A signal ended it.
            case signaled(signal: Int32)
        }

        /// How it ended.
        package var termination: Termination
        /// What it wrote to its output, up to the limit.
        package var standardOutput: [UInt8]
        /// What it wrote to its error output, up to the limit.
        package var standardError: [UInt8]
        /// Whether one of the two passed the limit; the rest is lost.
        package var isTruncated: Bool

        /// Exit code 0.
        package var isSuccess: Bool { termination == .exited(code: 0) }
        /// The output as text; what is no UTF-8 is replaced.
        package var outputText: String { String(decoding: standardOutput, as: UTF8.self) }
        /// The error output as text.
        package var errorText: String { String(decoding: standardError, as: UTF8.self) }
    }

    /// Too long a run.
    package struct TimeoutError: Error, Sendable, CustomStringConvertible {
        /// The program.
        package var executable: String
        /// How long it had.
        package var timeout: Duration
        /// What it had said until then.
        package var standardError: [UInt8]

        /// In words.
        package var description: String {
            let said = String(decoding: standardError.suffix(500), as: UTF8.self)
            return "\(executable) did not end within \(timeout) and was killed; it said: "
                + (said.isEmpty ? "nothing" : said)
        }
    }

    /// Output bytes kept, of each stream, unless told otherwise.
    package static let outputBytesMax = 1024 * 1024
    /// How long the pipes are still read after the end, should the program have left others that hold them.
    private static let drainSeconds = 0.2

    /// Runs a program. It does not throw for a bad exit code; `SpawnFailure`, `TimeoutError` and `CancellationError`
    /// are thrown.
    ///
    /// - Parameters:
    ///   - executable: absolute path.
    ///   - arguments: without the program's own name.
    ///   - environment: complete, nothing is inherited.
    ///   - workingDirectory: absolute.
    ///   - userID: nil: stay as we are.
    ///   - groupID: nil: stay as we are; set, it also empties the supplementary groups.
    ///   - noNewPrivileges: no set-uid program can give it more rights.
    ///   - input: its standard input, a file in memory that it may also open as /dev/stdin; nil: /dev/null.
    ///   - outputBytesMax: bytes kept of each stream.
    ///   - timeout: how long it may run.
    ///   - onErrorOutput: gets the error output while it comes, in pieces that end anywhere; must not block.
    package static func run(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
        workingDirectory: String = "/", userID: UInt32? = nil, groupID: UInt32? = nil, noNewPrivileges: Bool = false,
        input: [UInt8]? = nil, outputBytesMax: Int = outputBytesMax, timeout: Duration = .seconds(60),
        onErrorOutput: (@Sendable (ArraySlice<UInt8>) -> Void)? = nil
    ) async throws -> Result {
        try Task.checkCancellation()
        var request = SpawnRequest(executable: executable)
        request.arguments = arguments
        request.environment = environment
        request.workingDirectory = workingDirectory
        request.userID = userID
        request.groupID = groupID
        request.noNewPrivileges = noNewPrivileges
        let pipes = try Pipes(input: input, executable: executable)
        request.standardInput = pipes.input
        request.standardOutput = pipes.output.write
        request.standardError = pipes.error.write
        let output = PipeReader(descriptor: pipes.output.read, bytesMax: outputBytesMax)
        let errorOutput = PipeReader(
            descriptor: pipes.error.read, bytesMax: outputBytesMax, onBytes: onErrorOutput)
        let command: RunningCommand
        do {
            command = RunningCommand(pid: try await Spawner.spawn(request, closing: pipes.childEnds).pid)
        } catch {
            output.finish(afterSeconds: 0)
            errorOutput.finish(afterSeconds: 0)
            throw error
        }
        command.kill(after: timeout)
        let termination = await withTaskCancellationHandler {
            await command.waitForEnd()
        } onCancel: {
            command.kill(because: .cancelled)
        }
        output.finish(afterSeconds: drainSeconds)
        errorOutput.finish(afterSeconds: drainSeconds)
        let (said, complained) = await (output.collect(), errorOutput.collect())
        switch command.killReason {
        case .cancelled: throw CancellationError()
        case .timeout:
            throw TimeoutError(executable: executable, timeout: timeout, standardError: complained.bytes)
        case nil:
            return Result(
                termination: termination, standardOutput: said.bytes, standardError: complained.bytes,
                isTruncated: said.isTruncated || complained.isTruncated)
        }
    }

    /// The descriptors of one run.
    private struct Pipes {
        /// -1: /dev/null.
        var input: Int32 = -1
        var output: (read: Int32, write: Int32) = (-1, -1)
        var error: (read: Int32, write: Int32) = (-1, -1)

        init(input bytes: [UInt8]?, executable: String) throws(SpawnFailure) {
            var pair: [Int32] = [-1, -1]
            var isComplete = atoll_pipe(&pair) == 0
            output = (pair[0], pair[1])
            pair = [-1, -1]
            isComplete = isComplete && atoll_pipe(&pair) == 0
            error = (pair[0], pair[1])
            if isComplete, let bytes {
                input = atoll_memory_file("input", bytes, bytes.count)
                isComplete = input >= 0
            }
            guard isComplete else {
                let errorNumber = errno
                for descriptor in childEnds + [output.read, error.read] where descriptor >= 0 { close(descriptor) }
                throw SpawnFailure(step: .descriptors, errorNumber: errorNumber, executable: executable)
            }
        }

        var childEnds: [Int32] { [input, output.write, error.write].filter { $0 >= 0 } }
    }
}

/// A short command's process from exec to reaping.
private final class RunningCommand: Sendable {
    enum KillReason { case timeout, cancelled }

    /// Running → ended. A kill changes nothing in it: the end comes by itself then.
    private struct State {
        var termination: ShortCommand.Result.Termination?
        var killReason: KillReason?
        var source: ReadSource?
        var waiter: CheckedContinuation<ShortCommand.Result.Termination, Never>?
    }

    /// For time limits only.
    private static let queue = DispatchQueue(label: "atoll.short-commands")
    private let pid: Int32
    private let state = Mutex(State())

    init(pid: Int32) {
        self.pid = pid
        let descriptor = atoll_pidfd_open(pid)
        guard descriptor >= 0 else {
            poll()
            return
        }
        let source = ReadSource(descriptor: descriptor) { self.reap() }
        state.withLock { state in
            if state.termination == nil { state.source = source } else { source.cancel() }
        }
    }

    var killReason: KillReason? { state.withLock { $0.killReason } }

    func waitForEnd() async -> ShortCommand.Result.Termination {
        await withCheckedContinuation { continuation in
            let ended: ShortCommand.Result.Termination? = state.withLock { state in
                if state.termination == nil { state.waiter = continuation }
                return state.termination
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }

    func kill(after timeout: Duration) {
        let seconds = timeout / .seconds(1)
        Self.queue.asyncAfter(deadline: .now() + seconds) { [weak self] in self?.kill(because: .timeout) }
    }

    /// Kills the whole group. Until the leader is reaped its pid, and so the group's number, stays ours.
    func kill(because reason: KillReason) {
        state.withLock { state in
            guard state.termination == nil else { return }
            state.killReason = state.killReason ?? reason
            Glibc.kill(-pid, SIGKILL)
        }
    }

    /// No descriptor for it (too many are open): ask every 20 ms.
    private func poll() {
        Self.queue.asyncAfter(deadline: .now() + 0.02) {
            self.reap()
            if self.state.withLock({ $0.termination == nil }) { self.poll() }
        }
    }

    private func reap() {
        let waiter: CheckedContinuation<ShortCommand.Result.Termination, Never>? = state.withLock { state in
            guard state.termination == nil else { return nil }
            var code: Int32 = -1
            var signal: Int32 = -1
            // Looked at before it is reaped, to catch those of the group that were forked while it was killed.
            guard atoll_wait_child(pid, true, &code, &signal) != 0 else { return nil }
            if state.killReason != nil { Glibc.kill(-pid, SIGKILL) }
            _ = atoll_wait_child(pid, false, &code, &signal)
            state.termination = signal > 0 ? .signaled(signal: signal) : .exited(code: code)
            state.source?.cancel()
            state.source = nil
            defer { state.waiter = nil }
            return state.waiter
        }
        if let waiter, let ended = state.withLock({ $0.termination }) { waiter.resume(returning: ended) }
    }
}

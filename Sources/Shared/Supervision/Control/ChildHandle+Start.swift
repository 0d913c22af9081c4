import CAtoll
import Dispatch
import Glibc

extension ChildHandle {
    /// Starting takes milliseconds, unless an orphan has to be ended first (at most 10 s).
    private static let handshakeSeconds = 30.0
    private static let handshakeBytesMax = 64 * 1024

    /// Starts a child under a new shim. Returns once the child's executable runs.
    ///
    /// Cancelled half-way, or when the shim stops answering, it throws although the child may run: `adopt` tells.
    ///
    /// - Parameters:
    ///   - specification: what to run.
    ///   - runDirectory: absolute; made (0700) if missing, its parent must exist. One child at a time.
    ///   - atollExecutable: the program whose `shim` verb is `Shim.run`.
    package static func start(
        specification: ChildSpecification, runDirectory: String, atollExecutable: String
    ) async throws -> ChildHandle {
        try specification.validate()
        guard runDirectory.hasPrefix("/"), !runDirectory.utf8.contains(0) else {
            throw SupervisionError.runDirectory("the run directory \"\(runDirectory)\" must be an absolute path")
        }
        guard mkdir(runDirectory, 0o700) == 0 || errno == EEXIST else {
            throw SupervisionError.runDirectory("could not make \(runDirectory): \(systemMessage(errno))")
        }
        let answer = try await launchShim(specification, runDirectory: runDirectory, executable: atollExecutable)
        if let status = ChildStatus(line: answer) {
            let handle = ChildHandle(runDirectory: runDirectory, pid: status.pid, startTicks: status.startTicks)
            try await handle.link()
            return handle
        }
        guard let failure = StartFailure(line: answer) else {
            throw SupervisionError.shimFailed(runDirectory: runDirectory, answer)
        }
        if failure.stage == "lock", failure.errorNumber == EAGAIN {
            throw SupervisionError.alreadyRunning(runDirectory: runDirectory)
        }
        throw SupervisionError.startFailed(name: specification.name, failure)
    }

    /// Takes hold of the child of a former control. nil: no shim is alive there; see `lastExit`.
    package static func adopt(runDirectory: String) async throws -> ChildHandle? {
        let directory = RunDirectory(runDirectory)
        guard let found = try await ShimSearch.connect(to: directory, onEvent: { _ in }) else { return nil }
        found.connection.close()
        let handle = ChildHandle(
            runDirectory: runDirectory, pid: found.status.pid, startTicks: found.status.startTicks)
        try await handle.link()
        return handle
    }

    /// How the last child there ended. nil: none has ended (it runs, or never was started).
    package static func lastExit(runDirectory: String) -> ChildExit? {
        let directory = RunDirectory(runDirectory)
        if directory.isLocked() { return nil }
        if let record = directory.readExit() { return .ended(record) }
        return directory.readRunning() == nil ? nil : .unknown(.shimLost)
    }

    /// What the child there was started with, by its `child.json`. nil: none, or not readable by this version.
    package static func specification(runDirectory: String) -> ChildSpecification? {
        try? RunDirectory(runDirectory).readSpecification()
    }

    /// Starts the shim and returns its first line.
    private static func launchShim(
        _ specification: ChildSpecification, runDirectory: String, executable: String
    ) async throws -> String {
        let bytes = try RunDirectory.encodeSpecification(specification)
        let input = atoll_memory_file("child.json", bytes, bytes.count)
        var output: [Int32] = [-1, -1]
        guard input >= 0, atoll_pipe(&output) == 0 else {
            let problem = systemMessage(errno)
            if input >= 0 { close(input) }
            throw SupervisionError.shimFailed(runDirectory: runDirectory, "no descriptors for it: \(problem)")
        }
        let reader = PipeReader(descriptor: output[0], bytesMax: handshakeBytesMax)
        var request = SpawnRequest(executable: executable)
        request.arguments = ["shim", "--run-directory", runDirectory]
        request.workingDirectory = "/"
        request.standardInput = input
        request.standardOutput = output[1]
        // Should the shim crash before it has a log, its last words arrive here.
        request.standardError = output[1]
        request.detach = true
        do {
            _ = try await Spawner.spawn(request, closing: [input, output[1]])
        } catch {
            reader.finish(afterSeconds: 0)
            throw SupervisionError.shimFailed(runDirectory: runDirectory, "\(error)")
        }
        reader.finish(afterSeconds: handshakeSeconds)
        let said = await reader.collect().bytes
        let text = String(decoding: said, as: UTF8.self)
        let lines = text.split(separator: "\n").map(String.init)
        return lines.last { $0.hasPrefix("ok ") || $0.hasPrefix("error ") } ?? text
    }
}

/// Runs spawns off the callers' threads: a spawn waits for the new process's exec.
enum Spawner {
    private static let queue = DispatchQueue(label: "atoll.spawn", attributes: .concurrent)

    /// Spawns, and closes our copies of the descriptors that went to the process, whether or not it started.
    static func spawn(
        _ request: SpawnRequest, closing descriptors: [Int32]
    ) async throws -> SpawnRequest.Started {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                let outcome = Result { () throws(SpawnFailure) in try request.spawn() }
                for descriptor in descriptors { close(descriptor) }
                continuation.resume(with: outcome.mapError { $0 as any Error })
            }
        }
    }
}

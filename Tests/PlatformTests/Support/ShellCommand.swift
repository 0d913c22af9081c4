import Foundation

/// A program that ran to its end, as a user in a shell sees it.
struct CommandResult: Sendable, CustomStringConvertible {
    var arguments: [String]
    var output: String
    var errors: String
    var code: Int32

    var isSuccess: Bool { code == 0 }
    var description: String {
        "\(arguments.joined(separator: " ")) → \(code)\n--- stdout\n\(output)\n--- stderr\n\(errors)"
    }
}

/// Runs programs; every one has a time limit, so a hanging one fails its test instead of the run.
enum Shell {
    /// - Parameters:
    ///   - environment: added to the test's own.
    ///   - input: given on standard input; the input is empty otherwise.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String = "",
        directory: String? = nil, timeoutSeconds: Int = 120
    ) async throws -> CommandResult {
        // Signals as in a shell: our threads block some (SIGALRM, by which pgbench ends), and children inherit that.
        var words = ["/usr/bin/timeout", "--kill-after=5", "\(timeoutSeconds)", "/usr/bin/env", "--default-signal"]
        if let directory { words += ["-C", directory] }
        let files = try Capture()
        defer { files.remove() }
        try Data(input.utf8).write(to: files.input)
        let pid = try spawn(
            words + [program] + arguments,
            environment: ProcessInfo.processInfo.environment.merging(environment) { _, new in new }, files: files)
        let code = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: wait(for: pid)) }
        }
        return CommandResult(
            arguments: [program] + arguments, output: try files.text(files.output),
            errors: try files.text(files.errors), code: code)
    }

    /// Foundation's `Process` is not used: its `run` crashes now and then in a run with thousands of programs.
    private static func spawn(_ words: [String], environment: [String: String], files: Capture) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, files.input.path, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, files.output.path, O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, files.errors.path, O_WRONLY, 0)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let arguments = words.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, words[0], &actions, &attributes, arguments, variables)
        guard code == 0 else { throw TestFailure("\(words) cannot be started: \(String(cString: strerror(code)))") }
        return pid
    }

    /// The exit code, or the number of the signal.
    private static func wait(for pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : status & 0x7F
    }

    /// A line for `bash -c`, for pipes and globs.
    static func bash(
        _ line: String, environment: [String: String] = [:], input: String = "", timeoutSeconds: Int = 120
    ) async throws -> CommandResult {
        try await run(
            "/bin/bash", ["-c", line], environment: environment, input: input, timeoutSeconds: timeoutSeconds)
    }

    /// Files rather than pipes: a grandchild that outlives its parent cannot hold the test up.
    private struct Capture {
        let directory = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("atoll-\(UUID())")
        var input: URL { directory.appendingPathComponent("in") }
        var output: URL { directory.appendingPathComponent("out") }
        var errors: URL { directory.appendingPathComponent("err") }

        init() throws {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            for file in [input, output, errors] { try Data().write(to: file) }
        }

        func text(_ file: URL) throws -> String { String(decoding: try Data(contentsOf: file), as: UTF8.self) }
        func remove() { try? FileManager.default.removeItem(at: directory) }
    }
}

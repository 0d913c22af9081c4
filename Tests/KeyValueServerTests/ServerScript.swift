import Foundation
import Testing

/// A script of `Scripts/` that starts the real server and tests it with real clients. It ends with code 0 when all is
/// well, and otherwise says what is not.
enum ServerScript {
    /// The program built with these tests, with what comes before the server's own arguments.
    static let serverCommand: String = {
        if let named = ProcessInfo.processInfo.environment["ATOLL_EXECUTABLE"] { return "\(named) kv" }
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let atoll = bundle.appendingPathComponent("atoll").path
        if FileManager.default.isExecutableFile(atPath: atoll) { return "\(atoll) kv" }
        return bundle.appendingPathComponent("kv").path
    }()

    /// This folder, also where the build reaches it through a link.
    private static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    private static let repository = folder.deletingLastPathComponent().deletingLastPathComponent().path

    /// The Python of `scripts/python-environment`, or the machine's where that has not been made.
    private static let python: String = {
        let own = repository + "/.venv/bin/python"
        return FileManager.default.isExecutableFile(atPath: own) ? own : "/usr/bin/python3"
    }()

    /// The peer that the model test compares with (Debian's package redis-server).
    static let redisIsInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/redis-server")

    /// Whether the Python has what `scripts/requirements.txt` names.
    static let hasClientLibraries =
        (try? spawn([python, "-c", "import celery, django, redis"], output: "/dev/null")) == 0

    /// Runs a script with the server's command as its first argument.
    /// - Returns: its exit code, and all that it printed.
    static func run(_ name: String, _ arguments: [String] = [], timeoutSeconds: Int = 300) throws -> (Int32, String) {
        let output = "/tmp/atoll-kv-script-\(UUID().uuidString)"
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        defer { try? FileManager.default.removeItem(atPath: output) }
        let words = [
            "/usr/bin/timeout", "--kill-after=5", "\(timeoutSeconds)", python, folder.path + "/Scripts/\(name)",
            serverCommand,
        ]
        let code = try spawn(words + arguments, output: output)
        return (code, (try? String(contentsOfFile: output, encoding: .utf8)) ?? "")
    }

    private static func spawn(_ words: [String], output: String) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        let failure = posix_spawn(&child, words[0], &actions, nil, &arguments, environ)
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EIO) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return (status & 0x7F) == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }
}

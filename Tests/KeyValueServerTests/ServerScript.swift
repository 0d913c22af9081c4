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

    /// Whether `--io io_uring` can start here.
    static let kernelHasRings: Bool = {
        // Who serves until the time is up has started: 124 is how timeout ends then.
        let words = ["/usr/bin/timeout", "1"] + serverCommand.split(separator: " ").map(String.init)
        return (try? spawn(words + ["--port", "0", "--save", "", "--io", "io_uring"], output: "/dev/null")) == 124
    }()

    static let processorCount = ProcessInfo.processInfo.activeProcessorCount

    /// Whether a test may take the place of the system's log.
    static let systemLogIsFree = getuid() == 0 && access("/dev/log", F_OK) != 0

    /// Whether this machine has an IPv4 address that others could reach it by.
    static let hasOutsideAddress: Bool = {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return false }
        defer { freeifaddrs(list) }
        var next = list
        while let entry = next?.pointee {
            let isIPv4 = entry.ifa_addr?.pointee.sa_family == sa_family_t(AF_INET)
            if isIPv4, entry.ifa_flags & UInt32(IFF_LOOPBACK) == 0 { return true }
            next = entry.ifa_next
        }
        return false
    }()

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

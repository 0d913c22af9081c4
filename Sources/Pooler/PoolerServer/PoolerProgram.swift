import CAtoll
import Glibc
import PoolerConfiguration
import PoolerSessions

/// `atoll pooler`: the program around the poolers. Started under the name pgbouncer it behaves as that program.
package enum PoolerProgram {
    /// The first line of `--version`, and what SHOW VERSION says.
    package static let version = "PgBouncer 1.25.2 (Atoll)"

    /// Runs until the end, and returns the exit code.
    /// - Parameter arguments: the program's name first, then what pgbouncer takes.
    package static func run(arguments: [String]) -> Int32 {
        let arguments = PoolerArguments(Array(arguments.dropFirst()))
        switch arguments.wish {
        case .version: print(version)
        case .help: print(PoolerArguments.help)
        case .usage(let problem): return fail(problem)
        case .run: return start(arguments)
        }
        return 0
    }

    private static func fail(_ text: String) -> Int32 {
        let bytes = Array((text + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        return 1
    }

    private static func start(_ arguments: PoolerArguments) -> Int32 {
        let log = PoolerLog()
        log.usesStandardError = !arguments.isQuiet && !arguments.isDaemon
        do {
            let loaded = try LoadedConfiguration.load(arguments.configurationPath, read: FileContents.read)
            let settings = loaded.snapshot.settings
            log.verbosity = max(arguments.verbosity, settings.verbosity)
            log.open(path: settings.logFile ?? "")
            log.useSystemLog(settings)
            var files = AuthenticationFiles()
            let notes = loaded.notes + files.load(for: settings, read: FileContents.read)
            for note in notes { log.write(.warning, "\(note)") }
            for warning in UnbuiltSettings.warnings(settings) { log.write(.warning, warning) }
            if let problem = settings.tlsProblem { return fail(problem, log) }
            if let name = arguments.user ?? settings.processUser, !become(name) {
                return fail("cannot become user \(name): \(String(cString: strerror(errno)))", log)
            }
            if getuid() == 0 { return fail("PgBouncer should not run as root", log) }
            raiseDescriptorLimit()
            if arguments.isDaemon {
                guard settings.processIDFile != nil else { return fail("daemon needs pidfile configured", log) }
                guard atoll_daemonize() == 0 else {
                    return fail("cannot go into the background: \(String(cString: strerror(errno)))", log)
                }
            }
            return try serve(arguments, loaded.snapshot, files, log)
        } catch {
            return fail("\(error)", log)
        }
    }

    private static func fail(_ text: String, _ log: PoolerLog) -> Int32 {
        log.write(.fatal, text)
        return log.usesStandardError ? 1 : fail(text)
    }

    private static func serve(
        _ arguments: PoolerArguments, _ snapshot: ConfigurationSnapshot, _ files: AuthenticationFiles, _ log: PoolerLog
    ) throws -> Int32 {
        var predecessor: Predecessor?
        if arguments.takesOver {
            predecessor = try Predecessor.find(snapshot.settings)
            if predecessor == nil { log.write(.log, "no process to take over from: starting as without -R") }
        }
        let process = try PoolerProcess(
            arguments, snapshot: snapshot, files: files, log: log, predecessor: predecessor)
        let path = snapshot.settings.processIDFile ?? ""
        if !path.isEmpty, !writeProcessID(path) {
            return fail("cannot write pidfile \(path): \(String(cString: strerror(errno)))", log)
        }
        defer { if !path.isEmpty, !process.isRetired { unlink(path) } }
        return process.run()
    }

    private static func writeProcessID(_ path: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let bytes = Array("\(getpid())\n".utf8)
        return write(descriptor, bytes, bytes.count) == bytes.count
    }

    /// Goes on as another user of the system, with nothing of the one before.
    private static func become(_ name: String) -> Bool {
        guard let entry = getpwnam(name)?.pointee else { return false }
        return getuid() == entry.pw_uid
            || (initgroups(name, entry.pw_gid) == 0 && setgid(entry.pw_gid) == 0 && setuid(entry.pw_uid) == 0)
    }

    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

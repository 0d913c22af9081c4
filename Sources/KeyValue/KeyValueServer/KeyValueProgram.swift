import Glibc
import IOLoop
import KeyValueCommands

/// `atoll kv`: the program around the engine. Started under the name redis-server it behaves as that program.
package enum KeyValueProgram {
    /// The version of Redis whose behaviour this is.
    package static var compatibleVersion: String { RedisCompatibility.version }

    /// Runs the server until it ends, and returns the exit code.
    /// - Parameter arguments: the program's name first, then what redis-server takes.
    package static func run(arguments: [String]) -> Int32 {
        let rest = Array(arguments.dropFirst())
        if rest.first == "check", !(arguments.first ?? "").contains("redis-server") {
            return CheckProgram.run(arguments: Array(rest.dropFirst()))
        }
        if let first = rest.first, let code = information(first) { return code }
        let configuration = Configuration()
        do {
            try load(configuration, ProgramArguments(rest))
        } catch {
            report(error)
            return 1
        }
        return serve(configuration, arguments)
    }

    private static func information(_ option: String) -> Int32? {
        switch option {
        case "-v", "--version":
            print("Redis server v=\(RedisCompatibility.version) sha=00000000:0 malloc=mimalloc bits=64 build=0 (Atoll)")
            return 0
        case "--print-commands":
            print(CommandReference.page(), terminator: "")
            return 0
        case "--print-configuration":
            print(ConfigurationReference.page(), terminator: "")
            return 0
        case "-h", "--help":
            print(KeyValueHelp.text)
            return 0
        default: return nil
        }
    }

    private static func load(
        _ configuration: Configuration, _ arguments: ProgramArguments
    ) throws(ConfigurationFailure) {
        if let path = arguments.filePath {
            configuration.filePath = path.hasPrefix("/") ? path : "\(configuration["dir"])/\(path)"
            try configuration.loadFiles(matching: path)
        }
        if arguments.readsStandardInput {
            try configuration.load(text: Configuration.read(descriptor: STDIN_FILENO) ?? "")
        }
        try configuration.load(text: arguments.text)
        let logFile = configuration["logfile"]
        guard logFile.isEmpty || access(logFile, W_OK) == 0 || errno == ENOENT else {
            throw ConfigurationFailure(reason: "Can't open the log file: \(String(cString: strerror(errno)))")
        }
    }

    private static func report(_ failure: ConfigurationFailure) {
        var text = "\n*** FATAL CONFIG FILE ERROR (Redis \(RedisCompatibility.version)) ***\n"
        if failure.lineNumber > 0 {
            text += "Reading the configuration file, at line \(failure.lineNumber)\n>>> '\(failure.line)'\n"
        }
        writeError(text + failure.reason + "\n")
    }

    /// The program as it was called, as its title has it.
    private static func name(_ arguments: [String]) -> String {
        let name = arguments.first ?? "redis-server"
        return name.hasSuffix("/atoll") || name == "atoll" ? name + " kv" : name
    }

    private static func serve(_ configuration: Configuration, _ arguments: [String]) -> Int32 {
        let log = ServerLog()
        log.configure(configuration)
        let manager = ServiceSupervisor(configuration, log: log)
        // A service manager watches the process that it started.
        let isInBackground = configuration.flag("daemonize") && manager.kind == .none
        if isInBackground, !Daemon.detach() {
            writeError("atoll kv: could not go into the background: \(String(cString: strerror(errno)))\n")
            return 1
        }
        let process = ProcessSettings(
            configuration, log: log, programName: name(arguments), isInBackground: isInBackground)
        process.prepare()
        logStart(configuration, log, hasFile: configuration.filePath != nil || arguments.count > 1)
        let engine = Engine.make(
            configuration: configuration, seed: UInt64.random(in: 0 ... .max), usesThreads: true)
        engine.pointee.persistence.directory = configuration["dir"]
        for rename in configuration.renames {
            guard engine.pointee.directory.rename(rename.name, to: rename.newName) else {
                report(ConfigurationFailure(reason: "No such command in rename-command, or the new name is taken"))
                return 1
            }
        }
        let appendOnly = AppendOnlyService(engine: engine, configuration: configuration, log: log)
        do {
            let server = try Server(
                engine: engine, configuration: configuration, log: log, process: process, manager: manager,
                appendOnly: appendOnly)
            server.announce()
            if let code = server.load() { return code }
            server.becomeReady()
            server.run()
            return 0
        } catch {
            log.write(.warning, "\(error)")
            let port = configuration.integer("port") > 0 ? configuration["port"] : configuration["tls-port"]
            log.write(.warning, "Failed listening on port \(port) (tcp), aborting.")
            return 1
        }
    }

    private static func logStart(_ configuration: Configuration, _ log: ServerLog, hasFile: Bool) {
        log.write(.notice, "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo")
        log.write(
            .notice,
            "Redis version=\(RedisCompatibility.version), bits=64, commit=00000000, modified=0, pid=\(getpid()), just started"
        )
        log.write(
            .notice,
            hasFile
                ? "Configuration loaded"
                : "Warning: no config file specified, using the default config. In order to specify a config file use "
                    + "\(CommandLine.arguments.first ?? "redis-server") /path/to/redis.conf")
    }

    static func writeError(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// What `--help` prints.
enum KeyValueHelp {
    static let text = """
        Usage: atoll kv [/path/to/redis.conf] [options] [-]
               atoll kv - (read the configuration from standard input)
               atoll kv -v | --version
               atoll kv -h | --help
               atoll kv check [--fix] PATH (verify an RDB file or an append-only file, without a server; --help)

        Options are the directives of redis.conf with two dashes in front, and come after the file's:

          atoll kv                                       serve 127.0.0.1:6379 and everything else that `bind` says
          atoll kv /etc/redis/redis.conf --port 6380     a file, and another port
          atoll kv --port 7777 --maxmemory 2gb --maxmemory-policy allkeys-lru
          echo 'port 7777' | atoll kv -

        Of ours: --io auto|epoll|io_uring chooses how the event loop waits.
        """
}

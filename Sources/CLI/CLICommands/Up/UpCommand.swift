import ArgumentParser
import ControlReconciler
import Foundation
import Glibc
import Logging
import Telemetry

/// `atoll up`
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Start the platform: API, databases, metrics.",
        discussion: """
            The first start makes the data directory, a certificate authority, an API token and the state database. \
            Later starts find them again and adopt databases that are running.

            Examples:
              atoll up                            in the foreground, for this machine only
              atoll up --daemon                   in the background
              atoll up --listen 0.0.0.0 --hostname db.example.com

            Signals: SIGTERM and SIGINT stop the databases and end; SIGUSR1 ends and leaves the databases running, \
            for an upgrade.
            """)

    @OptionGroup var options: UpOptions

    @Flag(inversion: .prefixedNo, help: .hidden) var announce = true

    @Option(help: "Write the log to this file instead of stderr; it is put aside at 10 MiB, five such files are kept.")
    var logFile: String?

    @Flag(help: "Run here until a signal comes, or in the background with the log in DATA/logs/control.log.")
    var mode: Mode = .foreground

    enum Mode: String, EnumerableFlag {
        case foreground
        case daemon
    }

    func run() async throws {
        switch mode {
        case .foreground: try await runHere()
        case .daemon: try await Daemon(options: options).start()
        }
    }

    /// Connections, shims and sessions each take a descriptor; the usual soft limit of 1024 is for select(2).
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private func startLogging() throws {
        let format: LogFormat = options.logFormat == .json ? .json : .text
        guard let logFile else { return LoggingStart.bootstrap(format: format, level: .info) }
        guard let file = RotatingFileSink(path: logFile) else {
            throw CommandError("The log file \(logFile) cannot be opened: \(String(cString: strerror(errno)))")
        }
        LoggingStart.bootstrap(format: format, level: .info, file: file)
    }

    private func runHere() async throws {
        // A client that goes away must not end us.
        signal(SIGPIPE, SIG_IGN)
        umask(0o077)
        raiseDescriptorLimit()
        try startLogging()
        let logger = Logger(label: "atoll")
        // A log of JSON lines holds nothing else.
        let progress = StartProgress(isQuiet: !announce || options.logFormat == .json)
        let installation = Installation(options: options, progress: progress)
        try installation.makeDirectories()
        let lock = try ControlLock(path: installation.layout.controlLock)
        try options.checkPorts()
        let process = try await ControlProcess(options: options, installation: installation, logger: logger)
        let issued = try await installation.adminToken(process.store)
        let announcement = Announcement(options: options, layout: installation.layout, issuedToken: issued)
        let announces = announce
        try await process.run {
            if announces { announcement.print() }
        }
        _ = consume lock
    }
}

/// What a start tells its user.
struct Announcement: Sendable {
    let options: UpOptions.Shown
    let layout: PlatformLayout
    /// The token's secret when it was issued by this start.
    let issuedToken: String?

    init(options: UpOptions, layout: PlatformLayout, issuedToken: String?) {
        self.options = options.shown
        self.layout = layout
        self.issuedToken = issuedToken
    }

    /// Under systemd the output is the journal, where no secret belongs.
    private var isJournal: Bool { ProcessInfo.processInfo.environment["INVOCATION_ID"] != nil }

    var text: String {
        let token =
            issuedToken.flatMap { isJournal ? nil : "\($0)\n             (kept in \(layout.adminTokenFile))" }
            ?? "in \(layout.adminTokenFile)"
        return """
            Atoll is up.

              URL        \(options.url)
              API token  \(token)
              CA         \(layout.authorityCertificate)
              Metrics    \(options.metricsURL)

            Next: \(options.command) db create example

            """
    }

    func print() {
        FileHandle.standardOutput.write(Data(text.utf8))
    }
}

extension UpOptions {
    /// What of the options an announcement shows.
    struct Shown: Sendable {
        var url: String
        var metricsURL: String
        var command: String
    }

    var shown: Shown {
        let host = shownHostname.contains(":") ? "[\(shownHostname)]" : shownHostname
        let isDefault = dataDirectory == DataDirectory.defaultPath
        return Shown(
            url: "https://\(host):\(port)", metricsURL: "https://\(host):\(metricsPort)/metrics",
            command: (isDefault ? "" : "ATOLL_DATA=\(dataDirectory) ") + ProgramName.shown)
    }
}

import CAtoll
import Glibc
import KeyValueCommands

/// What directives do to the process as a whole: its title, pages, processors, score for the out-of-memory killer, pid
/// file, and reports of what goes wrong in it. Loop only.
final class ProcessSettings {
    private let configuration: Configuration
    private let log: ServerLog
    let placement: ThreadPlacement
    private var score = OutOfMemoryScore()
    /// The program as it was called, for the title.
    private let programName: String
    private let isInBackground: Bool
    /// Milliseconds after which a turn is reported; 0 for never.
    private var watchdogMilliseconds = 0

    private static let defaultPidFile = "/var/run/redis.pid"

    init(_ configuration: Configuration, log: ServerLog, programName: String, isInBackground: Bool) {
        self.configuration = configuration
        self.log = log
        self.programName = programName
        self.isInBackground = isInBackground
        placement = ThreadPlacement(configuration)
    }

    /// Before memory is taken: pages, and what reports of crashes need.
    func prepare() {
        if configuration.flag("disable-thp"), atoll_disable_huge_pages() != 0 {
            log.write(.warning, "Transparent huge pages stay on: \(String(cString: strerror(errno)))")
        }
        setReports()
    }

    /// When the server listens.
    func begin() {
        writePidFile()
        setTitle()
        placement.placeLoop { log.write(.warning, $0) }
        do {
            try score.adjust(configuration)
        } catch {
            log.write(.warning, error.description)
        }
        setWatchdog()
    }

    func end() {
        if let path = pidFile { unlink(path) }
    }

    /// Follows changes by CONFIG SET.
    func changed(_ names: Set<String>) throws(ConfigurationError) {
        if !names.isDisjoint(with: ["oom-score-adj", "oom-score-adj-values"]) {
            do {
                try score.adjust(configuration)
            } catch {
                log.write(.warning, error.description)
                throw error
            }
        }
        if !names.isDisjoint(with: ["crash-log-enabled", "crash-memcheck-enabled", "use-exit-on-panic"]) {
            setReports()
        }
        if !names.isDisjoint(with: ["proc-title-template", "port", "tls-port", "bind"]) { setTitle() }
        if !names.isDisjoint(with: ["watchdog-period", "hz"]) { setWatchdog() }
    }

    /// Tells the watchdog that the loop goes round. To be called in each round of housekeeping.
    func keepHouse() {
        if watchdogMilliseconds > 0 { atoll_watch_thread(Int32(clamping: watchdogMilliseconds)) }
    }

    private func setWatchdog() {
        let wanted = configuration.integer("watchdog-period")
        // Two rounds of housekeeping at least, or it would report a loop that has nothing to do.
        let least = 2 * 1000 / min(max(configuration.integer("hz"), 1), 500)
        watchdogMilliseconds = wanted == 0 ? 0 : max(wanted, least)
        atoll_watch_thread(Int32(clamping: watchdogMilliseconds))
    }

    private func setReports() {
        let logFile = configuration["logfile"]
        let path = logFile.isEmpty || logFile.hasPrefix("/") ? logFile : "\(configuration["dir"])/\(logFile)"
        atoll_report_crashes(
            path, configuration.flag("crash-log-enabled"), configuration.flag("crash-memcheck-enabled"))
        atoll_exit_on_panic(configuration.flag("use-exit-on-panic"))
    }

    // MARK: - Title

    private func setTitle() {
        guard configuration.flag("set-proc-title"),
            let title = TitleTemplate.expand(configuration["proc-title-template"], titleVariable)
        else { return }
        atoll_set_process_title(title)
    }

    private func titleVariable(_ name: String) -> String? {
        switch name {
        case "title": return programName
        case "listen-addr":
            let port = configuration["port"] == "0" ? configuration["tls-port"] : configuration["port"]
            if port == "0" { return "unixsocket:\(configuration["unixsocket"])" }
            return "\(configuration.words("bind").first ?? "*"):\(port)"
        case "server-mode": return ""
        case "config-file": return configuration.filePath ?? "-"
        case "port", "tls-port", "unixsocket": return configuration[name]
        default: return nil
        }
    }

    // MARK: - The pid's file

    /// Where the pid is written; a server in the background has a place for it in any case.
    private var pidFile: String? {
        let path = configuration["pidfile"]
        if path.isEmpty { return isInBackground ? Self.defaultPidFile : nil }
        return path
    }

    private func writePidFile() {
        guard let path = pidFile else { return }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            log.write(.warning, "Failed to write PID file: \(String(cString: strerror(errno)))")
            return
        }
        let bytes = Array("\(getpid())\n".utf8)
        _ = write(descriptor, bytes, bytes.count)
        close(descriptor)
    }
}

import Glibc
import KeyValueCommands

/// The log of a server: to standard output, a file, and syslog, in Redis's form of lines.
///
/// `pid:role dd Mon yyyy hh:mm:ss.mmm level message`
final class ServerLog {
    private var path = ""
    private var level = LogLevel.notice
    private var usesSyslog = false
    /// Kept for the life of the process: syslog refers to it.
    private var identity: UnsafeMutablePointer<CChar>?

    private static let marks = [".", "-", "*", "#"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Takes over what the configuration says.
    func configure(_ configuration: Configuration) {
        path = configuration["logfile"]
        level = LogLevel(name: configuration["loglevel"])
        usesSyslog = configuration.flag("syslog-enabled")
        guard usesSyslog, identity == nil else { return }
        identity = strdup(configuration["syslog-ident"])
        openlog(identity, LOG_PID | LOG_NDELAY | LOG_NOWAIT, Self.facility(configuration["syslog-facility"]))
    }

    private static func facility(_ name: String) -> Int32 {
        guard name.hasPrefix("local"), let number = Int32(name.dropFirst(5)) else { return 1 << 3 }
        return (16 + number) << 3
    }

    func write(_ level: LogLevel, _ message: String) {
        guard level >= self.level, level < .nothing else { return }
        var now = timeval()
        gettimeofday(&now, nil)
        var parts = tm()
        localtime_r(&now.tv_sec, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let milliseconds = String(1000 + now.tv_usec / 1000).dropFirst()
        let date = "\(two(parts.tm_mday)) \(Self.months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
        let time = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(milliseconds)"
        writeRaw("\(getpid()):M \(date) \(time) \(Self.marks[level.rawValue]) \(message)\n")
        if usesSyslog {
            let priority = [LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING][level.rawValue]
            message.withCString { text in withVaList([text]) { vsyslog(priority, "%s", $0) } }
        }
    }

    /// Writes text as it is, at once.
    func writeRaw(_ text: String) {
        let descriptor = path.isEmpty ? STDOUT_FILENO : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count <= 0 { break }
            bytes = bytes.dropFirst(count)
        }
        if descriptor != STDOUT_FILENO { close(descriptor) }
    }
}

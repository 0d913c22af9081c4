import Glibc
import PoolerConfiguration
import PoolerSessions
import Synchronization

/// The log, in PgBouncer's form of lines: to standard error, a file, and the system's log. All loops write to it.
///
/// `YYYY-MM-DD hh:mm:ss.mmm TZ [pid] LEVEL text`
final class PoolerLog: Sendable {
    private struct Targets {
        var usesStandardError = true
        var descriptor: Int32 = -1
        var system: SystemLog?
    }

    private let targets = Mutex(Targets())
    private let verbosityLevel = Atomic<Int>(0)

    /// Whether standard error is written to.
    var usesStandardError: Bool {
        get { targets.withLock { $0.usesStandardError } }
        set { targets.withLock { $0.usesStandardError = newValue } }
    }

    /// From 1 debug lines are written, from 2 all.
    var verbosity: Int {
        get { verbosityLevel.load(ordering: .relaxed) }
        set { verbosityLevel.store(newValue, ordering: .relaxed) }
    }

    /// Writes to the system's log too, or no more, as the settings say.
    func useSystemLog(_ settings: PoolerSettings, path: String = "/dev/log") {
        let (isUsed, identity, facility) = (settings.logsToSyslog, settings.syslogIdentity, settings.syslogFacility)
        targets.withLock { targets in
            targets.system = isUsed ? SystemLog(path: path, identity: identity, facility: facility) : nil
        }
    }

    /// Opens the file anew, or another one; empty for none. One that cannot be opened leaves the one before.
    func open(path: String) {
        let opened = path.isEmpty ? -1 : Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard path.isEmpty || opened >= 0 else {
            return write(.warning, "cannot open log file \(path): \(String(cString: strerror(errno)))")
        }
        targets.withLock { targets in
            if targets.descriptor >= 0 { close(targets.descriptor) }
            targets.descriptor = opened
        }
    }

    func write(_ level: PoolerLogLevel, _ text: String) {
        if level == .debug, verbosity < 1 { return }
        if level == .noise, verbosity < 2 { return }
        targets.withLock { targets in
            // Under the lock, so that lines stand in the order of their times.
            let line = "\(Self.time()) [\(getpid())] \(level.rawValue) \(text)\n"
            if targets.usesStandardError { Self.write(line, to: STDERR_FILENO) }
            if targets.descriptor >= 0 { Self.write(line, to: targets.descriptor) }
            targets.system?.write(level, text)
        }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var position = 0
            while position < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + position }, bytes.count - position)
                if count <= 0 { break }
                position += count
            }
        }
    }

    private static func time() -> String {
        var now = timeval()
        gettimeofday(&now, nil)
        let milliseconds = String(1000 + now.tv_usec / 1000).dropFirst()
        let (moment, zone) = local(now.tv_sec)
        return "\(moment).\(milliseconds) \(zone)"
    }

    /// A moment in seconds since 1970, as `YYYY-MM-DD hh:mm:ss TZ` in local time.
    static func secondText(_ seconds: Int) -> String {
        let (moment, zone) = local(seconds)
        return "\(moment) \(zone)"
    }

    private static func local(_ seconds: Int) -> (moment: String, zone: String) {
        var seconds = seconds
        var parts = tm()
        localtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let moment =
            "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return (moment, parts.tm_zone.map { String(cString: $0) } ?? "UTC")
    }
}

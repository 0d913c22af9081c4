import Glibc
import PoolerConfiguration
import PoolerSessions

/// Lines for the system's log, as its datagram socket takes them (RFC 3164, in the form of the C library). One thread
/// at a time.
///
/// A line that cannot be delivered at once is dropped: nobody waits for the log.
final class SystemLog {
    private let path: String
    private let identity: String
    private let facility: SyslogFacility
    private var descriptor: Int32 = -1

    init(path: String = "/dev/log", identity: String, facility: SyslogFacility) {
        self.path = path
        self.identity = identity
        self.facility = facility
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ level: PoolerLogLevel, _ text: String) {
        let line = Array("<\(Self.priority(level, facility))>\(Self.time()) \(identity)[\(getpid())]: \(text)".utf8)
        // The log's own process may have begun anew: its socket is another one then.
        if descriptor < 0 || !send(line) {
            connect()
            _ = send(line)
        }
    }

    private func send(_ line: [UInt8]) -> Bool {
        Glibc.send(descriptor, line, line.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) >= 0
            || errno == EAGAIN
    }

    private func connect() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { target in
            if bytes.count < target.count { target.copyBytes(from: bytes) }
        }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result != 0, descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
    }

    /// Facility and severity in one number (RFC 3164, 4.1.1).
    static func priority(_ level: PoolerLogLevel, _ facility: SyslogFacility) -> Int {
        let severity =
            switch level {
            case .fatal: 2
            case .error: 3
            case .warning: 4
            case .log: 6
            case .debug, .noise: 7
            }
        return number(facility) * 8 + severity
    }

    private static func number(_ facility: SyslogFacility) -> Int {
        switch facility {
        case .user: 1
        case .daemon: 3
        case .auth: 4
        case .authpriv: 10
        case .local0: 16
        case .local1: 17
        case .local2: 18
        case .local3: 19
        case .local4: 20
        case .local5: 21
        case .local6: 22
        case .local7: 23
        }
    }

    /// `Nov 28 09:05:01`, whatever the locale.
    private static func time() -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        var now = Glibc.time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = parts.tm_mday < 10 ? " \(parts.tm_mday)" : "\(parts.tm_mday)"
        return "\(months[Int(parts.tm_mon)]) \(day) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }
}

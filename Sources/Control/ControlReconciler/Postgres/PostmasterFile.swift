import Glibc

/// What postmaster.pid says (miscadmin.h: one item a line; line 1 is the pid, line 8 the status).
struct PostmasterFile: Sendable, Equatable {
    var pid: Int32
    /// Takes connections, or is a standby that does.
    var isReady: Bool

    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, let pid = Int32(first.trimmingPrefix(" ")), pid > 0 else { return nil }
        self.pid = pid
        let status = lines.count >= 8 ? lines[7].trimmingPrefix(" ") : ""
        isReady = status.hasPrefix("ready") || status.hasPrefix("standby")
    }

    /// The process lives and is a server of this data directory, not another that got its pid.
    func isAlive(dataDirectory: String) -> Bool {
        guard kill(pid, 0) == 0 || errno == EPERM else { return false }
        let commandLine = DurableFile.read("/proc/\(pid)/cmdline") ?? ""
        return commandLine.split(separator: "\0").contains { $0 == dataDirectory }
    }
}

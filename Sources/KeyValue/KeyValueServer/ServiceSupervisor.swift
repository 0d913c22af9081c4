import CAtoll
import Glibc
import KeyValueCommands

/// The service manager that started the server, and what it is told: `supervised`.
struct ServiceSupervisor {
    /// As INFO's process_supervised has it.
    enum Kind: String {
        case none = "no"
        case upstart, systemd
    }

    let kind: Kind
    private let socketPath: String
    private let log: ServerLog

    /// Finds the one that the directive asks for; with `auto`, by what is in the environment. Upstart is told at once that
    /// the server is there: it waits for the process to stop itself.
    init(_ configuration: Configuration, log: ServerLog) {
        self.log = log
        let job = getenv("UPSTART_JOB").map { String(cString: $0) }
        socketPath = getenv("NOTIFY_SOCKET").map { String(cString: $0) } ?? ""
        var wanted = configuration["supervised"]
        if wanted == "auto" { wanted = job != nil ? "upstart" : socketPath.isEmpty ? "no" : "systemd" }
        switch wanted {
        case "upstart" where job == nil:
            log.write(.warning, "upstart supervision requested, but UPSTART_JOB not found!")
            kind = .none
        case "upstart":
            log.write(.notice, "supervised by upstart, will stop to signal readiness.")
            raise(SIGSTOP)
            unsetenv("UPSTART_JOB")
            kind = .upstart
        case "systemd" where socketPath.isEmpty:
            log.write(.warning, "systemd supervision error: NOTIFY_SOCKET not found!")
            kind = .none
        case "systemd":
            guard atoll_notify(socketPath, "STATUS=Redis is loading...\n") == 0 else {
                log.write(.warning, "systemd supervision error: \(String(cString: strerror(errno)))")
                kind = .none
                return
            }
            log.write(
                .notice,
                "Supervised by systemd. Its TimeoutStartSec and TimeoutStopSec must leave time to load and save.")
            kind = .systemd
        default: kind = .none
        }
    }

    func ready() { tell("STATUS=Ready to accept connections\nREADY=1\n") }

    func stopping() { tell("STOPPING=1\n") }

    private func tell(_ message: String) {
        guard kind == .systemd, atoll_notify(socketPath, message) != 0 else { return }
        log.write(.warning, "systemd supervision error: \(String(cString: strerror(errno)))")
    }
}

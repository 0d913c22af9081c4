import ControlReconciler
import Foundation
import Glibc

/// `atoll up --daemon`: starts the control process in a session of its own and waits until it serves.
struct Daemon {
    let options: UpOptions

    private static let startSecondsMax = 60.0
    /// POSIX_SPAWN_SETSID of glibc's spawn.h, which Swift does not import.
    private static let setSession: Int16 = 0x80

    func start() async throws {
        let installation = Installation(options: options, progress: StartProgress())
        try installation.makeDirectories()
        let layout = installation.layout
        guard ControlLock.holder(path: layout.controlLock) == nil else {
            _ = try ControlLock(path: layout.controlLock)
            return
        }
        let isFirst = !DurableFile.exists(layout.adminTokenFile)
        unlink(layout.controlEndpoint)
        let pid = try spawn(log: layout.controlLog)
        try await waitUntilServing(pid: pid, layout: layout)
        let secret = isFirst ? DurableFile.read(layout.adminTokenFile) : nil
        Announcement(
            options: options, layout: layout,
            issuedToken: secret?.trimmingCharacters(in: .whitespacesAndNewlines)
        ).print()
        FileHandle.standardOutput.write(
            Data("Log: \(layout.controlLog)   Stop: \(options.shown.command) down\n".utf8))
    }

    /// What our caller left open (a lock, a pipe that someone reads to its end) must not stay open in the background.
    private func closeInheritedAtSpawn() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            if let descriptor = Int32(name), descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
    }

    private func spawn(log: String) throws -> pid_t {
        closeInheritedAtSpawn()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Self.setSession)
        let executable = try ControlProcess.executable()
        let arguments = [executable, "up", "--foreground", "--no-announce", "--log-file", log] + options.arguments
        var pid: pid_t = 0
        let words = arguments.map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        let code = posix_spawn(&pid, executable, &actions, &attributes, words, environ)
        guard code == 0 else {
            throw CommandError("\(executable) cannot be started: \(String(cString: strerror(code)))")
        }
        return pid
    }

    private func waitUntilServing(pid: pid_t, layout: PlatformLayout) async throws {
        let deadline = Date().addingTimeInterval(Self.startSecondsMax)
        while !DurableFile.exists(layout.controlEndpoint) {
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == 0 else {
                let said = DurableFile.readTail(layout.controlLog, bytesMax: 2000)
                throw CommandError("Atoll did not start. The end of \(layout.controlLog):\n\(said)")
            }
            guard Date() < deadline else {
                throw CommandError(
                    "Atoll has not come up within \(Int(Self.startSecondsMax)) s.",
                    advice: "Look into \(layout.controlLog).")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

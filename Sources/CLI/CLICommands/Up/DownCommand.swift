import ArgumentParser
import ControlReconciler
import Foundation
import Glibc

/// `atoll down`
struct DownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Stop the platform and its databases.",
        discussion: """
            Waits until all is stopped. Data stays; `atoll up` brings everything back.

            Examples:
              atoll down
              atoll down --keep-databases     end the control process only, as for an upgrade
            """)

    @Option(help: "The data directory (default: as for `atoll up`).")
    var data: String?

    @Flag(help: "Leave the databases running; the next `atoll up` takes them over.")
    var keepDatabases = false

    @Option(help: "Seconds to wait for the end.")
    var timeout = 120

    func run() async throws {
        let layout = PlatformLayout(root: DataDirectory.resolve(option: data))
        guard let pid = ControlLock.holder(path: layout.controlLock) else {
            throw CommandError("Atoll does not run on \(layout.root).", advice: "Start it with `atoll up`.")
        }
        guard kill(pid, keepDatabases ? SIGUSR1 : SIGTERM) == 0 else {
            throw CommandError("Process \(pid) cannot be signalled: \(String(cString: strerror(errno)))")
        }
        let deadline = Date().addingTimeInterval(Double(timeout))
        while ControlLock.holder(path: layout.controlLock) == pid {
            guard Date() < deadline else {
                throw CommandError("Atoll has not ended within \(timeout) s.", advice: "Look into its log.")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        print("Atoll is down" + (keepDatabases ? "; its databases are running." : "."))
    }
}

import ControlModel
import Glibc

/// What nobody watches any more of an OS user that belongs to one cluster: processes and shared memory.
enum StrayProcesses {
    private static let secondsMax = 5
    private static let interval: Duration = .milliseconds(20)

    /// Kills all processes of the user and waits until they are gone.
    ///
    /// - Throws: `ServiceError` when some live after five seconds; what they can reach must not be touched then.
    static func end(ofUser userID: UInt32) async throws {
        let deadline = ContinuousClock.now + .seconds(secondsMax)
        while true {
            let strays = processes(ofUser: userID)
            guard !strays.isEmpty else { return }
            guard ContinuousClock.now < deadline else {
                throw ServiceError(
                    .serviceUnavailable, "Processes of the cluster's OS user do not end: \(strays.prefix(10)).")
            }
            for pid in strays { kill(pid, SIGKILL) }
            try await Task.sleep(for: interval)
        }
    }

    private static func processes(ofUser userID: UInt32) -> [Int32] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var found: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let pid = Int32(name), let status = DurableFile.read("/proc/\(pid)/status"),
                let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Uid:") }),
                line.split(separator: "\t").dropFirst().first == "\(userID)"
            else { continue }
            found.append(pid)
        }
        return found
    }

    /// Removes the user's System V segments that nobody is attached to.
    static func removeSegments(ofUser userID: UInt32) {
        // One line a segment: key, id, mode, size, creator, last user, attachments, owner, …
        for line in (DurableFile.read("/proc/sysvipc/shm") ?? "").split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ")
            guard fields.count > 7, fields[6] == "0", fields[7] == "\(userID)", let identifier = Int32(fields[1])
            else { continue }
            shmctl(identifier, IPC_RMID, nil)
        }
    }
}

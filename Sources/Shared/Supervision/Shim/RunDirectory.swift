import CAtoll
import FoundationEssentials
import Glibc

/// The directory of one child: what a shim and control leave there for each other (docs/formats/shim-protocol.md).
///
/// The lock says whether a shim lives. Everything else may be left over from any crash and is judged by content.
struct RunDirectory: Sendable {
    let path: String

    var lockFile: String { path + "/lock" }
    var socketFile: String { path + "/shim.sock" }
    var specificationFile: String { path + "/child.json" }
    var runningFile: String { path + "/running.json" }
    var exitFile: String { path + "/exit.json" }

    /// The largest of these files.
    static let fileBytesMax = 4 * 1024 * 1024

    init(_ path: String) {
        self.path = path
    }

    /// `child.json`.
    struct SpecificationFile: Codable {
        var formatVersion = 1
        var specification: ChildSpecification
    }

    /// `running.json`: names the child beyond doubt, for the case that its shim is lost.
    struct RunningFile: Codable, Equatable {
        var formatVersion = 1
        var pid: Int32
        var startTicks: UInt64
        /// Pids and ticks begin anew at each boot.
        var bootID: String

        /// Whether this very process still runs.
        var isAlive: Bool {
            bootID == RunDirectory.bootID() && atoll_process_start_ticks(pid) == startTicks
                && !atoll_process_is_zombie(pid)
        }
    }

    static func bootID() -> String {
        let bytes = (try? FileBytes.read("/proc/sys/kernel/random/boot_id", limit: 256)) ?? []
        return String(decoding: bytes.prefix { $0 > 32 }, as: UTF8.self)
    }

    /// Whether a shim holds the lock.
    func isLocked() -> Bool {
        let descriptor = open(lockFile, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return atoll_file_is_locked(descriptor) == 1
    }

    func readSpecification() throws -> ChildSpecification {
        try Self.decodeSpecification(try FileBytes.read(specificationFile, limit: Self.fileBytesMax))
    }

    static func decodeSpecification(_ bytes: [UInt8]) throws -> ChildSpecification {
        try JSONDecoder().decode(SpecificationFile.self, from: Data(bytes)).specification
    }

    static func encodeSpecification(_ specification: ChildSpecification) throws -> [UInt8] {
        try encode(SpecificationFile(specification: specification))
    }

    func readRunning() -> RunningFile? { read(runningFile) }
    func readExit() -> ChildExitRecord? { read(exitFile) }

    func writeRunning(_ running: RunningFile) throws {
        try FileBytes.replace(runningFile, with: try Self.encode(running))
    }

    func writeExit(_ record: ChildExitRecord) throws {
        try FileBytes.replace(exitFile, with: try Self.encode(record))
    }

    private static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(value))
    }

    private func read<Value: Decodable>(_ file: String) -> Value? {
        guard let bytes = try? FileBytes.read(file, limit: Self.fileBytesMax) else { return nil }
        return try? JSONDecoder().decode(Value.self, from: Data(bytes))
    }
}

/// Whole small files.
enum FileBytes {
    /// A system call on a file that failed.
    struct Failure: Error, CustomStringConvertible {
        var action: String
        var path: String
        var errorNumber: Int32
        var description: String { "could not \(action) \(path): \(systemMessage(errorNumber))" }
    }

    static func read(_ path: String, limit: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(action: "open", path: path, errorNumber: errno) }
        defer { close(descriptor) }
        return try read(descriptor: descriptor, path: path, limit: limit)
    }

    static func read(descriptor: Int32, path: String, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(action: "read", path: path, errorNumber: errno) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            if bytes.count > limit { throw Failure(action: "read all of", path: path, errorNumber: EFBIG) }
        }
    }

    /// Replaces a file (0600) so that a reader, or a crash, sees the old content or the new and nothing between.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Failure(action: "create", path: temporary, errorNumber: errno) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                let errorNumber = errno
                close(descriptor)
                throw Failure(action: "write", path: temporary, errorNumber: errorNumber)
            }
            written += count
        }
        let synced = fsync(descriptor) == 0
        let errorNumber = errno
        close(descriptor)
        guard synced else { throw Failure(action: "sync", path: temporary, errorNumber: errorNumber) }
        guard rename(temporary, path) == 0 else { throw Failure(action: "rename", path: temporary, errorNumber: errno) }
        syncDirectory(of: path)
    }

    /// Best effort: a file system that cannot sync a directory keeps the rename in its own order.
    private static func syncDirectory(of path: String) {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        let descriptor = open(String(path[..<end]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }
}

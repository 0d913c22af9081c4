import ControlModel
import Glibc

/// The files of the state on disk: made readable by their owner only, and durable once made.
enum StateFiles {
    /// Children of other users pass through the data directory, so it can be entered but not listed.
    private static let directoryMode: mode_t = 0o711
    private static let secretMode: mode_t = 0o600

    static func prepareDirectory(_ path: String) throws {
        guard mkdir(path, directoryMode) != 0 else { return try synchronizeDirectory(ofFile: path) }
        if errno != EEXIST { throw systemError("create the directory", path) }
    }

    /// Makes the database file before SQLite does: SQLite gives -wal and -shm the mode of the database.
    static func prepareDatabaseFile(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, secretMode)
        guard descriptor >= 0 else { throw systemError("open", path) }
        close(descriptor)
        for file in [path, path + "-wal", path + "-shm"] where chmod(file, secretMode) != 0 && errno != ENOENT {
            throw systemError("set the mode of", file)
        }
        try synchronizeDirectory(ofFile: path)
    }

    /// What a secret file holds; nil when there is none. One that others can read, or of another length, is refused.
    static func readSecret(_ path: String, byteCount: Int) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw systemError("open", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw systemError("examine", path) }
        guard status.st_mode & 0o077 == 0 else {
            throw ServiceError(
                .serverError, "\(path) can be read by other users. Run `chmod 600` on it, and start again.")
        }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size == byteCount else {
            throw ServiceError(
                .serverError,
                "\(path) is damaged: it must be a file of \(byteCount) bytes, and has \(status.st_size). "
                    + "Put it back from your backup.")
        }
        return try read(descriptor, byteCount: byteCount, path: path)
    }

    /// Makes a file that holds `bytes` and is there whole or not at all, whenever the machine stops.
    ///
    /// - Returns: false if there was one already, which is left as it is.
    static func createSecret(_ path: String, bytes: [UInt8]) throws -> Bool {
        let unfinishedPath = "\(path).new-\(makeResourceID())"
        let descriptor = open(unfinishedPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secretMode)
        guard descriptor >= 0 else { throw systemError("create", unfinishedPath) }
        defer {
            close(descriptor)
            unlink(unfinishedPath)
        }
        try write(bytes, to: descriptor, path: unfinishedPath)
        guard fsync(descriptor) == 0 else { throw systemError("write", unfinishedPath) }
        // link(2) fails if the name exists: the exclusive creation, of a file that is already complete.
        guard link(unfinishedPath, path) == 0 else {
            if errno == EEXIST { return false }
            throw systemError("create", path)
        }
        try synchronizeDirectory(ofFile: path)
        return true
    }

    private static func synchronizeDirectory(ofFile path: String) throws {
        let directory = path.lastIndex(of: "/").map { path[..<$0].isEmpty ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemError("open", directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw systemError("write", directory) }
    }

    private static func read(_ descriptor: CInt, byteCount: Int, path: String) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        var offset = 0
        while offset < byteCount {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + offset }, byteCount - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw systemError("read", path) }
            offset += count
        }
        return bytes
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt, path: String) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + offset }, bytes.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw systemError("write", path) }
            offset += count
        }
    }

    /// Call it at once after the failed call: it reads `errno`.
    private static func systemError(_ action: String, _ path: String) -> ServiceError {
        let reason = String(cString: strerror(errno))
        return ServiceError(.serverError, "Cannot \(action) \(path): \(reason).")
    }
}

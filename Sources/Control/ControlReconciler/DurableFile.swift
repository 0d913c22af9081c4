import Glibc

/// Files whose presence means that their whole content is on disk: written beside, synced, then renamed.
package enum DurableFile {
    /// Who a file or directory belongs to; nil keeps the process's own.
    package struct Owner: Sendable, Equatable {
        package var userID: UInt32
        package var groupID: UInt32

        package init(userID: UInt32, groupID: UInt32) {
            self.userID = userID
            self.groupID = groupID
        }
    }

    /// Puts `text` at `path`, atomically and durably (data, name, then directory).
    ///
    /// - Parameters:
    ///   - mode: permission bits, in force before the name is visible.
    ///   - owner: set before the name is visible.
    /// - Throws: `FileFailure` with the operation, the path and errno's words.
    package static func write(_ text: String, to path: String, mode: UInt32, owner: Owner? = nil) throws {
        let temporary = "\(path).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw FileFailure("create", temporary) }
        do {
            defer { close(descriptor) }
            guard fchmod(descriptor, mode) == 0 else { throw FileFailure("set the mode of", temporary) }
            if let owner, fchown(descriptor, owner.userID, owner.groupID) != 0 {
                throw FileFailure("set the owner of", temporary)
            }
            try writeAll(Array(text.utf8), to: descriptor, path: temporary)
            guard fsync(descriptor) == 0 else { throw FileFailure("sync", temporary) }
            try rename(temporary, to: path)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Gives a file or directory its final name, durably.
    package static func rename(_ path: String, to newPath: String) throws {
        guard Glibc.rename(path, newPath) == 0 else { throw FileFailure("rename", path) }
        try syncDirectory(containing: newPath)
    }

    /// Makes a directory with this mode and owner; one that exists is brought to them.
    package static func makeDirectory(_ path: String, mode: UInt32, owner: Owner? = nil) throws {
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw FileFailure("make the directory", path) }
        guard chmod(path, mode) == 0 else { throw FileFailure("set the mode of", path) }
        if let owner, chown(path, owner.userID, owner.groupID) != 0 { throw FileFailure("set the owner of", path) }
    }

    /// The whole file as text, or nil if there is none or it cannot be read.
    ///
    /// - Parameter followsLinks: false for files that another OS user can put there. Only regular files are read, so
    ///   none of them can hold us up.
    package static func read(_ path: String, bytesMax: Int = 1 << 20, followsLinks: Bool = true) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLinks ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while content.count < bytesMax {
            let count = Glibc.read(descriptor, &chunk, min(chunk.count, bytesMax - content.count))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            content += chunk[..<count]
        }
        return String(decoding: content, as: UTF8.self)
    }

    /// The last bytes of a file, for showing why a program ended.
    package static func readTail(_ path: String, bytesMax: Int) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        lseek(descriptor, max(0, size - off_t(bytesMax)), SEEK_SET)
        var content = [UInt8](repeating: 0, count: bytesMax)
        let count = Glibc.read(descriptor, &content, bytesMax)
        return String(decoding: content.prefix(max(0, count)), as: UTF8.self)
    }

    package static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// Permission bits, or nil when there is nothing.
    package static func mode(_ path: String) -> UInt32? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    /// Who a file or directory belongs to, or nil when there is nothing.
    package static func owner(_ path: String) -> Owner? {
        var status = stat()
        return lstat(path, &status) == 0 ? Owner(userID: status.st_uid, groupID: status.st_gid) : nil
    }

    /// Removes a directory of files that another OS user owns, and may be changing: nothing outside it is touched, and a
    /// directory in it keeps it from being removed.
    package static func removeFlatDirectory(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw FileFailure("open", path)
        }
        // The stream owns the descriptor.
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            throw FileFailure("list", path)
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) + [0] }
            if name == [0x2E, 0] || name == [0x2E, 0x2E, 0] { continue }
            _ = name.withUnsafeBytes { bytes in
                bytes.bindMemory(to: CChar.self).baseAddress.map { unlinkat(descriptor, $0, 0) }
            }
        }
        guard rmdir(path) == 0 else { throw FileFailure("remove", path) }
        try syncDirectory(containing: path)
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw FileFailure("write", path) }
            written += count
        }
    }

    private static func syncDirectory(containing path: String) throws {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(directory.isEmpty ? "/" : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure("open", directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileFailure("sync", directory) }
    }
}

/// A file operation that the system refused.
package struct FileFailure: Error, Sendable, CustomStringConvertible {
    package let description: String
    package let errorNumber: Int32

    init(_ operation: String, _ path: String, errorNumber: Int32 = errno) {
        self.errorNumber = errorNumber
        self.description = "could not \(operation) \(path): \(String(cString: strerror(errorNumber)))"
    }
}

import Bytes
import Glibc

/// Where the files of an append-only file are, and the changes to the set of them that must be whole or not at all.
package struct AppendOnlyDirectory: Sendable {
    /// The directory of old append-only files, and of temporary ones: `dir`.
    package let parentPath: String
    /// `appenddirname`.
    package let name: String
    /// `appendfilename`: what the names of all files begin with.
    package let fileName: String

    package init(parentPath: String, name: String, fileName: String) {
        self.parentPath = parentPath
        self.name = name
        self.fileName = fileName
    }

    package var path: String { "\(parentPath)/\(name)" }
    package func path(of fileName: String) -> String { "\(path)/\(fileName)" }
    package var manifestPath: String { path(of: fileName + ".manifest") }

    // MARK: - Manifest

    /// Reads the manifest; an empty one when there is none.
    package func loadManifest() throws(AppendOnlyFailure) -> AppendOnlyManifest {
        guard access(manifestPath, F_OK) == 0 else { return AppendOnlyManifest() }
        return try AppendOnlyManifest(path: manifestPath)
    }

    /// Puts a manifest in the place of the one that is there: at any time a reader finds one or the other, whole.
    package func store(_ manifest: AppendOnlyManifest) throws(AppendOnlyFailure) {
        try store(Array(manifest.text.utf8), as: "\(fileName).manifest")
    }

    /// Has the names be as before a change of the set that failed, as far as the disk lets us: a start of now is to find
    /// what is in use.
    package func restore(_ manifest: AppendOnlyManifest) {
        if manifest.isEmpty {
            Glibc.unlink(manifestPath)
        } else {
            try? store(Array(manifest.text.utf8), as: "\(fileName).manifest", isDurable: false)
        }
    }

    /// Makes a file of a short content, whole or not at all.
    /// - Parameter isDurable: false does without being certain that it is on the disk.
    package func store(_ content: [UInt8], as name: String, isDurable: Bool = true) throws(AppendOnlyFailure) {
        let temporary = path(of: "temp-\(name)")
        let descriptor = open(temporary, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("Can't open the temporary AOF file \(temporary)") }
        do throws(AppendOnlyFailure) {
            defer { close(descriptor) }
            try write(content, to: descriptor, temporary)
            guard fsync(descriptor) == 0 || !isDurable else {
                throw failure("Fail to fsync the temp AOF file \(temporary)")
            }
        } catch {
            Glibc.unlink(temporary)
            throw error
        }
        guard rename(temporary, path(of: name)) == 0 else {
            throw failure("Error trying to rename the temporary AOF file \(temporary) into \(name)")
        }
        do throws(AppendOnlyFailure) {
            try synchronize()
        } catch {
            if isDurable { throw error }
        }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(AppendOnlyFailure) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("Error trying to write the temporary AOF file \(path)") }
            written += count
        }
    }

    // MARK: - Files

    /// Makes the directory unless it is there.
    package func create() throws(AppendOnlyFailure) {
        if mkdir(path, 0o755) == 0 { return }
        var status = stat()
        guard errno == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw failure("Can't open or create append-only dir \(name)")
        }
    }

    /// Makes the names in the directory durable.
    package func synchronize() throws(AppendOnlyFailure) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("Can't open the AOF directory \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("Fail to fsync AOF directory \(path)") }
    }

    /// Opens an increment for appending; it is made if it is not there.
    /// - Parameter isNew: whether it begins empty.
    package func openForAppending(
        _ file: AppendOnlyManifest.File, isNew: Bool
    ) throws(AppendOnlyFailure) -> Int32 {
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | (isNew ? O_TRUNC : 0)
        let descriptor = open(path(of: file.name), flags, 0o644)
        guard descriptor >= 0 else { throw failure("Can't open the append-only file \(file.name)") }
        return descriptor
    }

    /// Gives a file that is whole and durable its place in the set.
    package func adopt(_ temporaryPath: String, as file: AppendOnlyManifest.File) throws(AppendOnlyFailure) {
        guard rename(temporaryPath, path(of: file.name)) == 0 else {
            throw failure("Error trying to rename the temporary AOF base file \(temporaryPath) into \(file.name)")
        }
        try synchronize()
    }

    /// The length of a file in bytes.
    package func byteCount(of file: AppendOnlyManifest.File) throws(AppendOnlyFailure) -> Int64 {
        var status = stat()
        guard stat(path(of: file.name), &status) == 0 else {
            throw failure("Unable to obtain the AOF file \(file.name) length. stat")
        }
        return Int64(status.st_size)
    }

    /// Removes files of the past: their names at once, their blocks when nobody has them open, which is up to the caller
    /// that closes the descriptors returned (a large file takes its time).
    package func unlink(_ files: [AppendOnlyManifest.File]) -> [Int32] {
        files.compactMap { file in
            let descriptor = open(path(of: file.name), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            Glibc.unlink(path(of: file.name))
            return descriptor >= 0 ? descriptor : nil
        }
    }

    // MARK: - Upgrade

    /// Moves an append-only file of Redis 6 or older, which lies beside the directory, into it, as the base of the set.
    /// A crash at any point leaves what the next start goes on from.
    /// - Returns: whether there was one.
    package func upgrade(_ manifest: inout AppendOnlyManifest) throws(AppendOnlyFailure) -> Bool {
        let old = "\(parentPath)/\(fileName)"
        guard access(old, F_OK) == 0 else { return false }
        let isHalfDone =
            manifest.increments.isEmpty && manifest.base?.name == fileName && access(path(of: fileName), F_OK) != 0
        guard access(path, F_OK) != 0 || manifest.isEmpty || isHalfDone else { return false }
        try create()
        manifest.adoptOldFile(named: fileName)
        try store(manifest)
        guard rename(old, path(of: fileName)) == 0 else {
            throw failure("Error trying to move the old AOF file \(fileName) into dir \(name)")
        }
        try synchronize()
        return true
    }

    private func failure(_ reason: String) -> AppendOnlyFailure {
        AppendOnlyFailure("\(reason): \(String(cString: strerror(errno)))")
    }
}

import Bytes
import Glibc
import KeyValuePersistence
import Threads

/// The increment that is being written. It has one owner at a time: the loop, then the writer's thread.
final class AppendOnlyFile {
    private let descriptor: Int32
    private(set) var byteCount: Int64
    /// The path while the file has no place in the set yet: until the first base is whole.
    private(set) var provisionalPath: String?

    /// Opens an increment of the set.
    /// - Parameter isNew: whether it begins empty: one of an attempt that failed may have left something there.
    init(
        _ directory: AppendOnlyDirectory, _ file: AppendOnlyManifest.File, isNew: Bool
    ) throws(AppendOnlyFailure) {
        descriptor = try directory.openForAppending(file, isNew: isNew)
        var status = stat()
        byteCount = fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Opens one that gets its name when there is a base for it.
    init(provisionalIn directory: AppendOnlyDirectory) throws(AppendOnlyFailure) {
        let path = directory.path(of: "temp-\(directory.fileName).incr")
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw AppendOnlyFailure("Can't open the append-only file \(path): \(String(cString: strerror(errno)))")
        }
        provisionalPath = path
        byteCount = 0
    }

    var isProvisional: Bool { provisionalPath != nil }

    /// Forgets what is in a provisional file.
    func startOver() throws(AppendOnlyFailure) {
        guard ftruncate(descriptor, 0) == 0 else {
            throw AppendOnlyFailure("Can't empty the append-only file: \(String(cString: strerror(errno)))")
        }
        byteCount = 0
    }

    /// Gives a provisional file its name.
    func become(_ file: AppendOnlyManifest.File, _ directory: AppendOnlyDirectory) throws(AppendOnlyFailure) {
        guard let provisionalPath else { return }
        guard rename(provisionalPath, directory.path(of: file.name)) == 0 else {
            throw AppendOnlyFailure(
                "Error trying to rename the temporary AOF incr file \(provisionalPath) into \(file.name): "
                    + String(cString: strerror(errno)))
        }
        self.provisionalPath = nil
    }

    /// Takes back `become`, if it came to that: there is no base, or no manifest, for the name.
    func becomeProvisional(again path: String, _ file: AppendOnlyManifest.File, _ directory: AppendOnlyDirectory) {
        guard provisionalPath == nil else { return }
        _ = rename(directory.path(of: file.name), path)
        provisionalPath = path
    }

    /// Appends bytes. If not all can be written, what was is taken back; if that fails too, it is taken off the bytes, so
    /// that appending can go on where it stopped.
    /// - Returns: 0, or the errno.
    func append(_ bytes: inout OutputBuffer) -> Int32 {
        var written = 0
        while written < bytes.count {
            let rest = bytes.readable.slice(written, bytes.count)
            let count = write(descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let code = count < 0 ? errno : ENOSPC
                if written > 0, ftruncate(descriptor, Int(byteCount)) != 0 {
                    byteCount += Int64(written)
                    bytes.consume(written)
                }
                return code
            }
            written += count
        }
        byteCount += Int64(written)
        return 0
    }

    /// Makes what was appended durable.
    /// - Returns: 0, or the errno.
    func sync() -> Int32 { fdatasync(descriptor) == 0 ? 0 : errno }

    /// Takes back what is behind this length.
    /// - Returns: whether it could be done.
    func takeBack(to byteCount: Int64) -> Bool {
        guard ftruncate(descriptor, Int(byteCount)) == 0 else { return false }
        self.byteCount = byteCount
        return true
    }

    /// Another descriptor of the file, for a sync that may outlast this one; negative if there is none to be had.
    func duplicate() -> Int32 { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }

    func close() {
        _ = Glibc.close(descriptor)
        if let provisionalPath { unlink(provisionalPath) }
    }
}

/// One sync of the file, on a thread of its own.
final class AppendOnlySync: Sendable {
    private let descriptor: Int32
    private let whenDone: @Sendable (Int32) -> Void

    /// - Parameter whenDone: called on the thread, with 0 or the errno.
    init?(_ file: AppendOnlyFile, whenDone: @escaping @Sendable (Int32) -> Void) {
        descriptor = file.duplicate()
        self.whenDone = whenDone
        if descriptor < 0 { return nil }
    }

    /// - Returns: false if there is no thread to be had; nothing is called then.
    func start() -> Bool {
        let code = DetachedThread.start { [self] in work() }
        guard code == 0 else {
            _ = Glibc.close(descriptor)
            return false
        }
        return true
    }

    private func work() {
        let code = fdatasync(descriptor) == 0 ? 0 : errno
        _ = Glibc.close(descriptor)
        whenDone(code)
    }
}

/// Files that a rewrite has made superfluous.
enum AppendOnlyHistory {
    /// Removes files: the names now, the contents on a thread of their own, because a long file takes its time.
    static func remove(_ files: [AppendOnlyManifest.File], in directory: AppendOnlyDirectory) {
        let descriptors = directory.unlink(files)
        guard !descriptors.isEmpty else { return }
        @Sendable func close() {
            for descriptor in descriptors { _ = Glibc.close(descriptor) }
        }
        if DetachedThread.start(close) != 0 { close() }
    }
}

import ControlReconciler
import Glibc

/// Makes sure that one control process at a time works on a data directory, and says which one it is.
///
/// The lock is the kernel's (of the open file description): it ends with its process however that ends, so it is never
/// stale, and asking who holds it takes nothing.
struct ControlLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock and writes our pid into the file.
    ///
    /// - Throws: `CommandError` when another process has it.
    init(path: String) throws {
        // Kept in a local until the lock is ours: a lock that was refused must not be given up by `deinit`.
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else {
            throw CommandError("\(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        var wanted = Self.wholeFile
        guard fcntl(opened, Self.setLock, &wanted) == 0 else {
            close(opened)
            let holder = DurableFile.read(path).flatMap(Self.pid(in:)).map { " (process \($0))" } ?? ""
            throw CommandError(
                "Atoll already runs on this data directory\(holder).",
                advice: "Use it (`atoll status`), end it (`atoll down`), or name another directory with --data.")
        }
        ftruncate(opened, 0)
        let text = Array("\(getpid())\n".utf8)
        _ = text.withUnsafeBytes { pwrite(opened, $0.baseAddress, $0.count, 0) }
        descriptor = opened
    }

    deinit {
        ftruncate(descriptor, 0)
        close(descriptor)
    }

    /// The process that holds the lock of a data directory; nil when none does.
    static func holder(path: String) -> Int32? {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var found = wholeFile
        guard fcntl(descriptor, getLock, &found) == 0, found.l_type != Int16(F_UNLCK) else { return nil }
        return DurableFile.read(path).flatMap(pid(in:))
    }

    /// F_OFD_GETLK and F_OFD_SETLK of Linux's fcntl.h, which Swift does not import.
    private static let getLock: Int32 = 36
    private static let setLock: Int32 = 37

    /// A write lock on everything.
    private static var wholeFile: Glibc.flock {
        Glibc.flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
    }

    private static func pid(in text: String) -> Int32? {
        text.split(separator: "\n").first.flatMap { Int32($0) }
    }
}

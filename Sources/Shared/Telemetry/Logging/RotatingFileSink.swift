import Glibc
import Synchronization

/// A log file that is put aside when it is full: `log`, `log.1` … `log.5`, oldest last and dropped.
///
/// Standard error follows the file, so that what the runtime prints at a crash stands in it too. A disk that is full
/// costs lines, never the program.
package final class RotatingFileSink: LogSink {
    /// Bytes after which a file is put aside, and how many such files are kept.
    package struct Limits: Sendable {
        package var bytesMax: Int
        package var filesKept: Int

        package init(bytesMax: Int = 10 << 20, filesKept: Int = 5) {
            self.bytesMax = bytesMax
            self.filesKept = filesKept
        }
    }

    private struct File {
        var descriptor: Int32
        var bytes: Int
    }

    private let path: String
    private let limits: Limits
    private let followsStandardError: Bool
    private let file: Mutex<File>

    /// Opens the file for appending; nil when that is not possible.
    package init?(path: String, limits: Limits = Limits(), followsStandardError: Bool = true) {
        guard let opened = Self.open(path) else { return nil }
        self.path = path
        self.limits = limits
        self.followsStandardError = followsStandardError
        file = Mutex(opened)
        if followsStandardError { dup2(opened.descriptor, STDERR_FILENO) }
    }

    deinit {
        file.withLock { _ = close($0.descriptor) }
    }

    package func write(_ line: String) {
        let bytes = Array(line.utf8)
        file.withLock { file in
            if file.bytes > 0, file.bytes + bytes.count > limits.bytesMax { rotate(&file) }
            let count = bytes.withUnsafeBytes { Glibc.write(file.descriptor, $0.baseAddress, $0.count) }
            file.bytes += max(0, count)
        }
    }

    private func rotate(_ file: inout File) {
        for number in stride(from: limits.filesKept - 1, through: 1, by: -1) {
            rename("\(path).\(number)", "\(path).\(number + 1)")
        }
        rename(path, "\(path).1")
        guard let opened = Self.open(path) else { return }
        close(file.descriptor)
        file = opened
        if followsStandardError { dup2(opened.descriptor, STDERR_FILENO) }
    }

    private static func open(_ path: String) -> File? {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        return File(descriptor: descriptor, bytes: Int(lseek(descriptor, 0, SEEK_END)))
    }
}

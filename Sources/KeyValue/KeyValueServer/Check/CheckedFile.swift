import Glibc
import KeyValuePersistence

/// A file that is checked: open for reading, with its length as of then. The owner closes it.
struct CheckedFile {
    let path: String
    let descriptor: Int32
    let byteCount: Int64

    /// Opens a regular file.
    static func open(_ path: String) -> Result<CheckedFile, AppendOnlyFailure> {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(AppendOnlyFailure("Cannot open file \(path): \(errorText)")) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            Glibc.close(descriptor)
            return .failure(AppendOnlyFailure("Not a regular file: \(path)"))
        }
        return .success(CheckedFile(path: path, descriptor: descriptor, byteCount: Int64(status.st_size)))
    }

    func close() { Glibc.close(descriptor) }

    private func bytes(at offset: Int, _ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, offset) }
        return Array(bytes.prefix(max(got, 0)))
    }

    /// Whether a snapshot stands at its beginning.
    var beginsWithSnapshot: Bool { bytes(at: 0, 5) == Array("REDIS".utf8) }

    /// Whether what stands there looks like a request or an annotation of an append-only file.
    func beginsCommand(at offset: Int) -> Bool {
        let first = bytes(at: offset, 1).first
        return first == UInt8(ascii: "*") || first == UInt8(ascii: "#")
    }

    /// Cuts the file off, durably, if it is still as long as when it was opened.
    /// - Returns: nil, or why it was not cut.
    func cut(at offset: Int64) -> String? {
        let writable = Glibc.open(path, O_WRONLY | O_CLOEXEC)
        guard writable >= 0 else { return Self.errorText }
        defer { Glibc.close(writable) }
        var status = stat()
        guard fstat(writable, &status) == 0 else { return Self.errorText }
        guard Int64(status.st_size) == byteCount else { return "it has changed meanwhile: stop the server first" }
        guard ftruncate(writable, Int(offset)) == 0, fsync(writable) == 0 else { return Self.errorText }
        return nil
    }

    /// What the last system call complained of.
    static var errorText: String { String(cString: strerror(errno)) }
}

import Glibc

/// The log file of a child: appends, rotates, and never fails towards the child. What cannot be written is dropped
/// and its lines are counted; the count is written when the disk takes bytes again.
struct ChildLog {
    private let path: String
    private var rotation: LogRotation
    private var descriptor: Int32
    /// All lines dropped so far.
    private(set) var linesDropped = 0
    /// Dropped and not yet confessed in the log.
    private var linesUnreported = 0
    private var lastError: Int32 = 0

    /// Opens the log for appending.
    init(specification: ChildSpecification) throws(StartFailure) {
        path = specification.logFile
        descriptor = Self.openFile(path)
        guard descriptor >= 0 else {
            throw StartFailure(
                stage: "log", errorNumber: errno,
                message: "could not open the log file \(path): \(systemMessage(errno)); check that its directory exists"
            )
        }
        var status = stat()
        let size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
        rotation = LogRotation(
            fileBytesMax: specification.logFileBytesMax, filesKept: specification.logFilesKept, fileBytes: size)
    }

    /// O_NONBLOCK: should the path be a pipe, nobody waits for its reader.
    private static func openFile(_ path: String) -> Int32 {
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0o600)
    }

    /// Our own error output follows the log, so that a crash of the shim leaves its words there.
    func takeStandardError() { dup2(descriptor, 2) }

    /// Appends what the child said.
    mutating func append(_ chunk: ArraySlice<UInt8>) {
        if linesUnreported > 0 { reportDropped() }
        var rest = chunk
        while !rest.isEmpty {
            let plan = rotation.plan(for: rest)
            let head = rest.prefix(plan.headCount)
            let written = writeAll(head)
            if written < head.count { return drop(rest.dropFirst(written)) }
            rest = rest.dropFirst(plan.headCount)
            if plan.rotatesAfterHead, !rotate() { return appendUnrotated(rest) }
        }
    }

    /// A line of the shim's own.
    mutating func note(_ text: String) {
        append(ArraySlice("atoll shim: \(text)\n".utf8))
    }

    mutating func close() {
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// The directory refuses renames: a log that is too long beats a log that is lost.
    private mutating func appendUnrotated(_ rest: ArraySlice<UInt8>) {
        let written = writeAll(rest)
        if written < rest.count { drop(rest.dropFirst(written)) }
    }

    private mutating func writeAll(_ bytes: ArraySlice<UInt8>) -> Int {
        var written = 0
        while written < bytes.count {
            let count = bytes.dropFirst(written).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 {
                lastError = errno
                break
            }
            written += count
        }
        let last = bytes.dropFirst(max(written - 1, 0)).first
        rotation.wrote(written, endsLine: last == UInt8(ascii: "\n"))
        return written
    }

    private mutating func drop(_ bytes: ArraySlice<UInt8>) {
        // A piece without a newline still is (part of) a line.
        let lines = max(bytes.count { $0 == UInt8(ascii: "\n") }, 1)
        linesDropped += lines
        linesUnreported += lines
    }

    private mutating func reportDropped() {
        let text = "atoll shim: \(linesUnreported) lines were dropped here: \(systemMessage(lastError))\n"
        let bytes = ArraySlice(text.utf8)
        if writeAll(bytes) == bytes.count { linesUnreported = 0 }
    }

    /// Makes room for a new file; false when the old one stays in use.
    private mutating func rotate() -> Bool {
        let renames = LogRotation.renames(of: path, filesKept: rotation.filesKept)
        if renames.isEmpty {
            guard ftruncate(descriptor, 0) == 0 else { return false }
            rotation.rotated()
            return true
        }
        // Older files may be missing; only the current one has to move.
        for rename in renames.dropLast() { _ = Glibc.rename(rename.from, rename.to) }
        guard let current = renames.last, Glibc.rename(current.from, current.to) == 0 else { return false }
        let fresh = Self.openFile(path)
        guard fresh >= 0 else { return false }
        Glibc.close(descriptor)
        descriptor = fresh
        takeStandardError()
        rotation.rotated()
        return true
    }
}

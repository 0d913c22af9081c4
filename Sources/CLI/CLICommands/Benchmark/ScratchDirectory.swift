import Foundation
import Synchronization

/// A directory of one benchmark's own, which nobody else can enter: password file, authority and logs of pgbench. Whoever
/// made it removes it.
struct ScratchDirectory: Sendable {
    static let logName = "log"

    let path: String
    let authorityFile: String

    init(authority: String) throws {
        var template = Array((NSTemporaryDirectory() + "/atoll-pgbench-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandError(
                "no temporary directory can be made: \(String(cString: strerror(errno)))",
                advice: "Make room in \(NSTemporaryDirectory()), or name another directory in TMPDIR.")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        authorityFile = path + "/ca.crt"
        try write(authority, to: "ca.crt")
    }

    var logPrefix: String { "\(path)/\(Self.logName)" }

    /// Writes a file that only this user can read; its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        let isMade = FileManager.default.createFile(
            atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard isMade else { throw CommandError("\(file) cannot be written") }
        return file
    }

    /// Removes what a run of pgbench has logged.
    func removeLogs() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where name.hasPrefix(Self.logName) {
            try FileManager.default.removeItem(atPath: "\(path)/\(name)")
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}

/// A transcript that the reader of a pipe writes, until its program has ended.
final class SharedTranscript: Sendable {
    private let transcript = Mutex(PgbenchTranscript())

    var value: PgbenchTranscript { transcript.withLock { $0 } }

    func add(_ bytes: ArraySlice<UInt8>) -> [PgbenchLine] { transcript.withLock { $0.add(bytes) } }
}

import Certificates
import Foundation
import Testing

/// Runs the `openssl` command, the reader that our certificates are for, over files in a directory of its own.
struct OpenSSLCommand: ~Copyable {
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "atoll-certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    /// Writes a file and gives its path.
    func file(_ name: String, _ text: String) throws -> String {
        let path = directory.appending(path: name)
        try Data(text.utf8).write(to: path)
        return path.path()
    }

    /// What the command printed on both streams, and its exit code.
    func run(_ arguments: String...) throws -> (output: String, status: Int32) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (String(decoding: output, as: UTF8.self), process.terminationStatus)
    }
}

/// The moment at which the tests issue: 2026-11-23T12:00:00Z. `openssl verify -attime` looks from here too.
let testMoment = Date(timeIntervalSince1970: 1_795_435_200)

/// The seconds of some days.
func days(_ count: Int) -> TimeInterval { Double(count) * 86_400 }

/// Names as a test writes them.
func subjectNames(_ names: String...) throws -> [SubjectName] {
    try names.map { try SubjectName($0) }
}

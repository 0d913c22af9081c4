import Foundation

/// A program that ran to its end, as a user in a shell sees it.
struct CommandResult: Sendable, CustomStringConvertible {
    var arguments: [String]
    var output: String
    var errors: String
    var code: Int32

    var isSuccess: Bool { code == 0 }
    var description: String {
        "\(arguments.joined(separator: " ")) → \(code)\n--- stdout\n\(output)\n--- stderr\n\(errors)"
    }
}

/// Runs programs; every one has a time limit, so a hanging one fails its test instead of the run.
enum Shell {
    /// - Parameters:
    ///   - environment: added to the test's own.
    ///   - input: given on standard input; the input is empty otherwise.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String = "",
        directory: String? = nil, timeoutSeconds: Int = 120
    ) async throws -> CommandResult {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
        process.arguments = ["--kill-after=5", "\(timeoutSeconds)", program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        let files = try Capture()
        defer { files.remove() }
        try Data(input.utf8).write(to: files.input)
        process.standardInput = try FileHandle(forReadingFrom: files.input)
        process.standardOutput = try FileHandle(forWritingTo: files.output)
        process.standardError = try FileHandle(forWritingTo: files.errors)
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return CommandResult(
            arguments: [program] + arguments, output: try files.text(files.output),
            errors: try files.text(files.errors),
            code: process.terminationStatus)
    }

    /// A line for `bash -c`, for pipes and globs.
    static func bash(
        _ line: String, environment: [String: String] = [:], timeoutSeconds: Int = 120
    ) async throws -> CommandResult {
        try await run("/bin/bash", ["-c", line], environment: environment, timeoutSeconds: timeoutSeconds)
    }

    /// Files rather than pipes: a grandchild that outlives its parent cannot hold the test up.
    private struct Capture {
        let directory = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("atoll-\(UUID())")
        var input: URL { directory.appendingPathComponent("in") }
        var output: URL { directory.appendingPathComponent("out") }
        var errors: URL { directory.appendingPathComponent("err") }

        init() throws {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            for file in [input, output, errors] { try Data().write(to: file) }
        }

        func text(_ file: URL) throws -> String { String(decoding: try Data(contentsOf: file), as: UTF8.self) }
        func remove() { try? FileManager.default.removeItem(at: directory) }
    }
}

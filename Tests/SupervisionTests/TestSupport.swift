import CAtoll
import Foundation
import Supervision
import Testing

/// A directory of one test, removed after it, that other users may pass.
func withTemporaryDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = "/tmp/atoll-supervision-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    chmod(path, 0o711)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

/// The program whose first argument `shim` runs a shim: ATOLL_SHIM_EXECUTABLE, or `atoll` beside the test binary.
let shimExecutable: String = {
    if let given = ProcessInfo.processInfo.environment["ATOLL_SHIM_EXECUTABLE"] { return given }
    let tests = URL(fileURLWithPath: CommandLine.arguments[0])
    return tests.deletingLastPathComponent().appendingPathComponent("atoll").path
}()

/// Whether tests may change users.
let isRoot = geteuid() == 0

extension ChildSpecification {
    /// A shell script as a child, with its log beside its run directory.
    static func script(_ text: String, in directory: String) -> ChildSpecification {
        ChildSpecification(
            name: "test", executable: "/bin/sh", arguments: ["-c", text], environment: ["PATH": "/usr/bin:/bin"],
            logFile: directory + "/log", stopSteps: [StopStep(signal: SIGTERM, graceSeconds: 10)])
    }
}

extension ChildHandle {
    /// Starts in `run` below the directory.
    static func start(_ specification: ChildSpecification, in directory: String) async throws -> ChildHandle {
        try await start(
            specification: specification, runDirectory: directory + "/run", atollExecutable: shimExecutable)
    }
}

/// Starts a child, hands it to the test, and kills it however the test ends.
func withChild<Value>(
    _ specification: ChildSpecification, in directory: String, _ body: (ChildHandle) async throws -> Value
) async throws -> Value {
    let child = try await ChildHandle.start(specification, in: directory)
    do {
        let value = try await body(child)
        try await end(child)
        return value
    } catch {
        try? await end(child)
        throw error
    }
}

private func end(_ child: ChildHandle) async throws {
    do {
        try await child.send(signal: SIGKILL)
    } catch is SupervisionError {
        // Ended already.
    }
    _ = try await child.waitForExit()
}

func text(of path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
}

/// Whether this very process still runs.
func isAlive(pid: Int32, startTicks: UInt64) -> Bool {
    atoll_process_start_ticks(pid) == startTicks && !atoll_process_is_zombie(pid)
}

/// Polls until the condition holds; an Issue after ten seconds.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    for _ in 0..<1000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("did not happen within 10 s: \(what)")
}

import Foundation

/// The Python environment of the tests (`scripts/python-environment`) and the scripts beside these files.
enum Python {
    /// The folder of the platform's tests, also where the build reaches it through a link.
    private static let tests = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The repository's root.
    static let repository = tests.deletingLastPathComponent().deletingLastPathComponent().path

    /// `.venv/bin/python`, made first where it is missing.
    static func executable() async throws -> String {
        let python = repository + "/.venv/bin/python"
        if !FileManager.default.isExecutableFile(atPath: python) {
            let made = try await Shell.run(repository + "/scripts/python-environment", [], timeoutSeconds: 900)
            guard made.isSuccess else { throw TestFailure("\(made)") }
        }
        return python
    }

    /// Runs a script of `Scripts/`.
    static func run(
        _ script: String, _ arguments: [String], environment: [String: String] = [:], timeoutSeconds: Int = 120
    ) async throws -> CommandResult {
        try await Shell.run(
            try await executable(), [tests.appendingPathComponent("Scripts/\(script)").path] + arguments,
            environment: environment, timeoutSeconds: timeoutSeconds)
    }
}

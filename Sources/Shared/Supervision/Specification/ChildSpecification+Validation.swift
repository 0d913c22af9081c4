extension ChildSpecification {
    /// The largest log file that may be asked for: 1 TiB.
    package static let logFileBytesCeiling = 1 << 40
    /// Rotated log files at most.
    package static let logFilesKeptMax = 1000
    /// Listening sockets at most (`ATOLL_SPAWN_LISTENERS_MAX`).
    package static let listeningSocketsMax = 64
    /// Signals of Linux.
    static let signalNumbers: ClosedRange<Int32> = 1...64

    /// Throws what is wrong with the first field that is.
    package func validate() throws(SupervisionError) {
        for (field, path) in absolutePaths where !path.hasPrefix("/") {
            throw invalid("\(field) is \"\(path)\"; give an absolute path")
        }
        for text in allTexts where text.utf8.contains(0) {
            throw invalid("a text in it holds a NUL byte, which no program can receive: \(text.debugDescription)")
        }
        for key in environment.keys where key.isEmpty || key.contains("=") {
            throw invalid("\"\(key)\" cannot name an environment variable")
        }
        for signal in stopSteps.map(\.signal) + [signalOnShimDeath ?? 15]
        where !Self.signalNumbers.contains(signal) {
            throw invalid("\(signal) is not a signal; give 1 to 64")
        }
        for step in stopSteps where !(step.graceSeconds >= 0 && step.graceSeconds <= 86_400) {
            throw invalid("a stop step waits \(step.graceSeconds) seconds; give 0 to 86400")
        }
        guard (1...Self.logFileBytesCeiling).contains(logFileBytesMax),
            (0...Self.logFilesKeptMax).contains(logFilesKept)
        else {
            throw invalid(
                "logFileBytesMax must be 1 to \(Self.logFileBytesCeiling) and logFilesKept 0 to \(Self.logFilesKeptMax)"
            )
        }
        guard listeningSockets.count <= Self.listeningSocketsMax else {
            throw invalid(
                "it asks for \(listeningSockets.count) sockets; at most \(Self.listeningSocketsMax) are passed")
        }
        for socket in listeningSockets {
            if let problem = socket.problem { throw invalid(problem) }
        }
    }

    private var absolutePaths: [(String, String)] {
        let rules = filesystemRules.map { $0.readPaths + $0.writePaths } ?? []
        return [("executable", executable), ("logFile", logFile), ("workingDirectory", workingDirectory ?? "/")]
            + rules.map { ("a path of filesystemRules", $0) }
    }

    private var allTexts: [String] {
        [name] + arguments + absolutePaths.map(\.1) + environment.flatMap { [$0.key, $0.value] }
    }

    private func invalid(_ problem: String) -> SupervisionError {
        .invalidSpecification("the child \"\(name)\" cannot be started: \(problem)")
    }
}

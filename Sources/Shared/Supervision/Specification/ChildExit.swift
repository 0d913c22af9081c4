/// How a child ended, as far as anybody knows.
package enum ChildExit: Sendable, Equatable {
    /// The shim saw the end, or the failed start.
    case ended(ChildExitRecord)
    /// Nobody saw it.
    case unknown(Reason)

    /// Why nobody knows.
    package enum Reason: Sendable, Equatable {
        /// The shim died without writing `exit.json` (killed, or the machine went down).
        case shimLost
    }

    /// The record, when there is one.
    package var record: ChildExitRecord? {
        guard case .ended(let record) = self else { return nil }
        return record
    }

    /// In words, to follow the child's name: "ended with exit code 1".
    package var description: String {
        switch self {
        case .ended(let record): record.description
        case .unknown(.shimLost): "ended unseen: its shim was killed or the machine stopped"
        }
    }
}

/// What a shim says about its child's end: the content of `exit.json`.
package struct ChildExitRecord: Codable, Sendable, Equatable {
    /// The kinds of end.
    package enum Termination: Sendable, Equatable {
        /// It called exit.
        case exited(code: Int32)
        /// A signal ended it.
        case signaled(signal: Int32)
        /// It never ran.
        case startFailed(StartFailure)
    }

    /// The version of `exit.json`.
    package var formatVersion: Int = 1
    /// nil when it never ran.
    package var pid: Int32?
    /// In clock ticks after boot.
    package var startTicks: UInt64?
    /// Exactly one of these three is set.
    private var code: Int32?
    private var signal: Int32?
    private var startFailure: StartFailure?
    /// Seconds since 1970.
    package var endedAtUnixSeconds: Double
    /// Whether a stop had been asked for: then the end is no failure.
    package var stopRequested: Bool
    /// Lines that could not be written to the log.
    package var logLinesDropped: Int

    /// Makes a record.
    package init(
        pid: Int32?, startTicks: UInt64?, termination: Termination, endedAtUnixSeconds: Double, stopRequested: Bool,
        logLinesDropped: Int
    ) {
        self.pid = pid
        self.startTicks = startTicks
        self.endedAtUnixSeconds = endedAtUnixSeconds
        self.stopRequested = stopRequested
        self.logLinesDropped = logLinesDropped
        switch termination {
        case .exited(let code): self.code = code
        case .signaled(let signal): self.signal = signal
        case .startFailed(let failure): self.startFailure = failure
        }
    }

    /// The kind of end.
    package var termination: Termination {
        if let startFailure { return .startFailed(startFailure) }
        if let signal { return .signaled(signal: signal) }
        return .exited(code: code ?? -1)
    }

    /// Whether it ended by itself and said that all was well.
    package var isSuccess: Bool { termination == .exited(code: 0) }

    /// In words, to follow the child's name.
    package var description: String {
        let asked = stopRequested ? " (a stop had been asked for)" : ""
        switch termination {
        case .exited(let code): return "ended with exit code \(code)\(asked)"
        case .signaled(let signal): return "was ended by \(SignalName.text(signal))\(asked)"
        case .startFailed(let failure): return "could not start: \(failure.message)"
        }
    }
}

/// Why a child never ran.
package struct StartFailure: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    /// What was being done: `lock`, `specification`, `orphan`, `log`, `listen`, `socket`, or a `SpawnStep`.
    package var stage: String
    /// errno, or 0.
    package var errorNumber: Int32
    /// What happened, to what, and what to do.
    package var message: String

    /// Makes a failure.
    package init(stage: String, errorNumber: Int32 = 0, message: String) {
        self.stage = stage
        self.errorNumber = errorNumber
        self.message = message
    }

    /// The message.
    package var description: String { message }
}

/// Names of signals for messages.
enum SignalName {
    private static let names: [Int32: String] = [
        1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL",
        10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 31: "SIGSYS",
    ]

    /// "SIGTERM (15)", or "signal 40".
    static func text(_ number: Int32) -> String {
        names[number].map { "\($0) (\(number))" } ?? "signal \(number)"
    }
}

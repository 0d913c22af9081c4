import Synchronization

/// What to write about something that takes time: nothing in the first second; then, on a terminal, one line that is
/// written over and over, and elsewhere a line for each change of state. Pure: time and output are the caller's.
package struct ProgressLine: Sendable {
    /// Progress is for what takes longer than this.
    static let quietPeriod: Duration = .seconds(1)
    /// Longer lines would wrap on a narrow terminal, and a wrapped line cannot be written over.
    static let widthMax = 79
    private static let clearLine = "\r\u{1B}[K"

    private let isTerminal: Bool
    private var shown: String?
    private var isOver = false

    package init(isTerminal: Bool) { self.isTerminal = isTerminal }

    /// The text to write now, if any.
    package mutating func update(_ state: String, elapsed: Duration) -> String? {
        guard !isOver, elapsed >= Self.quietPeriod else { return nil }
        let state = state.printable
        if isTerminal {
            let seconds = " (\(elapsed.components.seconds) s)"
            shown = state
            return Self.clearLine + state.prefix(Self.widthMax - seconds.count) + seconds
        }
        guard state != shown else { return nil }
        shown = state
        return state + "\n"
    }

    /// The text that takes the line away, if one is there. Nothing is written after it.
    package mutating func end() -> String? {
        isOver = true
        return isTerminal && shown != nil ? Self.clearLine : nil
    }
}

/// Progress of one activity on standard error.
package final class Progress: Sendable {
    private let start = ContinuousClock.now
    private let console: Console
    private let line: Mutex<ProgressLine>

    init(console: Console) {
        self.console = console
        line = Mutex(ProgressLine(isTerminal: console.errorIsTerminal))
    }

    func report(_ state: String) {
        line.withLock { line in
            if let text = line.update(state, elapsed: start.duration(to: .now)) { console.writeError(text) }
        }
    }

    func end() {
        line.withLock { line in
            if let text = line.end() { console.writeError(text) }
        }
    }
}

extension Console {
    package func progress() -> Progress { Progress(console: self) }

    /// Runs the body, and says what is being waited for once it takes over a second.
    func whileWaiting<Result: Sendable>(
        _ state: String, _ body: () async throws -> Result
    ) async throws -> Result {
        let progress = progress()
        let ticker = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: ProgressLine.quietPeriod)
                progress.report(state)
            }
        }
        defer {
            ticker.cancel()
            progress.end()
        }
        return try await body()
    }
}

/// The lines that control and a shim exchange (docs/formats/shim-protocol.md). No sockets in it.
enum ShimProtocol {
    static let version = 1
    static let greetingWord = "atoll-shim"
    static var greeting: String { "\(greetingWord) \(version)" }
    /// A command, with its newline.
    static let commandBytesMax = 256
    /// An answer or event, with its newline.
    static let answerBytesMax = 4096

    /// Whether a greeting comes from a shim whose answers we can read.
    static func isKnown(greeting line: String) -> Bool {
        let words = line.split(separator: " ")
        guard words.count >= 2, words[0] == greetingWord, let number = Int(words[1]) else { return false }
        return (1...version).contains(number)
    }
}

/// What a client can ask.
package enum ShimCommand: Sendable, Equatable {
    /// How the child is.
    case status
    /// Send it a signal.
    case signal(Int32)
    /// End it by its stop steps.
    case stop
    /// Tell this client when it ends.
    case watch

    /// nil: not a command of this version.
    package init?(line: String) {
        let words = line.split(separator: " ")
        switch (words.first, words.count) {
        case ("status", 1): self = .status
        case ("stop", 1): self = .stop
        case ("watch", 1): self = .watch
        case ("signal", 2):
            guard let number = Int32(words[1]), (1...64).contains(number) else { return nil }
            self = .signal(number)
        default: return nil
        }
    }

    /// As it is sent, without the newline.
    package var line: String {
        switch self {
        case .status: "status"
        case .signal(let number): "signal \(number)"
        case .stop: "stop"
        case .watch: "watch"
        }
    }
}

/// The `key=value` words of an answer. Unknown keys are passed over, so that a newer shim may add some.
struct ShimFields {
    private var values: [Substring: Substring] = [:]

    init(_ text: Substring) {
        for word in text.split(separator: " ") {
            guard let equals = word.firstIndex(of: "=") else { continue }
            values[word[..<equals]] = word[word.index(after: equals)...]
        }
    }

    func number<Number: LosslessStringConvertible>(_ key: Substring) -> Number? {
        values[key].flatMap { Number(String($0)) }
    }

    func flag(_ key: Substring) -> Bool { values[key] == "yes" }
}

/// What a shim says about its running child.
package struct ChildStatus: Sendable, Equatable {
    /// The child.
    package var pid: Int32
    /// When it started, in clock ticks after boot.
    package var startTicks: UInt64
    /// The shim itself.
    package var shimPID: Int32
    /// Whether a stop has been asked for.
    package var isStopping: Bool
    /// The version of Landlock around the child; 0: none.
    package var landlockABI: Int32
    /// Lines that could not be written to the log.
    package var logLinesDropped: Int
    /// Seconds since 1970.
    package var startedAtUnixSeconds: Double

    /// As it is sent, without the newline.
    package var line: String {
        "ok pid=\(pid) start=\(startTicks) shim=\(shimPID) stopping=\(isStopping ? "yes" : "no") "
            + "landlock=\(landlockABI) dropped=\(logLinesDropped) started=\(startedAtUnixSeconds)"
    }

    /// Makes a status.
    package init(
        pid: Int32, startTicks: UInt64, shimPID: Int32, isStopping: Bool, landlockABI: Int32, logLinesDropped: Int,
        startedAtUnixSeconds: Double
    ) {
        self.pid = pid
        self.startTicks = startTicks
        self.shimPID = shimPID
        self.isStopping = isStopping
        self.landlockABI = landlockABI
        self.logLinesDropped = logLinesDropped
        self.startedAtUnixSeconds = startedAtUnixSeconds
    }

    /// nil: not a status line.
    package init?(line: String) {
        guard line.hasPrefix("ok ") else { return nil }
        let fields = ShimFields(line.dropFirst(3))
        guard let pid: Int32 = fields.number("pid"), let start: UInt64 = fields.number("start"),
            let shim: Int32 = fields.number("shim")
        else { return nil }
        self.init(
            pid: pid, startTicks: start, shimPID: shim, isStopping: fields.flag("stopping"),
            landlockABI: fields.number("landlock") ?? 0, logLinesDropped: fields.number("dropped") ?? 0,
            startedAtUnixSeconds: fields.number("started") ?? 0)
    }
}

extension ChildExitRecord {
    /// The event that ends a watch. A failed start has no watchers and no line.
    package var eventLine: String {
        let outcome =
            switch termination {
            case .exited(let code): "code=\(code)"
            case .signaled(let signal): "signal=\(signal)"
            case .startFailed: "code=-1"
            }
        return "exit pid=\(pid ?? 0) start=\(startTicks ?? 0) \(outcome) at=\(endedAtUnixSeconds) "
            + "stop=\(stopRequested ? "yes" : "no") dropped=\(logLinesDropped)"
    }

    /// nil: not such a line.
    package init?(eventLine line: String) {
        guard line.hasPrefix("exit ") else { return nil }
        let fields = ShimFields(line.dropFirst(5))
        let termination: Termination
        if let signal: Int32 = fields.number("signal") {
            termination = .signaled(signal: signal)
        } else if let code: Int32 = fields.number("code") {
            termination = .exited(code: code)
        } else {
            return nil
        }
        guard let pid: Int32 = fields.number("pid"), let start: UInt64 = fields.number("start") else { return nil }
        self.init(
            pid: pid, startTicks: start, termination: termination, endedAtUnixSeconds: fields.number("at") ?? 0,
            stopRequested: fields.flag("stop"), logLinesDropped: fields.number("dropped") ?? 0)
    }
}

extension StartFailure {
    /// The answer to a start that failed. The message is the rest of the line.
    package var line: String {
        let flat = String(message.map { $0.isNewline ? " " : $0 })
        return "error \(stage) \(errorNumber) \(flat)"
    }

    /// nil: not an error line.
    package init?(line: String) {
        let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard words.count == 4, words[0] == "error", let number = Int32(words[2]) else { return nil }
        self.init(stage: String(words[1]), errorNumber: number, message: String(words[3]))
    }
}

package import ControlModel
import Foundation

/// One line of what pgbench writes to its error output while it works (PostgreSQL 15).
package enum PgbenchLine: Sendable, Equatable {
    /// `progress: 60.0 s, 157.4 tps, lat 282.988 ms stddev 40.261, 0 failed`
    case progress(BenchmarkRun.Progress)
    /// `300000 of 15000000 tuples (2%) done (elapsed 1.21 s, remaining 59.23 s)`
    case filling(percent: Int, remainingSeconds: Double)
    /// A step of the initialisation: `vacuuming...`
    case step(String)
    /// `pgbench: error: could not create connection for client 97`: the clients before it are connected.
    case refusedClient(Int)
    /// A connection that failed, with the server's words.
    case failedConnection(String)
    /// Another error, which ended the run or a client.
    case error(String)
    case other

    private static let errorPrefix = "pgbench: error: "
    private static let steps: Set<String> = [
        "dropping old tables", "creating tables", "generating data (client-side)", "vacuuming",
        "creating primary keys", "creating foreign keys",
    ]

    package init(_ line: String) {
        let words = line.split(separator: " ")
        if line.hasPrefix("progress: "), words.count >= 7, let seconds = Double(words[1]), let tps = Double(words[3]),
            let latency = Double(words[6]), [seconds, tps, latency].allSatisfy(\.isFinite)
        {
            self = .progress(.init(seconds: seconds, tps: tps, latencyMilliseconds: latency))
        } else if words.count >= 10, words[1] == "of", words[3] == "tuples",
            let percent = Int(words[4].filter(\.isNumber)), let remaining = Double(words[words.count - 2])
        {
            self = .filling(percent: percent, remainingSeconds: remaining)
        } else if line.hasSuffix("..."), Self.steps.contains(String(line.dropLast(3))) {
            self = .step(String(line.dropLast(3)))
        } else if line.hasPrefix(Self.errorPrefix) {
            self = Self.fault(String(line.dropFirst(Self.errorPrefix.count)))
        } else {
            self = .other
        }
    }

    private static func fault(_ text: String) -> PgbenchLine {
        if text.hasPrefix("could not create connection for client "),
            let client = text.split(separator: " ").last.flatMap({ Int($0) })
        {
            return .refusedClient(client)
        }
        if text.hasPrefix("connection to server"), let failed = text.range(of: " failed: ") {
            // "FATAL:  remaining…": the two blanks are the server's.
            return .failedConnection(String(text[failed.upperBound...].replacing("  ", with: " ")))
        }
        return .error(text)
    }
}

/// What pgbench said on its error output: kept as far as a result needs it.
package struct PgbenchTranscript: Sendable, Equatable {
    package private(set) var progress: [BenchmarkRun.Progress] = []
    package private(set) var failedConnections = 0
    /// The lowest number of a client that was refused.
    package private(set) var refusedClient: Int?
    /// The first error.
    package private(set) var error: String?
    private var partialLine: [UInt8] = []

    package init() {}

    /// Takes the next piece of output. Lines end with a newline or, on a terminal, with a carriage return.
    ///
    /// - Returns: the lines that it completed.
    package mutating func add(_ bytes: some Sequence<UInt8>) -> [PgbenchLine] {
        var lines: [PgbenchLine] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else {
                partialLine.append(byte)
                continue
            }
            let line = PgbenchLine(String(decoding: partialLine, as: UTF8.self).trimmingCharacters(in: .whitespaces))
            partialLine = []
            note(line)
            lines.append(line)
        }
        return lines
    }

    private mutating func note(_ line: PgbenchLine) {
        switch line {
        case .progress(let state): progress.append(state)
        case .refusedClient(let client): refusedClient = min(client, refusedClient ?? client)
        case .failedConnection(let cause):
            failedConnections += 1
            error = error ?? cause
        case .error(let text): error = error ?? text
        case .filling, .step, .other: break
        }
    }

    /// At most so many states, each the mean of as many neighbours, for a curve.
    package func progress(pointsMax: Int) -> [BenchmarkRun.Progress] {
        let size = max(1, (progress.count + pointsMax - 1) / pointsMax)
        return stride(from: 0, to: progress.count, by: size).map { start in
            let group = progress[start..<min(start + size, progress.count)]
            let count = Double(group.count)
            return BenchmarkRun.Progress(
                seconds: group[group.endIndex - 1].seconds, tps: group.map(\.tps).reduce(0, +) / count,
                latencyMilliseconds: group.map(\.latencyMilliseconds).reduce(0, +) / count)
        }
    }
}

extension BenchmarkRun {
    /// Takes the figures of pgbench's closing report on its standard output.
    package mutating func read(report: String) {
        for line in report.split(whereSeparator: \.isNewline) {
            if let text = Self.value(line, after: "number of transactions actually processed: ") {
                // With -t it reads "10/10".
                transactions = text.split(separator: "/").first.flatMap { Int($0) }
            } else if let text = Self.value(line, after: "number of failed transactions: ") {
                failedTransactions = Int(text)
            } else if let text = Self.value(line, after: "latency average = ") {
                latencyAverageMilliseconds = Self.finite(text)
            } else if let text = Self.value(line, after: "latency stddev = ") {
                latencyDeviationMilliseconds = Self.finite(text)
            } else if let text = Self.value(line, after: "initial connection time = ") {
                connectionMilliseconds = Self.finite(text)
            } else if let text = Self.value(line, after: "tps = ") {
                tps = Self.finite(text)
            }
        }
    }

    /// Of no transactions pgbench prints "nan".
    private static func finite(_ text: Substring) -> Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }

    /// The word that follows a name at the beginning of the line.
    private static func value(_ line: Substring, after name: String) -> Substring? {
        guard line.hasPrefix(name) else { return nil }
        return line.dropFirst(name.count).split(separator: " ").first
    }
}

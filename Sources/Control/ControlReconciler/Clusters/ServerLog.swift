import Foundation

/// Reads why a server ended from the tail of its log.
enum ServerLog {
    /// The text of the last FATAL or PANIC line, else of the last line at LOG level that names an error; nil when
    /// there is none. The prefix up to the level is cut off.
    static func lastFailure(in tail: String) -> String? {
        let lines = tail.split(separator: "\n")
        // Login refusals are FATAL for their session, not for the server.
        let isSessionFailure = { (line: Substring) in
            ["user=", "password authentication", "no pg_hba.conf entry", "remaining connection slots"]
                .contains { line.contains($0) }
        }
        let fatal = lines.last { (line: Substring) in
            (line.contains("FATAL:  ") || line.contains("PANIC:  ")) && !isSessionFailure(line)
        }
        let candidate =
            fatal ?? lines.last { $0.contains("could not ") || $0.contains("was terminated by signal") }
        guard let candidate else { return nil }
        for level in ["FATAL:  ", "PANIC:  ", "LOG:  ", "WARNING:  ", "HINT:  "] {
            if let range = candidate.range(of: level) { return String(candidate[range.upperBound...]) }
        }
        return String(candidate)
    }
}

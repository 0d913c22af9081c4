import Foundation

/// Reads why a server ended from the tail of its log.
enum PostgresLog {
    /// The text of the last FATAL or PANIC line, else of the last line at LOG level that names an error; nil when
    /// there is none. The prefix up to the level is cut off.
    static func lastFailure(in tail: String) -> String? {
        // Lines that begin with a tab go on with a statement's text; what stands before the last start is another run's.
        let written = tail.split(separator: "\n").filter { !$0.hasPrefix("\t") && !isOfSession($0) }
        let lines =
            written.lastIndex { $0.contains("LOG:  starting PostgreSQL ") }.map { written[$0...] } ?? written[...]
        let fatal = lines.last { $0.contains("FATAL:  ") || $0.contains("PANIC:  ") }
        let candidate =
            fatal ?? lines.last { $0.contains("could not ") || $0.contains("was terminated by signal") }
        guard let candidate else { return nil }
        for level in ["FATAL:  ", "PANIC:  ", "LOG:  ", "WARNING:  ", "HINT:  "] {
            if let range = candidate.range(of: level) { return String(candidate[range.upperBound...]) }
        }
        return String(candidate)
    }

    /// What a session logs is FATAL for that session, not for the server. The server's own lines name no user: every
    /// `log_line_prefix` on offer has `user=`, with nothing behind it there or left out.
    private static func isOfSession(_ line: Substring) -> Bool {
        guard let range = line.range(of: "user=") else { return false }
        return line[range.upperBound...].first != ","
    }
}

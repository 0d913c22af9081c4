import Supervision

/// Reads why a key-value server ended from the tail of its log.
enum KeyValueLog {
    /// A client's SHUTDOWN, or what a server that gave up warned of last; nil when there is nothing to tell, as of one
    /// that was killed.
    static func cause(of exit: ChildExit, in tail: String) -> String? {
        let written = tail.split(separator: "\n")
        let lines = written.lastIndex { $0.contains("Redis is starting") }.map { written[$0...] } ?? written[...]
        if exit.record?.isSuccess == true {
            if lines.contains(where: { $0.contains("Received SIG") }) { return "somebody sent it a signal" }
            return lines.contains { $0.contains("User requested shutdown") } ? "a client sent SHUTDOWN" : nil
        }
        if case .signaled? = exit.record?.termination { return nil }
        // A file that is refused at the start is told without a prefix, the reason last.
        if lines.contains(where: { $0.contains("FATAL CONFIG FILE ERROR") }) { return lines.last.map(String.init) }
        return lines.last { message(of: $0)?.mark == "#" }.flatMap { message(of: $0)?.text }
    }

    /// `pid:role dd Mon yyyy hh:mm:ss.mmm mark text`
    private static func message(of line: Substring) -> (mark: Substring, text: String)? {
        let parts = line.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: true)
        guard parts.count == 7, parts[0].contains(":"), parts[5].count == 1 else { return nil }
        return (parts[5], String(parts[6]))
    }
}

/// How a log line looks.
package enum LogFormat: String, CaseIterable, Sendable {
    /// `2026-11-23T12:00:00.123Z info message key=value`, for people and for grep.
    case text
    /// One JSON object a line, for programs.
    case json
}

/// The limits on one log line.
package enum LogLimits {
    /// A line is cut here, on a character boundary, so that one event can never flood the log.
    package static let lineBytesMax = 16_384
}

import Foundation

extension Date {
    /// RFC 3339 in UTC, to the second: "2026-11-23T12:00:00Z".
    var timestamp: String { formatted(.iso8601) }
}

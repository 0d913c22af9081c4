/// The machine's load averages (proc(5), /proc/loadavg).
package struct LoadReading: Equatable, Sendable {
    /// Over one minute.
    package let oneMinute: Double
    /// Over five minutes.
    package let fiveMinutes: Double
    /// Over fifteen minutes.
    package let fifteenMinutes: Double

    /// Reads the text of /proc/loadavg; nil where it is none.
    package init?(procLoadavg text: String) {
        let numbers = text.split(whereSeparator: \.isWhitespace).prefix(3).map { Double($0) }
        guard numbers.count == 3, let one = numbers[0], let five = numbers[1], let fifteen = numbers[2],
            [one, five, fifteen].allSatisfy({ $0.isFinite && $0 >= 0 })
        else { return nil }
        (oneMinute, fiveMinutes, fifteenMinutes) = (one, five, fifteen)
    }
}

import ArgumentParser

/// A length of time as typed: a whole number and a unit, "30d".
package struct Lifetime: Sendable, Equatable, ExpressibleByArgument {
    private static let secondsOfUnit: [Character: Int] = [
        "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400,
    ]

    package var seconds: Int

    package init(seconds: Int) { self.seconds = seconds }

    /// nil without a unit, for nothing, and for more seconds than can be counted.
    package init?(argument: String) {
        let digits = argument.dropLast()
        guard let unit = argument.last.flatMap({ Self.secondsOfUnit[$0] }),
            digits.allSatisfy({ ("0"..."9").contains($0) }), let count = Int(digits), count > 0
        else { return nil }
        let (seconds, overflows) = count.multipliedReportingOverflow(by: unit)
        guard !overflows else { return nil }
        self.seconds = seconds
    }
}

/// Values of settings as ParameterStatus tells them: at most some dozens, by name as reported.
package struct ParameterReports: Sendable {
    package struct Report: Hashable, Sendable {
        package let name: String
        package var value: String
    }

    package private(set) var reports: [Report] = []
    /// The exclusive or of the reports' hashes: equal for equal reports, different else but for a chance of 2^-64. A name
    /// is there once, so that no two of them cancel each other out.
    package private(set) var fingerprint = 0

    package init() {}

    package subscript(name: String) -> String? {
        reports.first { $0.name == name }?.value
    }

    /// By a name in lower case, as SET has it.
    package func value(ofSetting name: String) -> String? {
        reports.first { $0.name == name || $0.name.lowercased() == name }?.value
    }

    /// Takes a report in; false if it says what was known.
    @discardableResult
    package mutating func update(_ name: String, _ value: String) -> Bool {
        if let index = reports.firstIndex(where: { $0.name == name }) {
            guard reports[index].value != value else { return false }
            fingerprint ^= reports[index].hashValue
            reports[index].value = value
            fingerprint ^= reports[index].hashValue
        } else {
            let index = reports.firstIndex { $0.name > name } ?? reports.count
            let report = Report(name: name, value: value)
            reports.insert(report, at: index)
            fingerprint ^= report.hashValue
        }
        return true
    }
}

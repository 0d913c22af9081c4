/// Values of settings as ParameterStatus tells them: at most some dozens, by name as reported.
package struct ParameterReports: Sendable {
    package struct Report: Hashable, Sendable {
        package let name: String
        package var value: String
    }

    package private(set) var reports: [Report] = []
    /// Equal for equal reports in the same order, different else but for a chance of 2^-64.
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
            reports[index].value = value
        } else {
            let index = reports.firstIndex { $0.name > name } ?? reports.count
            reports.insert(Report(name: name, value: value), at: index)
        }
        fingerprint = reports.hashValue
        return true
    }
}

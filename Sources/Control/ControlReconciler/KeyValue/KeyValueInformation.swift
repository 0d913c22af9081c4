/// What INFO says, field by field.
struct KeyValueInformation: Sendable, Equatable {
    private(set) var fields: [String: String] = [:]

    /// Lines are `name:value`; those that begin with `#` head a section.
    init(text: String) {
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[String(line[..<colon])] = String(line[line.index(after: colon)...])
        }
    }

    func number(_ name: String) -> Double? { fields[name].flatMap(Double.init) }

    /// Databases that hold keys: `db0:keys=3,expires=1,avg_ttl=0`.
    var databases: [(number: Int, keys: Double, expiring: Double)] {
        fields.compactMap { name, value in
            guard name.hasPrefix("db"), let number = Int(name.dropFirst(2)) else { return nil }
            var figures: [Substring: Double] = [:]
            for pair in value.split(separator: ",") {
                let parts = pair.split(separator: "=")
                if parts.count == 2 { figures[parts[0]] = Double(parts[1]) }
            }
            return (number, figures["keys"] ?? 0, figures["expires"] ?? 0)
        }.sorted { $0.number < $1.number }
    }
}

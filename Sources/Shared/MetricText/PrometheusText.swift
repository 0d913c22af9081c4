/// Writes metric families in Prometheus's text exposition format, version 0.0.4.
package enum PrometheusText {
    /// What the HTTP answer says it carries.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All families. Families of one name are written as one group, as the format demands; the first one's help and
    /// type stand. A family without samples is left out.
    package static func render(_ families: [MetricFamily]) -> String {
        var order: [String] = []
        var grouped: [String: MetricFamily] = [:]
        for family in families where !family.samples.isEmpty {
            if grouped[family.name] == nil {
                order.append(family.name)
                grouped[family.name] = family
            } else {
                grouped[family.name]?.samples += family.samples
            }
        }
        var text = ""
        for name in order {
            if let family = grouped[name] { append(family, to: &text) }
        }
        return text
    }

    /// A number as the format writes it: whole numbers without a fraction, NaN, +Inf and -Inf.
    package static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
        return value.description
    }

    private static func append(_ family: MetricFamily, to text: inout String) {
        text += "# HELP \(family.name) \(escaped(family.help, quote: false))\n"
        text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
        for sample in family.samples {
            text += family.name + sample.suffix
            if !sample.labels.isEmpty {
                let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value, quote: true))\"" }
                text += "{\(labels.joined(separator: ","))}"
            }
            text += " \(number(sample.value))\n"
        }
    }

    /// Help escapes backslash and newline; a label's value escapes the double quote too.
    private static func escaped(_ text: String, quote: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quote: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// One label of a sample.
package struct MetricLabel: Equatable, Sendable {
    /// The label's name: `[a-zA-Z_][a-zA-Z0-9_]*`.
    package let name: String
    /// Any text.
    package let value: String

    /// Makes a label. A name outside the format is a programmer's mistake.
    package init(_ name: String, _ value: String) {
        precondition(MetricName.isLabelName(name), "Not a Prometheus label name: \(name)")
        self.name = name
        self.value = value
    }
}

/// One number of a family.
package struct MetricSample: Equatable, Sendable {
    /// What is put behind the family's name: `_bucket`, `_sum`, `_count` or nothing.
    package let suffix: String
    /// The labels, in the order they are written.
    package let labels: [MetricLabel]
    /// The number, in the family's base unit (seconds, bytes, ratio).
    package let value: Double

    /// Makes a sample.
    package init(_ value: Double, labels: [MetricLabel] = [], suffix: String = "") {
        self.value = value
        self.labels = labels
        self.suffix = suffix
    }
}

/// All samples of one metric name.
package struct MetricFamily: Equatable, Sendable {
    /// What the numbers mean over time.
    package enum Kind: String, CaseIterable, Sendable {
        /// Only grows, until the program restarts.
        case counter
        /// Goes up and down.
        case gauge
        /// Buckets, sum and count.
        case histogram
        /// Quantiles, sum and count.
        case summary
        /// Not said.
        case untyped
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`, unit last, `_total` behind counters.
    package let name: String
    /// One sentence for people.
    package let help: String
    /// What the numbers mean over time.
    package let kind: Kind
    /// The numbers.
    package var samples: [MetricSample]

    /// Makes a family. A name outside the format is a programmer's mistake.
    package init(_ name: String, help: String, kind: Kind, samples: [MetricSample] = []) {
        precondition(MetricName.isMetricName(name), "Not a Prometheus metric name: \(name)")
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// Makes a family of one number without labels.
    package init(_ name: String, help: String, kind: Kind, value: Double) {
        self.init(name, help: help, kind: kind, samples: [MetricSample(value)])
    }
}

/// The two grammars of names in the text format.
package enum MetricName {
    /// Whether the text can name a metric.
    package static func isMetricName(_ text: String) -> Bool {
        hasNameForm(text, allowsColon: true)
    }

    /// Whether the text can name a label; names with two underscores in front belong to Prometheus itself.
    package static func isLabelName(_ text: String) -> Bool {
        hasNameForm(text, allowsColon: false) && !text.hasPrefix("__")
    }

    private static func hasNameForm(_ text: String, allowsColon: Bool) -> Bool {
        guard let first = text.utf8.first, !isDigit(first) else { return false }
        return text.utf8.allSatisfy { byte in
            isDigit(byte) || isLetter(byte) || byte == UInt8(ascii: "_") || (allowsColon && byte == UInt8(ascii: ":"))
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}

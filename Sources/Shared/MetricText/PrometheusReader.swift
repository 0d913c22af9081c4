/// Reads what `PrometheusText` writes: the text exposition format, version 0.0.4, without timestamps.
package struct PrometheusReader {
    /// What is wrong with a text.
    package struct Failure: Error, Equatable, CustomStringConvertible {
        /// The first is 1.
        package let line: Int
        package let reason: String

        package var description: String { "line \(line) of the metrics: \(reason)" }
    }

    /// Bytes of a text. A pooler with a thousand pools tells half of it.
    package static let byteCountMax = 16 << 20
    /// Labels of one sample.
    package static let labelsMax = 64

    private var order: [String] = []
    private var families: [String: MetricFamily] = [:]
    private var helps: [String: String] = [:]
    private var lineNumber = 0

    private init() {}

    /// All families, in the order of their first line. One of which no type is told is untyped.
    package static func families(_ text: String) throws(Failure) -> [MetricFamily] {
        var reader = PrometheusReader()
        guard text.utf8.count <= byteCountMax else { throw Failure(line: 0, reason: "more than \(byteCountMax) bytes") }
        // By bytes: what is one character to Swift may be two of the format's.
        for line in Array(text.utf8).split(separator: newline, omittingEmptySubsequences: false) {
            reader.lineNumber += 1
            if line.first == UInt8(ascii: "#") {
                try reader.readComment(line)
            } else if !line.isEmpty {
                try reader.readSample(line)
            }
        }
        return reader.order.compactMap { reader.families[$0] }
    }

    private func failure(_ reason: String) -> Failure { Failure(line: lineNumber, reason: reason) }

    // MARK: - HELP and TYPE

    private mutating func readComment(_ line: ArraySlice<UInt8>) throws(Failure) {
        let words = line.split(separator: space, maxSplits: 3, omittingEmptySubsequences: false)
        guard words.count >= 3, words[0].count == 1 else { return }
        let (keyword, name) = (Self.text(words[1]), Self.text(words[2]))
        guard keyword == "HELP" || keyword == "TYPE" else { return }
        guard MetricName.isMetricName(name) else { throw failure("no name of a metric") }
        let rest = words.count > 3 ? words[3] : []
        if keyword == "HELP" {
            helps[name] = Self.unescaped(rest)
        } else {
            guard let kind = MetricFamily.Kind(rawValue: Self.text(rest)) else { throw failure("no known type") }
            guard families[name] == nil else { throw failure("the type of \(name) comes twice, or after its samples") }
            begin(name, kind)
        }
    }

    private mutating func begin(_ name: String, _ kind: MetricFamily.Kind) {
        order.append(name)
        families[name] = MetricFamily(name, help: helps[name] ?? "", kind: kind)
    }

    // MARK: - Samples

    private mutating func readSample(_ line: ArraySlice<UInt8>) throws(Failure) {
        var rest = line
        let end = rest.firstIndex { $0 == openingBrace || $0 == space } ?? rest.endIndex
        let name = Self.text(rest[..<end])
        guard MetricName.isMetricName(name) else { throw failure("no name of a metric") }
        rest = rest[end...]
        let labels = rest.first == openingBrace ? try readLabels(&rest) : []
        guard rest.first == space, let value = Self.number(rest.dropFirst()) else { throw failure("no number") }
        let (family, suffix) = familyName(name)
        if families[family] == nil { begin(family, .untyped) }
        families[family]?.samples.append(MetricSample(value, labels: labels, suffix: suffix))
    }

    /// `_bucket`, `_sum` and `_count` belong to the name before them where that is a histogram or a summary.
    private func familyName(_ name: String) -> (family: String, suffix: String) {
        for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
            let family = String(name.dropLast(suffix.count))
            if let kind = families[family]?.kind, kind == .histogram || kind == .summary { return (family, suffix) }
        }
        return (name, "")
    }

    private func readLabels(_ rest: inout ArraySlice<UInt8>) throws(Failure) -> [MetricLabel] {
        var labels: [MetricLabel] = []
        rest.removeFirst()
        while rest.first != closingBrace {
            guard let equals = rest.firstIndex(of: UInt8(ascii: "=")) else { throw failure("a label without a value") }
            let name = Self.text(rest[..<equals])
            guard MetricName.isLabelName(name) else { throw failure("no name of a label") }
            rest = rest[equals...].dropFirst()
            labels.append(MetricLabel(name, try readQuoted(&rest)))
            guard labels.count <= Self.labelsMax else { throw failure("more than \(Self.labelsMax) labels") }
            if rest.first == UInt8(ascii: ",") {
                rest.removeFirst()
            } else if rest.first != closingBrace {
                throw failure("labels do not end")
            }
        }
        rest.removeFirst()
        return labels
    }

    private func readQuoted(_ rest: inout ArraySlice<UInt8>) throws(Failure) -> String {
        guard rest.first == quote else { throw failure("a label's value without quotes") }
        let start = rest.startIndex + 1
        var index = start
        while index < rest.endIndex, rest[index] != quote { index += rest[index] == backslash ? 2 : 1 }
        guard index < rest.endIndex else { throw failure("a label's value does not end") }
        let value = Self.unescaped(rest[start..<index])
        rest = rest[(index + 1)...]
        return value
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        guard bytes.contains(backslash) else { return text(bytes) }
        var result: [UInt8] = []
        var isEscaped = false
        for byte in bytes {
            guard isEscaped || byte != backslash else {
                isEscaped = true
                continue
            }
            if isEscaped, byte == UInt8(ascii: "n") {
                result.append(newline)
            } else {
                if isEscaped, byte != backslash, byte != quote { result.append(backslash) }
                result.append(byte)
            }
            isEscaped = false
        }
        return text((isEscaped ? result + [backslash] : result)[...])
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Double? {
        switch text(bytes) {
        case "NaN": .nan
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case let text: bytes.allSatisfy(isNumberByte) ? Double(text) : nil
        }
    }

    /// Hexadecimal numbers and words, which `Double` reads too, are none of the format.
    private static func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}

private let newline = UInt8(ascii: "\n")
private let space = UInt8(ascii: " ")
private let quote = UInt8(ascii: "\"")
private let backslash = UInt8(ascii: "\\")
private let openingBrace = UInt8(ascii: "{")
private let closingBrace = UInt8(ascii: "}")

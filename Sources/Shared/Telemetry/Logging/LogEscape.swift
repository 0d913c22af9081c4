/// Makes any string safe inside one log line: no newline, no control character, no way to forge a second event.
enum LogEscape {
    /// Plain text with control characters and backslashes escaped.
    static func appendText(_ text: String, to line: inout String) {
        for scalar in text.unicodeScalars { append(scalar, to: &line) }
    }

    /// A key: as text, but `=`, quotes and white space become `_` so that a line can be split again.
    static func appendKey(_ key: String, to line: inout String) {
        guard !key.isEmpty else {
            line += "_"
            return
        }
        for scalar in key.unicodeScalars {
            if needsQuotes(scalar) { line += "_" } else { append(scalar, to: &line) }
        }
    }

    /// A value: bare where that is unmistakable, else in double quotes.
    static func appendValue(_ value: String, to line: inout String) {
        guard value.isEmpty || value.unicodeScalars.contains(where: needsQuotes) else {
            appendText(value, to: &line)
            return
        }
        line += "\""
        for scalar in value.unicodeScalars {
            if scalar == "\"" { line += "\\\"" } else { append(scalar, to: &line) }
        }
        line += "\""
    }

    /// A JSON string (RFC 8259 §7), quotes included; the line separators that JavaScript knows are escaped too.
    static func appendJSON(_ text: String, to line: inout String) {
        line += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": line += "\\\""
            case "\\": line += "\\\\"
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case _ where breaksLine(scalar): line += "\\u" + hexadecimal(scalar, width: 4)
            default: line.unicodeScalars.append(scalar)
            }
        }
        line += "\""
    }

    private static func append(_ scalar: Unicode.Scalar, to line: inout String) {
        switch scalar {
        case "\\": line += "\\\\"
        case "\n": line += "\\n"
        case "\r": line += "\\r"
        case "\t": line += "\\t"
        case _ where breaksLine(scalar): line += "\\u{" + hexadecimal(scalar, width: 2) + "}"
        default: line.unicodeScalars.append(scalar)
        }
    }

    private static func needsQuotes(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\"" || scalar == "=" || scalar.properties.isWhitespace
    }

    /// Control characters (C0, DEL, C1) and Unicode's line and paragraph separators.
    private static func breaksLine(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1f, 0x7f...0x9f, 0x2028, 0x2029: true
        default: false
        }
    }

    private static func hexadecimal(_ scalar: Unicode.Scalar, width: Int) -> String {
        let digits = String(scalar.value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

package import ControlModel
import Foundation

extension JSONValue {
    /// The value as JSON text with sorted keys; `pretty` puts every member on a line of its own.
    package func jsonText(pretty: Bool) -> String {
        var text = ""
        write(to: &text, indentation: pretty ? 0 : nil)
        return text
    }

    /// `indentation` is the depth of the line that the value stands in; nil for compact text.
    private func write(to text: inout String, indentation: Int?) {
        switch self {
        case .null: text += "null"
        case .boolean(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? String(value) : "null"
        case .string(let value): text += Self.quoted(value)
        case .array(let elements):
            Self.write(elements, brackets: ("[", "]"), to: &text, indentation: indentation) { element, text, depth in
                element.write(to: &text, indentation: depth)
            }
        case .object(let members):
            let sorted = members.sorted { $0.key < $1.key }
            Self.write(sorted, brackets: ("{", "}"), to: &text, indentation: indentation) { member, text, depth in
                text += Self.quoted(member.key) + (depth == nil ? ":" : ": ")
                member.value.write(to: &text, indentation: depth)
            }
        }
    }

    private static func write<Element>(
        _ elements: [Element], brackets: (String, String), to text: inout String, indentation: Int?,
        _ writeElement: (Element, inout String, Int?) -> Void
    ) {
        let depth = indentation.map { $0 + 1 }
        text += brackets.0
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            newLine(&text, depth)
            writeElement(element, &text, depth)
        }
        if !elements.isEmpty { newLine(&text, indentation) }
        text += brackets.1
    }

    private static func newLine(_ text: inout String, _ depth: Int?) {
        if let depth { text += "\n" + String(repeating: "  ", count: depth) }
    }

    /// RFC 8259 §7: quotation mark, backslash and control characters are escaped; DEL and C1 too, for terminals.
    private static func quoted(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..<"\u{20}", "\u{7F}"..<"\u{A0}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}

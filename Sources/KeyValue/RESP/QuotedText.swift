package import Bytes

/// Bytes as redis-cli shows them between quotes: printable ASCII as it is, the rest escaped.
package enum QuotedText {
    /// The text with quotes around it.
    package static func quoted(_ text: String) -> String {
        var text = text
        return text.withUTF8 { "\"" + escape(ByteSlice($0)) + "\"" }
    }

    /// The text without the quotes around it.
    package static func escape(_ bytes: ByteSlice) -> String {
        var text = ""
        for byte in bytes {
            switch byte {
            case 0x5C, 0x22: text += "\\\(Character(UnicodeScalar(byte)))"
            case 0x0A: text += "\\n"
            case 0x0D: text += "\\r"
            case 0x09: text += "\\t"
            case 0x07: text += "\\a"
            case 0x08: text += "\\b"
            case 0x20...0x7E: text.unicodeScalars.append(UnicodeScalar(byte))
            default:
                let digits = String(byte, radix: 16)
                text += "\\x" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return text
    }
}

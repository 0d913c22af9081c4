/// The value of a line of [databases], [users] or [peers]: `key=value` pairs with spaces between.
///
/// A value with spaces stands in single quotes, in which two of them mean one. No value is empty.
enum ConnectionString {
    struct Pair: Equatable {
        let key: String
        let value: String
    }

    static func pairs(_ text: String) throws(ValueProblem) -> [Pair] {
        var scanner = ByteScanner(Array(text.utf8))
        var pairs: [Pair] = []
        while true {
            scanner.take(while: isSpace)
            guard !scanner.isAtEnd else { return pairs }
            let key = scanner.take { $0 != UInt8(ascii: "=") && !isSpace($0) }
            scanner.take(while: isSpace)
            guard !key.isEmpty, scanner.skip("=") else { throw syntaxError }
            scanner.take(while: isSpace)
            let value = try value(&scanner)
            guard !value.isEmpty else { throw syntaxError }
            pairs.append(Pair(key: String(decoding: key, as: UTF8.self), value: value))
        }
    }

    // Never with the text: a password may be in it.
    private static let syntaxError = ValueProblem("syntax error in connection string")

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") }

    private static func value(_ scanner: inout ByteScanner) throws(ValueProblem) -> String {
        guard scanner.skip("'") else {
            return String(decoding: scanner.take { !isSpace($0) }, as: UTF8.self)
        }
        var value: [UInt8] = []
        while true {
            value += scanner.take { $0 != UInt8(ascii: "'") }
            guard scanner.skip("'") else { throw syntaxError }
            guard scanner.skip("'") else { break }
            value.append(UInt8(ascii: "'"))
        }
        guard scanner.next.map(isSpace) ?? true else { throw syntaxError }
        return String(decoding: value, as: UTF8.self)
    }
}

import PostgresWire

/// The parameter `options`: arguments for the server's command line, of which `-c name=value` and `--name=value` are
/// understood.
///
/// White space separates arguments; a backslash takes the special meaning from the character behind it.
enum StartupOptions {
    /// The settings in their order. O(n).
    static func settings(_ text: String) throws(LoginFailure) -> [SessionParameter] {
        var scanner = Scanner(rest: Array(text.utf8)[...])
        var settings: [SessionParameter] = []
        scanner.skipSpace()
        while !scanner.rest.isEmpty {
            if scanner.skip("-c") {
                scanner.skipSpace()
            } else if !scanner.skip("--") {
                throw .malformedOptions
            }
            let word = scanner.readWord()
            guard let equals = word.firstIndex(of: UInt8(ascii: "=")), equals > 0 else { throw .malformedOptions }
            settings.append(
                SessionParameter(name(word[..<equals]), String(decoding: word[(equals + 1)...], as: UTF8.self)))
            scanner.skipSpace()
        }
        return settings
    }

    /// Hyphens stand for underscores, as in PostgreSQL.
    private static func name(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        mutating func skip(_ prefix: String) -> Bool {
            guard rest.starts(with: prefix.utf8) else { return false }
            rest.removeFirst(prefix.utf8.count)
            return true
        }

        mutating func skipSpace() {
            rest = rest.drop(while: Scanner.isSpace)
        }

        mutating func readWord() -> [UInt8] {
            var word: [UInt8] = []
            while let byte = rest.first, !Scanner.isSpace(byte) {
                rest.removeFirst()
                if byte != UInt8(ascii: "\\") {
                    word.append(byte)
                } else if let escaped = rest.popFirst() {
                    word.append(escaped)
                }
            }
            return word
        }

        /// C's `isspace`.
        private static func isSpace(_ byte: UInt8) -> Bool {
            byte == 0x20 || (0x09...0x0d).contains(byte)
        }
    }
}

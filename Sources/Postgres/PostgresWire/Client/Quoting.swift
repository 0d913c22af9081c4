/// Why a text cannot be put into SQL.
package enum QuotingError: Error, Hashable, Sendable {
    /// The text contains a zero byte, which PostgreSQL cannot store or read.
    case zeroByte
    /// An identifier must not be empty.
    case emptyIdentifier
    /// The server would cut the identifier to 63 bytes without an error.
    case identifierTooLong(byteCount: Int)
}

/// Puts names and values into the text of a simple query, which has no parameters.
///
/// PostgreSQL documentation, "Lexical Structure". Right for every `standard_conforming_strings` and any
/// `client_encoding` that is UTF-8.
package enum SQLQuoting {
    /// `"name"` with quotes doubled; case is kept. O(n).
    package static func identifier(_ name: String) throws(QuotingError) -> String {
        guard !name.isEmpty else { throw .emptyIdentifier }
        guard name.utf8.count <= WireLimits.identifierByteCountMax else {
            throw .identifierTooLong(byteCount: name.utf8.count)
        }
        return try quoted(name, quote: "\"", escapesBackslash: false)
    }

    /// `'text'` with quotes doubled, `E'text'` with backslashes doubled too if there are any. O(n).
    package static func literal(_ text: String) throws(QuotingError) -> String {
        let hasBackslash = text.utf8.contains(UInt8(ascii: "\\"))
        return try (hasBackslash ? "E" : "") + quoted(text, quote: "'", escapesBackslash: hasBackslash)
    }

    // By scalars: a combining mark behind a quote makes another Character of it.
    private static func quoted(
        _ text: String, quote: Unicode.Scalar, escapesBackslash: Bool
    ) throws(QuotingError) -> String {
        var result = String.UnicodeScalarView()
        result.append(quote)
        for scalar in text.unicodeScalars {
            guard scalar != "\0" else { throw .zeroByte }
            if scalar == quote || (escapesBackslash && scalar == "\\") { result.append(scalar) }
            result.append(scalar)
        }
        result.append(quote)
        return String(result)
    }
}

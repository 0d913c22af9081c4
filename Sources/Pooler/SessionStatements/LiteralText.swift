/// What names and constants of SQL stand for.
package enum LiteralText {
    /// PostgreSQL cuts names to this many bytes (NAMEDATALEN - 1).
    package static let nameByteCountMax = 63

    /// A name as PostgreSQL knows it: folded unless quoted, cut, the parts of a qualified one joined by dots. Nil if it
    /// is none, or written in a way that is not understood (UESCAPE).
    package static func name(_ text: UnsafeRawBufferPointer) -> String? {
        var cursor = TextCursor(text, standardConformingStrings: true)
        var parts: [String] = []
        repeat {
            let token = cursor.nextToken()
            guard let part = part(cursor, token) else { return nil }
            parts.append(part)
        } while cursor.take(.dot)
        guard cursor.nextToken().kind == .end, !cursor.isUnterminated else { return nil }
        return parts.joined(separator: ".")
    }

    private static func part(_ cursor: TextCursor, _ token: TextToken) -> String? {
        switch token.kind {
        case .word:
            return clipped((token.start..<token.end).map { ByteClass.lowered(cursor.base[$0]) })
        case .quotedName:
            guard let bytes = quotedName(cursor, token) else { return nil }
            return clipped(bytes)
        default: return nil
        }
    }

    /// The contents of a quoted name, with or without U&.
    static func quotedName(_ cursor: TextCursor, _ token: TextToken) -> [UInt8]? {
        let isUnicode = cursor.base[token.start] != UInt8(ascii: "\"")
        let start = token.start + (isUnicode ? 3 : 1)
        guard token.end > start, !cursor.isUnterminated else { return nil }
        let bytes = undoubled(cursor, start, token.end - 1, quote: UInt8(ascii: "\""))
        return isUnicode ? UnicodeEscapes.decoded(bytes) : bytes
    }

    /// At most 63 bytes, no character cut in two; nil if it is not UTF-8.
    private static func clipped(_ bytes: [UInt8]) -> String? {
        guard bytes.count > nameByteCountMax else { return String(validating: bytes, as: UTF8.self) }
        var end = nameByteCountMax
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return String(validating: bytes[..<end], as: UTF8.self)
    }

    /// The value of a string constant in any form but B'…' and X'…'; nil if it is none.
    package static func string(_ text: UnsafeRawBufferPointer, standardConformingStrings: Bool) -> [UInt8]? {
        var cursor = TextCursor(text, standardConformingStrings: standardConformingStrings)
        let token = cursor.nextToken()
        guard token.kind == .string, token.end == text.count, !cursor.isUnterminated else { return nil }
        return string(cursor, token)
    }

    /// The same of a token that the cursor has just read; nil if it has no end.
    static func string(_ cursor: TextCursor, _ token: TextToken) -> [UInt8]? {
        guard !cursor.isUnterminated else { return nil }
        switch cursor.base[token.start] | 0x20 {
        case UInt8(ascii: "'"):
            return quoted(cursor, token.start, token.end, escapes: !cursor.standardConformingStrings)
        case UInt8(ascii: "n"):
            return quoted(cursor, token.start + 1, token.end, escapes: !cursor.standardConformingStrings)
        case UInt8(ascii: "e"): return quoted(cursor, token.start + 1, token.end, escapes: true)
        case UInt8(ascii: "u"):
            return UnicodeEscapes.decoded(quoted(cursor, token.start + 2, token.end, escapes: false))
        case UInt8(ascii: "$"): return dollarQuoted(cursor, token)
        default: return nil
        }
    }

    /// Between the dollars.
    private static func dollarQuoted(_ cursor: TextCursor, _ token: TextToken) -> [UInt8] {
        var tagEnd = token.start + 1
        while cursor.base[tagEnd] != UInt8(ascii: "$") { tagEnd += 1 }
        let tagByteCount = tagEnd + 1 - token.start
        return (token.start + tagByteCount..<token.end - tagByteCount).map { cursor.base[$0] }
    }

    /// All segments of a string that starts with its quote.
    private static func quoted(_ cursor: TextCursor, _ start: Int, _ end: Int, escapes: Bool) -> [UInt8] {
        var result: [UInt8] = []
        var at = start + 1
        while at < end {
            let byte = cursor.base[at]
            if byte == UInt8(ascii: "'") {
                if at + 1 < end, cursor.base[at + 1] == byte {
                    result.append(byte)
                    at += 2
                    continue
                }
                at = nextSegment(cursor, at + 1, end)
            } else if byte == UInt8(ascii: "\\"), escapes {
                at = BackslashEscapes.decode(cursor.base, at + 1, end, into: &result)
            } else {
                result.append(byte)
                at += 1
            }
        }
        return result
    }

    /// Behind the quote with which a string goes on, past white space and comments; the end if it does not.
    private static func nextSegment(_ cursor: TextCursor, _ start: Int, _ end: Int) -> Int {
        var ahead = cursor
        ahead.offset = start
        ahead.skipSpace()
        return min(ahead.offset + 1, end)
    }

    private static func undoubled(_ cursor: TextCursor, _ start: Int, _ end: Int, quote: UInt8) -> [UInt8] {
        var result: [UInt8] = []
        var at = start
        while at < end {
            result.append(cursor.base[at])
            at += cursor.base[at] == quote ? 2 : 1
        }
        return result
    }
}

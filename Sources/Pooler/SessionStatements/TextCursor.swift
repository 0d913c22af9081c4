import Glibc

/// A place in a text, and the tokens of PostgreSQL's lexer whose ends cannot be told by one byte: strings, quoted
/// names, dollar quotes and comments. Reads no byte outside the text.
struct TextCursor {
    let base: UnsafePointer<UInt8>
    let count: Int
    let standardConformingStrings: Bool
    var offset = 0
    /// A string, quoted name or comment had no end; the cursor stands at the end of the text.
    var isUnterminated = false

    /// The text must outlive the cursor.
    init(_ text: UnsafeRawBufferPointer, standardConformingStrings: Bool) {
        // An empty text may have no address; nothing is read from this one.
        let anywhere = ("" as StaticString).utf8Start
        base = text.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? anywhere
        count = text.count
        self.standardConformingStrings = standardConformingStrings
    }

    @inline(__always)
    var isAtEnd: Bool { offset >= count }

    /// The byte so many behind the cursor, 0 behind the end.
    @inline(__always)
    func peek(_ distance: Int = 0) -> UInt8 {
        offset + distance < count ? base[offset + distance] : 0
    }

    /// Whether the word is this one, which is in lower case.
    @inline(__always)
    func word(_ start: Int, _ end: Int, is literal: StaticString) -> Bool {
        guard end - start == literal.utf8CodeUnitCount else { return false }
        for index in 0..<(end - start) where ByteClass.lowered(base[start + index]) != literal.utf8Start[index] {
            return false
        }
        return true
    }

    // MARK: - White space and comments

    /// To the next byte that is neither white space nor in a comment.
    mutating func skipSpace() {
        while offset < count {
            switch ByteClass.of(base[offset]) {
            case ByteClass.space: offset += 1
            case ByteClass.minus where peek(1) == UInt8(ascii: "-"): skipLineComment()
            case ByteClass.slash where peek(1) == UInt8(ascii: "*"): skipBlockComment()
            default: return
            }
        }
    }

    /// From `--` to the end of the line, which stays.
    mutating func skipLineComment() {
        while offset < count, !Self.endsLine(base[offset]) { offset += 1 }
    }

    /// From `/*` to behind its `*/`; comments nest.
    mutating func skipBlockComment() {
        offset += 2
        var depth = 1
        while offset < count {
            let byte = base[offset]
            if byte == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                offset += 2
                depth -= 1
                if depth == 0 { return }
            } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                offset += 2
                depth += 1
            } else {
                offset += 1
            }
        }
        endEarly()
    }

    @inline(__always)
    private static func endsLine(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    // MARK: - Strings

    /// How a string is written, which decides what a backslash does.
    enum StringForm {
        /// Without a prefix, or N'…': as `standard_conforming_strings` says.
        case plain
        /// E'…': backslashes escape.
        case escape
        /// B'…', X'…', U&'…': a quote is only escaped by a quote.
        case verbatim
    }

    /// From the opening quote to behind the closing one, and on through continuations on later lines.
    mutating func skipString(_ form: StringForm) {
        let backslashEscapes = form == .escape || (form == .plain && !standardConformingStrings)
        repeat {
            offset += 1
            skipStringSegment(backslashEscapes: backslashEscapes)
        } while !isUnterminated && skipToContinuation()
    }

    /// To behind the quote that is not doubled.
    private mutating func skipStringSegment(backslashEscapes: Bool) {
        while offset < count {
            if !backslashEscapes {
                guard let found = memchr(base + offset, 0x27, count - offset) else { return endEarly() }
                offset = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - base
            }
            switch base[offset] {
            case UInt8(ascii: "'"):
                offset += 1
                guard peek() == UInt8(ascii: "'") else { return }
                offset += 1
            case UInt8(ascii: "\\"): offset = min(offset + 2, count)
            default: offset += 1
            }
        }
        endEarly()
    }

    /// Behind a closing quote: white space with a line's end in it, and `--` comments, may lead to another quote that
    /// goes on with the same string. If so, moves there; else stays.
    private mutating func skipToContinuation() -> Bool {
        let start = offset
        var hasLineEnd = false
        while offset < count {
            let byte = base[offset]
            if byte == UInt8(ascii: "'"), hasLineEnd { return true }
            if ByteClass.of(byte) == ByteClass.space {
                if Self.endsLine(byte) { hasLineEnd = true }
                offset += 1
            } else if byte == UInt8(ascii: "-"), peek(1) == UInt8(ascii: "-") {
                skipLineComment()
            } else {
                break
            }
        }
        offset = start
        return false
    }

    /// From the opening double quote to behind the closing one.
    mutating func skipQuotedName() {
        offset += 1
        while offset < count {
            guard base[offset] == UInt8(ascii: "\"") else {
                offset += 1
                continue
            }
            offset += 1
            guard peek() == UInt8(ascii: "\"") else { return }
            offset += 1
        }
        endEarly()
    }

    /// From a `$` that does not continue a word: over a whole dollar-quoted string, or over the `$` alone (and the
    /// digits of a parameter). True for a string.
    mutating func skipDollar() -> Bool {
        let start = offset
        offset += 1
        if ByteClass.of(peek()) == ByteClass.digit {
            while ByteClass.of(peek()) == ByteClass.digit { offset += 1 }
            return false
        }
        // A tag is a name without `$`.
        while offset < count, base[offset] != UInt8(ascii: "$"), ByteClass.continuesWord(base[offset]) { offset += 1 }
        guard peek() == UInt8(ascii: "$") else {
            offset = start + 1
            return false
        }
        offset += 1
        skipPast(tag: start, byteCount: offset - start)
        return true
    }

    /// To behind the next occurrence of a piece of the text.
    private mutating func skipPast(tag start: Int, byteCount: Int) {
        while offset < count {
            guard let found = memchr(base + offset, 0x24, count - offset) else { break }
            offset = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - base
            guard count - offset >= byteCount else { break }
            if memcmp(base + offset, base + start, byteCount) == 0 {
                offset += byteCount
                return
            }
            offset += 1
        }
        endEarly()
    }

    private mutating func endEarly() {
        offset = count
        isUnterminated = true
    }

    // MARK: - Words

    /// To behind the word that begins here.
    @inline(__always)
    mutating func skipWord() {
        offset += 1
        while offset < count, ByteClass.continuesWord(base[offset]) { offset += 1 }
    }

    /// A word ends here, and what follows at once may make it the prefix of a string or of a quoted name: then goes to
    /// behind that and says what it was.
    mutating func skipPrefixed(wordStart: Int) -> PrefixedToken {
        guard offset - wordStart == 1 else { return .none }
        let letter = base[wordStart] | 0x20
        switch peek() {
        case UInt8(ascii: "'"):
            switch letter {
            case UInt8(ascii: "e"): skipString(.escape)
            case UInt8(ascii: "b"), UInt8(ascii: "x"): skipString(.verbatim)
            case UInt8(ascii: "n"): skipString(.plain)
            default: return .none
            }
            return .string
        case UInt8(ascii: "&") where letter == UInt8(ascii: "u"):
            if peek(1) == UInt8(ascii: "'") {
                offset += 1
                skipString(.verbatim)
                return .string
            }
            if peek(1) == UInt8(ascii: "\"") {
                offset += 1
                skipQuotedName()
                return .quotedName
            }
            return .none
        default: return .none
        }
    }

    enum PrefixedToken {
        case none, string, quotedName
    }
}

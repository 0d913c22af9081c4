/// A token of a text, for the parts of statements that are read token by token.
struct TextToken {
    enum Kind {
        case word, quotedName, string, number, parameter
        case semicolon, open, close, dot, comma, other
        /// Behind the last one.
        case end
    }

    var kind: Kind
    var start: Int
    var end: Int

    var range: TextRange { TextRange(start, end) }

    /// Whether it can name something.
    var isName: Bool { kind == .word || kind == .quotedName }
}

extension TextCursor {
    /// The next token, behind white space and comments; the cursor goes behind it.
    mutating func nextToken() -> TextToken {
        skipSpace()
        let start = offset
        guard start < count else { return TextToken(kind: .end, start: count, end: count) }
        let kind = skipToken()
        return TextToken(kind: kind, start: start, end: offset)
    }

    /// The next token, without going there.
    func peekToken() -> TextToken {
        var ahead = self
        return ahead.nextToken()
    }

    private mutating func skipToken() -> TextToken.Kind {
        let start = offset
        switch ByteClass.of(base[offset]) {
        case ByteClass.letter:
            skipWord()
            switch skipPrefixed(wordStart: start) {
            case .none: return .word
            case .string: return .string
            case .quotedName: return .quotedName
            }
        case ByteClass.quote:
            skipString(.plain)
            return .string
        case ByteClass.doubleQuote:
            skipQuotedName()
            return .quotedName
        case ByteClass.dollar: return skipDollar() ? .string : .parameter
        case ByteClass.digit:
            skipNumber()
            return .number
        case ByteClass.dot where ByteClass.of(peek(1)) == ByteClass.digit:
            skipNumber()
            return .number
        case ByteClass.semicolon: return skipByte(.semicolon)
        case ByteClass.open: return skipByte(.open)
        case ByteClass.close: return skipByte(.close)
        case ByteClass.dot: return skipByte(.dot)
        case ByteClass.comma: return skipByte(.comma)
        default: return skipByte(.other)
        }
    }

    private mutating func skipByte(_ kind: TextToken.Kind) -> TextToken.Kind {
        offset += 1
        return kind
    }

    /// Digits, one dot, an exponent.
    private mutating func skipNumber() {
        skipDigits()
        if peek() == UInt8(ascii: "."), peek(1) != UInt8(ascii: ".") {
            offset += 1
            skipDigits()
        }
        guard peek() | 0x20 == UInt8(ascii: "e") else { return }
        let hasSign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
        guard ByteClass.of(peek(hasSign ? 2 : 1)) == ByteClass.digit else { return }
        offset += hasSign ? 2 : 1
        skipDigits()
    }

    private mutating func skipDigits() {
        while ByteClass.of(peek()) == ByteClass.digit { offset += 1 }
    }

    /// Whether the token is this word, which is in lower case.
    func token(_ token: TextToken, is literal: StaticString) -> Bool {
        token.kind == .word && word(token.start, token.end, is: literal)
    }

    /// Takes the next token if it is this word.
    mutating func take(_ literal: StaticString) -> Bool {
        var ahead = self
        guard ahead.token(ahead.nextToken(), is: literal) else { return false }
        self = ahead
        return true
    }

    /// Takes the next token if it is of this kind.
    mutating func take(_ kind: TextToken.Kind) -> Bool {
        var ahead = self
        guard ahead.nextToken().kind == kind else { return false }
        self = ahead
        return true
    }

    /// Takes a name, qualified or not, as one range; nowhere if none stands here.
    mutating func takeName() -> TextRange {
        var ahead = self
        let first = ahead.nextToken()
        guard first.isName else { return .none }
        self = ahead
        var end = first.end
        while true {
            var ahead = self
            guard ahead.nextToken().kind == .dot else { break }
            let part = ahead.nextToken()
            guard part.isName else { break }
            end = part.end
            self = ahead
        }
        return TextRange(first.start, end)
    }
}

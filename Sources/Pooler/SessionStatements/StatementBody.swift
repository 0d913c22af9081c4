// Reads the rest of a statement in one pass: what functions it calls, where it ends, what SELECT … INTO makes.
//
// The hot path of the module: a plain query of an application costs one look at each byte. No grammar is known but
// the few rules by which `name (` is not the call of a function: behind INTO, WITH, AS and `::`.

/// How the body of a statement is read.
struct StatementBody {
    /// What the last token was, as far as it says what a name or a parenthesis behind it means.
    private enum Previous {
        case other
        /// A name that may be that of a function.
        case word
        case quotedName
        /// The same behind `pg_catalog.`, and behind any other `name.`.
        case catalogDot, otherDot, qualifiedWord
        /// INTO, WITH, AS, `::`, or a dot in the name behind: a name follows that is not a function's.
        case naming
        /// Such a name.
        case target

        /// Whether a word that follows means what it says: it is neither part of a qualified name nor a new name.
        @inline(__always)
        var isFree: Bool {
            switch self {
            case .other, .word, .quotedName, .qualifiedWord, .target: true
            case .catalogDot, .otherDot, .naming: false
            }
        }
    }

    private var previous = Previous.other
    /// The last word or quoted name.
    private var wordStart = 0
    private var wordEnd = 0
    private var parenthesisDepth = 0
    /// BEGIN ATOMIC and CASE that have not met their END.
    private var blockDepth = 0
    private(set) var effects: StatementEffects = []

    /// The statement makes objects: a name in pg_temp is that of a new one.
    var isCreating = false
    /// The statement may have a body in SQL: CREATE FUNCTION and PROCEDURE.
    var hasBlocks = false

    /// The first token is `word` and has been read.
    init(behindWord start: Int, _ end: Int) {
        previous = .word
        wordStart = start
        wordEnd = end
    }

    /// What follows is the name of something, as behind INTO.
    init(naming: Bool = false) {
        previous = naming ? .naming : .other
    }

    /// Reads on to the semicolon that ends the statement, or to the end of the text; the cursor stops there.
    mutating func read(_ cursor: inout TextCursor) {
        let base = cursor.base
        let count = cursor.count
        var at = cursor.offset
        while at < count {
            switch ByteClass.of(base[at]) {
            case ByteClass.space: at += 1
            case ByteClass.letter:
                let start = at
                repeat { at += 1 } while at < count && ByteClass.continuesWord(base[at])
                if previous.isFree, Self.isUnremarkable(base + start, at - start), !hasBlocks, !isCreating {
                    previous = .word
                    wordStart = start
                    wordEnd = at
                } else {
                    cursor.offset = at
                    readWord(&cursor, start)
                    at = cursor.offset
                }
            case ByteClass.digit, ByteClass.comma, ByteClass.other:
                previous = .other
                at += 1
            default:
                cursor.offset = at
                if readRareByte(&cursor) { return }
                at = cursor.offset
            }
        }
        cursor.offset = count
        if blockDepth > 0 { effects.insert(.unterminated) }
    }

    /// Whether a word is none of those that say something about what follows: AS, INTO, WITH, and prefixes of strings.
    @inline(__always)
    private static func isUnremarkable(_ word: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        if length > 4 { return true }
        if length == 4 {
            let letters = UInt32(littleEndian: UnsafeRawPointer(word).loadUnaligned(as: UInt32.self)) | 0x2020_2020
            // "into" and "with" as numbers.
            return letters != 0x6F74_6E69 && letters != 0x6874_6977
        }
        return length == 3
    }

    /// All but words, numbers and white space; true at the statement's end.
    private mutating func readRareByte(_ cursor: inout TextCursor) -> Bool {
        switch ByteClass.of(cursor.base[cursor.offset]) {
        case ByteClass.dot:
            readDot(&cursor)
            return false
        case ByteClass.quote, ByteClass.doubleQuote:
            readQuoted(&cursor)
            return false
        case ByteClass.minus where cursor.peek(1) == UInt8(ascii: "-"):
            cursor.skipLineComment()
            return false
        case ByteClass.slash where cursor.peek(1) == UInt8(ascii: "*"):
            cursor.skipBlockComment()
            return false
        case ByteClass.open:
            noteCall(cursor)
            parenthesisDepth += 1
            previous = .other
        case ByteClass.close:
            parenthesisDepth = max(parenthesisDepth - 1, 0)
            previous = .other
        case ByteClass.semicolon:
            if parenthesisDepth == 0, blockDepth == 0 { return true }
            previous = .other
        case ByteClass.colon where cursor.peek(1) == UInt8(ascii: ":"):
            previous = .naming
            cursor.offset += 1
        case ByteClass.dollar:
            _ = cursor.skipDollar()
            previous = .other
            return false
        default: previous = .other
        }
        cursor.offset += 1
        return false
    }

    private mutating func readQuoted(_ cursor: inout TextCursor) {
        let start = cursor.offset
        if cursor.base[start] == UInt8(ascii: "\"") {
            cursor.skipQuotedName()
            tookName(cursor, start + 1, cursor.offset - 1, isQuoted: true)
        } else {
            cursor.skipString(.plain)
            previous = .other
        }
    }

    private mutating func readDot(_ cursor: inout TextCursor) {
        cursor.offset += 1
        switch previous {
        case .target:
            noteTemporarySchema(cursor)
            previous = .naming
        case .word, .quotedName:
            noteTemporarySchema(cursor)
            let isCatalog = wordEnd - wordStart == 10 && cursor.word(wordStart, wordEnd, is: "pg_catalog")
            previous = isCatalog ? .catalogDot : .otherDot
        case .qualifiedWord: previous = .otherDot
        default: previous = .other
        }
    }

    // MARK: - Names

    /// A word from `start` to the cursor.
    private mutating func readWord(_ cursor: inout TextCursor, _ start: Int) {
        let end = cursor.offset
        switch cursor.skipPrefixed(wordStart: start) {
        case .none: tookName(cursor, start, end, isQuoted: false)
        case .string: previous = .other
        // Its characters may be escaped; such a function is not a well-known one.
        case .quotedName: tookName(cursor, start, start, isQuoted: true)
        }
    }

    private mutating func tookName(_ cursor: TextCursor, _ start: Int, _ end: Int, isQuoted: Bool) {
        let before = previous
        let beforeStart = wordStart
        let beforeEnd = wordEnd
        wordStart = start
        wordEnd = end
        switch before {
        case .naming:
            previous = .target
            // WITH RECURSIVE names something else yet.
            if end - start == 9, !isQuoted, cursor.word(start, end, is: "recursive") { previous = .naming }
        case .catalogDot: previous = isQuoted ? .quotedName : .word
        case .otherDot: previous = .qualifiedWord
        default: previous = isQuoted ? .quotedName : .word
        }
        guard !isQuoted, before != .catalogDot, before != .otherDot else { return }
        let length = end - start
        if length == 4 || length == 2 { tookShortKeyword(cursor, beforeStart, beforeEnd) }
        if hasBlocks { tookBlockKeyword(cursor, beforeStart, beforeEnd, before) }
        if isCreating, length == 7, cursor.word(start, end, is: "execute"),
            cursor.word(beforeStart, beforeEnd, is: "as")
        {
            effects.insert(.execute)
        }
    }

    /// INTO, WITH and AS make what follows a name.
    private mutating func tookShortKeyword(_ cursor: TextCursor, _ beforeStart: Int, _ beforeEnd: Int) {
        if cursor.word(wordStart, wordEnd, is: "as") || cursor.word(wordStart, wordEnd, is: "with") {
            previous = .naming
        } else if cursor.word(wordStart, wordEnd, is: "into") {
            previous = .naming
            let isData =
                cursor.word(beforeStart, beforeEnd, is: "insert") || cursor.word(beforeStart, beforeEnd, is: "merge")
            if !isData { noteSelectInto(cursor) }
        }
    }

    /// SELECT … INTO [LOCAL | GLOBAL] TEMP name.
    private mutating func noteSelectInto(_ cursor: TextCursor) {
        isCreating = true
        var ahead = cursor
        var token = ahead.nextToken()
        if ahead.token(token, is: "local") || ahead.token(token, is: "global") { token = ahead.nextToken() }
        if ahead.token(token, is: "temp") || ahead.token(token, is: "temporary") { effects.insert(.temporaryObject) }
    }

    /// `pg_temp.` and `pg_temp_3.`: the schema of the session's own objects.
    private mutating func noteTemporarySchema(_ cursor: TextCursor) {
        guard wordEnd - wordStart >= 7 else { return }
        let isExact = cursor.word(wordStart, wordEnd, is: "pg_temp")
        guard isExact || cursor.word(wordStart, min(wordStart + 8, wordEnd), is: "pg_temp_") else { return }
        effects.insert(isCreating ? .temporaryObject : .opaque)
    }

    /// BEGIN ATOMIC … END, with CASE … END inside.
    private mutating func tookBlockKeyword(
        _ cursor: TextCursor, _ beforeStart: Int, _ beforeEnd: Int, _ before: Previous
    ) {
        if blockDepth == 0 {
            if cursor.word(wordStart, wordEnd, is: "atomic"), cursor.word(beforeStart, beforeEnd, is: "begin") {
                blockDepth = 1
            }
        } else if before != .naming {
            if cursor.word(wordStart, wordEnd, is: "case") { blockDepth += 1 }
            if cursor.word(wordStart, wordEnd, is: "end") { blockDepth -= 1 }
        }
    }

    // MARK: - Calls

    /// An opening parenthesis: the name before it may be that of a function.
    private mutating func noteCall(_ cursor: TextCursor) {
        switch previous {
        case .word: effects.formUnion(FunctionCall.effects(of: cursor.base + wordStart, wordEnd - wordStart))
        case .quotedName: noteQuotedCall(cursor)
        case .qualifiedWord: effects.insert(.opaque)
        case .other, .catalogDot, .otherDot, .naming, .target: break
        }
    }

    /// A quoted name is the function's if it is written in lower case.
    private mutating func noteQuotedCall(_ cursor: TextCursor) {
        let isLower = (wordStart..<wordEnd).allSatisfy { ByteClass.lowered(cursor.base[$0]) == cursor.base[$0] }
        guard isLower, wordEnd > wordStart else { return effects.formUnion(.opaque) }
        // Quoted, a keyword is no keyword: what is not special is not known.
        let effects = FunctionCall.effects(of: cursor.base + wordStart, wordEnd - wordStart)
        self.effects.formUnion(effects.isEmpty ? .opaque : effects)
    }
}

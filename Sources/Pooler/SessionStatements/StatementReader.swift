/// Goes through the statements of a text. Knows their grammar only as far as the session is concerned, and is never
/// wrong about where a statement ends if the server takes the text.
struct StatementReader {
    var cursor: TextCursor

    /// The text must outlive the reader.
    init(_ text: UnsafeRawBufferPointer, standardConformingStrings: Bool) {
        cursor = TextCursor(text, standardConformingStrings: standardConformingStrings)
    }

    /// The next statement that is not empty: exactly those that the server answers with a CommandComplete (or its
    /// like); nil behind the last one.
    mutating func next() -> Statement? {
        repeat {
            cursor.skipSpace()
            if cursor.isAtEnd { return nil }
        } while cursor.take(.semicolon)
        let start = cursor.offset
        var statement = Statement()
        readStatement(&statement)
        finish(&statement, start: start)
        return statement
    }

    private mutating func finish(_ statement: inout Statement, start: Int) {
        var end = cursor.offset
        while end > start, ByteClass.of(cursor.base[end - 1]) == ByteClass.space { end -= 1 }
        statement.range = TextRange(start, end)
        if cursor.isUnterminated { statement.effects.insert(.unterminated) }
    }

    /// From the first word to the semicolon.
    mutating func readStatement(_ statement: inout Statement) {
        let start = cursor.offset
        guard ByteClass.of(cursor.peek()) == ByteClass.letter else { return readBody(StatementBody(), &statement) }
        cursor.skipWord()
        let end = cursor.offset
        // Queries first: they are the most.
        switch end - start {
        case 6 where is6(start, "select"): readBody(StatementBody(behindWord: start, end), &statement)
        case 6 where is6(start, "insert") || is6(start, "delete"):
            statement.effects = .write
            readBody(StatementBody(behindWord: start, end), &statement)
        case 6 where is6(start, "update"): readUpdate(start, end, &statement)
        case 6 where is6(start, "commit"): readCommit(&statement)
        case 5 where cursor.word(start, end, is: "begin"):
            statement.kind = .begin
            statement.effects = .transactionStart
            skipRest()
        case 3 where cursor.word(start, end, is: "end"): readCommit(&statement)
        case 4 where cursor.word(start, end, is: "with"): readWith(&statement)
        default: readOtherStatement(start, end, &statement)
        }
    }

    @inline(__always)
    private func is6(_ start: Int, _ literal: StaticString) -> Bool { cursor.word(start, start + 6, is: literal) }

    /// The rest of the statement, its calls noted.
    mutating func readBody(_ body: consuming StatementBody, _ statement: inout Statement) {
        body.read(&cursor)
        statement.effects.formUnion(body.effects)
    }

    /// The rest of the statement, its calls not noted: there are none, or they cannot change the session.
    mutating func skipRest() {
        var body = StatementBody()
        body.read(&cursor)
        cursor.isUnterminated = cursor.isUnterminated || body.effects.contains(.unterminated)
    }

    private mutating func readCommit(_ statement: inout Statement) {
        _ = cursor.take("work") || cursor.take("transaction")
        if cursor.take("prepared") {
            // COMMIT PREPARED is about another transaction.
            return skipRest()
        }
        statement.kind = .commit
        statement.effects = .transactionEnd
        readChain(&statement)
    }

    /// AND [NO] CHAIN.
    mutating func readChain(_ statement: inout Statement) {
        if cursor.take("and") { statement.isChained = cursor.take("chain") }
        skipRest()
    }
}

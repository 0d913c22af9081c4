// Statements that are neither queries nor the plain ends of transactions.

extension StatementReader {
    /// By the first word, which has been read.
    mutating func readOtherStatement(_ start: Int, _ end: Int, _ statement: inout Statement) {
        switch FirstWord(cursor, start, end) {
        case .query: readBody(StatementBody(behindWord: start, end), &statement)
        case .merge:
            statement.effects = .write
            readBody(StatementBody(behindWord: start, end), &statement)
        case .plain: skipRest()
        case .opaque, .routine:
            if case .routine = FirstWord(cursor, start, end) { statement.kind = .routine }
            statement.effects = .opaque
            readBody(StatementBody(behindWord: start, end), &statement)
        case .set: readSet(&statement)
        case .reset: readReset(&statement)
        case .prepare: readPrepare(&statement)
        case .execute: readExecute(&statement)
        case .deallocate: readDeallocate(&statement)
        case .create: readCreate(&statement)
        case .copy:
            statement.effects = .write
            readBody(StatementBody(naming: true), &statement)
        case .explain: readExplain(&statement)
        case .declare: readDeclare(&statement)
        case .discard: readDiscard(&statement)
        case .start, .abort, .rollback, .savepoint, .release: readTransaction(FirstWord(cursor, start, end), &statement)
        case .close, .listen, .unlisten, .notify, .load, .drop: readNamed(FirstWord(cursor, start, end), &statement)
        }
    }

    // MARK: - Transactions

    private mutating func readTransaction(_ word: FirstWord, _ statement: inout Statement) {
        switch word {
        case .start:
            statement.kind = .begin
            statement.effects = .transactionStart
        case .savepoint: readSavepoint(.savepoint, &statement)
        case .release:
            takeOptional("savepoint")
            readSavepoint(.release, &statement)
        default: return readRollback(&statement)
        }
        skipRest()
    }

    private mutating func readSavepoint(_ kind: Statement.Kind, _ statement: inout Statement) {
        statement.kind = kind
        statement.effects = .savepoint
        statement.name = cursor.takeName()
    }

    /// ROLLBACK, ABORT.
    private mutating func readRollback(_ statement: inout Statement) {
        _ = cursor.take("work") || cursor.take("transaction")
        if cursor.take("prepared") {
            // ROLLBACK PREPARED is about another transaction.
            return skipRest()
        }
        if cursor.take("to") {
            takeOptional("savepoint")
            readSavepoint(.rollbackToSavepoint, &statement)
            return skipRest()
        }
        statement.kind = .rollback
        statement.effects = .transactionEnd
        readChain(&statement)
    }

    /// Takes the word unless it is itself the name that has to follow.
    private mutating func takeOptional(_ word: StaticString) {
        var ahead = cursor
        if ahead.take(word), ahead.peekToken().isName { cursor = ahead }
    }

    // MARK: - Prepared statements

    private mutating func readPrepare(_ statement: inout Statement) {
        var ahead = cursor
        if ahead.take("transaction"), ahead.peekToken().kind == .string {
            statement.kind = .prepareTransaction
            statement.effects = .transactionEnd
            return skipRest()
        }
        statement.kind = .prepare
        statement.effects = .prepare
        statement.name = cursor.takeName()
        if cursor.take(.open) { statement.types = takeToClosing() }
        guard cursor.take("as") else { return skipRest() }
        cursor.skipSpace()
        var inner = Statement()
        let start = cursor.offset
        readStatement(&inner)
        statement.value = trimmed(start, cursor.offset)
        statement.preparedEffects = inner.effects
    }

    /// Up to the parenthesis that closes, and behind it.
    private mutating func takeToClosing() -> TextRange {
        let start = cursor.offset
        var depth = 1
        while true {
            let token = cursor.nextToken()
            switch token.kind {
            case .open: depth += 1
            case .close:
                depth -= 1
                if depth == 0 { return trimmed(start, token.start) }
            case .end: return trimmed(start, token.start)
            default: break
            }
        }
    }

    /// Without white space at its ends.
    func trimmed(_ start: Int, _ end: Int) -> TextRange {
        var start = start
        var end = end
        while start < end, ByteClass.of(cursor.base[start]) == ByteClass.space { start += 1 }
        while start < end, ByteClass.of(cursor.base[end - 1]) == ByteClass.space { end -= 1 }
        return TextRange(start, end)
    }

    private mutating func readExecute(_ statement: inout Statement) {
        statement.kind = .execute
        statement.effects = .execute
        statement.name = cursor.takeName()
        cursor.skipSpace()
        if cursor.peek() == UInt8(ascii: "(") {
            var ahead = self
            _ = ahead.cursor.take(.open)
            statement.value = ahead.takeToClosing()
        }
        readBody(StatementBody(), &statement)
    }

    private mutating func readDeallocate(_ statement: inout Statement) {
        statement.kind = .deallocate
        statement.effects = .deallocate
        takeOptional("prepare")
        readNameOrAll(&statement)
        skipRest()
    }

    private mutating func readNameOrAll(_ statement: inout Statement) {
        statement.isAll = cursor.take("all")
        if !statement.isAll { statement.name = cursor.takeName() }
    }

    // MARK: - EXPLAIN and DECLARE

    /// EXPLAIN ANALYZE runs its statement, and without ANALYZE functions may be evaluated while planning.
    private mutating func readExplain(_ statement: inout Statement) {
        if cursor.peekToken().kind == .open {
            _ = cursor.take(.open)
            _ = takeToClosing()
        } else {
            while cursor.take("analyze") || cursor.take("analyse") || cursor.take("verbose") {}
        }
        cursor.skipSpace()
        guard !cursor.isAtEnd else { return }
        var inner = Statement()
        readStatement(&inner)
        statement.effects = inner.effects
        if inner.kind == .execute {
            statement.kind = .execute
            statement.name = inner.name
            statement.value = inner.value
        }
        // Nothing is made, only planned and run.
        statement.effects.subtract([.temporaryObject, .holdCursor])
    }

    private mutating func readDeclare(_ statement: inout Statement) {
        statement.kind = .declareCursor
        statement.name = cursor.takeName()
        while true {
            let token = cursor.peekToken()
            if token.kind == .end || token.kind == .semicolon || cursor.token(token, is: "for") { break }
            _ = cursor.nextToken()
            if cursor.token(token, is: "with"), cursor.take("hold") {
                statement.isHeld = true
                statement.effects.insert(.holdCursor)
            }
        }
        readBody(StatementBody(), &statement)
    }

    // MARK: - CREATE

    private mutating func readCreate(_ statement: inout Statement) {
        statement.effects = .opaque
        var body = StatementBody()
        body.isCreating = true
        if cursor.take("or") { _ = cursor.take("replace") }
        _ = cursor.take("global") || cursor.take("local")
        if cursor.take("temp") || cursor.take("temporary") {
            statement.kind = .createTemporary
            statement.effects.insert(.temporaryObject)
            statement.name = takeCreatedName()
        } else {
            body.hasBlocks = cursor.take("function") || cursor.take("procedure")
        }
        readBody(body, &statement)
        if statement.effects.contains(.temporaryObject) { statement.kind = .createTemporary }
    }

    /// [RECURSIVE] TABLE | VIEW | SEQUENCE [IF NOT EXISTS] name.
    private mutating func takeCreatedName() -> TextRange {
        _ = cursor.take("recursive")
        guard cursor.take("table") || cursor.take("view") || cursor.take("sequence") else { return .none }
        if cursor.take("if") { _ = cursor.take("not") && cursor.take("exists") }
        return cursor.takeName()
    }

    // MARK: - Others

    private mutating func readDiscard(_ statement: inout Statement) {
        statement.kind = .discard
        statement.effects = .discard
        if cursor.take("plans") {
            statement.discardTarget = .plans
        } else if cursor.take("sequences") {
            statement.discardTarget = .sequences
        } else if cursor.take("temp") || cursor.take("temporary") {
            statement.discardTarget = .temporary
        }
        skipRest()
    }

    private mutating func readNamed(_ word: FirstWord, _ statement: inout Statement) {
        switch word {
        case .close:
            statement.kind = .closeCursor
            statement.effects = .closeCursor
            readNameOrAll(&statement)
        case .listen:
            statement.kind = .listen
            statement.effects = .listen
            statement.name = cursor.takeName()
        case .unlisten:
            statement.kind = .unlisten
            statement.effects = .unlisten
            statement.isAll = cursor.peekToken().kind == .other
            if !statement.isAll { statement.name = cursor.takeName() }
        case .notify:
            statement.kind = .notify
            statement.effects = .notify
            statement.name = cursor.takeName()
            if cursor.take(.comma) { statement.value = cursor.peekToken().range }
        case .load:
            statement.kind = .load
            statement.effects = .load
        default:
            statement.kind = .drop
            statement.effects = .drop
        }
        skipRest()
    }
}

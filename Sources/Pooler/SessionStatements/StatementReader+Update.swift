// UPDATE, alone and behind WITH: one of the view pg_settings is a SET in disguise.

extension StatementReader {
    /// UPDATE, which has been read.
    mutating func readUpdate(_ start: Int, _ end: Int, _ statement: inout Statement) {
        statement.effects = .write
        if updatesSettings() { statement.effects.insert(.settingsUpdate) }
        readBody(StatementBody(behindWord: start, end), &statement)
    }

    /// WITH, which has been read: what it leads to is anywhere behind it.
    mutating func readWith(_ statement: inout Statement) {
        statement.effects = .write
        let start = cursor.offset
        readBody(StatementBody(naming: true), &statement)
        guard mentionsSettings(start, cursor.offset) else { return }
        var ahead = cursor
        ahead.offset = start
        while ahead.offset < cursor.offset {
            let token = ahead.nextToken()
            guard token.kind != .end else { break }
            if token.kind == .word, cursor.word(token.start, token.end, is: "update") {
                return statement.effects.formUnion(.settingsUpdate)
            }
        }
    }

    /// Whether the name that follows is that of the view: `[ONLY] [schema.]pg_settings`.
    private func updatesSettings() -> Bool {
        var ahead = cursor
        var token = ahead.nextToken()
        if ahead.token(token, is: "only") {
            token = ahead.nextToken()
            if token.kind == .open { token = ahead.nextToken() }
        }
        while token.isName {
            var behind = ahead
            guard behind.nextToken().kind == .dot else { return isSettings(token) }
            ahead = behind
            token = ahead.nextToken()
        }
        return false
    }

    private func isSettings(_ token: TextToken) -> Bool {
        guard token.kind == .quotedName else { return cursor.word(token.start, token.end, is: "pg_settings") }
        // Characters of U&"…" may be escaped.
        return cursor.base[token.start] != UInt8(ascii: "\"")
            || cursor.word(token.start, token.end, is: "\"pg_settings\"")
    }

    /// Whether the view's name stands in the text, or a name whose characters may be escaped.
    /// - Complexity: O(end - start)
    private func mentionsSettings(_ start: Int, _ end: Int) -> Bool {
        var index = start
        while index + 11 <= end {
            let byte = cursor.base[index] | 0x20
            if byte == UInt8(ascii: "p"), cursor.word(index, index + 11, is: "pg_settings") { return true }
            if byte == UInt8(ascii: "u"), cursor.base[index + 1] == UInt8(ascii: "&") { return true }
            index += 1
        }
        return false
    }
}

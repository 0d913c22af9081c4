// SET and RESET in their many forms (PostgreSQL documentation, SET, SET ROLE, SET SESSION AUTHORIZATION, SET TRANSACTION).

extension StatementReader {
    mutating func readSet(_ statement: inout Statement) {
        statement.kind = .set
        if cursor.take("local") {
            statement.isLocal = true
        } else if isSessionScope() {
            _ = cursor.take("session")
        }
        if cursor.take("session") { return readSetSession(&statement) }
        readSetForm(&statement)
        // Of SET with another meaning, `readSetForm` has said so.
        if statement.kind == .set { noteScope(&statement) }
        skipToEndOfValue(&statement)
    }

    /// SESSION is the scope unless it begins SESSION AUTHORIZATION or SESSION CHARACTERISTICS.
    private func isSessionScope() -> Bool {
        var ahead = cursor
        guard ahead.take("session") else { return false }
        return !ahead.take("authorization") && !ahead.take("characteristics")
    }

    private func noteScope(_ statement: inout Statement) {
        statement.effects = statement.isLocal ? .setLocal : .setSession
    }

    /// AUTHORIZATION value, or CHARACTERISTICS AS TRANSACTION modes.
    private mutating func readSetSession(_ statement: inout Statement) {
        if cursor.take("characteristics") {
            statement.settingForm = .characteristics
            _ = cursor.take("as") && cursor.take("transaction")
        } else {
            _ = cursor.take("authorization")
            statement.settingForm = .sessionAuthorization
        }
        noteScope(&statement)
        skipToEndOfValue(&statement)
    }

    private mutating func readSetForm(_ statement: inout Statement) {
        var ahead = cursor
        let first = ahead.nextToken()
        let second = ahead.peekToken()
        let isAssignment =
            second.kind == .dot || ahead.token(second, is: "to")
            || (second.kind == .other && cursor.base[second.start] == UInt8(ascii: "="))
        if !isAssignment, first.kind == .word, readSpecialForm(first, &statement) { return }
        statement.name = cursor.takeName()
        // `=` or TO.
        if isAssignment || cursor.peekToken().kind == .other || ahead.token(cursor.peekToken(), is: "to") {
            _ = cursor.nextToken()
        }
    }

    /// SET with a grammar of its own; false if the word begins none, and then nothing has been taken.
    private mutating func readSpecialForm(_ first: TextToken, _ statement: inout Statement) -> Bool {
        let start = cursor
        if cursor.take("transaction") || cursor.take("constraints") {
            statement.kind = .setTransaction
            statement.effects = .setLocal
        } else if cursor.take("time"), cursor.take("zone") {
            statement.settingForm = .timeZone
        } else if cursor.take("role") {
            statement.name = first.range
        } else if cursor.take("names") {
            statement.settingForm = .names
        } else if cursor.take("schema") {
            statement.settingForm = .schema
        } else if cursor.take("xml"), cursor.take("option") {
            statement.settingForm = .xmlOption
        } else {
            cursor = start
            return false
        }
        return true
    }

    private mutating func skipToEndOfValue(_ statement: inout Statement) {
        cursor.skipSpace()
        let start = cursor.offset
        skipRest()
        statement.value = trimmed(start, cursor.offset)
    }

    mutating func readReset(_ statement: inout Statement) {
        statement.kind = .reset
        statement.effects = .reset
        if cursor.take("all") {
            statement.isAll = true
        } else if cursor.peekToken().isName {
            readResetForm(&statement)
        }
        skipRest()
    }

    private mutating func readResetForm(_ statement: inout Statement) {
        let start = cursor
        if cursor.take("time"), cursor.take("zone") {
            statement.settingForm = .timeZone
            return
        }
        cursor = start
        if cursor.take("session"), cursor.take("authorization") {
            statement.settingForm = .sessionAuthorization
            return
        }
        cursor = start
        if cursor.take("transaction"), cursor.take("isolation") {
            statement.settingForm = .transactionIsolation
            return
        }
        cursor = start
        statement.name = cursor.takeName()
    }
}

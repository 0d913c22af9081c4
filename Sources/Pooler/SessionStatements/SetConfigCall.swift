/// A call of set_config in a text; what is not written as a constant is nil.
package struct SetConfigCall: Hashable, Sendable {
    /// Nil if it is not a constant.
    package var name: String?
    /// Nil if it is not a constant, or not UTF-8.
    package var value: String?
    /// Nil if it is not TRUE or FALSE.
    package var isLocal: Bool?

    /// The calls in a statement, and whether the statement surely makes each of them exactly once, in that order: it is
    /// `SELECT set_config(…)[, set_config(…)…]` with constants and nothing else.
    package static func read(
        _ text: UnsafeRawBufferPointer, standardConformingStrings: Bool
    ) -> (calls: [SetConfigCall], areCertain: Bool) {
        var cursor = TextCursor(text, standardConformingStrings: standardConformingStrings)
        var calls: [SetConfigCall] = []
        var isList = cursor.take("select")
        var expectsCall = true
        while true {
            let token = cursor.nextToken()
            if token.kind == .end { break }
            if isCall(cursor, token) {
                _ = cursor.take(.open)
                let (call, isWhole) = arguments(&cursor)
                calls.append(call)
                isList = isList && expectsCall && isWhole
                expectsCall = false
            } else if token.kind == .comma {
                isList = isList && !expectsCall
                expectsCall = true
            } else if cursor.token(token, is: "pg_catalog"), expectsCall {
                isList = cursor.take(.dot) && isList
            } else {
                isList = false
            }
        }
        return (calls, isList && !expectsCall)
    }

    private static func isCall(_ cursor: TextCursor, _ token: TextToken) -> Bool {
        let isQuoted = token.kind == .quotedName && cursor.word(token.start + 1, token.end - 1, is: "set_config")
        return (cursor.token(token, is: "set_config") || isQuoted) && cursor.peekToken().kind == .open
    }

    /// The arguments up to the parenthesis, as far as they are constants; whether all three were.
    private static func arguments(_ cursor: inout TextCursor) -> (SetConfigCall, isWhole: Bool) {
        var call = SetConfigCall()
        call.name = constantArgument(&cursor)?.lowercased()
        call.value = constantArgument(&cursor)
        call.isLocal = cursor.take("true") ? true : cursor.take("false") ? false : nil
        guard cursor.take(.close) else {
            call.isLocal = nil
            return (call, false)
        }
        return (call, call.name != nil && call.value != nil && call.isLocal != nil)
    }

    /// The argument up to its comma, if it is a constant and UTF-8; the cursor goes behind the comma in any case.
    private static func constantArgument(_ cursor: inout TextCursor) -> String? {
        var ahead = cursor
        let token = ahead.nextToken()
        if token.kind == .string, let value = LiteralText.string(ahead, token), ahead.take(.comma) {
            cursor = ahead
            return String(validating: value, as: UTF8.self)
        }
        skipArgument(&cursor)
        return nil
    }

    /// To behind the comma that ends an expression.
    private static func skipArgument(_ cursor: inout TextCursor) {
        var depth = 0
        while true {
            let token = cursor.nextToken()
            switch token.kind {
            case .open: depth += 1
            case .close:
                depth -= 1
                if depth < 0 { return }
            case .comma where depth == 0: return
            case .end: return
            default: break
            }
        }
    }
}

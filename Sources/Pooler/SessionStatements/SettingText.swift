/// The values behind `SET name =`.
package enum SettingText: Hashable, Sendable {
    /// One string for each value, as PostgreSQL takes them: names folded, numbers in decimal.
    case values([String])
    /// DEFAULT, and LOCAL of TIME ZONE.
    case defaults
    /// INTERVAL … of TIME ZONE.
    case interval
    /// Not understood, or not UTF-8.
    case other

    /// Reads the values in a statement's `value`.
    package init(_ text: UnsafeRawBufferPointer, standardConformingStrings: Bool) {
        var cursor = TextCursor(text, standardConformingStrings: standardConformingStrings)
        var values: [String] = []
        repeat {
            let token = cursor.nextToken()
            if token.kind == .word, values.isEmpty {
                if cursor.token(token, is: "default") || cursor.token(token, is: "local") {
                    self = cursor.peekToken().kind == .end ? .defaults : .other
                    return
                }
                if cursor.token(token, is: "interval") {
                    self = .interval
                    return
                }
            }
            guard let value = Self.value(&cursor, token) else {
                self = .other
                return
            }
            values.append(value)
        } while cursor.take(.comma)
        self = cursor.nextToken().kind == .end && !cursor.isUnterminated ? .values(values) : .other
    }

    private static func value(_ cursor: inout TextCursor, _ token: TextToken) -> String? {
        let bytes: [UInt8]?
        switch token.kind {
        case .word: bytes = (token.start..<token.end).map { ByteClass.lowered(cursor.base[$0]) }
        case .quotedName: bytes = LiteralText.quotedName(cursor, token)
        case .string: bytes = LiteralText.string(cursor, token)
        case .number: return number(cursor, token, isNegative: false)
        case .other:
            let sign = cursor.base[token.start]
            let isSign = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
            let next = isSign ? cursor.nextToken() : token
            return next.kind == .number ? number(cursor, next, isNegative: sign == UInt8(ascii: "-")) : nil
        default: return nil
        }
        return bytes.flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Whole numbers without leading zeros, others as written.
    private static func number(_ cursor: TextCursor, _ token: TextToken, isNegative: Bool) -> String {
        let digits = String(decoding: (token.start..<token.end).map { cursor.base[$0] }, as: UTF8.self)
        let text = Int(digits).map(String.init) ?? digits
        return isNegative ? "-" + text : text
    }
}

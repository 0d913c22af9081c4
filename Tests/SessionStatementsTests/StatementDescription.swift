import SessionStatements

/// A reading of a text as words, for tables of expectations.
enum StatementDescription {
    private static let effectNames: [(StatementEffects, String)] = [
        (.transactionStart, "start"), (.transactionEnd, "finish"), (.savepoint, "savepoint"), (.setSession, "set"),
        (.setLocal, "local"), (.reset, "reset"), (.setConfig, "set_config"), (.prepare, "prepare"),
        (.execute, "execute"), (.deallocate, "deallocate"), (.listen, "listen"), (.unlisten, "unlisten"),
        (.notify, "notify"), (.holdCursor, "hold"), (.closeCursor, "close"), (.temporaryObject, "temporary"),
        (.drop, "drop"), (.load, "load"), (.discard, "discard"), (.advisoryLock, "lock"), (.advisoryUnlock, "unlock"),
        (.sequenceChange, "sequence"), (.sequenceRead, "currval"), (.opaque, "opaque"),
        (.settingsUpdate, "pg_settings"),
        (.unterminated, "unterminated"), (.several, "several"),
    ]

    static func words(_ effects: StatementEffects) -> String {
        effectNames.filter { effects.contains($0.0) }.map(\.1).joined(separator: " ")
    }

    static func effects(_ text: String, _ rules: LexicalRules = LexicalRules()) -> String {
        // A block of exactly the text's size: a byte read behind its end is a finding of the address sanitizer.
        words([UInt8](text.utf8).withUnsafeBytes { StatementScan.effects(of: $0, rules) })
    }

    /// `kind form! name=… value=… types=…: effects`, each statement one.
    static func statements(_ text: String, _ rules: LexicalRules = LexicalRules()) -> [String] {
        [UInt8](text.utf8).withUnsafeBytes { bytes in
            StatementScan.statements(of: bytes, rules).map { describe($0, bytes) }
        }
    }

    private static func describe(_ statement: Statement, _ text: UnsafeRawBufferPointer) -> String {
        var line = "\(statement.kind)"
        if statement.settingForm != .named { line += " \(statement.settingForm)" }
        if statement.kind == .discard { line += " \(statement.discardTarget)" }
        if statement.isLocal { line += " isLocal" }
        if statement.isAll { line += " isAll" }
        if statement.isChained { line += " isChained" }
        if statement.isHeld { line += " isHeld" }
        for (label, range) in [
            ("name", statement.name), ("types", statement.types), ("value", statement.value),
        ] where !range.isEmpty {
            line += " \(label)=\(String(decoding: range.bytes(of: text), as: UTF8.self))"
        }
        line += ": " + words(statement.effects)
        let prepared = words(statement.preparedEffects)
        if !prepared.isEmpty { line += " | " + prepared }
        return line
    }
}

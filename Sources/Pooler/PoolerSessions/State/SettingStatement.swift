import SessionStatements

/// SET and RESET in all forms as changes of settings by name.
struct SettingStatement {
    let text: UnsafeRawBufferPointer
    let rules: LexicalRules

    /// Settings of the present transaction alone, and one that is an action: nothing is left of them behind it.
    private static let passing: Set<String> = [
        "transaction_isolation", "transaction_read_only", "transaction_deferrable", "seed",
    ]

    func change(set statement: Statement) -> SessionChange {
        // What SET LOCAL sets is over with the transaction.
        if statement.isLocal { return .none }
        let value = statement.value.bytes(of: text)
        if statement.settingForm == .characteristics { return characteristics(value) }
        guard let name = name(of: statement) else { return .setUntrackable("") }
        if Self.passing.contains(name) { return .none }
        if value.isEmpty { return .reset(name) }
        switch SettingText(value, standardConformingStrings: rules.standardConformingStrings) {
        case .defaults: return .reset(name)
        case .values(let values) where canBeRepeated(values):
            return .set([SettingList.Entry(name: name, value: .items(values))])
        case .interval where name == "timezone" && value.allSatisfy({ $0 < 0x80 }):
            let text = String(decoding: value, as: UTF8.self)
            return .set([SettingList.Entry(name: name, value: .timeZoneInterval(text))])
        case .values, .interval, .other: return .setUntrackable(name)
        }
    }

    func change(reset statement: Statement) -> SessionChange {
        if statement.isAll { return .resetAll }
        if statement.settingForm == .transactionIsolation { return .none }
        guard let name = name(of: statement) else { return .none }
        return Self.passing.contains(name) ? .none : .reset(name)
    }

    /// The setting's name in lower case.
    private func name(of statement: Statement) -> String? {
        switch statement.settingForm {
        case .named: LiteralText.name(statement.name.bytes(of: text))?.lowercased()
        case .timeZone: "timezone"
        case .names: "client_encoding"
        case .schema: "search_path"
        case .xmlOption: "xmloption"
        case .sessionAuthorization: "session_authorization"
        case .characteristics, .transactionIsolation: nil
        }
    }

    /// Bytes beyond ASCII mean something else in another encoding than that in which they came.
    private func canBeRepeated(_ values: [String]) -> Bool {
        rules.isUTF8 || values.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }
    }

    /// The modes of SET SESSION CHARACTERISTICS, each a setting of its own.
    private func characteristics(_ text: UnsafeRawBufferPointer) -> SessionChange {
        var words = String(decoding: text, as: UTF8.self).lowercased().split { !($0.isLetter) }.map(String.init)[...]
        var entries: [SettingList.Entry] = []
        func add(_ name: String, _ value: String, _ wordCount: Int) {
            entries.append(SettingList.Entry(name: "default_transaction_" + name, value: SettingValue(value)))
            words = words.dropFirst(wordCount)
        }
        while !words.isEmpty {
            if words.starts(with: ["isolation", "level", "serializable"]) {
                add("isolation", "serializable", 3)
            } else if words.starts(with: ["isolation", "level", "repeatable", "read"]) {
                add("isolation", "repeatable read", 4)
            } else if words.starts(with: ["isolation", "level", "read", "committed"]) {
                add("isolation", "read committed", 4)
            } else if words.starts(with: ["isolation", "level", "read", "uncommitted"]) {
                add("isolation", "read uncommitted", 4)
            } else if words.starts(with: ["read", "only"]) {
                add("read_only", "on", 2)
            } else if words.starts(with: ["read", "write"]) {
                add("read_only", "off", 2)
            } else if words.starts(with: ["deferrable"]) {
                add("deferrable", "on", 1)
            } else if words.starts(with: ["not", "deferrable"]) {
                add("deferrable", "off", 2)
            } else {
                // A comment among the modes, or a mode of a later PostgreSQL.
                return .setUntrackable("default_transaction_isolation")
            }
        }
        return .set(entries)
    }
}

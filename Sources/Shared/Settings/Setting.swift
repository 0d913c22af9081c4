/// The value of one setting, as it travels between JSON, files and engines.
package enum SettingValue: Sendable, Equatable {
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case strings([String])
}

/// What a setting may hold. One row of a program's settings table has exactly one kind.
package enum SettingKind: Sendable, Equatable {
    case boolean
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case choice([String])
    /// Free text: at most this many bytes of UTF-8, each character accepted by the rule.
    case text(maximumBytes: Int, rule: TextRule)
    /// A list of values, each one of the choices, at most `maximumCount` of them.
    case choices([String], maximumCount: Int)
}

/// Which characters a free-text setting may contain.
package enum TextRule: Sendable, Equatable {
    /// `[_A-Za-z0-9][-._A-Za-z0-9]*`
    case identifier
    /// A name of the IANA time zone database, such as `Europe/Helsinki`.
    case timeZone
    /// Redis's letters for classes of keyspace events, with `K` or `E` among them; or nothing.
    case keyspaceEvents
    /// Pairs of seconds and changes, as in `900 1 300 10`; or nothing.
    case savePoints
    /// A file name that ends in `.rdb`, of letters, digits, `_`, `-` and `.`.
    case dumpFileName
}

/// A value that a setting does not take, in words for its user.
package struct SettingError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension SettingKind {
    /// Checks a value and brings it to the kind's own form (a whole `Double` becomes an integer where one is due).
    ///
    /// - Throws: `SettingError` that says what the setting `name` takes.
    package func validate(_ value: SettingValue, name: String) throws(SettingError) -> SettingValue {
        switch (self, value) {
        case (.boolean, .boolean):
            return value
        case (.integer(let range), .integer(let number)) where range.contains(number):
            return value
        case (.number(let range), .integer(let number)) where range.contains(Double(number)):
            return .number(Double(number))
        case (.number(let range), .number(let number)) where range.contains(number):
            return value
        case (.choice(let choices), .string(let text)) where choices.contains(text):
            return value
        case (.text(let maximumBytes, let rule), .string(let text))
        where text.utf8.count <= maximumBytes && rule.accepts(text):
            return value
        case (.choices(let choices, let maximumCount), .strings(let texts))
        where texts.count <= maximumCount && texts.allSatisfy(choices.contains):
            return value
        default:
            throw SettingError("\(name) must be \(summary)")
        }
    }

    /// What the setting takes, to be read after "must be".
    package var summary: String {
        switch self {
        case .boolean: "true or false"
        case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .choice(let choices): "one of " + choices.map { "\"\($0)\"" }.joined(separator: ", ")
        case .text(let maximumBytes, let rule): "\(rule.summary) of at most \(maximumBytes) bytes"
        case .choices(let choices, let maximumCount):
            "a list of at most \(maximumCount) of " + choices.map { "\"\($0)\"" }.joined(separator: ", ")
        }
    }
}

extension TextRule {
    func accepts(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return self == .keyspaceEvents || self == .savePoints }
        switch self {
        case .keyspaceEvents:
            let hasPlace = text.contains("K") || text.contains("E")
            return hasPlace && text.utf8.allSatisfy { "KEg$lshzxetdmnA".utf8.contains($0) }
        case .savePoints: return Self.isSavePoints(text)
        case .dumpFileName:
            let isPlain = text.utf8.allSatisfy { Self.isWord($0) || $0 == 0x2D || $0 == 0x2E }
            return isPlain && first != 0x2E && first != 0x2D && text.hasSuffix(".rdb") && text.utf8.count > 4
        case .identifier:
            return Self.isWord(first) && text.utf8.allSatisfy { Self.isWord($0) || $0 == 0x2D || $0 == 0x2E }
        case .timeZone:
            let isPlain = text.utf8.allSatisfy { Self.isWord($0) || [0x2B, 0x2D, 0x2F].contains($0) }
            return isPlain && first != 0x2F
        }
    }

    var summary: String {
        switch self {
        case .identifier: "a name of letters, digits, '_', '-' and '.'"
        case .timeZone: "the name of a time zone"
        case .keyspaceEvents: "empty, or letters of KEg$lshzxetdmnA with K or E among them,"
        case .savePoints: "pairs of seconds and changes, such as \"900 1 300 10\","
        case .dumpFileName: "a file name that ends in .rdb, of letters, digits, '_', '-' and '.',"
        }
    }

    /// Seconds from 1 on, changes from 0 on, as the server takes them.
    private static func isSavePoints(_ text: String) -> Bool {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count % 2 == 0 else { return false }
        return words.enumerated().allSatisfy { index, word in
            guard word.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(word) else { return false }
            return number >= (index % 2 == 0 ? 1 : 0) && number <= 2_147_483_647
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

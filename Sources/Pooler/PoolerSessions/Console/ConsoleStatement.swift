/// A statement for the console, taken apart.
///
/// The grammar is PgBouncer's: a text is one statement, with or without a semicolon behind it. Words are letters, digits
/// and underscores of ASCII, or anything in double quotes, of which two stand for one. The value of SET may also be in
/// single quotes; beyond PgBouncer it may be any text without spaces, such as -1 or 0.5.
package enum ConsoleStatement: Equatable, Sendable {
    /// A command in lower case, and its argument, empty if there is none.
    case command(String, argument: String)
    case set(String, value: String)
    /// A word is too long to mean anything.
    case badArguments
    case invalid

    package init(_ text: String) {
        var reader = ConsoleTextReader(text)
        self = reader.statement() ?? .invalid
        if case .invalid = self { return }
        if !reader.isAtEnd { self = .invalid }
    }
}

/// Reads words of a console's statement, one after the other.
private struct ConsoleTextReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Whether nothing follows but spaces and one semicolon.
    var isAtEnd: Bool {
        mutating get {
            skipSpaces()
            if next == UInt8(ascii: ";") { position += 1 }
            skipSpaces()
            return next == nil
        }
    }

    mutating func statement() -> ConsoleStatement? {
        skipSpaces()
        let isQuoted = next == UInt8(ascii: "\"")
        guard let name = word() else { return nil }
        let command = name.lowercased()
        let hasSpace = skipSpaces()
        if command == "set", !isQuoted, hasSpace { return setting() }
        guard name.utf8.count <= ConsoleLimits.commandByteCountMax else { return .badArguments }
        guard hasSpace, next != nil, next != UInt8(ascii: ";") else { return .command(command, argument: "") }
        guard let argument = word() else { return nil }
        guard argument.utf8.count <= ConsoleLimits.argumentByteCountMax else { return .badArguments }
        return .command(command, argument: argument)
    }

    /// What follows SET.
    private mutating func setting() -> ConsoleStatement? {
        guard let key = word() else { return nil }
        let hasSpace = skipSpaces()
        if next == UInt8(ascii: "=") {
            position += 1
        } else {
            guard hasSpace, word()?.lowercased() == "to", let byte = next, Self.isSpace(byte) || Self.isQuote(byte)
            else { return nil }
        }
        skipSpaces()
        guard let value = quoted(by: UInt8(ascii: "'")) ?? quoted(by: UInt8(ascii: "\"")) ?? bareValue() else {
            return nil
        }
        guard !key.isEmpty, key.utf8.count <= ConsoleLimits.argumentByteCountMax,
            value.utf8.count <= ConsoleLimits.valueByteCountMax
        else { return .badArguments }
        return .set(key, value: value)
    }

    /// Returns whether there were any.
    @discardableResult
    private mutating func skipSpaces() -> Bool {
        let start = position
        while let byte = next, Self.isSpace(byte) { position += 1 }
        return position > start
    }

    private mutating func word() -> String? {
        quoted(by: UInt8(ascii: "\"")) ?? run { Self.isWordByte($0) }
    }

    private mutating func bareValue() -> String? {
        run { !Self.isSpace($0) && !Self.isQuote($0) && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "=") }
    }

    private mutating func run(_ belongs: (UInt8) -> Bool) -> String? {
        let start = position
        while let byte = next, belongs(byte) { position += 1 }
        return start == position ? nil : String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// What is in quotes; nil, and nothing is read, if there is no quote or no end.
    private mutating func quoted(by quote: UInt8) -> String? {
        guard next == quote else { return nil }
        var content: [UInt8] = []
        var index = position + 1
        while index < bytes.count {
            if bytes[index] == quote {
                guard index + 1 < bytes.count, bytes[index + 1] == quote else {
                    position = index + 1
                    return String(decoding: content, as: UTF8.self)
                }
                index += 1
            }
            content.append(bytes[index])
            index += 1
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n")
            || byte == UInt8(ascii: "\r")
    }

    private static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

import Glibc

/// What is wrong with a value, in the words of Redis.
package struct ConfigurationError: Error, CustomStringConvertible {
    package let description: String
    /// The directive to blame, where several were given.
    package let directive: String?

    package init(_ description: String, directive: String? = nil) {
        self.description = description
        self.directive = directive
    }
}

extension ConfigurationRow {
    /// The value in its canonical form, as CONFIG GET shows it.
    /// - Parameter old: the value that it replaces, in canonical form.
    func canonical(_ words: [String], old: String) throws(ConfigurationError) -> String {
        if !flags.contains(.manyValues), words.count != 1 { throw ConfigurationError("wrong number of arguments") }
        let word = words.first ?? ""
        switch kind {
        case .boolean:
            switch word.lowercased() {
            case "yes": return "yes"
            case "no": return "no"
            default: throw ConfigurationError("argument must be 'yes' or 'no'")
            }
        case .integer(let range, _, let unit): return try Self.integer(word, range, unit)
        case .text: return try text(word)
        case .choice(let names, _): return try choice(words, names)
        case .special(let directive): return try directive.canonical(words, old: old)
        }
    }

    /// The default in canonical form.
    package var defaultValue: String {
        switch kind {
        case .boolean(let value): value ? "yes" : "no"
        case .integer(_, let value, let unit): Self.show(value, unit)
        case .text(let value): value
        case .choice(_, let value): value
        case .special(let directive): directive.defaultValue
        }
    }

    private static func show(_ value: Int64, _ unit: IntegerUnit) -> String {
        switch unit {
        case .octal: String(value, radix: 8)
        case .bytesOrPercent: value < 0 ? "\(-value)%" : String(value)
        default: String(value)
        }
    }

    private static func integer(
        _ word: String, _ range: ClosedRange<Int64>, _ unit: IntegerUnit
    ) throws(ConfigurationError) -> String {
        let value: Int64
        switch unit {
        case .plain:
            guard let number = Int64(word), !word.hasPrefix("+") else {
                throw ConfigurationError("argument couldn't be parsed into an integer")
            }
            value = number
        case .octal:
            guard let number = Int64(word, radix: 8) else {
                throw ConfigurationError("argument couldn't be parsed as an octal number")
            }
            value = number
        case .bytes:
            guard let number = MemoryText.parse(word) else {
                throw ConfigurationError("argument must be a memory value")
            }
            value = number
        case .bytesOrPercent:
            if let number = MemoryText.parse(word) {
                value = number
            } else if word.hasSuffix("%"), let number = Int64(word.dropLast()), number >= 0 {
                guard number <= -range.lowerBound else {
                    throw ConfigurationError("percentage argument must be less or equal to \(-range.lowerBound)")
                }
                value = -number
            } else {
                throw ConfigurationError("argument must be a memory or percent value")
            }
        }
        guard range.contains(value) else {
            let bounds = [range.lowerBound, range.upperBound].map { String($0, radix: unit == .octal ? 8 : 10) }
            throw ConfigurationError("argument must be between \(bounds[0]) and \(bounds[1]) inclusive")
        }
        return show(value, unit)
    }

    private func text(_ word: String) throws(ConfigurationError) -> String {
        switch name {
        case "dbfilename" where word.contains("/"):
            throw ConfigurationError("dbfilename can't be a path, just a filename")
        case "appendfilename", "appenddirname":
            let noun = name == "appendfilename" ? "filename" : "dirname"
            if word.isEmpty { throw ConfigurationError("\(name) can't be empty") }
            if word.contains("/") { throw ConfigurationError("\(name) can't be a path, just a \(noun)") }
        case "locale-collate" where setlocale(LC_COLLATE, word) == nil:
            throw ConfigurationError("Invalid locale name")
        case "proc-title-template" where !TitleTemplate.isValid(word):
            throw ConfigurationError("template format is invalid or contains unknown variables")
        default: break
        }
        return word
    }

    private func choice(_ words: [String], _ names: [String]) throws(ConfigurationError) -> String {
        let chosen = words.map { $0.lowercased() }
        guard !chosen.isEmpty, chosen.allSatisfy(names.contains) else {
            throw ConfigurationError("argument(s) must be one of the following: \(names.joined(separator: ", "))")
        }
        if chosen.contains("save"), chosen.contains("nosave") {
            throw ConfigurationError("shutdown options SAVE and NOSAVE can't be used simultaneously")
        }
        // Several words are shown in the order of the table, each once.
        return flags.contains(.manyValues) ? names.filter(chosen.contains).joined(separator: " ") : chosen[0]
    }
}

/// Sizes of memory as redis.conf has them: 1k is 1000, 1kb is 1024.
package enum MemoryText {
    private static let units: [String: Int64] = [
        "": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1_000_000, "mb": 1 << 20, "g": 1_000_000_000, "gb": 1 << 30,
    ]

    /// The number of bytes; nil when the text is none, or too large.
    package static func parse(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = UInt64(digits), let unit = units[text.dropFirst(digits.count).lowercased()] else {
            return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: UInt64(unit))
        return overflow || product > UInt64(Int64.max) ? nil : Int64(product)
    }

    /// The shortest exact form.
    package static func write(_ value: Int64) -> String {
        if value > 0, value % (1 << 30) == 0 { return "\(value >> 30)gb" }
        if value > 0, value % (1 << 20) == 0 { return "\(value >> 20)mb" }
        if value > 0, value % (1 << 10) == 0 { return "\(value >> 10)kb" }
        return String(value)
    }
}

/// A choice among words, by the words that files use.
package protocol NamedChoice: RawRepresentable<String>, CaseIterable, Equatable, Sendable {}

extension NamedChoice {
    /// The case by its word in any case of letters.
    static func named(_ text: String) -> Self? {
        allCases.first { $0.rawValue.lowercased() == text.lowercased() }
    }

    static func parse(_ text: String) throws(ValueProblem) -> Self {
        guard let choice = named(text) else {
            throw ValueProblem("must be one of \(allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }
}

// Settings: every field has a value.
extension ValueBinding {
    static func integer(
        _ path: Field<Int>, _ range: ClosedRange<Int>
    ) -> Self {
        Self(
            .integer(range), path,
            parse: { text throws(ValueProblem) in try NumberText.integer(text, in: range, .prefixed) },
            show: { String($0) })
    }

    /// A limit; zero and less mean that there is none, and are stored as zero.
    static func limit(_ path: Field<Int>) -> Self {
        let range = -ConfigurationLimits.integerMax...ConfigurationLimits.integerMax
        return Self(
            .integer(range), path,
            parse: { text throws(ValueProblem) in max(0, try NumberText.integer(text, in: range, .prefixed)) },
            show: { String($0) })
    }

    static func boolean(_ path: Field<Bool>) -> Self {
        let range = -ConfigurationLimits.integerMax...ConfigurationLimits.integerMax
        return Self(
            .boolean, path,
            parse: { text throws(ValueProblem) in try NumberText.integer(text, in: range, .prefixed) != 0 },
            show: { $0 ? "1" : "0" })
    }

    /// Stored in microseconds.
    static func seconds(_ path: Field<Int64>, min: Int64 = 0) -> Self {
        Self(
            .seconds, path,
            parse: { text throws(ValueProblem) in
                let microseconds = try NumberText.microseconds(text)
                guard microseconds >= min else {
                    throw ValueProblem("must be at least \(NumberText.seconds(min)) seconds")
                }
                return microseconds
            },
            show: { NumberText.seconds($0) })
    }

    static func octalMode(_ path: Field<Int>) -> Self {
        Self(
            .octalMode, path,
            parse: { text throws(ValueProblem) in try NumberText.integer(text, in: 0...0o7777, .prefixed) },
            show: { "0" + String($0, radix: 8) })
    }

    static func text(_ path: Field<String>) -> Self {
        Self(.text, path, parse: { text throws(ValueProblem) in text }, show: { $0 })
    }

    /// A text of which the empty one means that nothing is set.
    static func optionalText(
        _ path: Field<String?>,
        check: @escaping @Sendable (String) throws(ValueProblem) -> Void = { _ in }
    ) -> Self {
        Self(
            .text, path,
            parse: { text throws(ValueProblem) in
                try check(text)
                return text.isEmpty ? nil : text
            },
            show: { $0 })
    }

    static func list(_ path: Field<WordList>) -> Self {
        Self(.list, path, parse: { text throws(ValueProblem) in WordList(text) }, show: { $0.text })
    }

    static func tlsVersions(_ path: Field<TLSVersionList>) -> Self {
        Self(
            .tlsVersions, path, parse: { text throws(ValueProblem) in try TLSVersionList(text) },
            show: { $0.text })
    }

    /// A choice; words of it that are known and refused come with the reason.
    ///
    /// The empty text is a word only where a default for it is given.
    static func choice<Choice: NamedChoice>(
        _ path: Field<Choice>, refusing refused: [String: String] = [:], empty: Choice? = nil
    ) -> Self {
        Self(
            .choice(Choice.allCases.map(\.rawValue)), path,
            parse: { text throws(ValueProblem) in
                if let reason = refused[text.lowercased()] { throw ValueProblem(reason) }
                if text.isEmpty, let empty { return empty }
                return try Choice.parse(text)
            },
            show: { $0.rawValue })
    }

    static func refused(_ reason: String, except harmless: Set<String> = []) -> Self {
        Self(refusing: reason, except: harmless)
    }
}

// Entries of databases, users and peers: what is not set comes from elsewhere.
extension ValueBinding {
    static func port(_ path: Field<Int>) -> Self {
        let range = 1...65535
        return Self(
            .integer(range), path,
            parse: { text throws(ValueProblem) in try NumberText.integer(text, in: range, .decimal) },
            show: { String($0) })
    }

    /// A number of which one below the lower bound means that nothing is set: -1 for a size, 0 for a limit.
    static func override(_ path: Field<Int?>, from lowest: Int) -> Self {
        let range = -ConfigurationLimits.integerMax...ConfigurationLimits.integerMax
        return Self(
            .integer(range), path,
            parse: { text throws(ValueProblem) in
                let number = try NumberText.integer(text, in: range, .decimal)
                return number < lowest ? nil : number
            },
            show: { $0.map { String($0) } })
    }

    /// A time of which one below the lower bound means that nothing is set: -1, or also 0.
    static func overrideSeconds(_ path: Field<Int64?>, from lowest: Int64) -> Self {
        Self(
            .seconds, path,
            parse: { text throws(ValueProblem) in
                if text == "-1" { return nil }
                let microseconds = try NumberText.microseconds(text)
                return microseconds < lowest ? nil : microseconds
            },
            show: { $0.map { NumberText.seconds($0) } })
    }

    static func overrideChoice<Choice: NamedChoice>(_ path: Field<Choice?>) -> Self {
        Self(
            .choice(Choice.allCases.map(\.rawValue)), path,
            parse: { text throws(ValueProblem) in try Choice.parse(text) }, show: { $0?.rawValue })
    }

    /// A secret is never shown.
    static func secret(_ path: Field<SecretText?>) -> Self {
        Self(.text, path, parse: { text throws(ValueProblem) in SecretText(text) }, show: { _ in nil })
    }
}

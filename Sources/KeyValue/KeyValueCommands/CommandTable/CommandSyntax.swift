// The notation of a row's arguments, and its parser.
//
//     SET     key value [condition(NX|XX)@2.6.12] [GET@6.2.0] [expiration(EX seconds:int|KEEPTTL)]
//     MSET    data(key value)...
//     SORT    key [LIMIT limit(offset:int count:int)] [GET get-pattern:pattern#1/pattern...+]
//
//     name            a string; `key` by that name is a key
//     name:TYPE       int, double, pattern, time (a Unix time), key, string, token (nothing but the token before it)
//     :key1, #1       found by the command's key specification 1 (0 is not written for keys)
//     name/text       shown as `text`
//     WORD            a pure token; before an argument it is that argument's token, unless a `!` follows
//     'WORD'          a token that is not of capitals and digits
//     name(a b)       a block: all of the parts
//     name(a|b)       one of the parts
//     ...  ...+       may be repeated; with its token each time
//     @1.2.3          since that version of Redis; `@-1.2.3`: deprecated since then
//     [ ]             optional

/// A parser of the notation above. It runs when a client asks for documentation, never for a command.
package struct CommandSyntax {
    private var rest: Substring

    /// What is wrong with a row's syntax. Tests parse every row, so nobody else meets one.
    package struct Failure: Error {
        /// What was expected or found.
        package let reason: String
        /// The text from there on.
        package let rest: String
    }

    private init(_ text: String) { rest = text[...] }

    /// The arguments that a row's syntax stands for.
    package static func arguments(_ text: String) throws(Failure) -> [CommandArgument] {
        guard !text.isEmpty else { return [] }
        var parser = CommandSyntax(text)
        let (arguments, isChoice) = try parser.sequence()
        guard parser.rest.isEmpty, !isChoice else { throw parser.failure("unexpected end of the arguments") }
        return arguments
    }

    /// Arguments up to a closing bracket or the end, and whether they are alternatives.
    private mutating func sequence() throws(Failure) -> (parts: [CommandArgument], isChoice: Bool) {
        var parts = [try argument()]
        var isChoice = false
        while let next = rest.first, next == " " || next == "|" {
            if parts.count > 1, isChoice != (next == "|") { throw failure("alternatives mixed with a sequence") }
            isChoice = next == "|"
            rest.removeFirst()
            parts.append(try argument())
        }
        return (parts, isChoice)
    }

    private mutating func argument() throws(Failure) -> CommandArgument {
        guard take("[") else { return try item() }
        var argument = try item()
        guard take("]") else { throw failure("an option without its end") }
        argument.isOptional = true
        return argument
    }

    private mutating func item() throws(Failure) -> CommandArgument {
        guard let token = try token() else { return try value(token: nil) }
        // A bracket after the blank begins the next argument, so it does not take the token.
        if rest.first == " ", let next = rest.dropFirst().first, next != "[" {
            rest.removeFirst()
            return try value(token: token)
        }
        var argument = CommandArgument(name: token.lowercased(), kind: .pureToken, token: token)
        try suffixes(of: &argument)
        _ = take("!")
        return argument
    }

    private mutating func token() throws(Failure) -> String? {
        if take("'") {
            let token = rest.prefix { $0 != "'" }
            rest = rest[token.endIndex...]
            guard take("'") else { throw failure("a quoted token without its end") }
            return String(token)
        }
        guard let first = rest.first, first.isUppercase else { return nil }
        return take { $0.isUppercase || $0.isNumber || $0 == "-" || $0 == "_" }
    }

    private mutating func value(token: String?) throws(Failure) -> CommandArgument {
        let name = take { $0.isLowercase || $0.isNumber || $0 == "-" }
        guard !name.isEmpty else { throw failure("an argument without a name") }
        var argument = CommandArgument(name: name, kind: name == "key" ? .key : .string, token: token)
        if take("(") {
            let (parts, isChoice) = try sequence()
            guard parts.count > 1, take(")") else { throw failure("a group without parts or end") }
            argument.kind = isChoice ? .oneOf : .block
            argument.parts = parts
        } else if take(":") {
            argument.kind = try kind()
        }
        if argument.kind == .key { argument.keySpecIndex = number() ?? 0 }
        if take("#") { argument.keySpecIndex = number() }
        if take("/") { argument.display = take { $0.isLowercase || $0 == "-" || $0 == ":" } }
        try suffixes(of: &argument)
        return argument
    }

    private mutating func kind() throws(Failure) -> CommandArgument.Kind {
        let name = take { $0.isLowercase }
        switch name {
        case "int": return .integer
        case "double": return .double
        case "pattern": return .pattern
        case "time": return .unixTime
        case "key": return .key
        case "string": return .string
        case "token": return .pureToken
        default: throw failure("no such type: \(name)")
        }
    }

    private mutating func suffixes(of argument: inout CommandArgument) throws(Failure) {
        if rest.hasPrefix("...") {
            rest.removeFirst(3)
            argument.isMultiple = true
            argument.repeatsToken = take("+")
        }
        while take("@") {
            let isDeprecation = take("-")
            let version = take { $0.isNumber || $0 == "." }
            guard !version.isEmpty else { throw failure("a version is missing") }
            if isDeprecation { argument.deprecatedSince = version } else { argument.since = version }
        }
    }

    private mutating func number() -> Int? { Int(take { $0.isNumber }) }

    private mutating func take(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func take(while belongs: (Character) -> Bool) -> String {
        let taken = rest.prefix(while: belongs)
        rest = rest[taken.endIndex...]
        return String(taken)
    }

    private func failure(_ reason: String) -> Failure { Failure(reason: reason, rest: String(rest)) }
}

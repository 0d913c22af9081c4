/// The tokens of one line of a rule, name or identity map file.
struct RuleTokens {
    enum Token: Equatable {
        /// Keywords are words without quotes.
        case word(String)
        case quoted(String)
        case comma
        case end

        /// A name, with or without quotes.
        var name: String? {
            switch self {
            case .word(let text), .quoted(let text): text
            case .comma, .end: nil
            }
        }
    }

    private var scanner: ByteScanner
    /// The token that is looked at.
    private(set) var current = Token.end

    init(_ line: ArraySlice<UInt8>) throws(ValueProblem) {
        guard !line.contains(0), String(validating: line, as: UTF8.self) != nil else {
            throw ValueProblem("not UTF-8 text")
        }
        scanner = ByteScanner(Array(line))
        try advance()
    }

    mutating func advance() throws(ValueProblem) {
        scanner.take(while: ASCII.isSpace)
        switch scanner.next {
        case nil, UInt8(ascii: "#"): current = .end
        case UInt8(ascii: ","):
            scanner.advance()
            current = .comma
        case UInt8(ascii: "\""): current = .quoted(try quoted())
        case _:
            let word = scanner.take { !ASCII.isSpace($0) && !",#\"".utf8.contains($0) }
            current = .word(String(decoding: word, as: UTF8.self))
        }
    }

    /// Steps over a keyword if it is the current token.
    mutating func skip(_ keyword: String) throws(ValueProblem) -> Bool {
        guard current == .word(keyword) else { return false }
        try advance()
        return true
    }

    /// The current token as a name; the next becomes the current.
    mutating func takeName(_ what: String) throws(ValueProblem) -> String {
        guard let name = current.name else { throw ValueProblem("\(what) is missing") }
        try advance()
        return name
    }

    private mutating func quoted() throws(ValueProblem) -> String {
        var text: [UInt8] = []
        scanner.advance()
        while true {
            text += scanner.take { $0 != UInt8(ascii: "\"") }
            guard scanner.skip("\"") else { throw ValueProblem("a quote that does not end") }
            guard scanner.skip("\"") else { return String(decoding: text, as: UTF8.self) }
            text.append(UInt8(ascii: "\""))
        }
    }
}

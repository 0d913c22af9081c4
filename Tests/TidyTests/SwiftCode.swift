/// Just enough of Swift's grammar to look at code without its comments and strings.
enum SwiftCode {
    /// The text with every comment and every string's contents replaced by spaces; line breaks stay where they are,
    /// and so does code inside interpolations.
    static func strippingCommentsAndStrings(_ text: String) -> String {
        var scanner = Scanner(Array(text.utf8))
        scanner.scanCode(untilInterpolationEnds: false)
        return String(decoding: scanner.output, as: UTF8.self)
    }

    /// The functions, initializers, deinitializers and subscripts that have a body.
    static func functions(in text: String) -> [Function] {
        functions(inStripped: strippingCommentsAndStrings(text))
    }

    /// The same, for text whose comments and strings are already blank.
    static func functions(inStripped text: String) -> [Function] {
        let code = Array(text.utf8)
        var functions: [Function] = []
        var index = 0
        var line = 0
        while index < code.count {
            if code[index] == UInt8(ascii: "\n") { line += 1 }
            let isBoundary = index == 0 || !(isWordByte(code[index - 1]) || code[index - 1] == UInt8(ascii: "."))
            if isBoundary, firstBytes.contains(code[index]), let keyword = word(at: index, in: code),
                declarationKeywords.contains(keyword),
                let end = bodyEnd(after: index + keyword.utf8.count, in: code)
            {
                let lineCount = code[index...end].count { $0 == UInt8(ascii: "\n") } + 1
                functions.append(Function(line: line, lineCount: lineCount))
            }
            index += 1
        }
        return functions
    }

    /// Where a function starts, counted from 0, and how many lines it takes with its signature.
    struct Function: Equatable {
        let line: Int
        let lineCount: Int
    }

    private static let declarationKeywords: Set<String> = ["func", "init", "deinit", "subscript"]
    private static let firstBytes = Array("fids".utf8)
    /// What can only follow a declaration that has no body.
    private static let nextDeclaration: Set<String> = [
        "func", "init", "deinit", "subscript", "var", "let", "case", "associatedtype", "static", "mutating", "package",
        "public", "internal", "private", "fileprivate", "typealias", "struct", "class", "enum", "extension", "import",
    ]

    /// The index of the brace that closes the body of the declaration whose keyword ends here, if it has a body.
    private static func bodyEnd(after start: Int, in code: [UInt8]) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in start..<code.count {
            switch code[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
            case UInt8(ascii: "{") where parentheses == 0: braces += 1
            case UInt8(ascii: "}") where parentheses == 0:
                braces -= 1
                if braces <= 0 { return braces == 0 ? index : nil }
            default:
                if braces == 0, parentheses == 0, index > start, isWordByte(code[index]), !isWordByte(code[index - 1]),
                    let next = word(at: index, in: code), nextDeclaration.contains(next)
                {
                    return nil
                }
            }
        }
        return nil
    }

    private static func word(at index: Int, in code: [UInt8]) -> String? {
        var end = index
        while end < code.count, isWordByte(code[end]) { end += 1 }
        return end == index ? nil : String(decoding: code[index..<end], as: UTF8.self)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xff:
            true
        default: false
        }
    }
}

extension SwiftCode {
    /// Copies code to `output` and blanks the rest.
    private struct Scanner {
        private let input: [UInt8]
        private var index = 0
        private(set) var output: [UInt8] = []

        init(_ input: [UInt8]) {
            self.input = input
            output.reserveCapacity(input.count)
        }

        mutating func scanCode(untilInterpolationEnds: Bool) {
            var parentheses = 0
            while index < input.count {
                switch input[index] {
                case UInt8(ascii: "/") where starts(with: "//"):
                    while index < input.count, input[index] != UInt8(ascii: "\n") { blank() }
                case UInt8(ascii: "/") where starts(with: "/*"):
                    scanBlockComment()
                case UInt8(ascii: "\""), UInt8(ascii: "#"):
                    if let hashes = stringHashes() { scanString(hashes: hashes) } else { keep() }
                case UInt8(ascii: "("):
                    parentheses += 1
                    keep()
                case UInt8(ascii: ")"):
                    parentheses -= 1
                    if untilInterpolationEnds, parentheses < 0 { return }
                    keep()
                default:
                    keep()
                }
            }
        }

        private mutating func scanBlockComment() {
            var depth = 0
            repeat {
                if starts(with: "/*") {
                    depth += 1
                    blank(2)
                } else if starts(with: "*/") {
                    depth -= 1
                    blank(2)
                } else {
                    blank()
                }
            } while depth > 0 && index < input.count
        }

        /// How many number signs stand before the quote that starts a string here, or nil where none starts.
        private func stringHashes() -> Int? {
            var position = index
            while position < input.count, input[position] == UInt8(ascii: "#") { position += 1 }
            return position < input.count && input[position] == UInt8(ascii: "\"") ? position - index : nil
        }

        private mutating func scanString(hashes: Int) {
            blank(hashes)
            let isMultiline = starts(with: "\"\"\"")
            let marks = String(repeating: "#", count: hashes)
            let quote = isMultiline ? "\"\"\"" : "\""
            blank(quote.utf8.count)
            while index < input.count {
                guard input[index] == UInt8(ascii: "\"") || input[index] == UInt8(ascii: "\\") else {
                    // An unfinished string ends with its line; the compiler will say so.
                    if !isMultiline, input[index] == UInt8(ascii: "\n") { return }
                    blank()
                    continue
                }
                if starts(with: quote + marks) {
                    blank(quote.utf8.count + hashes)
                    return
                }
                if starts(with: "\\" + marks + "(") {
                    blank(2 + hashes)
                    scanCode(untilInterpolationEnds: true)
                    blank()
                } else if starts(with: "\\" + marks) {
                    blank(2 + hashes)
                } else {
                    blank()
                }
            }
        }

        private func starts(with text: String) -> Bool {
            input[index...].starts(with: text.utf8)
        }

        private mutating func keep() {
            output.append(input[index])
            index += 1
        }

        private mutating func blank(_ count: Int = 1) {
            for _ in 0..<count where index < input.count {
                output.append(input[index] == UInt8(ascii: "\n") ? input[index] : UInt8(ascii: " "))
                index += 1
            }
        }
    }
}

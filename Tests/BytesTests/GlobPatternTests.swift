import Bytes
import Testing

@Suite("Glob patterns")
struct GlobPatternTests {
    private func matches(_ pattern: String, _ text: String, ignoringCase: Bool = false) -> Bool {
        var (pattern, text) = (pattern, text)
        return pattern.withUTF8 { pattern in
            text.withUTF8 { GlobPattern.matches(ByteSlice(pattern), ByteSlice($0), ignoringCase: ignoringCase) }
        }
    }

    @Test(
        "Elements match what they stand for",
        arguments: [
            ("", "", true), ("*", "", false), ("", "a", false), ("a", "a", true), ("a", "b", false), ("a", "ab", false),
            ("*", "abc", true), ("**", "abc", true), ("a*", "a", true), ("a**", "a", true), ("a*?", "a", false),
            ("a*c", "abc", true), ("a*c", "abcd", false), ("a*b*c", "aXbYc", true), ("*a*b", "ababab", true),
            ("*ab", "aab", true), ("?", "a", true), ("??", "a", false), ("h?llo", "hello", true),
            ("h[ae]llo", "hallo", true), ("h[ae]llo", "hillo", false), ("h[^e]llo", "hello", false),
            ("h[^e]llo", "hallo", true), ("h[a-b]llo", "hbllo", true), ("h[b-a]llo", "hallo", true),
            ("[a-c]*", "beta", true), ("[a-]", "-", false), ("[a-]", "_", true), ("[abc", "c", true), ("[", "a", false),
            ("[^", "a", true),
            ("[]", "a", false), ("[]a]", "a", false), ("[\\]a]", "]", true), ("[\\-x]", "-", true), ("\\*", "*", true),
            ("\\*", "a", false), ("a\\", "a\\", true), ("\\", "\\", true), ("foo\\[1]", "foo[1]", true),
            ("config|*re*", "config|resetstat", true), ("*?a", "ba", true), ("*?a", "a", false),
        ] as [(String, String, Bool)])
    func elements(pattern: String, text: String, expected: Bool) {
        #expect(matches(pattern, text) == expected)
    }

    @Test("Case counts unless it is to be ignored")
    func letterCase() {
        #expect(!matches("ABC*", "abcd"))
        #expect(matches("ABC*", "abcd", ignoringCase: true))
        #expect(matches("[A-C]x", "BX", ignoringCase: true))
        #expect(matches("[q]", "Q", ignoringCase: true))
    }

    @Test("A pattern made to take for ever does not")
    func hostile() {
        let text = String(repeating: "a", count: 5_000)
        #expect(!matches(String(repeating: "a*", count: 50) + "b", text))
        #expect(!matches("*" + String(repeating: "a", count: 500) + "b", text))
    }

    @Test("Random patterns agree with the definition by recursion")
    func agreesWithDefinition() {
        func defined(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
            guard let first = pattern.first else { return text.isEmpty }
            if first == "*" {
                return defined(pattern.dropFirst(), text) || (!text.isEmpty && defined(pattern, text.dropFirst()))
            }
            guard let character = text.first, first == "?" || first == character else { return false }
            return defined(pattern.dropFirst(), text.dropFirst())
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let pattern = String(
                (0..<Int.random(in: 0...7, using: &generator)).map { _ in "ab*?".randomElement() ?? "a" })
            let text = String((0..<Int.random(in: 1...9, using: &generator)).map { _ in "ab".randomElement() ?? "a" })
            #expect(
                matches(pattern, text) == defined(pattern[...].map { $0 }[...], text.map { $0 }[...]),
                "\(pattern) \(text)")
        }
    }
}

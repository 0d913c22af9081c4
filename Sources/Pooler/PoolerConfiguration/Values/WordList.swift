/// A list of words as a file has it: the text, to show, and the words, to use.
package struct WordList: Equatable, Sendable {
    package let text: String
    /// In the order of the text; those between commas or white space.
    package let words: [String]

    package init(_ text: String) {
        self.text = text
        words = text.utf8.split { $0 == UInt8(ascii: ",") || ASCII.isSpace($0) }.map { String(Substring($0)) }
    }

    /// Whether a word is in it, byte for byte.
    package func contains(_ word: String) -> Bool { words.contains { ExactName($0) == ExactName(word) } }
}

import Bytes
import KeyValueCommands
import RESP

/// The command line of the server, in the form of redis-server: `[FILE|-] [--directive value …] [-]`.
struct ProgramArguments {
    var filePath: String?
    var readsStandardInput = false
    /// Lines that come behind those of the file and of standard input.
    var text = ""

    /// - Parameter arguments: without the program's name.
    init(_ arguments: [String]) {
        var rest = arguments[...]
        if let first = rest.first, !first.hasPrefix("-") {
            filePath = first
            rest = rest.dropFirst()
        }
        // Whether the last directive has its value, so that a word with dashes is a directive and no value.
        var isComplete = true
        while let word = rest.popFirst() {
            if word == "-", rest.isEmpty || rest.startIndex == 1 {
                readsStandardInput = true
            } else if isComplete, word.hasPrefix("--") {
                isComplete = addDirective(word, next: rest.first)
            } else {
                text += QuotedText.quoted(word) + " "
                isComplete = true
            }
        }
    }

    /// Begins the line of a directive; returns whether it is complete.
    private mutating func addDirective(_ word: String, next: String?) -> Bool {
        if !text.isEmpty { text += "\n" }
        text += word.dropFirst(2) + " "
        guard Configuration.split(word)?.count == 1 else { return true }
        // `--save` with nothing behind means none.
        guard word.lowercased() == "--save", next?.hasPrefix("--") ?? true else { return false }
        text += "\"\""
        return true
    }
}

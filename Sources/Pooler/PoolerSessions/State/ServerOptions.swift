/// The `options` of a startup packet: command-line options of a server process (PostgreSQL documentation, libpq,
/// `options`; process_postgres_switches in its source).
package enum ServerOptions {
    /// The settings given as `-c name=value`, `-cname=value` or `--name=value`, in their order; nil if there is
    /// anything else, which the server would have to judge.
    package static func settings(_ text: String) -> [(name: String, value: String)]? {
        var words = words(of: text)[...]
        var settings: [(String, String)] = []
        while let word = words.popFirst() {
            let assignment: Substring
            if word.hasPrefix("--") {
                assignment = word.dropFirst(2)
            } else if word == "-c" {
                guard let next = words.popFirst() else { return nil }
                assignment = next[...]
            } else if word.hasPrefix("-c") {
                assignment = word.dropFirst(2)
            } else {
                return nil
            }
            guard let equals = assignment.firstIndex(of: "="), equals > assignment.startIndex else { return nil }
            // As on the command line, a dash stands for the underscore of a name.
            let name = assignment[..<equals].map { $0 == "-" ? "_" : $0 }
            settings.append((String(name).lowercased(), String(assignment[assignment.index(after: equals)...])))
        }
        return settings
    }

    /// Split at white space; a backslash takes the next character as it is.
    private static func words(of text: String) -> [String] {
        var words: [String] = []
        var word: String?
        var isEscaped = false
        for character in text.unicodeScalars {
            if isEscaped {
                word = (word ?? "") + String(Character(character))
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character.properties.isWhitespace {
                if let word { words.append(word) }
                word = nil
            } else {
                word = (word ?? "") + String(Character(character))
            }
        }
        if let word { words.append(word) }
        return words
    }
}

extension SettingList {
    /// From the parameters of a startup packet that are settings, and its `options`; what comes later wins, and a
    /// parameter over an option, as in the server. Nil if the options cannot be understood.
    package init?(startupParameters: [(name: String, value: String)], options: String?) {
        guard let optional = ServerOptions.settings(options ?? "") else { return nil }
        self.init()
        for (name, value) in optional + startupParameters {
            self[name.lowercased()] = SettingValue(raw: value, of: name.lowercased())
        }
    }
}

/// The command line of `atoll kv check`.
struct CheckArguments: Equatable {
    /// What is to be done with the path.
    enum Change: Equatable {
        /// Nothing: it is looked at.
        case none
        case fix
        /// What an append-only file has from after that many seconds since 1970 is cut off.
        case cut(untilSeconds: Int64)
    }

    var path = ""
    var change = Change.none
    /// Whether nobody is asked before something is cut off (`--yes`).
    var isAnswered = false

    init(path: String, change: Change = .none, isAnswered: Bool = false) {
        self.path = path
        self.change = change
        self.isAnswered = isAnswered
    }

    /// - Returns: nil when the words make no sense.
    init?(_ words: [String]) {
        var paths: [String] = []
        var index = 0
        while index < words.count {
            let word = words[index]
            index += 1
            switch word {
            case "--fix" where change == .none: change = .fix
            case "--yes": isAnswered = true
            case "--truncate-to-timestamp" where change == .none:
                guard index < words.count, let seconds = Int64(words[index]), seconds > 0 else { return nil }
                change = .cut(untilSeconds: seconds)
                index += 1
            default:
                guard !word.hasPrefix("--") else { return nil }
                paths.append(word)
            }
        }
        guard paths.count == 1 else { return nil }
        path = paths[0]
    }
}

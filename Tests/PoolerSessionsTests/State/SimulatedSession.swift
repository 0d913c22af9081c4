// A server's session as PostgreSQL documents it, in the plainest way: what is in force is found by doing everything
// that was committed, and everything of the open transaction, again from the start.

@testable import PoolerSessions

/// The oracle: a session that runs statements of a small SQL and knows the value of each setting.
struct SimulatedSession {
    private enum Action {
        case set(String, String)
        case reset(String)
        case resetAll
        case savepoint(String)
    }

    let defaults: [String: String]
    private var committed: [Action] = []
    private var open: [Action]?
    private(set) var hasFailed = false

    init(defaults: [String: String]) { self.defaults = defaults }

    var isInBlock: Bool { open != nil }

    var values: [String: String] {
        var values = defaults
        for action in committed + (open ?? []) {
            switch action {
            case .set(let name, let value): values[name] = value
            case .reset(let name): values[name] = defaults[name]
            case .resetAll: values = defaults
            case .savepoint: break
            }
        }
        return values
    }

    /// Runs one statement; false if it fails. `tag` is ROLLBACK where PostgreSQL says so.
    mutating func run(_ statement: String) -> (succeeds: Bool, isRollback: Bool) {
        let words = statement.split(separator: " ").map(String.init)
        switch words[0] {
        case "BEGIN":
            if hasFailed { return (false, false) }
            if open == nil { open = [] }
        case "COMMIT":
            let isRollback = hasFailed
            if !isRollback { committed += open ?? [] }
            open = nil
            hasFailed = false
            return (true, isRollback)
        case "ROLLBACK" where words.count == 1:
            open = nil
            hasFailed = false
            return (true, true)
        case "ROLLBACK":
            guard let actions = open, let index = Self.index(of: words[2], in: actions) else { return fail() }
            open = Array(actions[...index])
            hasFailed = false
            return (true, true)
        case "SAVEPOINT", "RELEASE": return savepoint(words)
        case "FAIL": return fail()
        default:
            if hasFailed { return (false, false) }
            guard let action = Self.action(words) else { return (true, false) }
            if open == nil { committed.append(action) } else { open?.append(action) }
        }
        return (true, false)
    }

    private mutating func savepoint(_ words: [String]) -> (succeeds: Bool, isRollback: Bool) {
        guard let actions = open, !hasFailed else { return fail() }
        if words[0] == "SAVEPOINT" {
            open?.append(.savepoint(words[1]))
            return (true, false)
        }
        guard let index = Self.index(of: words[1], in: actions) else { return fail() }
        // Released with all those behind it; what was done stays.
        open = actions[..<index] + actions[index...].filter { if case .savepoint = $0 { false } else { true } }
        return (true, false)
    }

    private mutating func fail() -> (succeeds: Bool, isRollback: Bool) {
        hasFailed = open != nil
        return (false, false)
    }

    private static func index(of name: String, in actions: [Action]) -> Int? {
        actions.lastIndex { if case .savepoint(name) = $0 { true } else { false } }
    }

    private static func action(_ words: [String]) -> Action? {
        switch (words[0], words[1]) {
        case ("SET", "LOCAL"): nil
        case ("SET", _): .set(unquoted(words[1]), unquoted(words[3...].joined(separator: " ")))
        case ("RESET", "ALL"): .resetAll
        case ("RESET", "SESSION"), ("RESET", "ROLE"): nil
        case ("RESET", _): .reset(unquoted(words[1]))
        case ("DISCARD", "ALL"): .resetAll
        default: nil
        }
    }

    private static func unquoted(_ text: String) -> String {
        text.filter { $0 != "'" && $0 != "\"" }
    }
}

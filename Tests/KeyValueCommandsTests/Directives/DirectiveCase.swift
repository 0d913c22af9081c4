import RESP
import Testing

@testable import KeyValueCommands

/// What one directive does: the same conversation ends one way with a value of it and another way with its default. A
/// directive that nothing looks at fails its case, whichever of the two endings is right.
///
/// Directives that need a process have theirs in `Tests/KeyValueServerTests/Scripts/directives*.py`.
struct DirectiveCase: Sendable, CustomTestStringConvertible {
    let name: String
    /// What stands behind the name in redis.conf.
    let value: String
    /// Lines of redis.conf that both runs have.
    let others: String
    let expected: String
    let byDefault: String
    /// Talks to a server and tells how that ended.
    let converse: @Sendable (Conversation) -> String

    init(
        _ name: String, _ value: String, with others: String = "", expect expected: String,
        insteadOf byDefault: String, converse: @escaping @Sendable (Conversation) -> String
    ) {
        self.name = name
        self.value = value
        self.others = others
        self.expected = expected
        self.byDefault = byDefault
        self.converse = converse
    }

    /// Requests, of which the last one's reply is how it ends.
    init(
        _ name: String, _ value: String, with others: String = "", expect expected: String,
        insteadOf byDefault: String, _ requests: String...
    ) {
        self.init(name, value, with: others, expect: expected, insteadOf: byDefault) { $0.last(requests) }
    }

    var testDescription: String { "\(name) \(value)" }

    /// How the conversation ends with these lines of redis.conf.
    func ending(_ lines: String) throws(ConfigurationFailure) -> String {
        let configuration = Configuration()
        try configuration.load(text: others)
        try configuration.load(text: lines)
        let engine = Engine.make(configuration: configuration, seed: 1, usesThreads: false)
        return converse(Conversation(with: engine))
    }
}

extension Conversation {
    /// The reply to the last of some requests, a bulk string without its length.
    func last(_ requests: [String]) -> String {
        var reply = ""
        for request in requests { reply = ask(request) }
        guard reply.hasPrefix("$") || reply.hasPrefix("="), let bar = reply.firstIndex(of: "|") else { return reply }
        return String(reply[reply.index(after: bar)...])
    }

    func last(_ requests: String...) -> String { last(requests) }

    /// A field of INFO or of a line of CLIENT LIST, which ends with `|` or a space.
    func field(_ name: String, of request: String) -> String {
        let text = last([request])
        for line in text.split(whereSeparator: { $0 == "|" || $0 == " " || $0 == "\n" }) {
            for mark in [":", "="] where line.hasPrefix(name + mark) { return String(line.dropFirst(name.count + 1)) }
        }
        return ""
    }
}

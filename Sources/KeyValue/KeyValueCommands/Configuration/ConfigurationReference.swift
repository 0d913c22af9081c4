/// The manual's page of directives: docs/kv-configuration.md.
package enum ConfigurationReference {
    /// Directives that have no effect though they belong to no part that is still to come, with the reason.
    package static let withoutEffect: [String: String] = [
        "activerehashing": "the table grows by a bucket at a time: there is nothing to rehash",
        "dynamic-hz": "housekeeping does not depend on the number of clients",
        "ignore-warnings": "no start is refused for what it names",
        "lazyfree-lazy-eviction": "always as if yes",
        "lazyfree-lazy-expire": "always as if yes",
        "lazyfree-lazy-server-del": "always as if yes",
        "lazyfree-lazy-user-del": "always as if yes",
        "lazyfree-lazy-user-flush": "always as if yes",
        "list-compress-depth": "lists are not compressed",
        "shutdown-timeout": "there are no replicas to wait for yet",
        "bind-source-addr": "no connections are made to others yet",
    ]

    /// The page as Markdown.
    package static func page() -> String {
        var text = """
            # Directives of the key-value server

            All directives of redis.conf 7.2, made by `scripts/generate-kv-configuration` from the table in
            `KeyValueCommands/Configuration`. A directive *without effect* is accepted, checked, stored and returned by
            CONFIG GET; the server logs once, when it is given another value than its default, that it has none.

            | Directive | Default | CONFIG SET | Effect |
            |---|---|---|---|

            """
        for row in ConfigurationTable.rows {
            let isMachines = row.name == "dir"
            let value = isMachines ? "where it was started" : row.defaultValue.isEmpty ? "" : "`\(row.defaultValue)`"
            let changes =
                row.flags.contains(.immutable)
                ? "no" : row.flags.contains(.protected) ? "if `enable-protected-configs`" : "yes"
            text += "| `\(row.name)` | \(value) | \(changes) | \(effect(row)) |\n"
        }
        return text
    }

    /// Whether a directive does anything; a test shows what (`DirectiveCoverageTests`).
    package static func hasEffect(_ row: ConfigurationRow) -> Bool {
        row.part == nil && withoutEffect[row.name] == nil
    }

    private static func effect(_ row: ConfigurationRow) -> String {
        if let part = row.part { return "none yet: \(part.rawValue)" }
        return withoutEffect[row.name].map { "none: \($0)" } ?? "yes"
    }
}

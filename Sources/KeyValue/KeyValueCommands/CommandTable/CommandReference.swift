/// The page of the manual with all commands, written from the table.
package enum CommandReference {
    /// Markdown: a table a group with each command's arguments, age, purpose, and whether it is built.
    package static func page(_ rows: [CommandRow] = CommandTable.rows) -> String {
        let all = rows.flatMap { [$0] + $0.subcommands }
        let built = all.count(where: isBuilt)
        var lines = [
            "# Key-value commands", "",
            "The commands of Redis 7.2, with newer ones that are built, and which of them `atoll kv` has: \(built) of "
                + "\(all.count). One that is not built answers an error and changes nothing. Written by "
                + "`scripts/generate-kv-commands`; change the command's row in "
                + "`Sources/KeyValue/KeyValueCommands/CommandTable/Rows` and run `scripts/generated-files`, not this "
                + "page.",
        ]
        for group in CommandGroup.allCases {
            let members = rows.filter { $0.group == group }
            lines += ["", "## \(group.title)", "", "| Command | Since | Built | |", "|---|---|---|---|"]
            for row in members {
                lines.append(line(row, container: nil))
                lines += row.subcommands.map { line($0, container: row.name) }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A container is built as soon as one of its subcommands is, HELP aside.
    private static func isBuilt(_ row: CommandRow) -> Bool {
        row.handler != nil || row.subcommands.contains { $0.handler != nil && $0.name != "help" }
    }

    private static func line(_ row: CommandRow, container: String?) -> String {
        let name = ((container.map { [$0] } ?? []) + [row.name]).joined(separator: " ").uppercased()
        let arguments = CommandSynopsis.text(of: (try? CommandSyntax.arguments(row.syntax)) ?? [])
        let synopsis = arguments.isEmpty ? name : "\(name) \(arguments)"
        // A bar inside a table's cell needs its backslash even within backticks.
        let cell = synopsis.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
        return "| `\(cell)` | \(row.since) | \(isBuilt(row) ? "yes" : "no") | \(row.summary) |"
    }
}

extension CommandGroup {
    /// The heading of the group's chapter.
    var title: String {
        switch self {
        case .generic: "Keys of any type"
        case .string: "Strings"
        case .list: "Lists"
        case .set: "Sets"
        case .sortedSet: "Sorted sets"
        case .hash: "Hashes"
        case .pubSub: "Channels"
        case .transactions: "Transactions"
        case .connection: "Connections"
        case .server: "Server"
        case .scripting: "Scripts and functions"
        case .hyperLogLog: "HyperLogLogs"
        case .cluster: "Cluster"
        case .geo: "Positions on earth"
        case .stream: "Streams"
        case .bitmap: "Bitmaps"
        }
    }
}

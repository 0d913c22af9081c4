// The rows of the command table for transactions. `CommandRow` says what each part means.

extension CommandTable {
    static let transactionRows: [CommandRow] = [
        CommandRow(
            "discard", .transactions, since: "2.0.0", arity: 1,
            [.noScript, .loading, .stale, .fast, .allowBusy], acl: [.transaction],
            summary: "Drops the queued commands and ends the transaction.",
            complexity: "O(N), N queued commands",
            handler: TransactionCommands.discard
        ),
        CommandRow(
            "exec", .transactions, since: "1.2.0", arity: 1,
            [.noScript, .loading, .stale, .skipSlowLog], acl: [.transaction],
            summary: "Runs the queued commands as one.",
            complexity: "As the queued commands",
            handler: TransactionCommands.exec
        ),
        CommandRow(
            "multi", .transactions, since: "1.2.0", arity: 1,
            [.noScript, .loading, .stale, .fast, .allowBusy], acl: [.transaction],
            summary: "Starts a transaction.",
            handler: TransactionCommands.multi
        ),
        CommandRow(
            "unwatch", .transactions, since: "2.2.0", arity: 1,
            [.noScript, .loading, .stale, .fast, .allowBusy], acl: [.transaction],
            summary: "Forgets the watched keys.",
            handler: TransactionCommands.unwatch
        ),
        CommandRow(
            "watch", .transactions, since: "2.2.0", arity: -2,
            [.noScript, .loading, .stale, .fast, .allowBusy], acl: [.transaction],
            summary: "Makes the next EXEC depend on keys staying unchanged.",
            complexity: "O(1) a key",
            keys: [.index(1, last: -1, [.readOnly])],
            syntax: "key...",
            handler: TransactionCommands.watch
        ),
    ]
}

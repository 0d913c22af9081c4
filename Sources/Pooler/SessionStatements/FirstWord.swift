/// What the first word of a statement says about how to read the rest.
enum FirstWord {
    /// A query: the calls in it matter.
    case query
    /// Calls in it cannot change the session, or there are none: the server restricts what they may do, or runs none.
    case plain
    /// Runs what the text does not show.
    case opaque
    case abort, close, copy, create, deallocate, declare, discard, drop, execute, explain, listen, load, merge, notify
    case prepare, release, reset, rollback, routine, savepoint, set, start, unlisten

    /// By first word; those of `StatementReader.readStatement` come before.
    private static let rows: [(word: StaticString, meaning: FirstWord)] = [
        ("set", .set), ("execute", .execute), ("rollback", .rollback), ("savepoint", .savepoint), ("start", .start),
        ("release", .release), ("prepare", .prepare), ("deallocate", .deallocate), ("reset", .reset),
        ("declare", .declare), ("fetch", .plain), ("move", .plain), ("close", .close), ("copy", .copy),
        ("explain", .explain), ("values", .query), ("table", .query), ("merge", .merge), ("listen", .listen),
        ("unlisten", .unlisten), ("notify", .notify), ("discard", .discard), ("abort", .abort), ("show", .plain),
        ("create", .create), ("drop", .drop), ("load", .load), ("truncate", .plain), ("lock", .plain),
        ("vacuum", .plain), ("analyze", .plain), ("analyse", .plain), ("checkpoint", .plain), ("cluster", .plain),
        ("reindex", .plain), ("refresh", .plain), ("comment", .plain), ("grant", .plain), ("revoke", .plain),
        ("security", .plain), ("reassign", .plain), ("alter", .opaque), ("call", .routine), ("do", .routine),
        ("import", .opaque),
    ]

    /// The meaning of the word; opaque if it is not known.
    init(_ cursor: TextCursor, _ start: Int, _ end: Int) {
        for row in Self.rows where cursor.word(start, end, is: row.word) {
            self = row.meaning
            return
        }
        self = .opaque
    }
}

/// What the statements of a text may do to the session that runs them, as far as the text tells.
///
/// A bit says "may": a statement can still fail, or be rolled back. A bit that is not set says "does not", but for what
/// no text shows: triggers, views, operators and casts that call functions.
package struct StatementEffects: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// BEGIN, START TRANSACTION.
    package static let transactionStart = StatementEffects(rawValue: 1 << 0)
    /// COMMIT, END, ROLLBACK, ABORT, PREPARE TRANSACTION.
    package static let transactionEnd = StatementEffects(rawValue: 1 << 1)
    /// SAVEPOINT, RELEASE, ROLLBACK TO.
    package static let savepoint = StatementEffects(rawValue: 1 << 2)
    /// SET in any form whose effect outlives the transaction.
    package static let setSession = StatementEffects(rawValue: 1 << 3)
    /// SET LOCAL, SET TRANSACTION, SET CONSTRAINTS: over with the transaction.
    package static let setLocal = StatementEffects(rawValue: 1 << 4)
    /// RESET in any form.
    package static let reset = StatementEffects(rawValue: 1 << 5)
    /// A call of set_config, wherever it stands.
    package static let setConfig = StatementEffects(rawValue: 1 << 6)
    /// PREPARE … AS.
    package static let prepare = StatementEffects(rawValue: 1 << 7)
    /// EXECUTE, also behind EXPLAIN or CREATE TABLE … AS.
    package static let execute = StatementEffects(rawValue: 1 << 8)
    /// DEALLOCATE.
    package static let deallocate = StatementEffects(rawValue: 1 << 9)
    /// LISTEN.
    package static let listen = StatementEffects(rawValue: 1 << 10)
    /// UNLISTEN.
    package static let unlisten = StatementEffects(rawValue: 1 << 11)
    /// NOTIFY; it leaves nothing in the session.
    package static let notify = StatementEffects(rawValue: 1 << 12)
    /// DECLARE … CURSOR WITH HOLD.
    package static let holdCursor = StatementEffects(rawValue: 1 << 13)
    /// CLOSE.
    package static let closeCursor = StatementEffects(rawValue: 1 << 14)
    /// CREATE TEMPORARY …, SELECT … INTO TEMPORARY, CREATE … pg_temp.….
    package static let temporaryObject = StatementEffects(rawValue: 1 << 15)
    /// DROP of anything that can be temporary.
    package static let drop = StatementEffects(rawValue: 1 << 16)
    /// LOAD.
    package static let load = StatementEffects(rawValue: 1 << 17)
    /// DISCARD.
    package static let discard = StatementEffects(rawValue: 1 << 18)
    /// A call that takes an advisory lock of the session.
    package static let advisoryLock = StatementEffects(rawValue: 1 << 19)
    /// A call that gives advisory locks of the session back.
    package static let advisoryUnlock = StatementEffects(rawValue: 1 << 20)
    /// nextval, setval: what currval and lastval will say.
    package static let sequenceChange = StatementEffects(rawValue: 1 << 21)
    /// currval, lastval: state of the session is read.
    package static let sequenceRead = StatementEffects(rawValue: 1 << 22)
    /// Runs code that the text does not show: a function that is not a well-known one, DO, CALL, most DDL.
    package static let opaque = StatementEffects(rawValue: 1 << 23)
    /// A string, comment, quoted name or function body has no end: the server will refuse the whole text.
    package static let unterminated = StatementEffects(rawValue: 1 << 24)
    /// More than one statement.
    package static let several = StatementEffects(rawValue: 1 << 25)

    /// Writes, so that defaults of columns and triggers may advance sequences: INSERT, UPDATE, DELETE, MERGE, COPY, and
    /// WITH, which may hold one of them.
    package static let write = StatementEffects(rawValue: 1 << 26)
    /// UPDATE of the view pg_settings: a SET whose name and value only the server can tell.
    package static let settingsUpdate = StatementEffects(rawValue: 1 << 27)

    /// What a model of the session has to hear of when it completes.
    package static let tracked: StatementEffects = [
        .savepoint, .setSession, .setLocal, .reset, .setConfig, .prepare, .execute, .deallocate, .listen, .unlisten,
        .holdCursor, .closeCursor, .temporaryObject, .drop, .load, .discard, .advisoryLock, .advisoryUnlock,
        .sequenceChange, .sequenceRead, .opaque, .settingsUpdate,
    ]

    /// What may change what currval and lastval say.
    package static let advancing: StatementEffects = [.write, .sequenceChange, .execute, .opaque]
    /// Those and what may tell it.
    package static let ofSequences: StatementEffects = [.advancing, .sequenceRead]

    /// Begin or end of a transaction: of interest to a model that has something uncommitted.
    package static let transaction: StatementEffects = [.transactionStart, .transactionEnd, .savepoint]
}
